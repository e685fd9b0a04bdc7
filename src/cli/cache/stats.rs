//! `cache stats`: how much there is, and how much of it is of use.

use clap::Args;
use rustc_hash::FxHashSet;

use crate::cache::{CacheFacts, Care, Limits, State, size};
use crate::cli::args::TableFormat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;

use super::{CachePlace, count};

#[derive(Debug, Args)]
pub(super) struct StatsArgs {
    #[command(flatten)]
    place: CachePlace,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    format: TableFormat,
}

pub(super) fn run(args: &StatsArgs) -> Result<Exit, Failure> {
    let cache = args.place.open()?;
    // A cache that cannot be read is an error, and not an empty one.
    let root = cache.root().to_owned();
    let facts = CacheFacts::look(cache, Limits::default(), Care::Quick)?;
    let models = &facts.scan().models;
    let revisions: usize = models.iter().map(|model| model.revisions.len()).sum();
    let on_disk: u64 = models.iter().map(|model| model.size()).sum();
    let begun: u64 = models
        .iter()
        .flat_map(|model| model.incomplete.values())
        .map(|blob| blob.size)
        .sum();
    let of_revisions = models.iter().flat_map(|model| {
        model
            .revisions
            .iter()
            .map(move |revision| (model, revision))
    });
    let mut counted = 0;
    let mut unique = 0;
    for model in models {
        let mut seen = FxHashSet::default();
        for (name, bytes) in model
            .revisions
            .iter()
            .flat_map(|revision| revision.contents(model))
        {
            counted += bytes;
            unique += if seen.insert(name) { bytes } else { 0 };
        }
    }
    let complete = of_revisions
        .filter(|(_, revision)| revision.state == State::Complete)
        .count();
    let share = |part: u64, whole: u64| match whole {
        0 => None,
        #[expect(clippy::cast_precision_loss, reason = "a share has few digits")]
        _ => Some((part as f64 / whole as f64 * 1000.0).round() / 1000.0),
    };
    let (hits, misses) = facts.hits_and_misses();
    let hit_rate = share(hits, hits + misses);
    let duplicates = share(counted - unique, counted);
    if args.format == TableFormat::Json {
        output::json(&serde_json::json!({
            "cache": root,
            "models": models.len(),
            "revisions": revisions,
            "complete": complete,
            "size": on_disk,
            "incomplete_size": begun,
            "shared_size": counted - unique,
            "duplicate_share": duplicates,
            "hits": hits,
            "misses": misses,
            "hit_rate": hit_rate,
        }))?;
        return Ok(Exit::Done);
    }
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let mut lines = vec![
        format!("cache      {}", root.display()),
        format!(
            "models     {} in {}, {complete} complete",
            models.len(),
            count(revisions, "revision")
        ),
        format!("size       {}", size(on_disk)),
    ];
    if begun > 0 {
        lines.push(format!(
            "begun      {} of it are of downloads that did not end",
            size(begun)
        ));
    }
    if let Some(share) = duplicates {
        lines.push(format!(
            "shared     {} that revisions have in common are there once ({})",
            size(counted - unique),
            percent(share)
        ));
    }
    lines.push(match hit_rate {
        Some(rate) => format!(
            "hit rate   {} of {} found their model",
            percent(rate),
            count_launches(hits + misses)
        ),
        None => "hit rate   nothing was launched".to_owned(),
    });
    output::answer(&lines.join("\n"))?;
    Ok(Exit::Done)
}

fn count_launches(number: u64) -> String {
    match number {
        1 => "1 launch".to_owned(),
        _ => format!("{number} launches"),
    }
}
