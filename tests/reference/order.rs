//! Points 13 to 21: the order of the eligible configurations.

use super::Configuration;
use super::documents::{Card, Catalog, Request};
use super::eligibility::HardwareMatch;
use super::targets::Targets;

/// A place in a list of names: those listed, then the others by name.
type NamePlace = (usize, String);

/// The first four criteria, in which `tried` reports all configurations.
pub type SearchPlace = (HardwareMatch, NamePlace, NamePlace, (bool, i64));

/// All criteria, the smallest is chosen.
pub type Place = (SearchPlace, (i64, u8, u8, Measured, String));

/// A measurement as a number that sorts best first; nothing measured sorts last.
pub type Measured = (bool, i64);

/// Where the search comes to a configuration (points 13 to 16).
pub fn search_place(targets: &Targets, c: &Configuration) -> SearchPlace {
    let precisions = ["bf16", "fp16", "fp8", "int8", "int4"];
    (
        c.hardware,
        name_place(&c.backend.backend, &targets.backend, &["vllm", "sglang"]),
        name_place(&c.recipe.precision, &targets.precision, &precisions),
        (c.gpus != targets.gpus, -i64::from(c.gpus)),
    )
}

/// Where a configuration stands among eligible ones.
pub fn place(
    catalog: &Catalog,
    request: &Request,
    card: Option<&Card>,
    targets: &Targets,
    c: &Configuration,
) -> Place {
    // 17.
    let rules = catalog.site_rules.iter();
    let points: i64 = rules
        .filter(|rule| rule.covers(&c.recipe.recipe_id, &c.backend.backend, c.gpus))
        .filter_map(|rule| rule.points)
        .sum();
    // 18.
    let metric = match (&request.metric, &c.recipe.metric) {
        (None, _) => 0,
        (Some(asked), Some(metric)) if asked == metric => 0,
        (Some(_), None) => 1,
        (Some(_), Some(_)) => 2,
    };
    // 19.
    let word = c.recipe.readiness_level.as_deref();
    let word = word.or(card.and_then(|card| card.readiness_level.as_deref()));
    let last = (
        -points,
        metric,
        readiness(word),
        measured(request, c),
        c.recipe.recipe_id.clone(),
    );
    (search_place(targets, c), last)
}

/// The point that puts `first` before `second`.
pub fn deciding_point(first: &Place, second: &Place) -> usize {
    let ((hardware, backend, precision, gpus), (points, metric, readiness, measured, _)) = first;
    let (search, last) = second;
    let equal = [
        *hardware == search.0,
        *backend == search.1,
        *precision == search.2,
        *gpus == search.3,
        *points == last.0,
        *metric == last.1,
        *readiness == last.2,
        *measured == last.3,
    ];
    13 + equal.iter().take_while(|equal| **equal).count()
}

fn name_place(name: &str, target: &str, listed: &[&str]) -> NamePlace {
    if name == target {
        return (0, String::new());
    }
    match listed.iter().position(|other| *other == name) {
        Some(place) => (1 + place, String::new()),
        None => (1 + listed.len(), name.to_owned()),
    }
}

fn readiness(word: Option<&str>) -> u8 {
    match word {
        Some("production" | "Production-Ready") => 0,
        Some("preview" | "Tech Preview") => 1,
        Some("experimental" | "Day-0 Available") => 2,
        _ => 3,
    }
}

// 20.
fn measured(request: &Request, c: &Configuration) -> Measured {
    let Some(benchmark) = &c.block.benchmark else {
        return (true, 0);
    };
    // Thousandths keep what the measurements have behind the point.
    #[expect(clippy::cast_possible_truncation, reason = "measurements are small")]
    let whole = |number: f64| (number * 1000.0).round() as i64;
    let figure = if request.metric.as_deref() == Some("latency") {
        benchmark.ttft_ms.map(whole)
    } else {
        benchmark.output_tokens_per_s.map(|rate| -whole(rate))
    };
    (figure.is_none(), figure.unwrap_or(0))
}
