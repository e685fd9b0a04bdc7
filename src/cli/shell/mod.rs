//! `shell`: questions to the rules at a prompt, one after the other.

mod command;
mod describe;
mod history;
mod lines;
mod prompt;

use std::io::{self, IsTerminal};

use clap::Args;

use super::explain;
use super::failure::{Exit, Failure};
use super::output;
use super::query::{AboutArgs, Console, OutputArgs};

use command::{Command, help};

pub(super) use describe::{RuleText, rules_of, signature};

#[derive(Debug, Args)]
pub(super) struct ShellArgs {
    /// Run this line and end: a query, or a command such as `.relations`
    pub command: Vec<String>,
    #[command(flatten)]
    pub about: AboutArgs,
    #[command(flatten)]
    pub output: OutputArgs,
}

pub(super) fn run(args: &ShellArgs) -> Result<Exit, Failure> {
    let console = Console::open(&args.about, args.output.clone())?;
    let mut shell = Shell { console };
    if !args.command.is_empty() {
        let line = args.command.join(" ");
        return Ok(match shell.line(&line)? {
            Then::GoOn(exit) => exit,
            Then::End => Exit::Done,
        });
    }
    if io::stdin().is_terminal() && io::stdout().is_terminal() {
        prompt::run(&mut shell)
    } else {
        lines::run(&mut shell, io::stdin().lock())
    }
}

/// What answers lines.
struct Shell {
    console: Console,
}

/// What follows a line.
enum Then {
    /// The next one.
    GoOn(Exit),
    /// Nothing more.
    End,
}

impl Shell {
    /// Answers one line, which may be several lines of text.
    fn line(&mut self, line: &str) -> Result<Then, Failure> {
        let command = Command::read(line)?;
        let rules = &self.console.rules;
        let format = self.console.output.format;
        let exit = match command {
            Command::Nothing => Exit::Done,
            Command::Query(text) => self.console.answer(text)?,
            Command::Plan(text) => self.console.plan(text)?,
            Command::Why(what) => explain::why_of(what, self.console.args(), format)?,
            Command::WhyNot(what) => explain::why_not_of(what, self.console.args(), format)?,
            Command::Relations(prefix) => describe::relations(rules, prefix, format)?,
            Command::Describe(name) => describe::relation(rules, name, format)?,
            Command::Format(format) => {
                self.console.output.format = format;
                Exit::Done
            }
            Command::Limit(limit) => {
                self.console.output.limit = limit;
                Exit::Done
            }
            Command::Help => {
                output::answer(&help())?;
                Exit::Done
            }
            Command::Quit => return Ok(Then::End),
        };
        Ok(Then::GoOn(exit))
    }

    /// Answers a line and prints what went wrong; none when nothing more is to be read.
    fn line_reported(&mut self, line: &str) -> Option<Exit> {
        match self.line(line) {
            Ok(Then::GoOn(exit)) => Some(exit),
            Ok(Then::End) => None,
            // Nobody reads the answers any more.
            Err(failure) if failure.reports.is_empty() => None,
            Err(failure) => Some(failure.report()),
        }
    }
}
