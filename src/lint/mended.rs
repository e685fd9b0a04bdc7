//! The texts that a catalog's files have once what is certain is mended.
//!
//! Nothing is written here. Each set of fixes is tried on the catalog in memory, and what would leave its own finding
//! or make another one is not taken.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::catalog::yaml::edit::{Splice, overlaps, spliced};
use crate::policy::{Policy, PolicyError};
use crate::store::{Store, StoreError, Texts, ViewError};

use super::finding::{Finding, Findings, Summary};
use super::lint;
use super::selection::Selection;
use super::subject::{Files, Subject};

/// A fix can make way for another one, so often.
const MOST_ROUNDS: usize = 10;
/// So often the catalog is checked to see which fixes of many can be taken.
const MOST_TRIES: usize = 100;

/// What is mended, and what remains.
#[derive(Debug)]
pub struct Mended {
    /// The files that change, by the paths they are shown with.
    pub files: BTreeMap<String, MendedFile>,
    /// The findings that are mended.
    pub fixed: Vec<Finding>,
    /// Those that have a fix which was not taken.
    pub refused: Vec<Refused>,
    /// What is found once the files are changed.
    pub left: Findings,
}

impl Mended {
    /// Takes back what was to change in these files: they could not be written, and their findings remain.
    pub fn forget(&mut self, files: &[String]) {
        self.files.retain(|name, _| !files.contains(name));
        let is_in = |finding: &Finding| {
            let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
            edits.into_iter().any(|edit| files.contains(&edit.file))
        };
        let (back, fixed) = std::mem::take(&mut self.fixed).into_iter().partition(is_in);
        self.fixed = fixed;
        let left = &mut self.left;
        left.findings.extend::<Vec<Finding>>(back);
        left.findings.sort_by(|a, b| a.order(b));
        left.summary = Summary::of(&left.findings, left.summary.files);
    }
}

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedFile {
    /// Its text as it was checked.
    pub before: Arc<str>,
    /// Its text without what is mended.
    pub after: String,
}

/// A finding whose fix was not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The finding.
    pub finding: Finding,
    /// Why not.
    pub because: String,
}

/// Mends what is certain in the files that `subject` means, as far as the checks are selected.
///
/// # Errors
/// As of [`lint()`].
pub fn mend(
    store: &Store,
    policy: &Policy,
    subject: &Subject,
    selection: &Selection,
) -> Result<Mended, PolicyError> {
    let files = open_to(store, subject).map_err(ViewError::from)?;
    let mut mender = Attempts {
        store,
        policy,
        selection,
        texts: before(store, &files).map_err(ViewError::from)?,
        now: BTreeMap::new(),
        tries: 0,
        refused: Vec::new(),
    };
    // Another file's findings may change as well.
    let everywhere = Subject::all(Files::Folders);
    let mut found = lint(store, policy, &everywhere)?;
    let mut fixed = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let chosen = mender.choose(&found);
        if chosen.is_empty() {
            break;
        }
        let Some(tried) = mender.take(&found, chosen)? else {
            break;
        };
        mender.now = tried.texts;
        fixed.extend(tried.fixed);
        found = tried.found;
    }
    let mut left = match mender.now.is_empty() {
        _ if *subject == everywhere => found,
        true => lint(store, policy, subject)?,
        false => {
            let edited = store.with_texts(mender.bytes(&mender.now));
            lint(&edited.map_err(ViewError::from)?, policy, subject)?
        }
    };
    left.findings.retain(|finding| selection.has(finding));
    left.summary = Summary::of(&left.findings, left.summary.files);
    let files = mender.now.into_iter().filter_map(|(file, after)| {
        let before = Arc::clone(mender.texts.get(&file)?);
        Some((file, MendedFile { before, after }))
    });
    Ok(Mended {
        files: files.collect(),
        fixed,
        refused: mender.refused,
        left,
    })
}

/// The files that may change, by path, with their numbers.
fn open_to(store: &Store, subject: &Subject) -> Result<BTreeMap<String, i64>, StoreError> {
    let files = store.files()?;
    let numbers = subject.numbers(&files);
    let files = files
        .into_iter()
        .filter(|file| !file.embedded && numbers.contains(&file.number));
    Ok(files.map(|file| (file.path, file.number)).collect())
}

fn before(
    store: &Store,
    files: &BTreeMap<String, i64>,
) -> Result<HashMap<String, Arc<str>>, StoreError> {
    let mut texts = HashMap::new();
    for (file, number) in files {
        if let Some(text) = store.text_of(*number)? {
            texts.insert(file.clone(), text);
        }
    }
    Ok(texts)
}

struct Attempts<'s> {
    store: &'s Store,
    policy: &'s Policy,
    selection: &'s Selection,
    /// The texts of the files that may change.
    texts: HashMap<String, Arc<str>>,
    /// Those that have changed.
    now: BTreeMap<String, String>,
    tries: usize,
    refused: Vec<Refused>,
}

/// What fixes made of the catalog.
struct Tried {
    texts: BTreeMap<String, String>,
    fixed: Vec<Finding>,
    found: Findings,
}

impl Attempts<'_> {
    /// Findings whose fixes do not get into one another's way, the first ones first.
    fn choose(&self, found: &Findings) -> Vec<Finding> {
        let mut chosen: Vec<Finding> = Vec::new();
        let mut taken: HashMap<&str, Vec<Splice>> = HashMap::new();
        let selected = found.findings.iter();
        for finding in selected.filter(|finding| self.selection.has(finding)) {
            let Some(fix) = &finding.fix else { continue };
            let is_refused = |one: &Refused| id(&one.finding) == id(finding);
            let is_open = |file: &str| self.texts.contains_key(file);
            if self.refused.iter().any(is_refused) || !fix.edits.iter().all(|e| is_open(&e.file)) {
                continue;
            }
            let splices = fix.edits.iter().map(|edit| {
                let range = edit.offset..edit.offset + edit.length;
                let text = edit.text.clone();
                (edit.file.as_str(), Splice { range, text })
            });
            let splices: Vec<_> = splices.collect();
            let is_free = |(file, splice): &(&str, Splice)| {
                let others = taken.get(file);
                !others.is_some_and(|others| others.iter().any(|other| overlaps(other, splice)))
            };
            if splices.iter().all(is_free) {
                for (file, splice) in splices {
                    taken.entry(file).or_default().push(splice);
                }
                chosen.push(finding.clone());
            }
        }
        chosen
    }

    /// Takes as many of these fixes as can be taken together; none when none can.
    fn take(
        &mut self,
        found: &Findings,
        chosen: Vec<Finding>,
    ) -> Result<Option<Tried>, PolicyError> {
        let mut best: Option<Tried> = None;
        let mut waiting = vec![chosen];
        while let Some(more) = waiting.pop() {
            let mut all = best
                .as_ref()
                .map_or_else(Vec::new, |best| best.fixed.clone());
            all.extend(more.iter().cloned());
            let because = match self.tries < MOST_TRIES {
                false => Objection {
                    says: "too many fixes cannot be taken".to_owned(),
                    files: BTreeSet::new(),
                },
                true => match self.attempt(found, all)? {
                    Ok(tried) => {
                        best = Some(tried);
                        continue;
                    }
                    Err(because) => because,
                },
            };
            if more.len() == 1 || self.tries >= MOST_TRIES {
                self.refused.extend(more.into_iter().map(|finding| Refused {
                    finding,
                    because: because.says.clone(),
                }));
                continue;
            }
            waiting.extend(apart(more, &because.files));
        }
        Ok(best)
    }

    /// The catalog with these fixes, or what is against them.
    fn attempt(
        &mut self,
        found: &Findings,
        fixed: Vec<Finding>,
    ) -> Result<Result<Tried, Objection>, PolicyError> {
        self.tries += 1;
        let Some(texts) = self.edited(&fixed) else {
            return Ok(Err(Objection {
                says: "the text is not what was checked".to_owned(),
                files: BTreeSet::new(),
            }));
        };
        let store = self.store.with_texts(self.bytes(&texts));
        let store = store.map_err(ViewError::from)?;
        let after = lint(&store, self.policy, &Subject::all(Files::Folders))?;
        Ok(match objection(found, &fixed, &after) {
            Some(because) => Err(because),
            None => Ok(Tried {
                texts,
                fixed,
                found: after,
            }),
        })
    }

    /// All changed texts with these fixes.
    fn edited(&self, fixed: &[Finding]) -> Option<BTreeMap<String, String>> {
        let mut splices: BTreeMap<&str, Vec<Splice>> = BTreeMap::new();
        for edit in fixed
            .iter()
            .filter_map(|one| one.fix.as_ref())
            .flat_map(|fix| &fix.edits)
        {
            splices.entry(&edit.file).or_default().push(Splice {
                range: edit.offset..edit.offset + edit.length,
                text: edit.text.clone(),
            });
        }
        let mut texts = self.now.clone();
        for (file, mut splices) in splices {
            splices.sort_by_key(|splice| (splice.range.start, splice.range.end));
            let now = self.now.get(file).map(String::as_str);
            let text = now.or_else(|| self.texts.get(file).map(|text| &**text))?;
            texts.insert(file.to_owned(), spliced(text, &splices)?);
        }
        Some(texts)
    }

    fn bytes(&self, texts: &BTreeMap<String, String>) -> Texts {
        let bytes = |text: &String| Arc::from(text.as_bytes());
        texts
            .iter()
            .map(|(file, text)| (file.clone(), bytes(text)))
            .collect()
    }
}

/// What a finding is known by while places move.
fn id(finding: &Finding) -> (&str, &str, &str) {
    (&finding.code, file(finding), &finding.message)
}

fn file(finding: &Finding) -> &str {
    let first = finding.labels.first();
    first.map_or("", |label| label.place.file.as_str())
}

/// Why fixes are not taken.
struct Objection {
    says: String,
    /// The files in which more is found than before.
    files: BTreeSet<String>,
}

/// Those of some fixes that change files in which something is against them, and the others, which are tried first;
/// where that parts nothing, halves.
fn apart(fixes: Vec<Finding>, files: &BTreeSet<String>) -> [Vec<Finding>; 2] {
    let half = fixes.len() / 2;
    let is_in = |finding: &Finding| {
        let edits = finding.fix.iter().flat_map(|fix| &fix.edits);
        edits.into_iter().any(|edit| files.contains(&edit.file))
    };
    let (suspect, mut others): (Vec<_>, Vec<_>) = fixes.into_iter().partition(is_in);
    match (suspect.is_empty(), others.is_empty()) {
        (false, false) => [suspect, others],
        _ => {
            others.extend(suspect);
            let second = others.split_off(half);
            [second, others]
        }
    }
}

/// Something is found that was not found before, or what the fixes mend is found still. Messages may change with the
/// names they tell, so findings are counted by code and file.
fn objection(before: &Findings, fixed: &[Finding], after: &Findings) -> Option<Objection> {
    let counted = |findings: &[Finding]| {
        let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
        for finding in findings {
            let key = (finding.code.clone(), file(finding).to_owned());
            *counts.entry(key).or_default() += 1;
        }
        counts
    };
    let (had, mended) = (counted(&before.findings), counted(fixed));
    let mut worse = counted(&after.findings);
    worse.retain(|key, count| {
        let had = had.get(key).copied().unwrap_or(0);
        let mended = mended.get(key).copied().unwrap_or(0);
        *count > had.saturating_sub(mended)
    });
    let known: BTreeSet<_> = before.findings.iter().map(id).collect();
    let is_new = |one: &&Finding| {
        let key = (one.code.clone(), file(one).to_owned());
        worse.contains_key(&key) && !known.contains(&id(one))
    };
    // What is found in one file may come from another that it names.
    let labels = after
        .findings
        .iter()
        .filter(is_new)
        .flat_map(|one| &one.labels);
    let of_labels = labels.map(|label| label.place.file.clone());
    let of_counts = worse.keys().map(|(_, file)| file.clone());
    let files = of_labels.chain(of_counts).collect();
    let (key, _) = worse.first_key_value()?;
    if mended.contains_key(key) && fixed.len() == 1 {
        return Some(Objection {
            says: "the finding would stay".to_owned(),
            files,
        });
    }
    let (code, at) = key;
    let mut new = after.findings.iter().filter(is_new);
    let new = new.find(|one| one.code == *code && file(one) == at);
    let says = new.map_or_else(String::new, |one| format!(": {}", one.message));
    Some(Objection {
        says: format!("{code} would be found in {at}{says}"),
        files,
    })
}
