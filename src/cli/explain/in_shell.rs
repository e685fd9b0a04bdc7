//! `.why` and `.why-not` of the shell: the same answers, about what the shell was started for.

use super::super::args::CountArgs;
use super::super::failure::{Exit, Failure};
use super::super::query::{AboutArgs, AnswerFormat};
use super::{ExplainFormat, QuestionArgs, ShownArgs, WhyArgs, WhyNotArgs, why, why_not};

/// `.why`.
pub(in crate::cli) fn why_of(
    what: &str,
    about: &AboutArgs,
    format: AnswerFormat,
) -> Result<Exit, Failure> {
    why(&WhyArgs {
        what: what.to_owned(),
        count: CountArgs {
            gpu_count: None,
            gpus: about.gpus,
        },
        question: question(about),
        shown: shown(format),
    })
}

/// `.why-not`.
pub(in crate::cli) fn why_not_of(
    what: &str,
    about: &AboutArgs,
    format: AnswerFormat,
) -> Result<Exit, Failure> {
    why_not(&WhyNotArgs {
        what: what.to_owned(),
        gpus: about.gpus,
        question: question(about),
        shown: shown(format),
    })
}

fn question(about: &AboutArgs) -> QuestionArgs {
    QuestionArgs {
        wanted: about.wanted.clone(),
        model: about.model.first().cloned(),
        machine: about.machine.clone(),
        catalog: about.catalog.clone(),
    }
}

fn shown(format: AnswerFormat) -> ShownArgs {
    ShownArgs {
        format: match format {
            AnswerFormat::Json => ExplainFormat::Json,
            AnswerFormat::Human | AnswerFormat::Csv => ExplainFormat::Human,
        },
        depth: None,
        full: false,
    }
}
