//! `cache verify`: what is wrong, and what mends it.

use clap::Args;
use serde::Serialize;

use crate::cache::{self, Cache, CacheError, Care, Condition, Verdict};
use crate::cli::args::TableFormat;
use crate::cli::failure::{Exit, Failure};
use crate::cli::output;
use crate::hub::ModelId;

use super::progress::shown;
use super::{CachePlace, count};

#[derive(Debug, Args)]
pub(super) struct VerifyArgs {
    /// Only this model
    model: Option<String>,
    /// Read all contents and compare their hashes
    #[arg(long)]
    deep: bool,
    /// Remove what is wrong, so that it is fetched anew
    #[arg(long)]
    mend: bool,
    #[command(flatten)]
    place: CachePlace,
    /// How to print it
    #[arg(long, value_enum, default_value_t = TableFormat::Human)]
    format: TableFormat,
}

#[derive(Debug, Serialize)]
struct Listed<'a> {
    model: Option<&'a str>,
    what: &'a str,
    condition: &'static str,
    says: &'a str,
    mend: Option<&'a str>,
}

pub(super) fn run(args: &VerifyArgs) -> Result<Exit, Failure> {
    let cache = args.place.open()?;
    let model = args.model.as_deref().map(ModelId::parse).transpose()?;
    let scan = cache::scan(&cache, Care::Close)?;
    if let Some(model) = &model
        && scan.model(model).is_none()
    {
        return Err(not_there(&cache, model, &scan));
    }
    let mut removed = Vec::new();
    let meter = cache::contents_meter(&scan, model.as_ref());
    let deep = args.deep.then_some(&meter);
    if args.mend {
        let all = scan.models.iter().map(|found| &found.folder.model);
        let meant = all.filter(|id| model.as_ref().is_none_or(|model| model == *id));
        removed = shown(&meter, || {
            meant
                .map(|id| cache::mend(&cache, id, deep))
                .collect::<Result<Vec<_>, CacheError>>()
        })?
        .concat();
    }
    let scan = match removed.is_empty() {
        true => scan,
        false => cache::scan(&cache, Care::Close)?,
    };
    // What was mended was read already.
    let deep = deep.filter(|_| !args.mend);
    let verdicts = shown(&meter, || {
        cache::verify(&cache, &scan, model.as_ref(), deep)
    });
    let right = verdicts
        .iter()
        .all(|verdict| verdict.condition == Condition::Complete);
    match args.format {
        TableFormat::Json => output::json(&serde_json::json!({
            "cache": cache.root(),
            "deep": args.deep,
            "removed": removed,
            "verdicts": verdicts.iter().map(listed).collect::<Vec<_>>(),
        }))?,
        TableFormat::Human => {
            let mut text: String = removed
                .iter()
                .map(|path| format!("removed {}\n", path.display()))
                .collect();
            text.push_str(&human(&verdicts));
            output::answer(&text)?;
        }
    }
    Ok(if right { Exit::Done } else { Exit::No })
}

fn listed(verdict: &Verdict) -> Listed<'_> {
    Listed {
        model: verdict.model.as_ref().map(ModelId::as_str),
        what: &verdict.what,
        condition: verdict.condition.name(),
        says: &verdict.says,
        mend: verdict.mend.as_deref(),
    }
}

fn human(verdicts: &[Verdict]) -> String {
    let mut text = String::new();
    for verdict in verdicts {
        let name = match &verdict.model {
            Some(model) => format!("{model} {}", verdict.what),
            None => verdict.what.clone(),
        };
        text.push_str(&format!("{:9} {name}\n", verdict.condition.name()));
        let more = [
            (!verdict.says.is_empty()).then(|| verdict.says.clone()),
            verdict
                .mend
                .as_ref()
                .map(|mend| format!("mended by: {mend}")),
        ];
        for line in more.into_iter().flatten() {
            for line in output::wrapped(&line, 70) {
                text.push_str(&format!("          {line}\n"));
            }
        }
    }
    let with = |condition| {
        verdicts
            .iter()
            .filter(|verdict| verdict.condition == condition)
            .count()
    };
    let revisions = count(with(Condition::Complete), "revision");
    let wrong = verdicts.len() - with(Condition::Complete);
    text.push_str(&match wrong {
        0 => format!("{revisions} complete\n"),
        1 => format!("{revisions} complete, 1 thing is not right\n"),
        _ => format!("{revisions} complete, {wrong} things are not right\n"),
    });
    text
}

/// The answer where a model is not in the cache.
pub(super) fn not_there(cache: &Cache, model: &ModelId, scan: &cache::Scan) -> Failure {
    let names = scan.models.iter().map(|known| known.folder.model.as_str());
    let help = match crate::catalog::typed::nearest(model.as_str(), names) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`aim-engine cache list` shows what is there".to_owned(),
    };
    let message = format!("`{model}` is not in {}", cache.root().display());
    Failure::say(Exit::No, "cache::not_there", message, help)
}
