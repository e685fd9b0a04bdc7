//! What is wrong with the files of a model: where, what, and how to mend it.

use miette::Diagnostic;
use thiserror::Error;

/// Why there is no card, or no figure.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum CardError {
    /// Nothing describes the model.
    #[error("`{model}` has no config.json: {instead}")]
    #[diagnostic(code(card::no_config), help("{help}"))]
    NoConfig {
        /// The model.
        model: String,
        /// What there is.
        instead: String,
        /// What to do.
        help: String,
    },
    /// A file that is no JSON, or no map.
    #[error("`{file}` is no JSON object: {because}")]
    #[diagnostic(
        code(card::json),
        help(
            "the file is damaged at its source: tell who publishes the model, or choose another `--revision`"
        )
    )]
    Json {
        /// The file.
        file: String,
        /// Where and why.
        because: String,
    },
    /// A figure that cannot be one.
    #[error("`{key}` of `{file}` is {found}, and has to be {wanted}")]
    #[diagnostic(
        code(card::figure),
        help("write the card with `aim-engine new model`, and tell who publishes the model")
    )]
    Figure {
        /// The file.
        file: String,
        /// The key.
        key: String,
        /// What is there.
        found: String,
        /// What should be.
        wanted: &'static str,
    },
    /// A file of weights that is none.
    #[error("`{file}` is no safetensors file: {because}")]
    #[diagnostic(
        code(card::safetensors),
        help(
            "the file is damaged at its source: tell who publishes the model, or choose another `--revision`"
        )
    )]
    Safetensors {
        /// The file.
        file: String,
        /// What is wrong with it.
        because: String,
    },
    /// The index of the weights' files does not fit them.
    #[error("`{file}` is no index of weights: {because}")]
    #[diagnostic(
        code(card::index),
        help(
            "the file is damaged at its source: tell who publishes the model, or choose another `--revision`"
        )
    )]
    Index {
        /// The file.
        file: String,
        /// What is wrong with it.
        because: String,
    },
}

/// A text of a foreign file for a message: short, on one line, in backticks.
pub(super) fn shown(text: &str) -> String {
    const MOST: usize = 60;
    let mut escaped = String::new();
    for c in text.chars().take(MOST) {
        match c {
            '"' | '\'' => escaped.push(c),
            other => escaped.extend(other.escape_debug()),
        }
    }
    let more = if text.chars().nth(MOST).is_some() {
        "…"
    } else {
        ""
    };
    format!("`{escaped}{more}`")
}
