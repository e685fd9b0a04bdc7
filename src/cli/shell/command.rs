//! What a line of the shell asks for.

use clap::ValueEnum;

use crate::catalog::typed::nearest;
use crate::cli::failure::{Exit, Failure};
use crate::cli::query::AnswerFormat;
use crate::datalog::query::goes_on;

/// What a line asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command<'a> {
    Nothing,
    Query(&'a str),
    Plan(&'a str),
    Why(&'a str),
    WhyNot(&'a str),
    Relations(&'a str),
    Describe(&'a str),
    Format(AnswerFormat),
    Limit(Option<usize>),
    Help,
    Quit,
}

/// A command as `.help` shows it.
struct Known {
    name: &'static str,
    argument: &'static str,
    says: &'static str,
}

/// The commands, in the order of `.help`.
const COMMANDS: &[Known] = &[
    known(
        ".relations",
        "[PREFIX]",
        "the relations, with their columns",
    ),
    known(
        ".describe",
        "RELATION",
        "what a relation says, and its rules",
    ),
    known(".plan", "QUERY", "how a query is answered"),
    known(
        ".why",
        "MODEL|TUPLE",
        "why a model is served so, or a tuple holds",
    ),
    known(
        ".why-not",
        "RECIPE|TUPLE",
        "why a recipe was not chosen, or a tuple does not hold",
    ),
    known(".format", "human|json|csv", "how answers are printed"),
    known(".limit", "N|default", "how many rows are printed"),
    known(".help", "", "this"),
    known(".quit", "", "end; so does Ctrl-D"),
];

const fn known(name: &'static str, argument: &'static str, says: &'static str) -> Known {
    Known {
        name,
        argument,
        says,
    }
}

/// The names of the commands.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|command| command.name)
}

/// Whether the text is all of a line, or a query that goes on in the next one.
pub(super) fn is_whole(text: &str) -> bool {
    word(text).is_some() || !goes_on(text)
}

/// The command that the text begins with. Declarations begin with a dot too, and belong to queries.
fn word(text: &str) -> Option<&str> {
    let word = text.split_whitespace().next()?;
    let is_rule = matches!(word, ".decl" | ".type" | ".input" | ".output" | ".include");
    (word.starts_with('.') && !is_rule).then_some(word)
}

impl<'a> Command<'a> {
    /// Reads a line.
    pub(super) fn read(line: &'a str) -> Result<Command<'a>, Failure> {
        let line = line.trim();
        let Some(word) = word(line) else {
            let is_comment = line.starts_with("//") && !line.contains('\n');
            return Ok(if line.is_empty() || is_comment {
                Command::Nothing
            } else {
                Command::Query(line)
            });
        };
        let argument = line.get(word.len()..).unwrap_or_default().trim();
        match (word, argument) {
            (".relations", prefix) => Ok(Command::Relations(prefix)),
            (".describe" | ".plan" | ".why" | ".why-not", "") => Err(usage(word)),
            (".describe", name) => Ok(Command::Describe(name)),
            (".plan", query) => Ok(Command::Plan(query)),
            (".why", what) => Ok(Command::Why(what)),
            (".why-not", what) => Ok(Command::WhyNot(what)),
            (".format", format) => match AnswerFormat::from_str(format, true) {
                Ok(format) => Ok(Command::Format(format)),
                Err(_) => Err(usage(word)),
            },
            (".limit", "default") => Ok(Command::Limit(None)),
            (".limit", number) => match number.parse() {
                Ok(number) => Ok(Command::Limit(Some(number))),
                Err(_) => Err(usage(word)),
            },
            (".help", _) => Ok(Command::Help),
            (".quit" | ".exit", _) => Ok(Command::Quit),
            _ => Err(unknown(word)),
        }
    }
}

fn usage(word: &str) -> Failure {
    let known = COMMANDS.iter().find(|command| command.name == word);
    let argument = known.map_or("", |command| command.argument);
    Failure::say(
        Exit::Usage,
        "shell::argument",
        format!("`{word}` takes {argument}"),
        "`.help` shows the commands",
    )
}

fn unknown(word: &str) -> Failure {
    let help = match nearest(word, names()) {
        Some(near) => format!("did you mean `{near}`? `.help` shows the commands"),
        None => "`.help` shows the commands".to_owned(),
    };
    let message = format!("unknown command `{word}`");
    Failure::say(Exit::Usage, "shell::unknown_command", message, help)
}

/// What `.help` prints.
pub(super) fn help() -> String {
    let mut text = String::from(
        "A query is what stands behind `:-` in a rule: eligible(Q, R, B, N), N < 4\n\
         It goes on in the next line behind a comma and in open parentheses.\n\n",
    );
    for Known {
        name,
        argument,
        says,
    } in COMMANDS
    {
        let usage = format!("{name} {argument}");
        text.push_str(&format!("{usage:24}{says}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_queries_commands_or_nothing() {
        let read = |line| Command::read(line).unwrap();
        assert_eq!(read(" a(X) "), Command::Query("a(X)"));
        assert_eq!(read("  "), Command::Nothing);
        assert_eq!(read("// a(X)"), Command::Nothing);
        assert_eq!(read("// first\na(X)"), Command::Query("// first\na(X)"));
        let declared = ".decl a(x: number) a(1). a(X)";
        assert_eq!(read(declared), Command::Query(declared));
        assert_eq!(read(".relations el"), Command::Relations("el"));
        assert_eq!(read(".format CSV"), Command::Format(AnswerFormat::Csv));
        assert_eq!(read(".limit 3"), Command::Limit(Some(3)));
        for wrong in [
            ".relation",
            ".format xml",
            ".limit x",
            ".describe",
            ".plan ",
        ] {
            assert_eq!(
                Command::read(wrong).unwrap_err().exit,
                Exit::Usage,
                "{wrong}"
            );
        }
    }

    #[test]
    fn only_queries_go_on() {
        assert!(!is_whole("eligible(Q,"));
        assert!(is_whole("eligible(Q, R, B, N)"));
        assert!(is_whole(".describe ("));
    }
}
