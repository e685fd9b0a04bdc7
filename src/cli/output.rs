//! Where output goes: answers to stdout, everything else to stderr, colour only on a terminal.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use miette::{MietteHandler, MietteHandlerOpts, Report};
use tracing_subscriber::filter::LevelFilter;

use super::args::{ColorChoice, GlobalArgs};

/// Sets up reports and logs as the command line and the environment ask.
pub fn set_up(args: &GlobalArgs) {
    let in_color = |terminal: bool| match args.color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let color = in_color(io::stderr().is_terminal());
    ANSWERS_IN_COLOUR.store(in_color(io::stdout().is_terminal()), Ordering::Relaxed);
    let terminal = io::stderr().is_terminal();
    // Set once a process; a second setting (in tests) changes nothing.
    let _ = miette::set_hook(Box::new(move |_| {
        let options = report_options(color);
        let options = if terminal {
            options
        } else {
            options.width(100)
        };
        Box::new(options.build())
    }));
    let debug = std::env::var("AIM_DEBUG").is_ok_and(|value| value == "1" || value == "true");
    let level = match args.verbose {
        _ if debug => LevelFilter::DEBUG,
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::DEBUG,
    };
    let _ = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(color)
        .without_time()
        .with_target(false)
        .try_init();
}

fn report_options(color: bool) -> MietteHandlerOpts {
    MietteHandlerOpts::new()
        .color(color)
        .terminal_links(false)
        // Lines break at spaces only: an id that is printed can be copied.
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false)
}

/// What renders reports that are answers.
pub fn handler() -> MietteHandler {
    let options = report_options(colours_answers());
    let options = if io::stdout().is_terminal() {
        options
    } else {
        options.width(80)
    };
    options.build()
}

/// Whether answers are coloured.
pub fn colours_answers() -> bool {
    ANSWERS_IN_COLOUR.load(Ordering::Relaxed)
}

/// Set when output is set up.
static ANSWERS_IN_COLOUR: AtomicBool = AtomicBool::new(false);

/// Prints a report to stderr.
pub fn report(report: &Report) {
    let _ = writeln!(io::stderr().lock(), "{}", known(format!("{report:?}")));
}

/// Prints a line to stderr: `warning: ...`, `note: ...`.
pub fn line(kind: &str, text: &str) {
    let _ = writeln!(io::stderr().lock(), "{kind}: {}", known(text.to_owned()));
}

/// What stands in a temporary folder, and how people know it.
static COPIES: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// From now on a path that begins with `copy` is shown on stderr as what it is a copy of.
pub fn show_copy(copy: String, original: String) {
    if let Ok(mut copies) = COPIES.lock() {
        copies.push((copy, original));
    }
}

/// The text with the paths that people know.
fn known(text: String) -> String {
    let Ok(copies) = COPIES.lock() else {
        return text;
    };
    copies
        .iter()
        .fold(text, |text, (copy, original)| text.replace(copy, original))
}

/// Prints an answer to stdout, with a line end after it.
///
/// # Errors
/// Stdout cannot be written.
pub fn answer(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Prints an answer that is a file's bytes, with nothing after them.
///
/// # Errors
/// Stdout cannot be written.
pub fn bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

/// Prints to stderr what would be an answer, where stdout is taken.
pub fn aside(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end_matches('\n'));
}

/// Prints an answer as indented JSON.
///
/// # Errors
/// Stdout cannot be written.
pub fn json(value: &impl serde::Serialize) -> io::Result<()> {
    answer(&serde_json::to_string_pretty(value).map_err(io::Error::other)?)
}

/// The text in lines of at most so many columns, where its words allow; further lines are indented.
pub fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(format!("  {word}")),
            None => lines.push(word.to_owned()),
        }
    }
    lines
}
