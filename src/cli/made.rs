//! A decision with its plan, or why there is none; what both commands that decide share.

use crate::cache::cache_dir;
use crate::launch::{
    Decision, Detail, MachineFacts, Outcome, Planned, Request, Selected, Tried, Wishes, decide,
    plan,
};
use crate::policy::Policy;
use crate::render::docker::{self, DockerRun};
use crate::store::Store;

use super::failure::{Exit, Failure};
use super::idle::Order;
use super::machine::check_known;
use super::output;
use super::session::Session;

/// A decision with its plan.
pub(super) struct Made {
    pub decision: Decision,
    /// In what order the machine's GPUs are taken.
    pub order: Order,
    pub planned: (Planned, DockerRun),
}

/// Why there is none, with the decision as far as it got.
pub(super) struct NotMade {
    pub decision: Option<Box<Decision>>,
    /// The first line of what is printed.
    pub message: String,
    pub failure: Failure,
}

impl NotMade {
    fn new(decision: Option<Decision>, failure: Failure) -> NotMade {
        let message = failure.reports.first().map(ToString::to_string);
        NotMade {
            decision: decision.map(Box::new),
            message: message.unwrap_or_default(),
            failure,
        }
    }
}

impl From<Failure> for NotMade {
    fn from(failure: Failure) -> Self {
        NotMade::new(None, failure)
    }
}

impl From<crate::policy::PolicyError> for NotMade {
    fn from(error: crate::policy::PolicyError) -> Self {
        Failure::from(error).into()
    }
}

/// Decides a request and plans the launch.
pub(super) fn made(
    session: &Session,
    policy: &Policy,
    request: &Request,
    machine: &MachineFacts,
    wishes: &Wishes,
    detail: Detail,
) -> Result<Made, NotMade> {
    let requests = [(request.clone(), 0)];
    let machines = std::slice::from_ref(machine);
    let decide = |detail| {
        decide(&session.store, policy, &requests, machines, detail)
            .map(|mut all| all.pop().unwrap_or_default())
    };
    let mut decision = decide(detail)?;
    if decision.selected.is_none() && detail == Detail::Choice {
        decision = decide(Detail::Search)?;
    }
    let not_made = |decision, failure| NotMade::new(Some(decision), failure);

    if decision.model.is_none() {
        let failure = unknown_model(&session.store, &request.model)?;
        return Err(not_made(decision, failure));
    }
    if let Err(failure) = check_known(machine, &decision) {
        return Err(not_made(decision, failure));
    }
    let Some(selected) = decision.selected.clone() else {
        let failure = no_recipe(&session.store, request, &decision)?;
        return Err(not_made(decision, failure));
    };
    let order = Order::of(&session.store, policy, machine, &decision)?;
    let mut wishes = wishes.clone();
    if wishes.gpu_ids.is_empty() {
        wishes.gpu_ids = order.first(selected.gpus).unwrap_or_default();
    }
    let planned = plan(&session.store, &decision, &selected, machine, &wishes)
        .map_err(Failure::from)
        .and_then(|planned| match docker::run(&planned.plan) {
            Ok(docker) => Ok((planned, docker)),
            Err(error) => Err(Failure::new(Exit::Usage, error)),
        });
    match planned {
        Ok(mut planned) => {
            let busy = order.warnings(&planned.0.plan.gpu_ids);
            planned.0.warnings.extend(busy);
            Ok(Made {
                decision,
                order,
                planned,
            })
        }
        Err(failure) => Err(not_made(decision, failure)),
    }
}

pub(super) fn unknown_model(store: &Store, model: &str) -> Result<Failure, Failure> {
    let help = match near_models(model, &store.model_names()?) {
        Some(near) => format!("did you mean {near}? `aim-engine list models` shows all"),
        None => "`aim-engine list models` shows the models that the catalog has".to_owned(),
    };
    Ok(Failure::say(
        Exit::No,
        "catalog::unknown_model",
        format!("unknown model `{model}`"),
        help,
    ))
}

/// The names most like `model`, other than itself: `` `a` or `b` ``.
fn near_models(model: &str, names: &[String]) -> Option<String> {
    let folded = model.to_lowercase();
    let mut near: Vec<(f64, &String)> = names
        .iter()
        .map(|name| (strsim::jaro_winkler(&folded, &name.to_lowercase()), name))
        .filter(|(score, name)| *score >= 0.8 && name.to_lowercase() != folded)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let near: Vec<String> = near
        .into_iter()
        .take(NEAREST)
        .map(|(_, name)| format!("`{name}`"))
        .collect();
    (!near.is_empty()).then(|| near.join(" or "))
}

/// How many of the nearest models or configurations are named where none will do.
const NEAREST: usize = 3;

fn no_recipe(store: &Store, request: &Request, decision: &Decision) -> Result<Failure, Failure> {
    let model = decision.model.as_deref().unwrap_or(&request.model);
    let mut rejected: Vec<_> = decision
        .tried
        .iter()
        .filter(|tried| tried.outcome == Outcome::Rejected)
        .collect();
    // Stable: those with equally many reasons stay in the order of the search.
    rejected.sort_by_key(|tried| tried.reasons);
    let mut help = String::new();
    for tried in rejected.iter().take(NEAREST) {
        help.push_str(&format!("{}: {}\n", configuration(tried), tried.because));
    }
    let help = if let (true, Some(recipe)) = (help.is_empty(), &request.recipe) {
        format!("`{recipe}` is a recipe for another model")
    } else if help.is_empty() {
        let recipes = store.recipes(None)?;
        let mut served: Vec<String> = recipes.into_iter().map(|recipe| recipe.model).collect();
        served.sort_unstable();
        served.dedup();
        let near = near_models(model, &served);
        let near = near.map_or_else(String::new, |near| format!("; it has some for {near}"));
        format!(
            "the catalog has no recipe for this model{near}; `aim-engine new recipe` begins one"
        )
    } else {
        format!("the nearest ones:\n{}", help.trim_end())
    };
    Ok(Failure::say(
        Exit::No,
        "launch::no_recipe",
        format!("No suitable recipe found for {model}"),
        help,
    ))
}

impl Made {
    /// Says on stderr what an operator should know of a plan that is printed: `say_choice`, what is to be fetched
    /// before, and what keeps a launch from being begun.
    pub fn say(&self) {
        self.say_choice();
        self.say_model();
        for obstacle in &self.decision.obstacles {
            output::line("warning", &obstacle.says);
        }
    }

    /// Says where the model comes from.
    pub fn say_model(&self) {
        let cached = &self.decision.cached;
        for note in cached.offline.iter().chain(&self.fetch()) {
            output::line("note", note);
        }
        for unknown in &cached.unknown {
            output::line("warning", unknown);
        }
    }

    /// That the model is to be fetched, and how to do that first.
    fn fetch(&self) -> Option<String> {
        let says = self.decision.cached.fetch.as_ref()?.trim_end_matches('.');
        let cache = &self.planned.0.cache;
        let mut command = cache.prefetch.as_ref()?.command.as_slice();
        // Where the program looks anyway, its folder need not be named.
        let usual = cache_dir(None).map(|folder| folder.display().to_string());
        if usual.as_ref() == Some(&cache.folder)
            && let [words @ .., _, _] = command
        {
            command = words;
        }
        let command = shlex::try_join(command.iter().map(String::as_str)).ok()?;
        Some(format!("{says}; to fetch it first: {command}"))
    }

    /// Says on stderr what an operator should know: first that the choice is not what was asked for.
    pub fn say_choice(&self) {
        if let Some(fallback) = fallback(&self.decision) {
            output::line("note", &fallback);
        }
        for warning in self
            .decision
            .warnings
            .iter()
            .chain(&self.planned.0.warnings)
        {
            output::line("warning", warning);
        }
    }

    /// Makes the plan again, for other wishes.
    pub fn plan_again(
        &mut self,
        store: &Store,
        selected: &Selected,
        machine: &MachineFacts,
        wishes: &Wishes,
    ) -> Result<(), Failure> {
        let planned = plan(store, &self.decision, selected, machine, wishes)?;
        let docker =
            docker::run(&planned.plan).map_err(|error| Failure::new(Exit::Usage, error))?;
        self.planned = (planned, docker);
        Ok(())
    }

    /// The command for sh, with comments before it.
    pub fn printed(&self, comments: &[String]) -> Result<String, Failure> {
        self.planned.1.printed(comments).map_err(|error| {
            Failure::say(
                Exit::Usage,
                "render::unquotable",
                error.to_string(),
                "take the character out of the recipe",
            )
        })
    }

    /// The reasons, a line each.
    pub fn comments(&self, request: &Request) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(selected) = &self.decision.selected {
            lines.push(format!(
                "{}: {} on {} of {}, {}, from {}.",
                request.model,
                selected.backend,
                gpus(selected.gpus),
                self.decision
                    .machine
                    .hardware
                    .as_deref()
                    .unwrap_or("unknown hardware"),
                selected.precision,
                self.planned.0.file
            ));
        }
        lines.extend(fallback(&self.decision).map(|fallback| format!("Note: {fallback}")));
        let warnings = self
            .decision
            .warnings
            .iter()
            .chain(&self.planned.0.warnings);
        lines.extend(warnings.map(|warning| format!("Warning: {warning}")));
        for (title, outcome) in [
            ("After it:", Outcome::After),
            ("Rejected:", Outcome::Rejected),
        ] {
            let mut others = self
                .decision
                .tried
                .iter()
                .filter(|tried| tried.outcome == outcome)
                .peekable();
            if others.peek().is_some() {
                lines.push(title.to_owned());
            }
            lines.extend(
                others.map(|tried| format!("- {}: {}", configuration(tried), tried.because)),
            );
        }
        let cached = &self.decision.cached;
        lines.extend(cached.offline.clone());
        match self.fetch() {
            Some(fetch) => lines.push(fetch),
            None => lines.extend(cached.writes.iter().cloned()),
        }
        lines
            .iter()
            .flat_map(|line| output::wrapped(line, COMMENT_COLUMNS))
            .collect()
    }
}

/// Columns that are left of 80 beside `# `.
const COMMENT_COLUMNS: usize = 78;

/// A GPU count in words.
pub(super) fn gpus(count: u32) -> String {
    if count == 1 {
        "1 GPU".to_owned()
    } else {
        format!("{count} GPUs")
    }
}

fn configuration(tried: &Tried) -> String {
    format!(
        "{}, {} on {}, {}",
        tried.recipe_id,
        tried.backend,
        gpus(tried.gpus),
        tried.precision
    )
}

/// The sentence that says how the choice differs from what was asked for.
fn fallback(decision: &Decision) -> Option<String> {
    if decision.differs.is_empty() {
        return None;
    }
    Some(format!(
        "no recipe serves exactly what was asked for: {}.",
        decision.differs.join(", ")
    ))
}
