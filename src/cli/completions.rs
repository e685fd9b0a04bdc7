//! `completions` and `man`, made from the same definitions as the help.

use std::io;

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs};
use super::failure::{Exit, Failure};
use super::output;

pub(super) fn completions(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "aim-engine", &mut script);
    output::answer(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

/// One page: the program, then each of its commands.
pub(super) fn man() -> Result<Exit, Failure> {
    let mut page = Vec::new();
    let mut command = Cli::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        section(sub, &mut page)?;
    }
    output::answer(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done)
}

fn section(command: &clap::Command, page: &mut Vec<u8>) -> io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    use io::Write;
    writeln!(page, ".SH \"{}\"", command.get_name().to_uppercase())?;
    man.render_description_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_options_section(page)?;
    for sub in command
        .get_subcommands()
        .filter(|sub| sub.get_name() != "help")
    {
        section(sub, page)?;
    }
    Ok(())
}
