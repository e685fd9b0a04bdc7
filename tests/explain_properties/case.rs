//! A catalog, a request and a machine; what the program tells of them, and what it decides.

use std::path::PathBuf;

use aim_engine::explain::{
    Asked, Change, Configuration, Rules, Wanted, Why, WhyNot, World, why, why_not,
};
use aim_engine::launch::{self, Decision, Detail, MachineFacts, Outcome};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, Store, StoreSpec};

use super::change;
use super::reference::documents::{Catalog, Request};
use super::reference::folder;

/// What is asked.
#[derive(Clone)]
pub struct Case {
    pub catalog: Catalog,
    pub request: Request,
    pub machine: MachineFacts,
}

impl Case {
    /// In a form that a person can follow.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for (name, content) in self.catalog.files() {
            text += &format!("--- {name}\n{content}");
        }
        let seen = match &self.machine.detected {
            Some(detected) => serde_json::to_string(&detected.observations).unwrap(),
            None => "named".into(),
        };
        text + &format!(
            "--- request\n{}\n--- machine: {seen}\n",
            self.request.words().join(" ")
        )
    }

    fn asked(&self) -> launch::Request {
        let request = &self.request;
        launch::Request {
            model: request.model.clone(),
            gpus: request.gpus,
            precision: request.precision.clone(),
            backend: request.backend.clone(),
            metric: request.metric.clone(),
            strict: request.strict,
            recipe: request.recipe.clone(),
            allow_unknown_flags: request.allow_unknown_flags,
        }
        .folded()
    }
}

/// What the program tells of a case.
pub struct Told {
    pub why: Option<Why>,
    pub recipes: Vec<WhyNot>,
}

impl Told {
    /// The changes that are proposed for each configuration.
    pub fn changes(&self) -> impl Iterator<Item = (Configuration, &[Change])> {
        let answers = self.recipes.iter().flat_map(|told| &told.configurations);
        answers.map(|answer| {
            let changes = answer.changes.as_deref().unwrap_or_default();
            (answer.configuration.clone(), changes)
        })
    }
}

/// A catalog in a folder, with its store.
pub struct Opened {
    catalog: Catalog,
    folder: tempfile::TempDir,
    policy: Option<Policy>,
}

impl Opened {
    pub fn new(catalog: &Catalog) -> Opened {
        let folder = tempfile::tempdir().unwrap();
        folder::write(&folder.path().join("catalog"), &catalog.files());
        Opened {
            catalog: catalog.clone(),
            folder,
            policy: None,
        }
    }

    fn layer(&self) -> PathBuf {
        self.folder.path().join("catalog")
    }

    fn store(&self) -> Store {
        let spec = StoreSpec {
            layers: Layer::stack(Some(&self.layer()), &[]),
            file: Some(self.folder.path().join("store.db")),
            ..StoreSpec::default()
        };
        Store::open(&spec).unwrap()
    }

    fn rules(&self) -> RuleSources {
        let layer = Layer::Folder(self.layer());
        RuleSources::read(&layer.rules().unwrap(), &[]).unwrap()
    }

    /// What the program tells of a case over this catalog.
    pub fn explain(&mut self, case: &Case) -> Told {
        let store = self.store();
        let rules = Rules::open(&store, self.rules()).unwrap();
        let asked = Asked {
            request: case.asked(),
            machine: case.machine.clone(),
            model_by: String::new(),
            gpus_by: None,
        };
        let recipes = &case.catalog.recipes;
        let models: Vec<String> = recipes
            .iter()
            .map(|recipe| recipe.huggingface_id.clone())
            .collect();
        let world = World::new(&store, rules, Some(asked), &models, Wanted::Changes).unwrap();
        let ids = recipes.iter().map(|recipe| &recipe.recipe_id);
        Told {
            why: why(&world, 0).unwrap(),
            recipes: ids
                .map(|id| why_not(&world, id, |_| true, usize::MAX).unwrap())
                .collect(),
        }
    }

    /// Makes a change as a user would, and says what is not as it was told.
    pub fn holds(
        &mut self,
        case: &Case,
        configuration: &Configuration,
        proposed: &Change,
    ) -> Result<(), String> {
        let store = self.store();
        if self.policy.is_none() {
            self.policy = Some(Policy::load(self.rules(), &store).unwrap());
        }
        let mut changed = case.clone();
        change::apply(&mut changed, configuration, proposed, &store)?;
        let store = if changed.catalog.files() == self.catalog.files() {
            store
        } else {
            drop(store);
            folder::write(&self.layer(), &changed.catalog.files());
            self.store()
        };
        let decision = self.decide(&store, &changed);
        folder::write(&self.layer(), &self.catalog.files());
        as_told(configuration, proposed, &decision)
    }

    fn decide(&self, store: &Store, case: &Case) -> Decision {
        let policy = self.policy.as_ref().unwrap();
        let requests = [(case.asked(), 0)];
        let machines = [case.machine.clone()];
        let mut decisions =
            launch::decide(store, policy, &requests, &machines, Detail::Search).unwrap();
        decisions.remove(0)
    }
}

fn as_told(
    configuration: &Configuration,
    proposed: &Change,
    decision: &Decision,
) -> Result<(), String> {
    let tried = decision.tried.iter().find(|tried| {
        tried.recipe_id == configuration.recipe_id
            && tried.backend == configuration.backend
            && i64::from(tried.gpus) == configuration.gpus
    });
    let Some(tried) = tried else {
        return Err("it is not even considered then".into());
    };
    let (eligible, wins) = match tried.outcome {
        Outcome::Chosen => (true, true),
        Outcome::After => (true, false),
        Outcome::Rejected => (false, false),
    };
    if (eligible, wins) != (proposed.eligible, proposed.wins) {
        return Err(format!(
            "told eligible {}, wins {}; it is {:?}: {}",
            proposed.eligible, proposed.wins, tried.outcome, tried.because
        ));
    }
    let winner = decision.selected.as_ref().filter(|_| !wins);
    let winner = winner.map(|selected| {
        let gpus = i64::from(selected.gpus);
        (selected.recipe_id.clone(), selected.backend.clone(), gpus)
    });
    let told = proposed.beaten_by.as_ref();
    let told = told.map(|by| (by.recipe_id.clone(), by.backend.clone(), by.gpus));
    if winner != told {
        return Err(format!("told to be beaten by {told:?}; it is {winner:?}"));
    }
    Ok(())
}
