//! What is told, against the second writing of the policy.

use std::collections::BTreeSet;

use aim_engine::explain::{Configuration, Verdict, WhyNotConfiguration};

use super::Found;
use super::case::{Case, Told};
use super::reference::{self, Decision, decide, eligibility, order};

/// The criteria in the order of the policy's points, from 13.
const CRITERIA: &[&str] = &[
    "hardware",
    "backend",
    "precision",
    "gpus",
    "points",
    "metric",
    "readiness",
    "speed",
    "name",
];

/// The points that a rule stands for.
fn point(rule: &str) -> u8 {
    match rule {
        "rejected_disabled" => 5,
        "rejected_hardware" => 6,
        "rejected_gpu_count" | "rejected_more_than_asked" => 7,
        "rejected_memory" => 8,
        "rejected_heads" => 9,
        "rejected_flag" | "rejected_value" | "rejected_backend" => 10,
        "rejected_veto" => 11,
        strict if strict.starts_with("rejected_strict_") => 12,
        _ => 0,
    }
}

fn named(configuration: &reference::Configuration<'_>) -> Configuration {
    Configuration {
        recipe_id: configuration.recipe.recipe_id.clone(),
        backend: configuration.backend.backend.clone(),
        gpus: configuration.gpus.into(),
    }
}

/// Everything in which what is told differs from the policy.
pub fn told(case: &Case, told: &Told, found: &mut Found) -> Vec<String> {
    let decision = decide(&case.catalog, &case.request);
    let mut faults = Vec::new();
    for answer in told.recipes.iter().flat_map(|told| &told.configurations) {
        let verdict = serde_json::to_value(answer.verdict).unwrap();
        found.count(verdict.as_str().unwrap());
        if let Err(fault) = one(case, &decision, answer) {
            faults.push(format!("{fault}: {}", answer.configuration));
        }
    }
    faults.extend(beats(&decision, told));
    faults
}

fn one(case: &Case, decision: &Decision<'_>, answer: &WhyNotConfiguration) -> Result<(), String> {
    let mut considered = decision.considered.iter();
    let Some(of) = considered.find(|of| named(of) == answer.configuration) else {
        let rules: Vec<&str> = rules(answer).collect();
        return match (answer.verdict, rules.as_slice()) {
            (Verdict::OtherModel, ["not_considered_model"])
            | (Verdict::Rejected, ["not_considered_recipe"]) => Ok(()),
            _ => Err(format!(
                "verdict: {:?} for {rules:?}, though not considered",
                answer.verdict
            )),
        };
    };
    let card = case.catalog.card(&case.request.model);
    let points: BTreeSet<u8> =
        eligibility::points(&case.catalog, &case.request, card, &decision.targets, of)
            .into_iter()
            .collect();
    let told: BTreeSet<u8> = rules(answer).map(point).collect();
    if points != told {
        return Err(format!("reasons: {told:?} for points {points:?}"));
    }
    let Some(winner) = decision.eligible().next() else {
        return verdict(answer, Verdict::Rejected);
    };
    if !points.is_empty() {
        return verdict(answer, Verdict::Rejected);
    }
    if named(winner) == answer.configuration {
        return verdict(answer, Verdict::Chosen);
    }
    verdict(answer, Verdict::Beaten)?;
    let place = |of| order::place(&case.catalog, &case.request, card, &decision.targets, of);
    let criterion = CRITERIA[order::deciding_point(&place(winner), &place(of)) - 13];
    match &answer.beaten_by {
        Some(by) if by.configuration() == named(winner) && by.criterion == criterion => Ok(()),
        by => Err(format!(
            "beaten: told by {by:?}; it is {} at {criterion}",
            named(winner)
        )),
    }
}

fn rules(answer: &WhyNotConfiguration) -> impl Iterator<Item = &str> {
    answer.failed.iter().map(|failed| failed.rule.as_str())
}

fn verdict(answer: &WhyNotConfiguration, right: Verdict) -> Result<(), String> {
    if answer.verdict == right {
        Ok(())
    } else {
        Err(format!("verdict: {:?}, not {right:?}", answer.verdict))
    }
}

/// Whether `why` tells of the winner, and of all others in their order.
fn beats(decision: &Decision<'_>, told: &Told) -> Option<String> {
    let mut eligible = decision.eligible().map(named);
    let winner = eligible.next();
    let told_winner = told.why.as_ref().map(|why| why.selected.clone());
    if winner != told_winner {
        return Some(format!("why: {told_winner:?} for {winner:?}"));
    }
    let why = told.why.as_ref()?;
    let others: Vec<Configuration> = eligible.collect();
    let beats: Vec<Configuration> = why
        .beats
        .iter()
        .map(|beaten| beaten.configuration.clone())
        .collect();
    let rejected = decision.considered.len() - others.len() - 1;
    if beats.iter().collect::<BTreeSet<_>>() != others.iter().collect() {
        return Some(format!("beats: {beats:?} for {others:?}"));
    }
    if beats.first() != others.first() {
        return Some(format!(
            "next: {} is told as the next one, and it is {}",
            beats[0], others[0]
        ));
    }
    (why.rejected != rejected).then(|| format!("rejected: {} for {rejected}", why.rejected))
}
