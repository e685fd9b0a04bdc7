//! What the vendor's tools print: run with a time limit and without a shell, or read from a saved tree.

mod ids;
mod json;
mod quantity;
mod record;
mod run;
mod saved;
mod sniff;

use std::path::Path;
use std::time::Duration;

pub(super) use ids::{location, pci_id, target, unique_id};
pub(super) use json::values as json_values;
pub(super) use quantity::{known, mib, number};
pub(super) use record::{Record, flattened, records};

/// A tool: its name, the words after it that are run, and the folder where it also may be.
pub(super) struct Tool {
    /// Its name.
    pub name: &'static str,
    /// What is run, in this order.
    pub runs: &'static [&'static [&'static str]],
}

/// What one run of a tool printed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Printed {
    /// The command, or the file that has what it printed.
    pub origin: String,
    /// Its standard output, without colours.
    pub out: String,
    /// Its standard error, without colours.
    pub err: String,
    /// Why it has no end.
    pub cut: Option<String>,
}

/// What the runs of a tool print on this machine, or have printed according to a saved tree. A tool that is
/// missing has printed nothing.
pub(super) fn printed(root: &Path, tool: &Tool) -> Vec<Printed> {
    if root != Path::new("/") {
        return printed_saved(root, tool.name);
    }
    let mut printed = run::all(tool);
    for one in &mut printed {
        one.out = without_colours(&one.out);
        one.err = without_colours(&one.err);
    }
    printed
}

/// What the runs of a tool have printed according to a saved tree.
pub(super) fn printed_saved(root: &Path, tool: &'static str) -> Vec<Printed> {
    let mut printed = saved::all(root, tool);
    for one in &mut printed {
        one.out = without_colours(&one.out);
        one.err = without_colours(&one.err);
    }
    printed
}

/// What one command prints on this machine within a time; nothing where it is missing.
pub(super) fn run_within(program: &str, words: &[&str], limit: Duration) -> Option<Printed> {
    run::one(program, words, limit)
}

/// What one command prints on this machine, or has printed according to a saved tree; nothing where it is missing.
pub(super) fn printed_once(root: &Path, program: &'static str, words: &[&str]) -> Option<Printed> {
    if root == Path::new("/") {
        return run::one(program, words, run::LIMIT);
    }
    saved::one(root, program, words)
}

/// The text without what begins with an escape and colours it.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        let end = after.find(|c: char| c.is_ascii_alphabetic());
        rest = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
    }
    plain.push_str(rest);
    plain
}
