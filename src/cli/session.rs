//! An open store and the rules in force, as the catalog's flags ask.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cache::{Cache, CacheFacts, Limits, cache_dir};
use crate::catalog::embedded;
use crate::policy::{OpenRules, Policy, RuleSources};
use crate::store::{Layer, Store, StoreSpec};

use super::args::CatalogArgs;
use super::failure::Failure;
use super::output;

/// Up to so many files are spoken of one by one to somebody who asks for something else; where there are more,
/// `lint` is the command for it.
const SHOWN: u32 = 5;

/// An open catalog.
pub struct Session {
    /// The store.
    pub store: Store,
    layers: Vec<Layer>,
    rules: Vec<PathBuf>,
}

impl Session {
    /// Opens the catalog, with `extra` recipe file as a layer of its own, and says what is wrong with it.
    pub fn open(args: &CatalogArgs, extra: Option<&Path>) -> Result<Session, Failure> {
        let session = Session::open_silently(args, extra)?;
        session.say_problems()?;
        session.say_notices(true)?;
        Ok(session)
    }

    /// The same, without a word about what is wrong with it.
    pub fn open_silently(args: &CatalogArgs, extra: Option<&Path>) -> Result<Session, Failure> {
        let mut layers = Layer::stack(args.catalog.as_deref(), &args.overlay);
        layers.extend(extra.map(|path| Layer::File(path.to_owned())));
        let spec = StoreSpec {
            layers,
            file: args.store.clone(),
            trust: args.trust_store,
            anew: args.store_anew,
        };
        let store = Store::open(&spec)?;
        if let Some(because) = store.in_memory_because() {
            output::line("note", &format!("the store is kept in memory: {because}"));
        }
        let mut session = Session {
            store,
            layers: spec.layers,
            rules: args.rules.clone(),
        };
        session.look_into(cache_dir(None));
        Ok(session)
    }

    /// The same catalog with one recipe file more, in a store of its own; nothing is said of it.
    pub fn with_draft(
        args: &CatalogArgs,
        draft: &Path,
        store: PathBuf,
    ) -> Result<Session, Failure> {
        let mut layers = Layer::stack(args.catalog.as_deref(), &args.overlay);
        layers.push(Layer::File(draft.to_owned()));
        let spec = StoreSpec {
            layers,
            file: Some(store),
            ..StoreSpec::default()
        };
        let store = Store::open(&spec)?;
        Ok(Session {
            store,
            layers: spec.layers,
            rules: args.rules.clone(),
        })
    }

    /// From now on, what the rules see of the model cache is what this folder has; nothing where there is none.
    pub fn look_into(&mut self, cache: Option<PathBuf>) {
        let facts = CacheFacts::new(cache.map(Cache::new), Limits::default());
        self.store.lend(Arc::new(facts));
    }

    /// The rules in force, compiled.
    pub fn policy(&self) -> Result<Policy, Failure> {
        Ok(Policy::load(self.rule_sources()?, &self.store)?)
    }

    /// The same, to put questions to.
    pub fn open_rules(&self) -> Result<OpenRules, Failure> {
        Ok(OpenRules::load(self.rule_sources()?, &self.store)?)
    }

    pub(super) fn rule_sources(&self) -> Result<RuleSources, Failure> {
        let mut files = Vec::new();
        for layer in &self.layers {
            files.extend(layer.rules()?);
        }
        Ok(RuleSources::read(&files, &self.rules)?)
    }

    /// Says what is wrong with the catalog's files; of many broken ones how many they are, unless all is asked for.
    pub(super) fn say_problems(&self) -> Result<(), Failure> {
        let remarks = self.store.remarks()?;
        let verbose = tracing::enabled!(tracing::Level::INFO);
        let problems = match (verbose, remarks.broken, remarks.warnings) {
            (true, 1.., _) | (true, _, 1..) => self.store.problems(true)?,
            (false, 1..=SHOWN, _) => self.store.problems(false)?,
            _ => Vec::new(),
        };
        for found in problems {
            let text = if found.problem.labels.is_empty() {
                None
            } else if found.embedded {
                embedded::read(&found.path).map(|bytes| String::from_utf8_lossy(bytes).into_owned())
            } else {
                std::fs::read(&found.path)
                    .ok()
                    .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            };
            let report = found
                .problem
                .in_source(&found.path, &text.unwrap_or_default());
            output::report(&miette::Report::new(report));
        }
        if verbose {
            return Ok(());
        }
        if remarks.broken > SHOWN {
            let text = format!("{} files of the catalog have errors", remarks.broken);
            output::line("note", &format!("{text}; -v shows them"));
        }
        if remarks.warnings > 0 {
            let warnings = match remarks.warnings {
                1 => "1 warning".to_owned(),
                many => format!("{many} warnings"),
            };
            let text = format!("{warnings} about the catalog's files");
            output::line("note", &format!("{text}; -v shows them"));
        }
        Ok(())
    }

    /// Says which files have no effect because another one has the same id; of layers that overlay each
    /// other only where `overlaid`, and of many then how many, unless all is asked for.
    pub(super) fn say_notices(&self, overlaid: bool) -> Result<(), Failure> {
        let replaced = self.store.remarks()?.replaced;
        if replaced == 0 {
            return Ok(());
        }
        let verbose = tracing::enabled!(tracing::Level::INFO);
        if !verbose && overlaid && replaced > SHOWN {
            output::line(
                "note",
                &format!("{replaced} files are replaced or left out; -v names them"),
            );
            return Ok(());
        }
        for notice in self.store.notices()? {
            let (kind, id) = (notice.kind, &notice.id);
            if notice.same_layer {
                output::line(
                    "warning",
                    &format!(
                        "{} is left out: {} has the {kind} `{id}` too",
                        notice.unused, notice.used
                    ),
                );
            } else if overlaid {
                output::line(
                    "note",
                    &format!(
                        "{} replaces the {kind} `{id}` of {}",
                        notice.used, notice.unused
                    ),
                );
            }
        }
        Ok(())
    }
}
