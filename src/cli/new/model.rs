//! `new model`: a card to be completed.

use crate::catalog::size;
use crate::cli::args::NewModelArgs;
use crate::cli::failure::{Exit, Failure};

use super::template::{fill, scalar, sizes, slug};
use super::write;

pub(super) fn run(args: &NewModelArgs) -> Result<Exit, Failure> {
    let id = args.model.trim();
    let parts: Vec<&str> = id.split('/').collect();
    let valid = parts.len() == 2
        && parts.iter().all(|part| {
            !part.is_empty()
                && !part.starts_with('.')
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        });
    if !valid {
        return Err(Failure::say(
            Exit::Usage,
            "new::model_id",
            format!("`{id}` is no Hugging Face id"),
            "write it like `org/name`",
        ));
    }
    if size::millions(&args.size).is_none() {
        return Err(Failure::say(
            Exit::Usage,
            "new::size",
            format!("`{}` is no size", args.size),
            "write it like `32.8B` or `135M`",
        ));
    }
    let name = parts.last().copied().unwrap_or_default();
    let precision = match &args.precision {
        Some(precision) => precision.to_lowercase(),
        None => sizes()?.precision,
    };
    let text = fill(
        "model.yaml",
        &[
            ("model", &scalar(id)),
            ("alias", &scalar(&slug(id))),
            ("name", &scalar(&name.replace('-', " "))),
            ("size", &scalar(&args.size)),
            ("precision", &scalar(&precision)),
            (
                "context_length",
                &args
                    .context_length
                    .map_or_else(|| "null".to_owned(), |tokens| tokens.to_string()),
            ),
        ],
    )?;
    write(&args.to, &format!("models/{id}.yaml"), &text)
}
