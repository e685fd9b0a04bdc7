//! Lines from a file or a pipe: answered one by one, without a prompt.

use std::io::BufRead;

use super::Shell;
use super::command::is_whole;
use crate::cli::failure::{Exit, Failure};

/// Answers the lines to their end. The exit code is that of the worst mistake: an answer that is no
/// is none.
pub(super) fn run(shell: &mut Shell, input: impl BufRead) -> Result<Exit, Failure> {
    let mut worst = Exit::Done;
    let mut text = String::new();
    let mut lines = input.lines();
    loop {
        let line = lines.next().transpose()?;
        let is_end = line.is_none();
        text.push_str(&line.unwrap_or_default());
        if !is_end && !is_whole(&text) {
            text.push('\n');
            continue;
        }
        let exit = shell.line_reported(&std::mem::take(&mut text));
        if let Some(exit @ (Exit::Usage | Exit::Environment)) = exit
            && (exit as u8) > worst as u8
        {
            worst = exit;
        }
        if is_end || exit.is_none() {
            return Ok(worst);
        }
    }
}
