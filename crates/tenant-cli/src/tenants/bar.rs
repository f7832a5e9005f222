//! How far it is.

use std::{
    io::{self, IsTerminal, Write},
    sync::atomic::{AtomicBool, Ordering},
};

use tenant_core::jobs::Progress;

/// A line that is written anew, on a terminal alone.
pub(super) struct Bar {
    is_shown: bool,
    is_drawn: AtomicBool,
}

const WIDTH: u64 = 40;

impl Bar {
    pub(super) fn new(is_wanted: bool) -> Self {
        Self { is_shown: is_wanted && io::stderr().is_terminal(), is_drawn: AtomicBool::new(false) }
    }

    pub(super) fn show(&self, progress: Progress) {
        self.is_drawn.store(true, Ordering::Relaxed);
        self.draw(&line(progress));
    }

    pub(super) fn end(&self) {
        if self.is_drawn.load(Ordering::Relaxed) {
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

fn line(Progress { done, total }: Progress) -> String {
    let filled = done.saturating_mul(WIDTH).checked_div(total).unwrap_or(WIDTH).min(WIDTH);
    let (filled, rest) = (usize::try_from(filled).unwrap_or(0), usize::try_from(WIDTH - filled).unwrap_or(0));
    format!("\r[{}{}] {done} of {total} rows", "#".repeat(filled), " ".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_full_when_all_is_done() {
        assert_eq!(line(Progress::new(4, 4)).matches('#').count(), 40);
        assert_eq!(line(Progress::new(1, 4)).matches('#').count(), 10);
        assert_eq!(line(Progress::new(0, 0)).matches('#').count(), 40);
    }
}
