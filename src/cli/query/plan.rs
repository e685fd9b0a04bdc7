//! How an answer is found, for people.

use crate::cli::output::wrapped;
use crate::datalog::plan::{PlanDescription, RelationRows, RuleDescription, Step};

const COLUMNS: usize = 80;

/// The plan, in 80 columns.
pub(super) fn printed(plan: &PlanDescription) -> String {
    let mut text = String::new();
    let mut line = |indent: usize, words: &str| {
        for part in wrapped(words, COLUMNS - indent) {
            text.push_str(&format!("{:indent$}{part}\n", ""));
        }
    };
    if !plan.inputs.is_empty() {
        line(0, "base relations:");
        line(2, &list(&plan.inputs));
    }
    for (number, stratum) in (1..).zip(&plan.strata) {
        line(0, &format!("{number}. {}", list(&stratum.relations)));
        if stratum.facts > 0 {
            line(3, &format!("facts in rule files: {}", stratum.facts));
        }
        for rule in &stratum.rules {
            let RuleDescription { file, line: at, .. } = rule;
            let rounds = if rule.recursive { ", in rounds" } else { "" };
            for way in &rule.ways {
                line(3, &format!("{file}:{at}{rounds}"));
                steps(way, 5, &mut line);
            }
        }
    }
    text
}

fn steps(list: &[Step], indent: usize, line: &mut impl FnMut(usize, &str)) {
    for step in list {
        let index = match &step.index {
            Some(columns) => format!(" [index: {}]", columns.join(", ")),
            None => String::new(),
        };
        line(indent, &format!("{}{index}", step.says));
        steps(&step.steps, indent + 2, line);
    }
}

/// `recipe 159, block 331 rows`
fn list(relations: &[RelationRows]) -> String {
    let counted = relations
        .iter()
        .map(|relation| match (relations.len(), relation.rows) {
            (1, 1) => format!("{}: 1 row", relation.relation),
            (1, rows) => format!("{}: {rows} rows", relation.relation),
            (_, rows) => format!("{} {rows}", relation.relation),
        });
    counted.collect::<Vec<_>>().join(", ")
}
