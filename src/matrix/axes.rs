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
                            recipe: None,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str]) -> Vec<Arc<str>> {
        texts.iter().map(|text| (*text).into()).collect()
    }

    fn axes(models: &[(&str, &[&str])]) -> Axes {
        let models = models.iter().map(|(model, metrics)| ModelAxis {
            model: (*model).into(),
            recipes: 1,
            metrics: names(metrics),
        });
        Axes {
            models: models.collect(),
            hardware: names(&["MI300X", "MI355X"]),
            gpus: vec![1, 8],
            precisions: names(&["bf16", "fp8"]),
            backends: names(&["vllm"]),
        }
    }

    #[test]
    fn every_request_is_asked_once_and_those_of_a_model_together() {
        let axes = axes(&[("a", &[]), ("b", &["latency"])]);
        assert_eq!(axes.questions(Breadth::Plain).count(), 2 * 2 * 2);
        let full: Vec<Question> = axes.questions(Breadth::Full).collect();
        // Two kinds of hardware and two counts; three precisions, two backends; `b` has two metrics.
        assert_eq!(full.len(), 2 * 2 * 3 * 2 * (1 + 2));
        let of_a = full.iter().take_while(|question| *question.model == *"a");
        assert_eq!(of_a.count(), 2 * 2 * 3 * 2);
        let mut once = full.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), full.len());
        for question in axes.questions(Breadth::Plain) {
            assert!(full.contains(&question));
        }
    }

    #[test]
    fn two_catalogs_are_asked_what_either_knows() {
        let mut other = axes(&[("c", &[]), ("b", &["throughput"])]);
        other.gpus = vec![4];
        other.hardware = names(&["MI210"]);
        let both = axes(&[("a", &[]), ("b", &["latency"])]).merged(other);
        let models: Vec<&str> = both.models.iter().map(|axis| axis.model.as_ref()).collect();
        assert_eq!(models, ["a", "b", "c"]);
        assert_eq!(both.models[1].metrics, names(&["latency", "throughput"]));
        assert_eq!(both.gpus, [1, 4, 8]);
        assert_eq!(both.hardware, names(&["MI210", "MI300X", "MI355X"]));
        assert_eq!(both.clone().merged(both.clone()), both);
    }
}
