//! Command lines on the pages: taken by the program, and printing what is shown.

use std::path::Path;

use aim_engine::cli::Cli;
use clap::CommandFactory;

use crate::page::{Page, pages};
use crate::session::{Sandbox, is_as_shown, is_shortened, steps};
use crate::{all_right, blocks};

#[test]
fn command_lines_are_taken() {
    let mut wrong = Vec::new();
    for block in blocks("console") {
        for step in steps(&block) {
            let joined = step.command.replace("\\\n", " ");
            for part in commands(&joined) {
                let words = shlex::split(part).unwrap_or_default();
                let words = words.into_iter().skip_while(|word| word.contains('='));
                let words: Vec<String> = words
                    .take_while(|word| !word.starts_with(['<', '>']) && word != "&&")
                    .collect();
                let is_ours = words.first().is_some_and(|word| word == "aim-engine");
                let refused = is_ours.then(|| Cli::command().try_get_matches_from(&words).err());
                // Asking for help is an error to clap, and none to us.
                if let Some(error) = refused.flatten().filter(clap::Error::use_stderr) {
                    wrong.push(format!("{}: {}\n{error}", block.place, step.command.trim()));
                }
            }
        }
    }
    all_right(&wrong);
}

/// The commands of a line of shell, apart at what does not stand in quotes.
fn commands(line: &str) -> Vec<&str> {
    let mut quote = None;
    line.split(|c: char| {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            _ => {}
        }
        quote.is_none() && matches!(c, '|' | ';' | '\n')
    })
    .collect()
}

#[test]
fn sessions_print_what_they_are_said_to() {
    let home = tempfile::tempdir().expect("a folder");
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let home = home.path();
        let runs: Vec<_> = pages()
            .into_iter()
            .map(|page| scope.spawn(move || sessions(&page, home)))
            .collect();
        runs.into_iter()
            .flat_map(|run| run.join().expect("a page"))
            .collect()
    });
    all_right(&wrong);
}

fn sessions(page: &Page, home: &Path) -> Vec<String> {
    let sandbox = Sandbox::new();
    let mut wrong = Vec::new();
    let mut updated = page.text.clone();
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    // From behind, so that what is replaced moves nothing that is yet to be.
    let mut edits = Vec::new();
    for block in page.blocks() {
        if let Some(name) = block.file() {
            sandbox.write(name, &block.text);
        }
        if block.language != "console" || !block.is("run") {
            continue;
        }
        let steps = steps(&block);
        let outputs = sandbox.run(&steps, home);
        let mut written = String::new();
        for (step, output) in steps.iter().zip(&outputs) {
            let same = is_as_shown(&step.expected, output);
            let renew = update && !is_shortened(&step.expected);
            if !same && !renew {
                wrong.push(format!("{}: {}prints\n{output}", block.place, step.shown));
            }
            written.push_str(&step.shown);
            written.push_str(if renew { output } else { &step.expected });
        }
        edits.push((block.start, block.text.len(), written));
    }
    for (start, length, written) in edits.into_iter().rev() {
        updated.replace_range(start..start + length, &written);
    }
    if update && updated != page.text {
        std::fs::write(&page.path, updated).expect("the page is written");
    }
    wrong
}
