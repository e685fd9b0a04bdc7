//! A serving configuration as people name it: `recipe:backend:gpus`.

use std::fmt;

use serde::Serialize;

use crate::datalog::{Datum, Fact};

/// One block of a recipe.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Configuration {
    /// The recipe.
    pub recipe_id: String,
    /// The backend.
    pub backend: String,
    /// GPUs.
    pub gpus: i64,
}

impl Configuration {
    /// The configuration that a tuple (request, recipe, backend, gpus, ...) is about.
    pub(super) fn of(fact: &Fact) -> Option<Configuration> {
        match fact.values.get(1..4)? {
            [
                Datum::Symbol(recipe),
                Datum::Symbol(backend),
                Datum::Number(gpus),
            ] => Some(Configuration {
                recipe_id: recipe.clone(),
                backend: backend.clone(),
                gpus: *gpus,
            }),
            _ => None,
        }
    }

    /// The first columns of tuples about it, for request 1.
    pub(super) fn key(&self) -> [Datum; 4] {
        [
            Datum::Number(1),
            Datum::Symbol(self.recipe_id.clone()),
            Datum::Symbol(self.backend.clone()),
            Datum::Number(self.gpus),
        ]
    }

    /// In words: "`recipe`, vllm on 4 GPUs".
    pub fn says(&self) -> String {
        let gpus = if self.gpus == 1 {
            "1 GPU".to_owned()
        } else {
            format!("{} GPUs", self.gpus)
        };
        format!("`{}`, {} on {gpus}", self.recipe_id, self.backend)
    }
}

impl fmt::Display for Configuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.recipe_id, self.backend, self.gpus)
    }
}
