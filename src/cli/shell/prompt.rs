//! The prompt: line editing, history, completion.

use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::command::{is_whole, names};
use super::{Shell, describe, history};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;

const PROMPT: &str = "aim> ";

/// Answers lines until the user ends it.
pub(super) fn run(shell: &mut Shell) -> Result<Exit, Failure> {
    let config = Config::builder()
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .build();
    let mut editor: Editor<Words, FileHistory> = Editor::with_config(config).map_err(failed)?;
    let relations = shell.console.rules.checked.relations.iter();
    let mut relations: Vec<(String, String)> = relations
        .map(|relation| (relation.name.clone(), describe::signature(relation)))
        .collect();
    relations.sort();
    editor.set_helper(Some(Words { relations }));
    let file = history::file();
    if let Some(file) = &file {
        // The first time there is none.
        let _ = editor.load_history(file);
    }
    output::line("note", "`.help` shows the commands, Ctrl-D ends");
    loop {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(Exit::Done),
            Err(error) => return Err(failed(error)),
        };
        if editor.add_history_entry(line.as_str()).unwrap_or(false)
            && let Some(file) = &file
        {
            let _ = editor.append_history(file);
        }
        if shell.line_reported(&line).is_none() {
            return Ok(Exit::Done);
        }
    }
}

fn failed(error: ReadlineError) -> Failure {
    Failure::say(Exit::Environment, "shell::terminal", error.to_string(), "")
}

/// What the prompt knows to complete: relations, each with its columns.
struct Words {
    relations: Vec<(String, String)>,
}

impl Words {
    /// The place where the last word begins, and what it may become.
    fn complete(&self, line: &str) -> (usize, Vec<Pair>) {
        let line_start = line.len() - line.trim_start().len();
        let is_command = line.trim_start().starts_with('.');
        let start = line
            .rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .map_or(0, |at| {
                at + line
                    .get(at..)
                    .and_then(|rest| rest.chars().next())
                    .map_or(0, char::len_utf8)
            });
        let word = line.get(start..).unwrap_or_default();
        if is_command && start == line_start + 1 {
            let begun = line.get(line_start..).unwrap_or_default();
            let names = names().filter(|name| name.starts_with(begun));
            let pair = |name: &str| Pair {
                display: name.to_owned(),
                replacement: format!("{name} "),
            };
            return (line_start, names.map(pair).collect());
        }
        let names_one = [".describe", ".relations"];
        let bare = names_one
            .iter()
            .any(|name| line.trim_start().starts_with(name));
        let known = self
            .relations
            .iter()
            .filter(|(name, _)| name.starts_with(word));
        let pairs = known.map(|(name, signature)| Pair {
            display: signature.clone(),
            replacement: if bare {
                name.clone()
            } else {
                format!("{name}(")
            },
        });
        (start, pairs.collect())
    }
}

impl Completer for Words {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        Ok(self.complete(line.get(..at).unwrap_or_default()))
    }
}

impl Validator for Words {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_whole(context.input()) {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Hinter for Words {
    type Hint = String;
}

impl Highlighter for Words {}

impl Helper for Words {}

#[cfg(test)]
mod tests {
    use super::*;

    fn completed(line: &str) -> (usize, Vec<String>) {
        let relation = |name: &str| (name.to_owned(), format!("{name}(x)"));
        let words = Words {
            relations: ["eligible", "rejected", "rejected_memory"]
                .map(relation)
                .to_vec(),
        };
        let (start, pairs) = words.complete(line);
        (
            start,
            pairs.into_iter().map(|pair| pair.replacement).collect(),
        )
    }

    #[test]
    fn the_last_word_becomes_a_relation_or_a_command() {
        let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(completed("eli"), (0, words(&["eligible("])));
        assert_eq!(
            completed("eligible(Q, R), !rej"),
            (17, words(&["rejected(", "rejected_memory("]))
        );
        assert_eq!(completed(".desc"), (0, words(&[".describe "])));
        assert_eq!(completed(".describe eli"), (10, words(&["eligible"])));
        assert_eq!(completed(".plan eli"), (6, words(&["eligible("])));
        assert_eq!(completed("é, zzz").1, words(&[]));
    }
}
