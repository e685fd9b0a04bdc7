//! `cache remove`: a model, or one revision of it.

use clap::Args;

use crate::cache::{self, CachedModel, Care, size};
use crate::cli::args::TableFormat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::hub::{Commit, ModelId};

use super::verify::not_there;
use super::{CachePlace, count, say_unasked};

#[derive(Debug, Args)]
pub(super) struct RemoveArgs {
    /// Id of the model
    model: String,
    /// Only this revision: a branch, a tag, or a commit or the beginning of one
    #[arg(long, value_name = "R")]
    revision: Option<String>,
    /// Also when a container or a process uses it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: CachePlace,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    format: TableFormat,
}

pub(super) fn run(args: &RemoveArgs) -> Result<Exit, Failure> {
    let cache = args.place.open()?;
    let model = ModelId::parse(&args.model)?;
    let scan = cache::scan(&cache, Care::Close)?;
    let Some(found) = scan.model(&model) else {
        return Err(not_there(&cache, &model, &scan));
    };
    let commits = commits(found, args.revision.as_deref())?;
    if !args.force {
        let uses = cache::uses(&cache, &scan);
        if let Some(by) = uses.by.get(&model) {
            let message = format!("`{model}` is in use: {}", by.join("; "));
            let help = "stop what uses it, or remove it with `--force`";
            return Err(Failure::say(Exit::No, "cache::in_use", message, help));
        }
        say_unasked(&uses);
    }
    let removed = cache::remove_revisions(&cache, &model, &commits)?;
    super::add::index(&cache)?;
    match args.format {
        TableFormat::Json => output::json(&serde_json::json!({
            "model": model.as_str(),
            "removed": commits.iter().map(Commit::as_str).collect::<Vec<_>>(),
            "freed": removed.freed,
            "shared": removed.shared,
        }))?,
        TableFormat::Human => {
            let revisions = count(commits.len(), "revision");
            let mut text = format!(
                "{model}: {revisions} removed, {} freed",
                size(removed.freed)
            );
            if removed.shared > 0 {
                let shared = size(removed.shared);
                text.push_str(&format!("; {shared} stay, which other revisions have too"));
            }
            output::answer(&text)?;
        }
    }
    Ok(Exit::Done)
}

/// The commits that are meant: all, or the one that is named.
fn commits(model: &CachedModel, named: Option<&str>) -> Result<Vec<Commit>, Failure> {
    const SHORTEST: usize = 4;
    let all = model.revisions.iter();
    let Some(named) = named else {
        return Ok(all.map(|revision| revision.commit.clone()).collect());
    };
    let is_meant = |revision: &&cache::CachedRevision| {
        let begins = named.len() >= SHORTEST && revision.commit.as_str().starts_with(named);
        begins || revision.refs.iter().any(|name| name == named)
    };
    let meant: Vec<Commit> = all
        .filter(is_meant)
        .map(|revision| revision.commit.clone())
        .collect();
    if meant.len() == 1 {
        return Ok(meant);
    }
    let there: Vec<&str> = model
        .revisions
        .iter()
        .map(|revision| revision.commit.as_str())
        .collect();
    let message = match meant.len() {
        0 => format!(
            "`{}` has no revision `{named}` in the cache",
            model.folder.model
        ),
        _ => format!(
            "several revisions of `{}` begin with `{named}`",
            model.folder.model
        ),
    };
    let help = format!("it has {}", there.join(", "));
    Err(Failure::say(Exit::No, "cache::no_revision", message, help))
}
