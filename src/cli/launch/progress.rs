//! How far a start is: one line on a terminal, which is gone at the end; a note now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use crate::cli::containers::duration;
use crate::cli::output;

/// Between two changes of the line.
const STEP: Duration = Duration::from_millis(200);
/// Between two notes.
const NOTE: Duration = Duration::from_secs(30);

/// What is shown of something that takes its time.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    begun: Instant,
    next: Instant,
    terminal: bool,
    shown: bool,
    noted: String,
}

impl Progress {
    /// Begins to count.
    pub(super) fn begin(what: &'static str) -> Progress {
        let begun = Instant::now();
        let terminal = io::stderr().is_terminal();
        Progress {
            what,
            begun,
            next: if terminal { begun } else { begun + NOTE },
            terminal,
            shown: false,
            noted: String::new(),
        }
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }

    /// Shows the time and the last line, when it is time to.
    pub(super) fn show(&mut self, last: &str) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        let elapsed = duration(self.elapsed().as_secs());
        let last = plain(last);
        if self.terminal {
            self.next = now + STEP;
            let line = cut(
                &format!("{} {elapsed}  {}", self.what, last.trim()),
                columns(),
            );
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[2K{line}");
            let _ = stderr.flush();
            self.shown = true;
            return;
        }
        self.next = now + NOTE;
        let said = if last == self.noted {
            format!("{} {elapsed}", self.what)
        } else {
            format!("{} {elapsed}: {}", self.what, cut(last.trim(), 160))
        };
        output::line("note", &said);
        self.noted = last;
    }

    /// Takes the line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r\x1b[2K");
            let _ = stderr.flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn columns() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map_or(80, |(width, _)| usize::from(width.0))
        .saturating_sub(1)
}

fn cut(text: &str, columns: usize) -> String {
    text.chars().take(columns).collect()
}

/// Without colours and whatever else a terminal would obey.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => {
                if letters.next_if_eq(&'[').is_some() {
                    // A control sequence ends with a letter or `@`, `~` and the like.
                    for parameter in letters.by_ref() {
                        if ('@'..='~').contains(&parameter) {
                            break;
                        }
                    }
                }
            }
            '\t' => plain.push(' '),
            _ if letter.is_control() => {}
            _ => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(
            plain("\u{1b}[1;36m(pid 1)\u{1b}[0m a\tb\u{7}"),
            "(pid 1) a b"
        );
        assert_eq!(plain("\u{1b}"), "");
        assert_eq!(plain("50%|█████     |"), "50%|█████     |");
    }
}
