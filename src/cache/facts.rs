//! The cache as the rules see it: base relations, looked up when a rule asks for them.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::SystemTime;

use super::in_use::{Uses, uses};
use super::scan::{CachedModel, CachedRevision, Care, Scan, scan};
use super::{Cache, CacheError, FileState, space};
use crate::hub::ModelId;
use crate::store::{Lender, LentCell, ModelUse, ModelUses};

/// What is asked of a cleanup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Days since it was added.
    pub age: Option<u64>,
    /// Days since it was used.
    pub idle: Option<u64>,
    /// Bytes of the whole cache.
    pub size: Option<u64>,
    /// Bytes that are free on its disk.
    pub free: Option<u64>,
}

/// A cache, looked at once.
#[derive(Debug)]
pub struct CacheFacts {
    cache: Option<Cache>,
    limits: Limits,
    scan: OnceLock<Scan>,
    /// Models that were looked at alone.
    looked: Mutex<HashMap<ModelId, Option<Arc<CachedModel>>>>,
    remembered: OnceLock<HashMap<(String, String), ModelUse>>,
    uses: OnceLock<Uses>,
}

impl CacheFacts {
    /// Facts of a cache; there are none where there is no place for one.
    pub fn new(cache: Option<Cache>, limits: Limits) -> CacheFacts {
        CacheFacts {
            cache,
            limits,
            scan: OnceLock::new(),
            looked: Mutex::default(),
            remembered: OnceLock::new(),
            uses: OnceLock::new(),
        }
    }

    /// Facts of a cache that is looked at now.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn look(cache: Cache, limits: Limits, care: Care) -> Result<CacheFacts, CacheError> {
        let found = scan(&cache, care)?;
        let facts = CacheFacts::new(Some(cache), limits);
        let _ = facts.scan.set(found);
        Ok(facts)
    }

    /// What was found in it.
    pub fn scan(&self) -> &Scan {
        self.scan.get_or_init(|| {
            let Some(cache) = &self.cache else {
                return Scan::default();
            };
            scan(cache, Care::Close).unwrap_or_else(|error| {
                tracing::warn!("{error}");
                Scan::default()
            })
        })
    }

    fn memory(&self) -> &HashMap<(String, String), ModelUse> {
        self.remembered.get_or_init(|| match &self.cache {
            Some(cache) => ModelUses::of_this_user().of(cache.root()),
            None => HashMap::new(),
        })
    }

    /// Who uses what is in it.
    pub fn uses(&self) -> &Uses {
        self.uses.get_or_init(|| match &self.cache {
            Some(cache) => uses(cache, self.scan()),
            None => Uses::default(),
        })
    }

    /// One model, looked at alone: the whole cache may have thousands.
    fn look_at(&self, model: &ModelId) -> Option<Arc<CachedModel>> {
        let cache = self.cache.as_ref()?;
        let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        let found = looked.entry(model.clone()).or_insert_with(|| {
            let is_inside = || {
                let real = |path: &Path| fs::canonicalize(path).ok();
                let (root, dir) = (real(cache.root())?, real(cache.model(model).dir())?);
                dir.starts_with(root).then_some(())
            };
            // Whoever sees the cache through a mount sees nothing behind a link out of it.
            is_inside().and_then(|()| CachedModel::look(cache, model).map(Arc::new))
        });
        found.clone()
    }

    /// The rows of each revision, of these models or of all.
    fn each(
        &self,
        models: Option<&[String]>,
        rows: impl Fn(&CachedModel, &CachedRevision, &mut Vec<Vec<LentCell>>),
    ) -> Vec<Vec<LentCell>> {
        let mut found = Vec::new();
        match models {
            None => {
                for (model, revision) in self.revisions() {
                    rows(model, revision, &mut found);
                }
            }
            Some(models) => {
                // A name that is no id of the hub is a folder's, and in no cache.
                for id in models.iter().filter_map(|name| ModelId::parse(name).ok()) {
                    let model = self.look_at(&id);
                    for (model, revision) in model
                        .iter()
                        .flat_map(|model| model.revisions.iter().map(move |one| (model, one)))
                    {
                        rows(model, revision, &mut found);
                    }
                }
            }
        }
        found
    }

    fn revisions(&self) -> impl Iterator<Item = (&CachedModel, &CachedRevision)> {
        let models = self.scan().models.iter();
        models.flat_map(|model| {
            model
                .revisions
                .iter()
                .map(move |revision| (model, revision))
        })
    }

    /// What is remembered of launches of a revision.
    pub fn remembered(&self, model: &CachedModel, revision: &CachedRevision) -> Option<ModelUse> {
        let key = (model.folder.model.to_string(), revision.commit.to_string());
        self.memory().get(&key).copied()
    }

    /// Launches that found their model, and those that did not.
    pub fn hits_and_misses(&self) -> (u64, u64) {
        let uses = self.memory().values();
        uses.fold((0, 0), |(hits, misses), used| {
            (hits + used.hits, misses + used.misses)
        })
    }

    /// When a revision was last used: launched, read, or, where it is begun only, written.
    pub fn last_used(&self, model: &CachedModel, revision: &CachedRevision) -> SystemTime {
        let launched = self.remembered(model, revision).map(|used| used.last);
        let begun = revision.begun(model).map(|blob| blob.modified);
        let times = [Some(revision.accessed), Some(revision.added), launched];
        times
            .into_iter()
            .flatten()
            .chain(begun)
            .max()
            .unwrap_or(revision.added)
    }

    /// The revisions from the one used last on, each with the bytes that none before it has.
    fn places(&self) -> Vec<Vec<LentCell>> {
        let mut revisions: Vec<_> = self
            .revisions()
            .map(|(model, revision)| (self.last_used(model, revision), model, revision))
            .collect();
        revisions.sort_by(|(a, m, r), (b, n, s)| {
            b.cmp(a)
                .then_with(|| (&m.folder.model, &r.commit).cmp(&(&n.folder.model, &s.commit)))
        });
        let mut seen = BTreeSet::new();
        let mut rows = Vec::new();
        for (place, (_, model, revision)) in revisions.into_iter().enumerate() {
            let bytes: u64 = revision
                .contents(model)
                .filter(|(name, _)| seen.insert((&model.folder.model, name.to_string())))
                .map(|(_, bytes)| bytes)
                .sum();
            let mut row = of(model, revision);
            row.extend([number(place as u64 + 1), number(bytes)]);
            rows.push(row);
        }
        rows
    }

    fn orphans(&self) -> Vec<Vec<LentCell>> {
        let mut rows = Vec::new();
        for model in &self.scan().models {
            for (name, blob) in model.orphans() {
                rows.push(vec![
                    text(model.folder.model.as_str()),
                    text(name),
                    number(blob.size),
                    days_since(blob.modified),
                ]);
            }
        }
        rows
    }
}

impl Lender for CacheFacts {
    fn rows(&self, relation: &str, models: Option<&[String]>) -> Vec<Vec<LentCell>> {
        let limit =
            |value: Option<u64>| value.map(|value| vec![number(value)]).into_iter().collect();
        let each = |more: &dyn Fn(&CachedModel, &CachedRevision) -> Vec<LentCell>| {
            self.each(models, |model, revision, rows| {
                let mut row = of(model, revision);
                row.extend(more(model, revision));
                rows.push(row);
            })
        };
        match relation {
            "cached_revision" => each(&|model, revision| {
                let bytes = revision.contents(model).map(|(_, bytes)| bytes).sum();
                vec![text(revision.state.name()), number(bytes)]
            }),
            "cached_file" => self.each(models, |model, revision, rows| {
                for file in &revision.files {
                    let mut row = of(model, revision);
                    row.extend([text(&file.path), text(state(file.state)), number(file.size)]);
                    rows.push(row);
                }
            }),
            "cached_missing" => self.each(models, |model, revision, rows| {
                if let Some(missing) = revision.missing_bytes(model) {
                    let mut row = of(model, revision);
                    row.push(number(missing));
                    rows.push(row);
                }
            }),
            "cached_added" => each(&|_, revision| vec![days_since(revision.added)]),
            "cached_used" => {
                each(&|model, revision| vec![days_since(self.last_used(model, revision))])
            }
            "cached_hits" => each(&|model, revision| {
                vec![number(
                    self.remembered(model, revision).map_or(0, |used| used.hits),
                )]
            }),
            "cached_ref" => self.each(models, |model, revision, rows| {
                for name in &revision.refs {
                    let mut row = of(model, revision);
                    row.push(text(name));
                    rows.push(row);
                }
            }),
            "cached_in_use" => {
                let mut rows = Vec::new();
                for (model, revision) in self.revisions() {
                    for by in self
                        .uses()
                        .by
                        .get(&model.folder.model)
                        .into_iter()
                        .flatten()
                    {
                        let mut row = of(model, revision);
                        row.push(text(by));
                        rows.push(row);
                    }
                }
                rows
            }
            "cached_place" => self.places(),
            "cached_orphan" => self.orphans(),
            "cache_size" => {
                let size = self.scan().models.iter().map(CachedModel::size).sum();
                let free = self
                    .cache
                    .as_ref()
                    .and_then(|cache| space::free(cache.root()).ok());
                free.map(|free| vec![number(size), number(free)])
                    .into_iter()
                    .collect()
            }
            "cache_room" => limit(
                self.cache
                    .as_ref()
                    .and_then(|cache| space::free(cache.root()).ok()),
            ),
            "asked_max_age" => limit(self.limits.age),
            "asked_max_idle" => limit(self.limits.idle),
            "asked_max_bytes" => limit(self.limits.size),
            "asked_min_free" => limit(self.limits.free),
            _ => Vec::new(),
        }
    }
}

fn of(model: &CachedModel, revision: &CachedRevision) -> Vec<LentCell> {
    vec![
        text(model.folder.model.as_str()),
        text(revision.commit.as_str()),
    ]
}

fn state(state: FileState) -> &'static str {
    match state {
        FileState::There => "there",
        FileState::Missing => "missing",
        FileState::WrongSize => "wrong",
    }
}

fn text(text: &str) -> LentCell {
    LentCell::Text(text.to_owned())
}

fn number(number: u64) -> LentCell {
    LentCell::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn days_since(time: SystemTime) -> LentCell {
    let passed = SystemTime::now().duration_since(time).unwrap_or_default();
    number(passed.as_secs() / 86_400)
}
