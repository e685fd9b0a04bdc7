//! In what the commands of one choice differ.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::launch::{Cached, Decision, PlanningError, Selected, Wishes, plan};
use crate::matrix::Question;
use crate::plan::LaunchPlan;
use crate::store::Store;

/// A part of a command: a flag, a variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct PartChange {
    /// `flag`, `variable`, `image`, ...
    pub part: &'static str,
    /// Which one; empty where there is only one.
    pub name: String,
    /// What it was; none where it was not there.
    pub old: Option<String>,
    /// What it is.
    pub new: Option<String>,
}

impl PartChange {
    /// In words: `--max-model-len 8192 → 16384`.
    pub fn says(&self) -> String {
        let name = if self.name.is_empty() {
            self.part.to_owned()
        } else {
            format!("`{}`", self.name)
        };
        let value = |text: &str| match text {
            "" => String::new(),
            text => format!(" {text}"),
        };
        match (&self.old, &self.new) {
            (Some(old), None) => format!("{name}{} is gone", value(old)),
            (None, Some(new)) => format!("{name}{} is new", value(new)),
            (Some(old), Some(new)) => {
                let none = |text: &str| {
                    if text.is_empty() {
                        "(alone)".to_owned()
                    } else {
                        text.to_owned()
                    }
                };
                format!("{name} {} → {}", none(old), none(new))
            }
            (None, None) => name,
        }
    }
}

/// The plan of a decision, with nothing of this machine in it; none where it cannot be made.
pub(super) fn planned(
    store: &Store,
    question: &Question,
    decision: &Decision,
    selected: &Selected,
) -> Result<Option<LaunchPlan>, crate::store::StoreError> {
    let wishes = Wishes {
        cache_dir: Some(PathBuf::from("/cache")),
        ..Wishes::default()
    };
    let decision = &Decision {
        cached: Cached::default(),
        ..decision.clone()
    };
    match plan(store, decision, selected, &question.machine(), &wishes) {
        Ok(planned) => Ok(Some(planned.plan)),
        Err(PlanningError::Store(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// What differs between two plans.
pub(super) fn difference(old: &LaunchPlan, new: &LaunchPlan) -> Vec<PartChange> {
    let mut parts = Vec::new();
    let mut part = |part: &'static str, old: Parts, new: Parts| {
        for name in old
            .keys()
            .chain(new.keys().filter(|name| !old.contains_key(*name)))
        {
            let (before, after) = (old.get(name), new.get(name));
            if before != after {
                parts.push(PartChange {
                    part,
                    name: name.clone(),
                    old: before.cloned(),
                    new: after.cloned(),
                });
            }
        }
    };
    let one = |text: &str| Parts::from([(String::new(), text.to_owned())]);
    part("image", one(&old.image), one(&new.image));
    let (old_words, old_flags) = engine(&old.argv);
    let (new_words, new_flags) = engine(&new.argv);
    part("engine", one(&old_words), one(&new_words));
    part("flag", old_flags, new_flags);
    part("variable", variables(old), variables(new));
    part("health path", one(&old.health_path), one(&new.health_path));
    if parts.is_empty() && old != new {
        parts.push(PartChange {
            part: "order of the words",
            name: String::new(),
            old: None,
            new: None,
        });
    }
    parts
}

/// Values by name.
type Parts = BTreeMap<String, String>;

fn variables(plan: &LaunchPlan) -> Parts {
    let set = plan.environment().into_iter();
    let passed = plan.env_by_name.iter();
    set.map(|var| (var.name, var.value))
        .chain(passed.map(|name| (name.clone(), "(passed on)".to_owned())))
        .collect()
}

/// The words before the first flag, and the flags with their values.
fn engine(argv: &[String]) -> (String, Parts) {
    let mut words: Vec<&str> = Vec::new();
    let mut flags: Parts = BTreeMap::new();
    let mut last: Option<String> = None;
    for word in argv {
        let is_flag = word.len() > 1 && word.starts_with('-') && word.parse::<f64>().is_err();
        let (name, value) = match (is_flag, word.split_once('=')) {
            (true, Some((name, value))) => (Some(name), Some(value)),
            (true, None) => (Some(word.as_str()), None),
            (false, _) => (None, Some(word.as_str())),
        };
        if let Some(name) = name {
            last = Some(name.to_owned());
            flags.entry(name.to_owned()).or_default();
        }
        match (last.as_ref().and_then(|last| flags.get_mut(last)), value) {
            (Some(values), Some(value)) => {
                if !values.is_empty() {
                    values.push(' ');
                }
                values.push_str(value);
            }
            (None, Some(value)) => words.push(value),
            (_, None) => {}
        }
    }
    (words.join(" "), flags)
}
