//! What the engine's version makes of a block's flags: read once for a block, however many requests it serves.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::datalog::{Model, RelId, Tuple, Value};

use super::argv::FlagReading;
use super::reading::text;

type Flags = Arc<BTreeMap<String, FlagReading>>;
/// Hardware, recipe, backend and GPU count.
type Key<'m> = (&'m str, &'m str, &'m str, i64);

pub(super) struct Blocks<'m> {
    model: &'m Model,
    /// `chosen_flag`, `chosen_negation` and `chosen_repeat`, where they are wanted.
    relations: Option<[RelId; 3]>,
    read: FxHashMap<Key<'m>, Flags>,
}

impl<'m> Blocks<'m> {
    pub(super) fn new(model: &'m Model, id: impl Fn(&str) -> Option<RelId>) -> Self {
        let relations = match (
            id("chosen_flag"),
            id("chosen_negation"),
            id("chosen_repeat"),
        ) {
            (Some(flag), Some(negation), Some(repeat)) => Some([flag, negation, repeat]),
            _ => None,
        };
        Blocks {
            model,
            relations,
            read: FxHashMap::default(),
        }
    }

    /// The flags of the block that was chosen, on this hardware.
    pub(super) fn flags(&mut self, hardware: &'m str, chosen: &Tuple<'m>) -> Flags {
        let (Some(relations), Some(recipe), Some(backend), Some(gpus)) = (
            self.relations,
            chosen.symbol(1),
            chosen.symbol(2),
            chosen.number(3),
        ) else {
            return Flags::default();
        };
        let key = (hardware, recipe, backend, gpus);
        let read = self.read.entry(key);
        read.or_insert_with(|| Arc::new(flags(self.model, relations, key)))
            .clone()
    }
}

fn flags(
    model: &Model,
    [flag, negation, repeat]: [RelId; 3],
    (hardware, recipe, backend, gpus): Key<'_>,
) -> BTreeMap<String, FlagReading> {
    let rows = |relation: RelId, columns: usize| {
        let mut pattern = vec![
            Some(Value::Symbol(hardware)),
            Some(Value::Symbol(recipe)),
            Some(Value::Symbol(backend)),
            Some(Value::Number(gpus)),
        ];
        pattern.resize(columns, None);
        let mut rows: Vec<Tuple<'_>> = model.matching(relation, &pattern).collect();
        rows.sort_by(Tuple::compare);
        rows
    };
    let negations = rows(negation, 6);
    let repeats = rows(repeat, 5);
    let mut flags = BTreeMap::new();
    for tuple in rows(flag, 8) {
        let primary = text(&tuple, 6);
        // Where the engine has several, the plainest does.
        let negation = negations
            .iter()
            .filter(|negation| negation.symbol(4) == Some(primary.as_str()))
            .map(|negation| text(negation, 5))
            .min_by_key(|name| (!name.starts_with("--no-"), name.len()));
        let reading = FlagReading {
            flag: text(&tuple, 5),
            kind: text(&tuple, 7),
            primary,
            negation,
            repeats: repeats
                .iter()
                .any(|repeat| repeat.symbol(4) == tuple.symbol(4)),
        };
        flags.insert(text(&tuple, 4), reading);
    }
    flags
}
