//! How far it is.

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicUsize, Ordering},
};

use tenant_sqlx::FleetProgress;

/// A line that is written anew, on a terminal alone.
pub(super) struct Bar {
    is_shown: bool,
    due: AtomicUsize,
    done: AtomicUsize,
}

const WIDTH: usize = 40;

impl Bar {
    pub(super) fn new(is_wanted: bool) -> Self {
        let is_shown = is_wanted && io::stderr().is_terminal();
        Self { is_shown, due: AtomicUsize::new(0), done: AtomicUsize::new(0) }
    }

    pub(super) fn show(&self, progress: &FleetProgress) {
        match progress {
            FleetProgress::Planned { due, .. } => self.due.store(*due, Ordering::Relaxed),
            FleetProgress::Done(_) => {
                let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
                self.draw(&line(done, self.due.load(Ordering::Relaxed)));
            }
            _ => {}
        }
    }

    pub(super) fn end(&self) {
        if self.done.load(Ordering::Relaxed) > 0 {
            self.draw("\n");
        }
    }

    fn draw(&self, text: &str) {
        if self.is_shown {
            // Whoever can't see it misses nothing.
            let _ = io::stderr().lock().write_all(text.as_bytes());
        }
    }
}

fn line(done: usize, due: usize) -> String {
    let filled = (done * WIDTH).checked_div(due).unwrap_or(WIDTH).min(WIDTH);
    format!("\r[{}{}] {done} of {due}", "#".repeat(filled), " ".repeat(WIDTH - filled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_when_all_are_done() {
        assert!(line(3, 3).contains(&"#".repeat(WIDTH)));
        assert_eq!(line(1, 4).matches('#').count(), WIDTH / 4);
        assert_eq!(line(0, 0).matches('#').count(), WIDTH);
    }
}
