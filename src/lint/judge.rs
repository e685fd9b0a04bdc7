//! From the tuples of the checks to findings: those that speak of one group of files are kept in the store until
//! the group changes, the others are found anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, mpsc};

use crate::datalog::{Facts, Model, RelId, Tuple};
use crate::policy::{Lint, Policy, PolicyError, Shared};
use crate::store::{Details, Judged, ReadDocuments, Store, StoreError, Unread, ViewError};

use super::kept::{Kept, KeptLabel};
use super::mend::Mender;
use super::nearest::asked;

/// So many files are judged at a time: enough to make up for what each time costs, and few enough for memory.
const AT_A_TIME: usize = 1_000;
/// So many of these portions wait for an evaluation.
const WAITING: usize = 2;

/// Findings by the numbers of the files that they are about.
pub(super) type ByFile = BTreeMap<i64, Vec<Kept>>;

/// The findings of all checks that speak of one group of files at a time.
pub(super) fn apart(
    store: &Store,
    policy: &Policy,
    given: &[RelId],
) -> Result<Vec<(i64, Vec<Kept>)>, PolicyError> {
    let mut made = None;
    let judged = store.at_one_moment(Some(Details::All), |generation| {
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
            by: shared.key.clone(),
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

/// A portion of the files with the facts about them.
struct Portion {
    facts: Facts,
    documents: Unread,
}

/// What follows from a portion, and the documents that its findings speak of.
type Answer = Result<(Model, ReadDocuments), PolicyError>;

/// Judges portion by portion: what is read from the store and told of it is the work of this thread, what follows
/// from it that of others.
fn judge(
    store: &Store,
    policy: &Policy,
    shared: &Shared,
    given: &[RelId],
    portions: &[Vec<i64>],
) -> Result<ByFile, PolicyError> {
    let lints = (0..).zip(policy.lints());
    let lints: Vec<(u32, &Lint)> = lints.filter(|(_, lint)| policy.is_apart(lint)).collect();
    let answer = |portion: Portion| -> Answer {
        let model = policy.complete_apart(portion.facts, shared)?;
        let documents = portion.documents.read(spoken_of(&lints, &model));
        Ok((model, documents))
    };
    let mut found = ByFile::new();
    let mut tell = |answer: Answer| -> Result<(), PolicyError> {
        let (model, documents) = answer?;
        store.take_read(documents);
        let told = findings(store, policy, &lints, &model).map_err(ViewError::from)?;
        for (file, kept) in told {
            found.entry(file).or_default().extend(kept);
        }
        Ok(())
    };
    let gather = |files: &Vec<i64>| -> Result<Portion, PolicyError> {
        store.choose(files).map_err(ViewError::from)?;
        Ok(Portion {
            facts: policy.chosen_facts(store, shared, given)?,
            documents: store.unread(files).map_err(ViewError::from)?,
        })
    };
    if let [files] = portions {
        tell(answer(gather(files)?))?;
        return Ok(found);
    }
    let (to_do, waiting) = mpsc::sync_channel::<Portion>(WAITING);
    let (done, answers) = mpsc::channel::<Answer>();
    let waiting = Mutex::new(waiting);
    let next = || waiting.lock().ok()?.recv().ok();
    std::thread::scope(|scope| {
        for _ in 0..rayon::current_num_threads().min(portions.len()) {
            let (done, next, answer) = (done.clone(), &next, &answer);
            scope.spawn(move || {
                while let Some(portion) = next() {
                    if done.send(answer(portion)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(done);
        // Whatever goes wrong, the others see that nothing more comes, and end.
        let to_do = to_do;
        for files in portions {
            if to_do.send(gather(files)?).is_err() {
                break;
            }
            while let Ok(answer) = answers.try_recv() {
                tell(answer)?;
            }
        }
        drop(to_do);
        answers.into_iter().try_for_each(&mut tell)
    })?;
    Ok(found)
}

/// The places of a tuple.
fn nodes<'t>(lint: &'t Lint, tuple: &'t Tuple<'_>) -> impl Iterator<Item = i64> + 't {
    let places = lint.places.iter();
    places.filter_map(|(column, _)| tuple.number(*column))
}

/// The files that the findings of a model are about.
fn spoken_of(lints: &[(u32, &Lint)], model: &Model) -> Vec<i64> {
    let mut files: Vec<i64> = Vec::new();
    for (_, lint) in lints {
        for tuple in model.rows(lint.relation()) {
            files.extend(nodes(lint, &tuple).map(Store::node_file));
        }
    }
    files.sort_unstable();
    files.dedup();
    files
}

/// The findings of a model, by the files of their first places; those without any place stand at 0.
pub(super) fn findings(
    store: &Store,
    policy: &Policy,
    lints: &[(u32, &Lint)],
    model: &Model,
) -> Result<ByFile, StoreError> {
    let mut mender = Mender::new(store);
    let mut found: Vec<(i64, Kept)> = Vec::new();
    for (at, lint) in lints {
        for tuple in model.sorted(lint.relation()) {
            let values = Policy::shown(&tuple);
            mender.note(found.len(), lint, &tuple, &values)?;
            let first = nodes(lint, &tuple).next();
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
