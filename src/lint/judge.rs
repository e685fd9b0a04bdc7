//! From the tuples of the checks to findings: those that speak of one group of files are kept in the store until
//! the group changes, the others are found anew.

use std::collections::BTreeMap;
use std::sync::Mutex;

use crate::datalog::{Model, RelId, Tuple};
use crate::policy::{Lint, Policy, PolicyError, Shared};
use crate::store::{Judged, Store, StoreError, ViewError};

use super::kept::{Kept, KeptLabel};
use super::mend::Mender;
use super::nearest::asked;

/// So many files are judged at a time: enough to make up for what each time costs, and few enough for memory.
const AT_A_TIME: usize = 1_000;
/// So many of these portions wait for an evaluation or for being told.
const WAITING: usize = 4;

/// Findings by the numbers of the files that they are about.
pub(super) type ByFile = BTreeMap<i64, Vec<Kept>>;

/// The findings of all checks that speak of one group of files at a time.
pub(super) fn apart(
    store: &Store,
    policy: &Policy,
    given: &[RelId],
) -> Result<Vec<(i64, Vec<Kept>)>, PolicyError> {
    let mut made = None;
    let judged = store.at_one_moment(|generation| {
        let by = policy.key().map(|key| format!("{key} {generation}"));
        if by.as_ref().is_some_and(|by| store.is_judged(by)) {
            return kept(store);
        }
        let shared = policy.shared(store, given)?;
        let is_kept = by.is_some();
        let groups = store
            .groups_to_judge(is_kept.then_some(shared.key.as_str()))
            .map_err(ViewError::from)?;
        let files: Vec<i64> = groups.iter().flatten().copied().collect();
        let found = judge(store, policy, &shared, given, &portions(groups))?;
        if !is_kept {
            return Ok(found.into_iter().collect());
        }
        let mut all: ByFile = kept(store)?.into_iter().collect();
        let before = store.judged_by();
        if before.as_deref() != Some(shared.key.as_str()) {
            all.clear();
        }
        for file in &files {
            all.remove(file);
        }
        let kept = found
            .iter()
            .filter_map(|(file, found)| Some((*file, postcard::to_stdvec(found).ok()?)));
        made = by.map(|whole| Judged {
            whole,
            by: shared.key,
            before,
            generation: generation.to_owned(),
            files,
            found: kept.collect(),
        });
        all.extend(found);
        Ok::<_, PolicyError>(all.into_iter().collect())
    })?;
    if let Some(made) = made {
        store.keep_judgements(&made);
    }
    Ok(judged)
}

fn kept(store: &Store) -> Result<Vec<(i64, Vec<Kept>)>, PolicyError> {
    let judgements = store.judgements().map_err(ViewError::from)?;
    let read = judgements.into_iter().map(|(file, bytes)| {
        let findings = postcard::from_bytes(&bytes).unwrap_or_default();
        (file, findings)
    });
    Ok(read.collect())
}

/// Groups put together, so that each evaluation has enough to do.
fn portions(groups: Vec<Vec<i64>>) -> Vec<Vec<i64>> {
    let mut portions: Vec<Vec<i64>> = Vec::new();
    for group in groups {
        match portions.last_mut() {
            Some(last) if last.len() + group.len() <= AT_A_TIME => last.extend(group),
            _ => portions.push(group),
        }
    }
    portions
}

fn judge(
    store: &Store,
    policy: &Policy,
    shared: &Shared,
    given: &[RelId],
    portions: &[Vec<i64>],
) -> Result<ByFile, PolicyError> {
    let mut found = ByFile::new();
    let lints: Vec<(u32, &Lint)> = (0..).zip(policy.lints()).collect();
    let apart: Vec<(u32, &Lint)> = lints
        .into_iter()
        .filter(|(_, lint)| policy.is_apart(lint))
        .collect();
    for some in portions.chunks(WAITING) {
        let models: Mutex<BTreeMap<usize, Result<Model, PolicyError>>> = Mutex::default();
        rayon::in_place_scope(|scope| {
            for (at, files) in some.iter().enumerate() {
                store.choose(files).map_err(ViewError::from)?;
                let facts = policy.chosen_facts(store, shared, given)?;
                let models = &models;
                scope.spawn(move |_| {
                    let model = policy.complete_apart(facts, shared);
                    if let Ok(mut models) = models.lock() {
                        models.insert(at, model);
                    }
                });
            }
            Ok::<_, PolicyError>(())
        })?;
        for model in models.into_inner().unwrap_or_default().into_values() {
            let of_portion = findings(store, policy, &apart, &model?).map_err(ViewError::from)?;
            for (file, kept) in of_portion {
                found.entry(file).or_default().extend(kept);
            }
        }
    }
    Ok(found)
}

/// The findings of a model, by the files of their first places; those without any place stand at 0.
pub(super) fn findings(
    store: &Store,
    policy: &Policy,
    lints: &[(u32, &Lint)],
    model: &Model,
) -> Result<ByFile, StoreError> {
    let nodes = |lint: &Lint, tuple: &Tuple<'_>| -> Vec<i64> {
        let places = lint.places.iter();
        places
            .filter_map(|(column, _)| tuple.number(*column))
            .collect()
    };
    let all = lints.iter().flat_map(|(_, lint)| {
        let rows = model.rows(lint.relation());
        rows.flat_map(move |tuple| nodes(lint, &tuple))
    });
    let mut files: Vec<i64> = all.map(Store::node_file).collect();
    files.sort_unstable();
    files.dedup();
    store.read_ahead(files)?;
    let mut mender = Mender::new(store);
    let mut found: Vec<(i64, Kept)> = Vec::new();
    for (at, lint) in lints {
        for tuple in model.sorted(lint.relation()) {
            let values = Policy::shown(&tuple);
            mender.note(found.len(), lint, &tuple, &values)?;
            let first = nodes(lint, &tuple).first().copied();
            found.push((
                first.map_or(0, Store::node_file),
                kept_of(store, policy, (*at, lint), &tuple, &values)?,
            ));
        }
    }
    for (number, fix) in mender.settle() {
        if let Some((_, kept)) = found.get_mut(number) {
            kept.fix = Some(fix);
        }
    }
    store.forget_documents();
    let mut by_file = ByFile::new();
    for (file, kept) in found {
        by_file.entry(file).or_default().push(kept);
    }
    Ok(by_file)
}

fn kept_of(
    store: &Store,
    policy: &Policy,
    (at, lint): (u32, &Lint),
    tuple: &Tuple<'_>,
    values: &[String],
) -> Result<Kept, StoreError> {
    let mut labels: Vec<KeptLabel> = Vec::new();
    for (column, text) in &lint.places {
        let node = tuple.number(*column);
        let place = match node {
            Some(node) => store.node_place(node)?,
            None => None,
        };
        if let (Some(node), Some(place)) = (node, place) {
            let text = lint.fill(text, values);
            labels.push(KeptLabel::of(Store::node_file(node), &place, text));
        }
    }
    Ok(Kept {
        lint: at,
        message: policy.say(lint.relation(), tuple),
        help: policy.advise(lint.relation(), tuple),
        labels,
        asked: asked(lint, tuple),
        fix: None,
    })
}
