//! Along what the requests differ.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::store::{Store, StoreError};

use super::Question;

/// GPU counts that people ask for whether or not a recipe names them.
const GPU_COUNTS: [u32; 4] = [1, 2, 4, 8];

/// How much of a request is varied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breadth {
    /// Model, hardware and GPU count, as most people ask.
    Plain,
    /// Precision, backend and metric too, each also not asked for.
    Full,
}

/// What the requests of a matrix are made of; each list is sorted and without doubles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Axes {
    /// The models, in the catalog's spelling.
    pub models: Vec<ModelAxis>,
    /// Hardware that files describe or recipes name.
    pub hardware: Vec<Arc<str>>,
    /// GPU counts.
    pub gpus: Vec<u32>,
    /// Precisions of recipes.
    pub precisions: Vec<Arc<str>>,
    /// Backends that files describe or recipes have blocks for.
    pub backends: Vec<Arc<str>>,
}

/// A model of a matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ModelAxis {
    /// Its name.
    pub model: Arc<str>,
    /// How many recipes it has.
    pub recipes: u32,
    /// What its recipes are tuned for: to a model without such recipes the metric makes no difference.
    pub metrics: Vec<Arc<str>>,
}

impl Axes {
    /// The axes of a catalog.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn of(store: &Store) -> Result<Axes, StoreError> {
        let mut metrics: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (_, model, metric) in store.recipe_metrics()? {
            metrics.entry(model).or_default().push(metric);
        }
        let models = store.served_models()?.into_iter().map(|(model, recipes)| {
            let mut own = metrics.remove(&model).unwrap_or_default();
            own.sort_unstable();
            own.dedup();
            ModelAxis {
                metrics: shared(own),
                model: model.into(),
                recipes,
            }
        });
        let mut axes = Axes {
            models: models.collect(),
            hardware: shared(store.hardware_names()?),
            gpus: GPU_COUNTS.to_vec(),
            precisions: shared(store.precisions()?),
            backends: shared(store.backend_names()?),
        };
        merge(&mut axes.gpus, store.gpu_counts()?);
        Ok(axes)
    }

    /// The axes of two catalogs together, so that both are asked the same. A model's recipes are counted
    /// in whichever has more.
    pub fn merged(mut self, other: Axes) -> Axes {
        for theirs in other.models {
            match self.models.iter_mut().find(|own| own.model == theirs.model) {
                Some(own) => {
                    own.recipes = own.recipes.max(theirs.recipes);
                    merge(&mut own.metrics, theirs.metrics);
                }
                None => self.models.push(theirs),
            }
        }
        self.models.sort();
        merge(&mut self.hardware, other.hardware);
        merge(&mut self.gpus, other.gpus);
        merge(&mut self.precisions, other.precisions);
        merge(&mut self.backends, other.backends);
        self
    }

    /// Keeps the model of this name, id or alias; none is left when the catalog does not know it.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn keep_model(&mut self, store: &Store, name: &str) -> Result<(), StoreError> {
        let keys = store.model_keys(name)?;
        self.models
            .retain(|axis| keys.contains(&axis.model.to_lowercase()));
        Ok(())
    }

    /// Keeps the hardware of these names, in the catalog's spelling.
    pub fn keep_hardware(&mut self, names: &[String]) {
        self.hardware
            .retain(|hardware| names.iter().any(|name| **name == **hardware));
    }

    /// Every request: those of one model follow each other.
    pub fn questions(&self, breadth: Breadth) -> impl Iterator<Item = Question> {
        self.models
            .iter()
            .flat_map(move |axis| self.questions_of(axis, breadth))
    }

    fn questions_of(&self, axis: &ModelAxis, breadth: Breadth) -> impl Iterator<Item = Question> {
        let (precisions, backends, metrics) = match breadth {
            Breadth::Plain => (vec![None], vec![None], vec![None]),
            Breadth::Full => (
                with_none(&self.precisions),
                with_none(&self.backends),
                with_none(&axis.metrics),
            ),
        };
        let mut questions = Vec::new();
        for hardware in &self.hardware {
            for gpus in &self.gpus {
                for precision in &precisions {
                    for backend in &backends {
                        questions.extend(metrics.iter().map(|metric| Question {
                            model: axis.model.clone(),
                            hardware: hardware.clone(),
                            gpus: *gpus,
                            usable: *gpus,
                            precision: precision.clone(),
                            backend: backend.clone(),
                            metric: metric.clone(),
                        }));
                    }
                }
            }
        }
        questions.into_iter()
    }
}

fn shared(names: Vec<String>) -> Vec<Arc<str>> {
    names.into_iter().map(Arc::from).collect()
}

fn merge<T: Ord>(own: &mut Vec<T>, other: Vec<T>) {
    own.extend(other);
    own.sort_unstable();
    own.dedup();
}

/// Each of these, and nothing asked for.
fn with_none(names: &[Arc<str>]) -> Vec<Option<Arc<str>>> {
    std::iter::once(None)
        .chain(names.iter().cloned().map(Some))
        .collect()
}
