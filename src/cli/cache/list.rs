//! `cache list`: the models that are there.

use clap::Args;
use serde::Serialize;

use crate::cache::{self, CacheFacts, CachedModel, CachedRevision, Care, Limits, size, timestamp};
use crate::cli::args::TableFormat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::table::table;

use super::CachePlace;

#[derive(Debug, Args)]
pub(super) struct CacheListArgs {
    #[command(flatten)]
    place: CachePlace,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    format: TableFormat,
}

/// A revision, as `--format json` has it.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    model: &'a str,
    revision: &'a str,
    refs: &'a [String],
    state: &'static str,
    files: usize,
    missing: usize,
    size: u64,
    added: String,
    last_used: String,
    hits: u64,
    path: String,
}

impl<'a> Listed<'a> {
    fn new(facts: &CacheFacts, model: &'a CachedModel, revision: &'a CachedRevision) -> Listed<'a> {
        Listed {
            model: model.folder.model.as_str(),
            revision: revision.commit.as_str(),
            refs: &revision.refs,
            state: revision.state.name(),
            files: revision.files.len(),
            missing: revision.missing(),
            size: revision.size(),
            added: timestamp(revision.added),
            last_used: timestamp(facts.last_used(model, revision)),
            hits: facts
                .remembered(model, revision)
                .map_or(0, |used| used.hits),
            path: model
                .folder
                .snapshot(&revision.commit)
                .display()
                .to_string(),
        }
    }
}

pub(super) fn run(args: &CacheListArgs) -> Result<Exit, Failure> {
    let cache = args.place.open()?;
    let facts = CacheFacts::look(cache.clone(), Limits::default(), Care::Quick)?;
    let listed = listed(&facts);
    match args.format {
        TableFormat::Json => output::json(&serde_json::json!({
            "cache": cache.root(),
            "models": listed,
        }))?,
        TableFormat::Human if listed.is_empty() => {
            output::answer(&format!("no models in {}", cache.root().display()))?;
        }
        TableFormat::Human => output::answer(&human(&listed))?,
    }
    // Whoever reads the list of models finds what was listed here.
    if cache.hub().is_dir()
        && let Err(error) = cache::write_index(&cache, facts.scan())
    {
        tracing::info!(%error, "the list of models is not written");
    }
    Ok(Exit::Done)
}

fn listed(facts: &CacheFacts) -> Vec<Listed<'_>> {
    let of = |model| {
        let model: &CachedModel = model;
        model
            .revisions
            .iter()
            .map(move |revision| Listed::new(facts, model, revision))
    };
    facts.scan().models.iter().flat_map(of).collect()
}

fn human(listed: &[Listed<'_>]) -> String {
    const SHORT: usize = 8;
    let rows = listed.iter().map(|row| {
        vec![
            row.model.to_owned(),
            row.revision.get(..SHORT).unwrap_or(row.revision).to_owned(),
            row.refs.join(" "),
            size(row.size),
            match row.missing {
                0 => row.state.to_owned(),
                missing => format!("{}, {missing} of {} missing", row.state, row.files),
            },
        ]
    });
    table(
        &["model", "revision", "refs", "size", "state"],
        rows.collect(),
    )
}
