//! Each point of the policy in a case by hand (`points.yaml`): what the reference and the program
//! have to say to it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_yaml::{Mapping, Value};

use super::documents::{Card, Catalog, Recipe, Request, SiteRule, built_in_backends};
use super::{Configuration, compare, decide};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    says: String,
    #[serde(default)]
    cards: Vec<Mapping>,
    recipes: Vec<Mapping>,
    #[serde(default)]
    site: Vec<WrittenRule>,
    #[serde(default)]
    request: Mapping,
    order: Vec<String>,
    #[serde(default)]
    rejected: BTreeMap<String, u8>,
    exact: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    recipe: Option<String>,
    gpus: Option<u32>,
    points: Option<i64>,
}

struct Case {
    says: String,
    catalog: Catalog,
    request: Request,
    order: Vec<String>,
    rejected: BTreeMap<String, u8>,
    exact: Option<bool>,
}

const CARD: &str = "{model_id: a/m, huggingface_id: a/m}";
const RECIPE: &str = "{model_id: a/m, huggingface_id: a/m, hardware: MI300X, precision: bf16}";
const REQUEST: &str = "{model: a/m, hardware: MI300X, available_gpus: 8}";

fn filled<T: for<'de> Deserialize<'de>>(defaults: &str, written: Mapping) -> T {
    let mut whole: Mapping = serde_yaml::from_str(defaults).unwrap();
    whole.extend(written);
    serde_yaml::from_value(Value::Mapping(whole)).unwrap()
}

fn cases() -> Vec<Case> {
    let written: Vec<Written> = serde_yaml::from_str(include_str!("points.yaml")).unwrap();
    let case = |written: Written| Case {
        says: written.says,
        catalog: Catalog {
            recipes: (written.recipes.into_iter())
                .map(|recipe| filled::<Recipe>(RECIPE, recipe))
                .collect(),
            cards: (written.cards.into_iter())
                .map(|card| filled::<Card>(CARD, card))
                .collect(),
            own_hardware: Vec::new(),
            site_rules: (written.site.into_iter())
                .map(|rule| SiteRule {
                    recipe: rule.recipe,
                    backend: None,
                    gpus: rule.gpus,
                    points: rule.points,
                })
                .collect(),
            backends: built_in_backends(),
        },
        request: filled(REQUEST, written.request),
        order: written.order,
        rejected: written.rejected,
        exact: written.exact,
    };
    written.into_iter().map(case).collect()
}

fn label(configuration: &Configuration) -> String {
    let backend = &configuration.backend.backend;
    format!(
        "{}:{backend}:{}",
        configuration.recipe.recipe_id, configuration.gpus
    )
}

#[test]
fn the_reference_decides_each_point_as_written() {
    for case in cases() {
        let decision = decide(&case.catalog, &case.request);
        let order: Vec<_> = decision.eligible().map(label).collect();
        let rejected: BTreeMap<_, _> = decision
            .considered
            .iter()
            .filter_map(|configuration| Some((label(configuration), configuration.rejected_by?)))
            .collect();
        assert_eq!(order, case.order, "{}", case.says);
        assert_eq!(rejected, case.rejected, "{}", case.says);
        if case.exact.is_some() {
            assert_eq!(decision.exact, case.exact, "{}", case.says);
        }
    }
}

#[test]
fn the_program_decides_each_point_as_written() {
    let mut wrong = String::new();
    for case in cases() {
        let answers = compare::ask(&case.catalog, std::slice::from_ref(&case.request));
        let [answer] = answers.lines.as_slice() else {
            wrong += &format!(
                "{}: {} answers\n{}\n",
                case.says,
                answers.lines.len(),
                answers.notes
            );
            continue;
        };
        for difference in compare::differences(&case.catalog, &case.request, answer) {
            wrong += &format!("{}: {difference}\n", case.says);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
