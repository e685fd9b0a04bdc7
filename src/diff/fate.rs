//! What became of a configuration on the side where it is not chosen.

use crate::launch::{Decision, Outcome, Selected};
use crate::policy::PolicyError;
use crate::store::{Store, ViewError};

/// What became of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// There is no such recipe.
    NoRecipe,
    /// The recipe has no such block.
    NoBlock,
    /// It is there, and not for this model.
    NotConsidered,
    /// Conditions fail.
    Rejected {
        /// The relations that say so: `rejected_...`.
        relations: Vec<String>,
        /// The same in sentences.
        says: String,
    },
    /// Another comes first.
    After {
        /// The relation that says so: `after_...`.
        relations: Vec<String>,
        /// The same in a sentence.
        says: String,
    },
    /// It is chosen.
    Chosen,
}

impl Fate {
    /// What a decision with all that was considered says of a configuration.
    pub(super) fn of(
        selected: &Selected,
        decision: &Decision,
        store: &Store,
    ) -> Result<Fate, PolicyError> {
        let tried = decision.tried.iter().find(|tried| {
            (&tried.recipe_id, &tried.backend, tried.gpus)
                == (&selected.recipe_id, &selected.backend, selected.gpus)
        });
        let Some(tried) = tried else {
            let block = store
                .block(&selected.recipe_id, &selected.backend, selected.gpus.into())
                .map_err(ViewError::from)?;
            let named = store.recipe_named(&selected.recipe_id);
            return Ok(match (block, named.map_err(ViewError::from)?) {
                (Some(_), _) => Fate::NotConsidered,
                (None, Some(_)) => Fate::NoBlock,
                (None, None) => Fate::NoRecipe,
            });
        };
        let (relations, says) = (tried.relations.clone(), tried.because.clone());
        Ok(match tried.outcome {
            Outcome::Chosen => Fate::Chosen,
            Outcome::Rejected => Fate::Rejected { relations, says },
            Outcome::After => Fate::After { relations, says },
        })
    }

    /// Whether it is not there at all, so that its recipe's file alone says why.
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Fate::NoRecipe | Fate::NoBlock)
    }

    /// A word for it that scripts may rely on.
    pub fn name(&self) -> &'static str {
        match self {
            Fate::NoRecipe => "no-recipe",
            Fate::NoBlock => "no-block",
            Fate::NotConsidered => "not-considered",
            Fate::Rejected { .. } => "rejected",
            Fate::After { .. } => "after",
            Fate::Chosen => "chosen",
        }
    }

    /// The relations that say so.
    pub fn relations(&self) -> &[String] {
        match self {
            Fate::Rejected { relations, .. } | Fate::After { relations, .. } => relations,
            _ => &[],
        }
    }

    /// What became of the former choice, in a sentence; `new` is made in its place.
    pub(super) fn of_the_former(
        &self,
        former: &Selected,
        new: Option<&Selected>,
    ) -> Option<String> {
        let recipe = &former.recipe_id;
        let name = called(former, new);
        Some(match self {
            Fate::NoRecipe => format!("There is no recipe `{recipe}` any more."),
            Fate::NoBlock => format!(
                "`{recipe}` has no such block for {} any more.",
                former.backend
            ),
            Fate::NotConsidered => format!("`{recipe}` is not for this model any more."),
            Fate::Rejected { says, .. } => format!("{name} is rejected now. {says}"),
            Fate::After { says, .. } => format!("{name} comes later now. {says}"),
            Fate::Chosen => return None,
        })
    }

    /// What kept the new choice from being made before, in a sentence; `former` was made in its place.
    pub(super) fn of_the_new(&self, new: &Selected, former: Option<&Selected>) -> Option<String> {
        let recipe = &new.recipe_id;
        let name = called(new, former);
        Some(match self {
            Fate::NoRecipe => format!("The recipe `{recipe}` is new."),
            Fate::NoBlock => format!("The block of `{recipe}` for {} is new.", new.backend),
            Fate::NotConsidered => format!("`{recipe}` was not for this model before."),
            Fate::Rejected { says, .. } => format!("{name} was rejected before. {says}"),
            Fate::After { says, .. } => format!("{name} came later before. {says}"),
            Fate::Chosen => return None,
        })
    }
}

/// A configuration by its recipe, and by its block where that tells it from the other one.
fn called(selected: &Selected, other: Option<&Selected>) -> String {
    let Selected {
        recipe_id,
        backend,
        gpus,
        ..
    } = selected;
    match other {
        Some(other) if other.recipe_id != *recipe_id => format!("`{recipe_id}`"),
        Some(other) if other.backend != *backend => format!("`{recipe_id}` with {backend}"),
        Some(_) if *gpus == 1 => format!("`{recipe_id}` on 1 GPU"),
        Some(_) => format!("`{recipe_id}` on {gpus} GPUs"),
        None => format!("`{recipe_id}`"),
    }
}
