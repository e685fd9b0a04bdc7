//! The last lines that a container or its engine has written.

use std::collections::VecDeque;

/// So many are kept.
const KEPT: usize = 2000;
/// So many of them are looked at for what went wrong: a traceback of several processes is long.
const READ: usize = 500;

/// The last lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct Tail(VecDeque<String>);

impl Tail {
    pub(super) fn push(&mut self, line: String) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(super) fn last(&self) -> &str {
        let written = self.0.iter().rev().find(|line| !line.trim().is_empty());
        written.map_or("", String::as_str)
    }

    /// All that are kept.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Those that are looked at.
    pub(super) fn read(&self) -> Vec<&str> {
        self.end(READ)
    }

    /// The last so many.
    pub(super) fn end(&self, count: usize) -> Vec<&str> {
        let first = self.0.len().saturating_sub(count);
        self.all().skip(first).collect()
    }
}
