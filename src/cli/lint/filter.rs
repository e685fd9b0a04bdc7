//! Which findings are shown, and which of them make a run fail.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::lint::{Baseline, Findings, Selection, Summary};
use crate::policy::Policy;

#[derive(Debug, Args)]
#[command(next_help_heading = "Findings")]
pub(in crate::cli) struct FilterArgs {
    /// Only these checks: codes, how codes begin (AIM3), or names; several with commas between
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    pub select: Vec<String>,
    /// Not these checks
    #[arg(long, value_name = "CHECKS", value_delimiter = ',')]
    pub ignore: Vec<String>,
    /// End with exit code 1 also where there are warnings, or notes
    #[arg(long, value_enum, value_name = "SEVERITY")]
    pub deny: Option<Deny>,
    /// Not the findings that this file knows
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Write the findings to this file, for --baseline
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "statistics", "format"])]
    pub write_baseline: Option<PathBuf>,
    /// How many findings each check has, in place of the findings
    #[arg(long)]
    pub statistics: bool,
}

/// What is denied beside errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Deny {
    /// Warnings
    Warnings,
    /// Warnings and notes
    Notes,
}

impl FilterArgs {
    /// The selected checks; words that mean none are a mistake.
    pub(super) fn selection(&self, policy: &Policy) -> Result<Selection, Failure> {
        Selection::read(&self.select, &self.ignore, policy.lints()).map_err(|error| {
            let all = "`aim-engine rules list` shows all";
            let help = match &error.nearest {
                Some(nearest) => format!("did you mean `{nearest}`? {all}"),
                None => all.to_owned(),
            };
            Failure::say(Exit::Usage, "lint::unknown-check", error.to_string(), help)
        })
    }

    /// Leaves the findings that are asked for. Gives how many more the baseline knows.
    pub(super) fn apply(
        &self,
        selection: &Selection,
        findings: &mut Findings,
    ) -> Result<usize, Failure> {
        findings.findings.retain(|finding| selection.has(finding));
        let suppressed = &mut findings.suppressed;
        suppressed.retain(|suppressed| selection.has(&suppressed.finding));
        findings.summary = Summary::of(&findings.findings, findings.summary.files);
        let Some(path) = &self.baseline else {
            return Ok(0);
        };
        let baseline = Baseline::read(path).map_err(|error| {
            let path = path.display();
            Failure::say(
                Exit::Usage,
                "lint::baseline",
                format!("cannot read the baseline `{path}`: {error}"),
                format!("make one with `--write-baseline {path}`"),
            )
        })?;
        let left_out = baseline.leave_out(findings, path);
        if left_out.gone > 0 && self.is_complete() {
            let text = match left_out.gone {
                1 => "1 finding of the baseline is there no more".to_owned(),
                gone => format!("{gone} findings of the baseline are there no more"),
            };
            output::line(
                "note",
                &format!("{text}; `--write-baseline` writes it anew"),
            );
        }
        Ok(left_out.known)
    }

    /// Whether no check is left out.
    fn is_complete(&self) -> bool {
        self.select.is_empty() && self.ignore.is_empty()
    }

    /// Writes the baseline, where one is asked for.
    pub(super) fn write_baseline(&self, findings: &Findings) -> Result<Option<Exit>, Failure> {
        let Some(path) = &self.write_baseline else {
            return Ok(None);
        };
        let shown = path.display();
        Baseline::of(findings, path).write(path).map_err(|error| {
            Failure::say(
                Exit::Environment,
                "lint::baseline",
                format!("cannot write the baseline `{shown}`: {error}"),
                "",
            )
        })?;
        let text = match findings.findings.len() {
            1 => format!("1 finding written to {shown}"),
            count => format!("{count} findings written to {shown}"),
        };
        output::line("ok", &text);
        Ok(Some(Exit::Done))
    }

    /// The exit code of a run with these findings.
    pub(super) fn exit(&self, summary: &Summary) -> Exit {
        let denied = match self.deny {
            None => 0,
            Some(Deny::Warnings) => summary.warnings,
            Some(Deny::Notes) => summary.warnings + summary.notes,
        };
        match summary.errors + denied {
            0 => Exit::Done,
            _ => Exit::No,
        }
    }
}
