//! `cache add`: a model from the hub.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::cache::{self, Cache, CachedModel, Care, Choice, Meter, Patterns, Plan, State, size};
use crate::cli::args::{CatalogArgs, TableFormat};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::session::Session;
use crate::hub::{Commit, Hub, HubFile, ModelId, Revision};
use crate::policy::Policy;

use super::progress::shown;
use super::{CachePlace, count, hub};

/// Connections at the same time.
pub(in crate::cli) const JOBS: usize = 8;

#[derive(Debug, Args)]
pub(super) struct AddArgs {
    /// Id of the model on the hub
    model: String,
    /// Branch, tag or commit
    #[arg(long, value_name = "R", default_value = "main")]
    revision: String,
    /// Only files like this, whatever an engine needs (repeatable)
    #[arg(long, value_name = "GLOB")]
    include: Vec<String>,
    /// No files like this (repeatable)
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// Take the files from this folder, and ask no hub
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
    /// Connections at the same time
    #[arg(long, value_name = "N", default_value_t = JOBS, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=64))]
    jobs: usize,
    /// Say what would be fetched, and fetch nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: CachePlace,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    format: TableFormat,
    #[command(flatten)]
    catalog: CatalogArgs,
}

/// The answer, as `--format json` has it.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    model: &'a str,
    revision: &'a str,
    commit: &'a str,
    path: String,
    files: usize,
    size: u64,
    /// Bytes that came from the hub; those to come with `--dry-run`.
    fetched: u64,
    dry_run: bool,
    left_out: Vec<LeftOut<'a>>,
}

#[derive(Debug, Serialize)]
struct LeftOut<'a> {
    path: &'a str,
    size: u64,
    because: &'a str,
}

pub(super) fn run(args: &AddArgs) -> Result<Exit, Failure> {
    let model = ModelId::parse(&args.model)?;
    let revision = Revision::parse(&args.revision)?;
    let cache = args.place.open()?;
    if let Some(dir) = &args.from {
        return from_folder(args, &cache, &model, &revision, dir);
    }
    let hub = hub()?;
    if let Some(commit) = there_already(&hub, &cache, &model, &revision) {
        return said_there(args, &cache, &model, &commit);
    }
    let commit = hub.info(&model, &revision)?.commit;
    let offered = hub.files(&model, &commit)?;
    let number = offered.len();
    let choice = chosen(args, offered)?;
    let plan = cache::plan(
        &cache,
        &model,
        &revision,
        &commit,
        choice.wanted.clone(),
        number,
    )?;
    if args.dry_run {
        answer(args, &plan, &choice, plan.missing())?;
        return Ok(Exit::Done);
    }
    let missing = plan.missing();
    let meter = plan.meter();
    let added = shown(&meter, || cache::add(&hub, &plan, &meter, args.jobs))?;
    tracing::info!(missing, fetched = added.fetched, "fetched");
    index(&cache)?;
    answer(args, &plan, &choice, added.fetched)?;
    Ok(Exit::Done)
}

/// The same from a folder.
fn from_folder(
    args: &AddArgs,
    cache: &Cache,
    model: &ModelId,
    revision: &Revision,
    dir: &Path,
) -> Result<Exit, Failure> {
    let offered = cache::folder_files(dir)?;
    let number = offered.len();
    let choice = chosen(args, offered)?;
    let meter = Meter::of(&choice.wanted);
    let files = choice.wanted.clone();
    let plan = shown(&meter, || {
        cache::plan_import(cache, model, revision, dir, files, (number, &meter))
    })?;
    let mut fetched = plan.missing();
    if !args.dry_run {
        let meter = plan.meter();
        fetched = shown(&meter, || cache::import(&plan, dir, &meter))?.fetched;
        index(cache)?;
    }
    answer(args, &plan, &choice, fetched)?;
    Ok(Exit::Done)
}

/// The files that are wanted, by the flags and the rules.
fn chosen(args: &AddArgs, files: Vec<HubFile>) -> Result<Choice, Failure> {
    let mut session = Session::open_silently(&args.catalog, None)?;
    let policy = Policy::load_cache(session.rule_sources()?, &session.store)?;
    let patterns = Patterns {
        include: args.include.clone(),
        exclude: args.exclude.clone(),
    };
    Ok(cache::choose(
        &mut session.store,
        &policy,
        files,
        &patterns,
    )?)
}

/// The commit, where it is complete and the hub need not or may not be asked.
fn there_already(hub: &Hub, cache: &Cache, model: &ModelId, revision: &Revision) -> Option<Commit> {
    if !hub.is_offline() {
        return None;
    }
    let found = CachedModel::look(cache, model)?;
    let named = found.named(revision.as_str())?;
    (named.state == State::Complete).then(|| named.commit.clone())
}

fn said_there(
    args: &AddArgs,
    cache: &Cache,
    model: &ModelId,
    commit: &Commit,
) -> Result<Exit, Failure> {
    let found = CachedModel::look(cache, model);
    let revision = found.as_ref().and_then(|found| found.revision(commit));
    let (files, bytes) = revision.map_or((0, 0), |found| (found.files.len(), found.size()));
    let path = cache.model(model).snapshot(commit).display().to_string();
    match args.format {
        TableFormat::Json => output::json(&Answer {
            model: model.as_str(),
            revision: &args.revision,
            commit: commit.as_str(),
            path,
            files,
            size: bytes,
            fetched: 0,
            dry_run: args.dry_run,
            left_out: Vec::new(),
        })?,
        TableFormat::Human => output::answer(&format!(
            "{model} is there, and the hub may not be asked for a newer one\n{path}"
        ))?,
    }
    Ok(Exit::Done)
}

/// Writes the list of models anew; a list is no reason to fail.
pub(in crate::cli) fn index(cache: &Cache) -> Result<(), Failure> {
    let scan = cache::scan(cache, Care::Quick)?;
    if let Err(error) = cache::write_index(cache, &scan) {
        output::line("note", &error.to_string());
    }
    Ok(())
}

fn answer(args: &AddArgs, plan: &Plan, choice: &Choice, fetched: u64) -> Result<(), Failure> {
    let path = plan.folder.snapshot(&plan.commit).display().to_string();
    let model = &plan.folder.model;
    if args.format == TableFormat::Json {
        let left_out = choice.left_out.iter().map(|(file, because)| LeftOut {
            path: file.path.as_str(),
            size: file.size,
            because,
        });
        output::json(&Answer {
            model: model.as_str(),
            revision: plan.revision.as_str(),
            commit: plan.commit.as_str(),
            path,
            files: plan.files.len(),
            size: plan.size(),
            fetched,
            dry_run: args.dry_run,
            left_out: left_out.collect(),
        })?;
        return Ok(());
    }
    let files = count(plan.files.len(), "file");
    let whole = size(plan.size());
    let mut text = match args.dry_run {
        true => format!(
            "{model} {} has {files} to fetch, {whole}",
            plan.commit.short()
        ),
        false => format!("{model} {}: {files}, {whole}", plan.commit.short()),
    };
    text.push_str(&match (args.dry_run, fetched) {
        (_, f) if f == plan.size() => String::new(),
        (true, 0) => "; all of it is there".to_owned(),
        (true, fetched) => format!("; {} of it are not there yet", size(fetched)),
        (false, 0) if args.from.is_some() => String::new(),
        (false, 0) => "; all of it was there".to_owned(),
        (false, fetched) => format!("; {} of it fetched now", size(fetched)),
    });
    text.push('\n');
    let mut reasons: Vec<(&str, u64, usize)> = Vec::new();
    for (file, because) in &choice.left_out {
        match reasons.iter_mut().find(|(known, ..)| known == because) {
            Some((_, bytes, number)) => {
                *bytes += file.size;
                *number += 1;
            }
            None => reasons.push((because, file.size, 1)),
        }
    }
    for (because, bytes, number) in reasons {
        text.push_str(&format!(
            "left out: {} ({}), {because}\n",
            count(number, "file"),
            size(bytes)
        ));
    }
    if !args.dry_run {
        text.push_str(&path);
    }
    output::answer(&text)?;
    Ok(())
}
