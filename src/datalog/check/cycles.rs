//! Negation and aggregates through recursion: no order of derivation would make sense of them.

use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use super::RelId;
use super::declare::Relations;
use super::strata::{Edge, Graph, Need};
use crate::datalog::ast::{Program, Span};
use crate::datalog::diagnostic::{Code, Found, RuleError};

/// How many cycles are shown of relations that all depend on each other.
const MOST_CYCLES: usize = 8;
/// How many steps of a cycle are labelled.
const MOST_STEPS: usize = 20;
/// How many relations the help names.
const MOST_NAMED: usize = 6;

/// One step of a cycle: `from` needs `edge.to`.
struct Step {
    from: RelId,
    edge: Edge,
}

pub(super) fn check(
    program: &Program,
    relations: &Relations<'_>,
    graph: &Graph,
    found: &mut Found,
) {
    let mut reported: FxHashSet<(usize, RelId)> = FxHashSet::default();
    let mut shown: FxHashMap<usize, usize> = FxHashMap::default();
    for (rule, edges) in graph.needs.iter().enumerate() {
        let component = graph.component_of_rule(rule);
        for edge in edges.iter().filter(|edge| edge.need != Need::Tuples) {
            if graph.component(edge.to) != component || !reported.insert((rule, edge.to)) {
                continue;
            }
            let shown = component.map(|component| shown.entry(component).or_insert(0_usize));
            match shown {
                Some(shown) if *shown < MOST_CYCLES && !found.is_full() => *shown += 1,
                _ => break,
            }
            if let Some(cycle) = cycle(program, relations, graph, rule, *edge) {
                found.push(error(&cycle, relations, graph));
            }
        }
    }
}

/// The shortest way from the end of an edge back to its rule, behind that edge.
fn cycle(
    program: &Program,
    relations: &Relations<'_>,
    graph: &Graph,
    rule: usize,
    edge: Edge,
) -> Option<Vec<Step>> {
    let heads = program.rules.get(rule)?.heads.iter();
    let heads: FxHashSet<RelId> = heads
        .filter_map(|head| relations.find(&head.relation.name))
        .collect();
    let component = graph.component(edge.to);
    let mut came_by: FxHashMap<RelId, Step> = FxHashMap::default();
    let mut rules_seen: FxHashSet<usize> = FxHashSet::default();
    let mut waiting = VecDeque::from([edge.to]);
    let mut end = None;
    while let Some(from) = waiting.pop_front() {
        if heads.contains(&from) {
            end = Some(from);
            break;
        }
        for rule in graph.derived_by.get(from.index()).into_iter().flatten() {
            if !rules_seen.insert(*rule) {
                continue;
            }
            for next in graph.needs.get(*rule).into_iter().flatten() {
                let inside = graph.component(next.to) == component;
                if inside && next.to != edge.to && !came_by.contains_key(&next.to) {
                    came_by.insert(next.to, Step { from, edge: *next });
                    waiting.push_back(next.to);
                }
            }
        }
    }
    let head = end?;
    let mut steps = Vec::new();
    let mut at = head;
    while let Some(step) = came_by.remove(&at) {
        at = step.from;
        steps.push(step);
    }
    steps.push(Step { from: head, edge });
    steps.reverse();
    Some(steps)
}

fn error(cycle: &[Step], relations: &Relations<'_>, graph: &Graph) -> RuleError {
    let name = |id: RelId| relations.name(id);
    let what = match cycle.first().map(|step| step.edge.need) {
        Some(Need::Aggregate) => "an aggregate",
        _ => "a negation",
    };
    let steps = cycle.iter().take(MOST_STEPS);
    let mut path: Vec<String> = steps.map(|step| format!("`{}`", name(step.from))).collect();
    path.extend((cycle.len() > MOST_STEPS).then(|| "…".to_owned()));
    path.extend(path.first().cloned());
    let mut error = RuleError::new(
        Code::NegationInRecursion,
        format!("{what} goes through recursion: {}", path.join(" needs ")),
    );
    for Step { from, edge } in cycle.iter().take(MOST_STEPS) {
        let (from, to) = (name(*from), name(edge.to));
        let text = match edge.need {
            Need::Tuples => format!("`{from}` needs `{to}`"),
            Need::Absence => format!("`{from}` needs `{to}` to be absent"),
            Need::Aggregate => format!("`{from}` needs all of `{to}`"),
        };
        error = error.label(edge.span, text);
    }
    let point = cycle.iter().map(|step| step.from).find(|id| {
        let relation = relations.get(*id);
        relation.is_some_and(|relation| relation.extension_point)
    });
    match point.and_then(|point| usable(point, relations, graph)) {
        Some(help) => error.help(help),
        None => error.help(
            "all of a relation must be known before its absence is: \
             let the rules above depend on relations that do not depend on them",
        ),
    }
}

/// What the rules of an extension point may use: what does not depend on it. Relations with the
/// same columns are the likeliest to be meant.
fn usable(point: RelId, relations: &Relations<'_>, graph: &Graph) -> Option<String> {
    let dependent = dependent_on(point, graph);
    let columns: Vec<&str> = column_names(relations, point).collect();
    let mut usable: Vec<(usize, usize, &str)> = Vec::new();
    for (index, relation) in relations.list.iter().enumerate() {
        let id = RelId(u32::try_from(index).ok()?);
        if !dependent.contains(&id) {
            let shared = column_names(relations, id).filter(|name| columns.contains(name));
            usable.push((usize::MAX - shared.count(), index, &relation.decl.name.name));
        }
    }
    usable.sort_unstable();
    let named: Vec<String> = usable
        .iter()
        .take(MOST_NAMED)
        .map(|(.., name)| format!("`{name}`"))
        .collect();
    if named.is_empty() {
        return None;
    }
    let more = match usable.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        more => format!(" and {more} others"),
    };
    Some(format!(
        "rules for `{}` may use what does not depend on it: {}{more}",
        relations.name(point),
        named.join(", "),
    ))
}

fn column_names<'p>(relations: &Relations<'p>, id: RelId) -> impl Iterator<Item = &'p str> {
    let decl = relations.get(id).map(|relation| relation.decl);
    let columns = decl.into_iter().flat_map(|decl| &decl.columns);
    columns.map(|column| column.name.name.as_str())
}

/// The relation itself and all that need it, at however many removes.
fn dependent_on(relation: RelId, graph: &Graph) -> FxHashSet<RelId> {
    let mut heads_of: Vec<Vec<RelId>> = vec![Vec::new(); graph.needs.len()];
    for (id, rules) in graph.derived_by.iter().enumerate() {
        for rule in rules {
            if let (Some(heads), Ok(id)) = (heads_of.get_mut(*rule), u32::try_from(id)) {
                heads.push(RelId(id));
            }
        }
    }
    let mut used_by: Vec<Vec<usize>> = vec![Vec::new(); graph.derived_by.len()];
    for (rule, edges) in graph.needs.iter().enumerate() {
        for edge in edges {
            if let Some(rules) = used_by.get_mut(edge.to.index()) {
                rules.push(rule);
            }
        }
    }
    let mut dependent = FxHashSet::from_iter([relation]);
    let mut waiting = vec![relation];
    while let Some(id) = waiting.pop() {
        for rule in used_by.get(id.index()).into_iter().flatten() {
            for head in heads_of.get(*rule).into_iter().flatten() {
                if dependent.insert(*head) {
                    waiting.push(*head);
                }
            }
        }
    }
    dependent
}

/// The first literal of a body through which a rule depends on its own heads.
pub(super) fn recursive_literal(graph: &Graph, rule: usize) -> Option<Span> {
    let component = graph.component_of_rule(rule);
    let mut edges = graph.needs.get(rule)?.iter();
    edges
        .find(|edge| graph.component(edge.to) == component)
        .map(|edge| edge.span)
}
