//! What may be written in a place.

use std::collections::BTreeSet;
use std::ops::Range;

use lsp_types::CompletionItemKind;

use crate::catalog::kind::Kind;
use crate::schema;

use super::question::{Named, Question};
use super::spot::{self, Spot, What};

/// Something that may be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Offer {
    /// As it is shown and looked for.
    pub label: String,
    /// What is written.
    pub text: String,
    /// What it is, in few words.
    pub detail: String,
    /// What it is, as Markdown.
    pub says: String,
    /// How editors draw it.
    pub kind: CompletionItemKind,
}

/// The GPU counts that blocks are written for.
const COUNTS: [u32; 4] = [1, 2, 4, 8];

/// What may be written there, and the bytes whose place it takes.
pub(super) fn completion(question: &Question<'_>) -> Option<(Vec<Offer>, Range<usize>)> {
    // The file is being written: what stands before the place tells, not what the whole file is.
    let spot = spot::in_lines(question.text, question.at)?;
    let offers = match &spot.what {
        What::Key => keys(question, &spot),
        What::ValueOf(_) => values(question, &spot),
    };
    Some((offers, spot.bytes))
}

fn keys(question: &Question<'_>, spot: &Spot) -> Vec<Offer> {
    let rest = question.text.get(spot.bytes.end..).unwrap_or_default();
    let has_colon = rest.starts_with(':');
    let there = siblings(question, spot);
    let offer = |key: String, after: &str, detail: String, says: String, kind| Offer {
        text: match has_colon {
            true => key.clone(),
            false => format!("{key}:{after}"),
        },
        label: key,
        detail,
        says,
        kind,
    };
    let mut offers = Vec::new();
    if let Some(engine) = question.engine(&spot.above) {
        for flag in engine.flags() {
            let after = match flag.period.kind.as_str() {
                "flag" | "bool" => " true",
                _ => " ",
            };
            let detail = format!("{} · {}", engine.title(), flag.period.kind);
            let says = engine.describe(&flag);
            let kind = CompletionItemKind::PROPERTY;
            offers.push(offer(flag.name.to_owned(), after, detail, says, kind));
        }
    } else {
        let schema = question.schema();
        let described = schema.map(|schema| schema::keys(&schema, &spot.above));
        for one in described.into_iter().flatten() {
            let kind = CompletionItemKind::FIELD;
            offers.push(offer(one.key, " ", String::new(), one.text, kind));
        }
        let backends = &question.catalog.backends;
        if question.kind == Kind::Recipe && spot.above.is_empty() {
            for backend in backends {
                let title = backend.title.clone().unwrap_or_default();
                let says = format!("The blocks for {title}.");
                let key = backend.recipe_section.clone();
                offers.push(offer(key, "", title, says, CompletionItemKind::MODULE));
            }
        }
        if let [section] = spot.above.as_slice()
            && question.catalog.backend_of(section).is_some()
        {
            for count in COUNTS {
                let says = format!("How to serve on {count} GPUs.").replace(" 1 GPUs", " one GPU");
                let kind = CompletionItemKind::STRUCT;
                offers.push(offer(format!("{count}_gpu"), "", String::new(), says, kind));
            }
        }
    }
    offers.retain(|offer| !there.contains(&offer.label));
    offers
}

/// The keys that stand beside the one that is written; it itself is not among them.
fn siblings(question: &Question<'_>, spot: &Spot) -> BTreeSet<String> {
    let Some(root) = &question.root else {
        return BTreeSet::new();
    };
    let node = spot.above.iter().try_fold(root, |node, key| node.get(key));
    let entries = node.map(|node| node.entries()).unwrap_or_default();
    let others = entries
        .iter()
        .filter(|entry| entry.key.span.start != spot.bytes.start);
    others
        .filter_map(|entry| entry.key.text().map(str::to_owned))
        .collect()
}

fn values(question: &Question<'_>, spot: &Spot) -> Vec<Offer> {
    let offer = |text: String, detail: &str, kind| Offer {
        label: text.clone(),
        text,
        detail: detail.to_owned(),
        says: String::new(),
        kind,
    };
    let What::ValueOf(key) = &spot.what else {
        return Vec::new();
    };
    let several = |values: Vec<String>, detail: &str| {
        let kind = CompletionItemKind::VALUE;
        values
            .into_iter()
            .map(|value| offer(value, detail, kind))
            .collect::<Vec<_>>()
    };
    let words = |words: &[&str]| {
        words
            .iter()
            .map(|word| (*word).to_owned())
            .collect::<Vec<_>>()
    };
    if let Some(engine) = question.engine(&spot.above) {
        let flag = engine.flag(key);
        return several(
            flag.map(|flag| flag.values()).unwrap_or_default(),
            &engine.title(),
        );
    }
    let store = &question.catalog.store;
    match question.named(spot) {
        Some(Named::Model) => {
            let cards = store.models().unwrap_or_default();
            let ids = cards
                .iter()
                .filter_map(|model| model.id().map(str::to_owned));
            let ids: BTreeSet<_> = ids.collect();
            return several(ids.into_iter().collect(), "model");
        }
        Some(Named::Hardware) => {
            return several(store.hardware_names().unwrap_or_default(), "hardware");
        }
        Some(Named::Precision) => {
            let hardware = store.all_hardware().unwrap_or_default();
            let native = hardware
                .into_iter()
                .flat_map(|hardware| hardware.native_precisions);
            let recipes = store.recipes(None).unwrap_or_default();
            let served = recipes.into_iter().map(|recipe| recipe.precision);
            let all: BTreeSet<_> = native.chain(served).collect();
            return several(all.into_iter().collect(), "precision");
        }
        Some(Named::RecipeFile) => {
            let recipes = store.recipes(None).unwrap_or_default();
            return several(
                recipes.into_iter().map(|recipe| recipe.file).collect(),
                "recipe",
            );
        }
        None => {}
    }
    match (spot.above.len(), key.as_str()) {
        (2, "enabled") | (0, "gated") => several(words(&["true", "false"]), ""),
        (0, "readiness_level") => several(words(&["production", "preview", "experimental"]), ""),
        (0, "metric") => several(words(&["latency", "throughput"]), ""),
        (2, "engine_version") => {
            let backend = spot
                .above
                .first()
                .and_then(|section| question.catalog.backend_of(section));
            let versions = backend.map(|backend| backend.versions.iter().rev().cloned().collect());
            several(versions.unwrap_or_default(), "examined")
        }
        _ => Vec::new(),
    }
}
