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
    let of_model = |model: &Arc<str>| metrics.get(model).cloned().unwrap_or_default();

    // Asked for by name, on its own hardware.
    let questions: BTreeSet<Question> = losers(&candidates, &when_asked)
        .flat_map(|candidate| {
            let block = &candidate.configuration.block;
            let metrics = of_model(&candidate.configuration.model);
            asking(candidate, &block.hardware.as_str().into(), metrics)
        })
        .collect();
    answers(
        store,
        policy,
        questions,
        Detail::Choice,
        |_, decision: Decision| {
            when_asked.extend(decision.selected);
            Ok::<(), PolicyError>(())
        },
    )?;

    // What comes first there, or rejects it.
    let mut shadows = Shadows {
        metrics: candidates
            .iter()
            .map(|candidate| {
                let recipe = candidate.configuration.block.recipe_id.clone();
                (recipe, candidate.metric.clone())
            })
            .collect(),
        ..Shadows::default()
    };
    let questions: BTreeSet<Question> = losers(&candidates, &when_asked)
        .flat_map(|candidate| {
            let block = &candidate.configuration.block;
            let metric = candidate.metric.iter().cloned().collect();
            asking(candidate, &block.hardware.as_str().into(), metric)
        })
        .collect();
    shadows.add(store, policy, questions)?;

    // What its own hardware rejects may run on other hardware.
    let everywhere = Axes::of(store).map_err(ViewError::from)?.hardware;
    let questions: BTreeSet<Question> = losers(&candidates, &when_asked)
        .filter(|candidate| !shadows.is_eligible(&candidate.configuration.block))
        .flat_map(|candidate| {
            let metrics = of_model(&candidate.configuration.model);
            everywhere
                .iter()
                .filter(|hardware| ***hardware != *candidate.configuration.block.hardware)
                .flat_map(move |hardware| asking(candidate, hardware, metrics.clone()))
                .collect::<Vec<_>>()
        })
        .collect();
    shadows.add(store, policy, questions)?;
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

/// The requests for all that a configuration offers on one hardware: with each metric, and with none.
fn asking(candidate: &Candidate, hardware: &Arc<str>, metrics: Vec<Arc<str>>) -> Vec<Question> {
    let block = &candidate.configuration.block;
    let asked = std::iter::once(None).chain(metrics.into_iter().map(Some));
    asked
        .map(|metric| Question {
            model: candidate.configuration.model.clone(),
            hardware: hardware.clone(),
            gpus: block.gpus,
            usable: block.gpus,
            precision: Some(block.precision.as_str().into()),
            backend: Some(block.backend.as_str().into()),
            metric,
        })
        .collect()
}

/// The best showing of each configuration that does not win.
#[derive(Default)]
struct Shadows {
    /// What each recipe is tuned for.
    metrics: BTreeMap<String, Option<Arc<str>>>,
    of: BTreeMap<Selected, Shadow>,
    /// What won on the way.
    chosen: BTreeSet<Selected>,
}

impl Shadows {
    fn is_eligible(&self, block: &Selected) -> bool {
        self.of.get(block).is_some_and(Shadow::is_eligible)
    }

    /// Looks at every configuration in these requests; a later request counts where it does better.
    fn add(
        &mut self,
        store: &Store,
        policy: &Policy,
        questions: BTreeSet<Question>,
    ) -> Result<(), PolicyError> {
        answers(
            store,
            policy,
            questions,
            Detail::Search,
            |question, decision| {
                for tried in decision.tried {
                    self.see(&question, tried, decision.selected.as_ref());
                }
                Ok::<(), PolicyError>(())
            },
        )
    }

    fn see(&mut self, question: &Question, tried: Tried, winner: Option<&Selected>) {
        let block = Selected {
            recipe_id: tried.recipe_id,
            backend: tried.backend,
            gpus: tried.gpus,
            precision: tried.precision,
            hardware: tried.hardware,
        };
        // Only what is asked for by name comes as close as it can.
        let own = block.gpus == question.gpus
            && Some(block.backend.as_str()) == question.backend.as_deref()
            && Some(block.precision.as_str()) == question.precision.as_deref();
        if tried.outcome == Outcome::Chosen {
            self.chosen.insert(block);
            return;
        }
        let shadow = Shadow {
            question: question.clone(),
            shadowed_by: winner.filter(|_| tried.outcome == Outcome::After).cloned(),
            relations: tried.relations,
            says: tried.because,
        };
        let better = match self.of.get(&block) {
            None => true,
            Some(old) => {
                let metric = self.metrics.get(&block.recipe_id);
                let showing = |shadow: &Shadow| {
                    let own_hardware = *shadow.question.hardware == *block.hardware;
                    let own_metric = metric == Some(&shadow.question.metric);
                    (shadow.is_eligible(), own_hardware, own_metric)
                };
                showing(&shadow) > showing(old)
            }
        };
        if own && better {
            self.of.insert(block, shadow);
        }
    }
}
