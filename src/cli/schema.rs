//! `schema`: the form of recipes and model cards, for editors.

use clap::{Args, ValueEnum};

use crate::catalog::kind::Kind;
use crate::schema::schema;

use super::failure::{Exit, Failure};
use super::output;

#[derive(Debug, Args)]
pub(in crate::cli) struct SchemaArgs {
    /// The kind of file
    pub what: SchemaOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum SchemaOf {
    /// Recipes
    Recipe,
    /// Model cards
    Model,
}

pub(in crate::cli) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let kind = match args.what {
        SchemaOf::Recipe => Kind::Recipe,
        SchemaOf::Model => Kind::Model,
    };
    output::json(&schema(kind).unwrap_or_default())?;
    Ok(Exit::Done)
}
