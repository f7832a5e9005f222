use std::{
    io::{self, IsTerminal, Write as _},
    time::{Duration, Instant},
};

/// How far something is, on the terminal; where there is none, what it took in the end.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    of: u64,
    done: u64,
    began: Instant,
    shown: Instant,
    on_terminal: bool,
}

const EVERY: Duration = Duration::from_millis(200);
const WIDTH: u64 = 30;

impl Progress {
    pub(super) fn of(what: &'static str, of: u64) -> Self {
        let now = Instant::now();
        Self { what, of, done: 0, began: now, shown: now, on_terminal: io::stderr().is_terminal() }
    }

    pub(super) fn done(&mut self, more: u64) {
        self.done += more;
        if self.on_terminal && self.shown.elapsed() >= EVERY {
            self.shown = Instant::now();
            let full =
                usize::try_from((self.done * WIDTH).checked_div(self.of).unwrap_or(WIDTH)).unwrap_or(0);
            self.show(&format!("[{:<width$}]", "#".repeat(full), width = 30));
        }
    }

    pub(super) fn end(&self) {
        self.show(&format!("in {:.1} s", self.began.elapsed().as_secs_f64()));
        let _ = writeln!(io::stderr());
    }

    /// Who can't be told is not told.
    fn show(&self, how: &str) {
        let start = if self.on_terminal { "\r\x1b[K" } else { "" };
        let _ = write!(io::stderr(), "{start}{:<14} {how} {} of {}", self.what, self.done, self.of);
    }
}
