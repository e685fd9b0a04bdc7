//! How each configuration fares: chosen for plain requests, only where what it offers is asked for, or never.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::launch::{Decision, Detail, Outcome, Selected, Tried};
use crate::matrix::{Axes, Question, answers};
use crate::policy::{Policy, PolicyError};
use crate::store::{Store, ViewError};

use super::Cell;

/// A configuration of a recipe, and how it fares.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// Its model.
    pub model: Arc<str>,
    /// The block, with its recipe's precision and hardware.
    pub block: Selected,
    /// How it fares.
    pub standing: Standing,
}

/// How a configuration fares.
#[derive(Clone, Debug)]
pub enum Standing {
    /// It serves so many requests of the matrix that ask for no more than a GPU count.
    Wins(usize),
    /// It serves only requests that ask for its precision, backend or metric.
    WhenAsked,
    /// It serves no request, not even one that asks for all that it offers.
    Never(Box<Shadow>),
}

/// Why a configuration is not chosen, where it comes closest.
#[derive(Clone, Debug)]
pub struct Shadow {
    /// The request in which it comes closest.
    pub question: Question,
    /// What serves that request, where the configuration could.
    pub shadowed_by: Option<Selected>,
    /// The relations that say why: `after_...` where it could serve, else `rejected_...`.
    pub relations: Vec<String>,
    /// The same in sentences.
    pub says: String,
}

impl Shadow {
    /// Whether the configuration could serve the request, had another not come first.
    pub fn is_eligible(&self) -> bool {
        self.shadowed_by.is_some()
    }
}

/// A configuration with what may win it a request.
struct Candidate {
    configuration: Configuration,
    /// What its recipe is tuned for.
    metric: Option<Arc<str>>,
}

/// Every configuration of the recipes for the models and the hardware of `axes`.
///
/// No request suits a configuration better than the one that asks for its own hardware, precision,
/// backend, GPU count and metric: whatever comes first there is equal in all of them, and comes first
/// elsewhere too. Other hardware is tried for what its own rejects.
pub(super) fn configurations(
    store: &Store,
    policy: &Policy,
    axes: &Axes,
    cells: &[Cell],
) -> Result<Vec<Configuration>, PolicyError> {
    let mut candidates = candidates(store, axes)?;
    let mut wins: BTreeMap<&Selected, usize> = BTreeMap::new();
    let mut when_asked: BTreeSet<Selected> = BTreeSet::new();
    for cell in cells {
        let Some(winner) = &cell.winner else { continue };
        let Question {
            precision,
            backend,
            metric,
            ..
        } = &cell.question;
        if precision.is_none() && backend.is_none() && metric.is_none() {
            *wins.entry(winner.as_ref()).or_default() += 1;
        } else if !when_asked.contains(winner.as_ref()) {
            when_asked.insert(winner.as_ref().clone());
        }
    }
    for candidate in &mut candidates {
        if let Some(count) = wins.get(&candidate.configuration.block) {
            candidate.configuration.standing = Standing::Wins(*count);
        }
    }
    let metrics: BTreeMap<Arc<str>, Vec<Arc<str>>> = axes
        .models
        .iter()
        .map(|axis| (axis.model.clone(), axis.metrics.clone()))
        .collect();
    // With no metric asked for, and with each.
    let asking_each = |candidate: &Candidate, hardware: &str| {
        let own = metrics.get(&candidate.configuration.model);
        let metrics = own.into_iter().flatten().cloned().map(Some);
        let asked = std::iter::once(None).chain(metrics);
        asked
            .map(|metric| asking(candidate, hardware, metric))
            .collect::<Vec<_>>()
    };

    // Asked for by name, on its own hardware.
    let questions: BTreeSet<Question> = losers(&candidates, &when_asked)
        .flat_map(|candidate| asking_each(candidate, &candidate.configuration.block.hardware))
        .collect();
    when_asked.append(&mut winners(store, policy, questions)?);

    // What comes first there, or rejects it.
    let mut shadows = Shadows::default();
    let mut wanted = Wanted::new();
    for candidate in losers(&candidates, &when_asked) {
        let block = &candidate.configuration.block;
        let question = asking(candidate, &block.hardware, candidate.metric.clone());
        wanted.entry(question).or_default().insert(block.clone());
    }
    shadows.add(store, policy, &wanted)?;

    // What its own hardware rejects may run on other hardware: there it wins when it is alone.
    let everywhere = Axes::of(store).map_err(ViewError::from)?.hardware;
    let rejected = || {
        losers(&candidates, &when_asked)
            .filter(|candidate| !shadows.is_eligible(&candidate.configuration.block))
    };
    let questions: BTreeSet<Question> = rejected()
        .flat_map(|candidate| {
            let block = &candidate.configuration.block;
            let others = everywhere.iter().filter(|name| ***name != *block.hardware);
            others.map(|hardware| Question {
                recipe: Some(block.recipe_id.as_str().into()),
                ..asking(candidate, hardware, None)
            })
        })
        .collect();
    let mut alone: BTreeMap<Selected, Vec<Arc<str>>> = BTreeMap::new();
    answers(
        store,
        policy,
        questions,
        Detail::Choice,
        |question, decision| {
            if let Some(selected) = decision.selected {
                alone.entry(selected).or_default().push(question.hardware);
            }
            Ok::<(), PolicyError>(())
        },
    )?;
    let mut wanted = Wanted::new();
    for candidate in rejected() {
        let block = &candidate.configuration.block;
        for hardware in alone.get(block).into_iter().flatten() {
            for question in asking_each(candidate, hardware) {
                wanted.entry(question).or_default().insert(block.clone());
            }
        }
    }
    shadows.add(store, policy, &wanted)?;
    when_asked.append(&mut shadows.chosen);

    Ok(candidates
        .into_iter()
        .map(|candidate| {
            let mut configuration = candidate.configuration;
            if matches!(configuration.standing, Standing::WhenAsked)
                && !when_asked.contains(&configuration.block)
                && let Some(shadow) = shadows.of.remove(&configuration.block)
            {
                configuration.standing = Standing::Never(Box::new(shadow));
            }
            configuration
        })
        .collect())
}

/// All configurations, as if each won where it is asked for.
fn candidates(store: &Store, axes: &Axes) -> Result<Vec<Candidate>, PolicyError> {
    let one = match axes.models.as_slice() {
        [axis] => Some(axis.model.as_ref()),
        _ => None,
    };
    let recipes = store.recipes(one).map_err(ViewError::from)?;
    let metrics = store.recipe_metrics().map_err(ViewError::from)?;
    let metrics: BTreeMap<String, Arc<str>> = metrics
        .into_iter()
        .map(|(recipe, _, metric)| (recipe, metric.into()))
        .collect();
    let models: BTreeSet<&str> = axes.models.iter().map(|axis| axis.model.as_ref()).collect();
    let hardware: BTreeSet<&str> = axes.hardware.iter().map(AsRef::as_ref).collect();
    let mut candidates = Vec::new();
    for recipe in recipes {
        if !models.contains(recipe.model.as_str()) || !hardware.contains(recipe.hardware.as_str()) {
            continue;
        }
        let model: Arc<str> = recipe.model.into();
        for block in recipe.configurations {
            candidates.push(Candidate {
                configuration: Configuration {
                    model: model.clone(),
                    block: Selected {
                        recipe_id: recipe.recipe_id.clone(),
                        backend: block.backend,
                        gpus: block.gpus,
                        precision: recipe.precision.clone(),
                        hardware: recipe.hardware.clone(),
                    },
                    standing: Standing::WhenAsked,
                },
                metric: metrics.get(&recipe.recipe_id).cloned(),
            });
        }
    }
    Ok(candidates)
}

/// Those that have won nothing so far.
fn losers<'a>(
    candidates: &'a [Candidate],
    when_asked: &BTreeSet<Selected>,
) -> impl Iterator<Item = &'a Candidate> {
    candidates.iter().filter(|candidate| {
        matches!(candidate.configuration.standing, Standing::WhenAsked)
            && !when_asked.contains(&candidate.configuration.block)
    })
}

/// The request for all that a configuration offers, on one hardware.
fn asking(candidate: &Candidate, hardware: &str, metric: Option<Arc<str>>) -> Question {
    let block = &candidate.configuration.block;
    Question {
        model: candidate.configuration.model.clone(),
        hardware: hardware.into(),
        gpus: block.gpus,
        usable: block.gpus,
        precision: Some(block.precision.as_str().into()),
        backend: Some(block.backend.as_str().into()),
        metric,
        recipe: None,
    }
}

/// What serves these requests.
fn winners(
    store: &Store,
    policy: &Policy,
    questions: BTreeSet<Question>,
) -> Result<BTreeSet<Selected>, PolicyError> {
    let mut winners = BTreeSet::new();
    answers(
        store,
        policy,
        questions,
        Detail::Choice,
        |_, decision: Decision| {
            winners.extend(decision.selected);
            Ok::<(), PolicyError>(())
        },
    )?;
    Ok(winners)
}

/// The best showing of each configuration that does not win.
#[derive(Default)]
struct Shadows {
    of: BTreeMap<Selected, Shadow>,
    /// What won on the way.
    chosen: BTreeSet<Selected>,
}

/// Requests with the configurations that are looked for in each.
type Wanted = BTreeMap<Question, BTreeSet<Selected>>;

impl Shadows {
    fn is_eligible(&self, block: &Selected) -> bool {
        self.of.get(block).is_some_and(Shadow::is_eligible)
    }

    /// Looks for each configuration in its requests; a later one counts where it does better.
    fn add(&mut self, store: &Store, policy: &Policy, wanted: &Wanted) -> Result<(), PolicyError> {
        answers(
            store,
            policy,
            wanted.keys().cloned(),
            Detail::Search,
            |question, decision| {
                for block in wanted.get(&question).into_iter().flatten() {
                    let tried = decision.tried.iter().find(|tried| {
                        (&tried.recipe_id, &tried.backend, tried.gpus)
                            == (&block.recipe_id, &block.backend, block.gpus)
                    });
                    if let Some(tried) = tried {
                        self.see(&question, block, tried, decision.selected.as_ref());
                    }
                }
                Ok::<(), PolicyError>(())
            },
        )
    }

    fn see(
        &mut self,
        question: &Question,
        block: &Selected,
        tried: &Tried,
        winner: Option<&Selected>,
    ) {
        let eligible = match tried.outcome {
            Outcome::Chosen => {
                self.chosen.insert(block.clone());
                return;
            }
            Outcome::After => true,
            Outcome::Rejected => false,
        };
        let better = match self.of.get(block) {
            None => true,
            Some(old) => eligible && !old.is_eligible(),
        };
        if better {
            let shadow = Shadow {
                question: question.clone(),
                shadowed_by: winner.filter(|_| eligible).cloned(),
                relations: tried.relations.clone(),
                says: tried.because.clone(),
            };
            self.of.insert(block.clone(), shadow);
        }
    }
}
