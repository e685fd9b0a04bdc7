//! `cache cleanup`: what the rules let go, and what they keep, each with the reason.

use std::sync::Arc;

use clap::Args;
use serde::Serialize;

use crate::cache::{
    self, Cache, CacheError, CacheFacts, Care, Fate, Limits, Orphan, Retention, size,
};
use crate::cli::args::{CatalogArgs, TableFormat};
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::cli::session::Session;
use crate::policy::Policy;

use super::{CachePlace, say_unasked};

#[derive(Debug, Args)]
pub(super) struct CleanupArgs {
    /// Say what would go, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// What was added longer ago goes: 90, 90d, 12w
    #[arg(long, value_name = "DAYS", value_parser = days)]
    max_age: Option<u64>,
    /// What was not used for longer goes: 30, 30d, 4w
    #[arg(long, value_name = "DAYS", value_parser = days)]
    max_idle: Option<u64>,
    /// What was used longest ago goes until the cache has no more than this: 500G, 1.5T
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    max_size: Option<u64>,
    /// What was used longest ago goes until so much of the disk is free: 200G
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    min_free: Option<u64>,
    #[command(flatten)]
    place: CachePlace,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    format: TableFormat,
    #[command(flatten)]
    catalog: CatalogArgs,
}

/// Something that goes or stays, as `--format json` has it.
#[derive(Debug, Serialize)]
struct Listed<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Option<&'a str>,
    size: u64,
    because: Vec<&'a str>,
    /// Why it is still there, where it should not be.
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

pub(super) fn run(args: &CleanupArgs) -> Result<Exit, Failure> {
    let cache = args.place.open()?;
    let mut session = Session::open_silently(&args.catalog, None)?;
    let policy = Policy::load_cache(session.rule_sources()?, &session.store)?;
    let limits = Limits {
        age: args.max_age,
        idle: args.max_idle,
        size: args.max_size,
        free: args.min_free,
    };
    let facts = Arc::new(CacheFacts::look(cache.clone(), limits, Care::Close)?);
    session.store.lend(facts.clone());
    let retention = cache::retention(&session.store, &policy)?;
    if !retention.going.is_empty() {
        say_unasked(facts.uses());
    }
    let failed = match args.dry_run {
        true => Failed::default(),
        false => removed(&cache, &retention)?,
    };
    let freed = failed.freed;
    let mut going: Vec<Listed<'_>> = retention
        .going
        .iter()
        .map(|fate| of_fate(&facts, fate))
        .collect();
    for (listed, failed) in going.iter_mut().zip(failed.revisions) {
        listed.failed = failed;
    }
    let mut orphans: Vec<Listed<'_>> = retention
        .orphans
        .iter()
        .map(|orphan| of_orphan(&facts, orphan))
        .collect();
    for (listed, failed) in orphans.iter_mut().zip(failed.orphans) {
        listed.failed = failed;
    }
    going.extend(orphans);
    let staying: Vec<Listed<'_>> = retention
        .staying
        .iter()
        .map(|fate| of_fate(&facts, fate))
        .collect();
    match args.format {
        TableFormat::Json => output::json(&serde_json::json!({
            "cache": cache.root(),
            "dry_run": args.dry_run,
            "removed": going,
            "kept": staying,
            "freed": freed,
        }))?,
        TableFormat::Human => output::answer(&human(&going, &staying, freed, args.dry_run))?,
    }
    Ok(match failed.is_refused {
        true => Exit::Environment,
        false => Exit::Done,
    })
}

/// How the removal went.
#[derive(Default)]
struct Failed {
    freed: u64,
    revisions: Vec<Option<String>>,
    orphans: Vec<Option<String>>,
    /// Whether something cannot be removed, other than because it is in use by now.
    is_refused: bool,
}

/// Removes what goes. What another process began to write in the meantime stays.
fn removed(cache: &Cache, retention: &Retention) -> Result<Failed, Failure> {
    let mut failed = Failed::default();
    let mut is_refused = false;
    let mut note = |result: Result<u64, CacheError>| match result {
        Ok(bytes) => (bytes, None),
        Err(error) => {
            is_refused |= !matches!(error, CacheError::Busy { .. });
            (0, Some(error.to_string()))
        }
    };
    for fate in &retention.going {
        let commits = [fate.commit.clone()];
        let removed = cache::remove_revisions(cache, &fate.model, &commits);
        let (freed, because) = note(removed.map(|removed| removed.freed));
        failed.freed += freed;
        failed.revisions.push(because);
    }
    for orphan in &retention.orphans {
        let (freed, because) = note(cache::remove_orphan(cache, &orphan.model, &orphan.content));
        failed.freed += freed;
        failed.orphans.push(because);
    }
    failed.is_refused = is_refused;
    super::add::index(cache)?;
    Ok(failed)
}

fn of_fate<'a>(facts: &CacheFacts, fate: &'a Fate) -> Listed<'a> {
    let model = facts.scan().model(&fate.model);
    let contents = model.and_then(|model| {
        let revision = model.revision(&fate.commit)?;
        Some(revision.contents(model).map(|(_, bytes)| bytes).sum())
    });
    Listed {
        model: fate.model.as_str(),
        revision: Some(fate.commit.as_str()),
        content: None,
        size: contents.unwrap_or_default(),
        because: fate.because.iter().map(String::as_str).collect(),
        failed: None,
    }
}

fn of_orphan<'a>(facts: &CacheFacts, orphan: &'a Orphan) -> Listed<'a> {
    let model = facts.scan().model(&orphan.model);
    let size = model.and_then(|model| {
        let mut orphans = model.orphans();
        orphans
            .find(|(name, _)| *name == orphan.content)
            .map(|(_, blob)| blob.size)
    });
    Listed {
        model: orphan.model.as_str(),
        revision: None,
        content: Some(&orphan.content),
        size: size.unwrap_or_default(),
        because: vec![&orphan.because],
        failed: None,
    }
}

fn human(going: &[Listed<'_>], staying: &[Listed<'_>], freed: u64, dry_run: bool) -> String {
    let mut text = String::new();
    let titles = match dry_run {
        true => ["would go:", "would stay:"],
        false => ["removed:", "kept:"],
    };
    for (title, listed) in titles.into_iter().zip([going, staying]) {
        if listed.is_empty() {
            continue;
        }
        text.push_str(title);
        text.push('\n');
        for one in listed {
            let what = one.revision.or(one.content).unwrap_or_default();
            let what = what.get(..12).unwrap_or(what);
            text.push_str(&format!("  {} {what} ({})\n", one.model, size(one.size)));
            for sentence in &one.because {
                for line in output::wrapped(sentence, 74) {
                    text.push_str(&format!("    {line}\n"));
                }
            }
            if let Some(failed) = &one.failed {
                text.push_str(&format!("    It is still there: {failed}.\n"));
            }
        }
    }
    if going.is_empty() {
        text.push_str("nothing goes\n");
    } else if !dry_run {
        text.push_str(&format!("{} freed\n", size(freed)));
    } else {
        let all = going.iter().map(|one| one.size).sum();
        text.push_str(&format!(
            "up to {} would be freed; run it without --dry-run to do so\n",
            size(all)
        ));
    }
    text
}

/// A number of days: `30`, `30d`, `4w`.
fn days(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.strip_suffix('w') {
        Some(number) => (number, 7),
        None => (text.strip_suffix('d').unwrap_or(text), 1),
    };
    let days = number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(unit));
    days.filter(|days| i64::try_from(*days).is_ok())
        .ok_or_else(|| "it is a number of days, such as 30, or of weeks, such as 4w".to_owned())
}

/// A size: `500G`, `1.5T`, `200GiB`; the units are those of 1024.
fn bytes(text: &str) -> Result<u64, String> {
    const UNITS: [char; 4] = ['K', 'M', 'G', 'T'];
    let wrong = || "it is a size, such as 500G or 1.5T".to_owned();
    let upper = text.trim().to_uppercase();
    let number = upper.trim_end_matches('B').trim_end_matches('I');
    let power = number
        .chars()
        .last()
        .and_then(|last| UNITS.iter().position(|unit| *unit == last));
    let (number, power) = match power {
        Some(power) => (&number[..number.len() - 1], power + 1),
        None => (number, 0),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = number * 1024f64.powi(i32::try_from(power).unwrap_or(0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is looked at before"
    )]
    match bytes.is_finite() && (0.0..9e18).contains(&bytes) {
        true => Ok(bytes as u64),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_days_are_read() {
        assert_eq!(bytes("500G"), Ok(500 << 30));
        assert_eq!(bytes("1.5t"), Ok(3 << 39));
        assert_eq!(bytes("10MiB"), Ok(10 << 20));
        assert_eq!(bytes("7"), Ok(7));
        assert_eq!(days("30"), Ok(30));
        assert_eq!(days("4w"), Ok(28));
        for wrong in ["", "G", "-1G", "1X", "inf", "1e30", "nan"] {
            assert!(bytes(wrong).is_err(), "{wrong}");
        }
        for wrong in ["", "d", "-1", "1.5", "99999999999999999999"] {
            assert!(days(wrong).is_err(), "{wrong}");
        }
    }
}
