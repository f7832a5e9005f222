use std::net::{Ipv4Addr, TcpListener};

use super::error::{ServerError, ServerErrorKind};

/// A port of the loopback interface that is free at this moment.
pub(super) fn free() -> Result<u16, ServerError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(ServerError::io("no free port"))?;
    Ok(listener.local_addr().map_err(ServerError::io("no free port"))?.port())
}

/// Starts something on a free port, and again on another one if somebody took it in between.
pub(super) fn on_a_free_port<T>(
    mut port: impl FnMut() -> Result<u16, ServerError>,
    mut start: impl FnMut(u16) -> Result<T, ServerError>,
) -> Result<T, ServerError> {
    for _ in 0..9 {
        match start(port()?) {
            Err(error) if error.kind() == ServerErrorKind::PortTaken => {}
            answer => return answer,
        }
    }
    start(port()?)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::servers::{MariaDb, Postgres, Redis, ServerOptions};

    /// Somebody else's port first, a free one then.
    fn taken_then_free(taken: &TcpListener, asked: &Cell<u32>) -> Result<u16, ServerError> {
        asked.set(asked.get() + 1);
        if asked.get() == 1 { Ok(taken.local_addr().unwrap().port()) } else { free() }
    }

    #[test]
    fn a_port_that_somebody_took_is_given_up_for_another() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let options = ServerOptions::default();
        for at in 0..3 {
            let asked = Cell::new(0);
            let port = || taken_then_free(&taken, &asked);
            match at {
                0 => drop(on_a_free_port(port, |port| Postgres::start_at(port, &options)).unwrap()),
                1 => drop(on_a_free_port(port, |port| MariaDb::start_at(port, &options)).unwrap()),
                _ => drop(on_a_free_port(port, |port| Redis::start_at(port, &options)).unwrap()),
            }
            assert_eq!(asked.get(), 2);
        }
    }

    #[test]
    fn whoever_never_finds_a_port_is_told_so() {
        let start = |_| Err::<(), _>(ServerError::new(ServerErrorKind::PortTaken, "taken"));
        assert_eq!(on_a_free_port(free, start).unwrap_err().kind(), ServerErrorKind::PortTaken);
    }
}
