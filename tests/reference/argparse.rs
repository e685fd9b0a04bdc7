//! A strict reader of an engine's command line, after Python's `argparse`: what a version's table
//! of flags does not have is refused, shortened names too.

use aim_engine::catalog::backend::{Backend, FlagPeriod, ModelPlace};
use aim_engine::catalog::version::{Version, examined_index};

/// The flags of one version of a backend.
pub struct CommandLine<'a> {
    backend: &'a Backend,
    version: Version,
}

impl<'a> CommandLine<'a> {
    /// The command line of `version`, or of the examined version nearest to it.
    pub fn new(backend: &'a Backend, version: &Version) -> Self {
        let examined = backend.examined();
        let index = examined_index(&examined, version).unwrap();
        CommandLine {
            backend,
            version: examined[index].clone(),
        }
    }

    /// Everything that the engine would refuse in `argv`, which starts with its command.
    pub fn refusals(&self, argv: &[String]) -> Vec<String> {
        let mut refused = Vec::new();
        let Some(mut words) = argv.strip_prefix(self.backend.entrypoint.as_slice()) else {
            return vec![format!("`{argv:?}` is another command")];
        };
        let mut given: Vec<&str> = Vec::new();
        if matches!(self.backend.model, ModelPlace::Positional { .. }) {
            match words.split_first() {
                Some((model, rest)) if !is_option(model) => {
                    words = rest;
                    let _ = model;
                }
                _ => refused.push("the first word is no model".into()),
            }
        }
        while let Some((word, rest)) = words.split_first() {
            words = rest;
            if !is_option(word) {
                refused.push(format!("`{word}` belongs to no flag"));
                continue;
            }
            let (name, attached) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let Some((flag, period)) = self.find(name) else {
                refused.push(format!("`{name}` is unknown in {}", self.version));
                continue;
            };
            if given.contains(&flag) && !period.repeatable {
                refused.push(format!("`{name}` stands twice"));
            }
            given.push(flag);
            let values = if let Some(value) = attached {
                vec![value]
            } else {
                let most = most_values(period);
                let count = words
                    .iter()
                    .take(most)
                    .take_while(|word| !is_option(word))
                    .count();
                let (values, rest) = words.split_at(count);
                words = rest;
                values.to_vec()
            };
            if values.len() < fewest_values(period) {
                refused.push(format!("`{name}` has no value"));
            }
            if values.len() > most_values(period) {
                refused.push(format!("`{name}` takes no value"));
            }
            for value in values.iter().filter(|value| !fits(period, value)) {
                refused.push(format!("`{value}` is no {} for `{name}`", period.kind));
            }
        }
        for (flag, periods) in &self.backend.flags {
            let mut required = periods.all().iter().filter(|period| period.required);
            if required.any(|period| self.is_in(period)) && !given.contains(&flag.as_str()) {
                refused.push(format!("`{flag}` is missing"));
            }
        }
        refused
    }

    fn is_in(&self, period: &FlagPeriod) -> bool {
        let from = |text: &str| Version::parse(text).is_some_and(|v| v <= self.version);
        from(&period.since) && !period.until.as_deref().is_some_and(from)
    }

    fn find(&self, name: &str) -> Option<(&'a str, &'a FlagPeriod)> {
        let backend = self.backend;
        let mut flags = backend.flags.iter();
        flags.find_map(|(flag, periods)| {
            let period = periods.all().iter().find(|period| self.is_in(period))?;
            let negation_is_in = period
                .negation_since
                .as_deref()
                .is_none_or(|text| Version::parse(text).is_some_and(|v| v <= self.version));
            let is_negation = period.negation.as_deref() == Some(name) && negation_is_in;
            let named = flag == name
                || is_negation
                || period.aliases.iter().any(|alias| alias == name)
                || period.negation_aliases.iter().any(|alias| alias == name);
            named.then_some((flag.as_str(), period))
        })
    }
}

/// As `argparse` sees it: a dash, but no negative number and no text with blanks.
fn is_option(word: &str) -> bool {
    word.starts_with('-') && word != "-" && word.parse::<f64>().is_err() && !word.contains(' ')
}

fn takes_none(period: &FlagPeriod) -> bool {
    matches!(period.kind.as_str(), "flag" | "bool" | "const")
}

fn fewest_values(period: &FlagPeriod) -> usize {
    match period.values.as_deref() {
        _ if takes_none(period) => 0,
        Some("optional" | "zero-or-more") => 0,
        _ => 1,
    }
}

fn most_values(period: &FlagPeriod) -> usize {
    match period.values.as_deref() {
        _ if takes_none(period) => 0,
        Some("one-or-more" | "zero-or-more") => usize::MAX,
        _ => 1,
    }
}

fn fits(period: &FlagPeriod, value: &str) -> bool {
    match period.kind.as_str() {
        "int" => value.parse::<i64>().is_ok(),
        "float" => value.parse::<f64>().is_ok(),
        "human-int" => is_human_int(value),
        "human-int-or-auto" => value == "auto" || value == "-1" || is_human_int(value),
        "choice" => period.choices.iter().any(|choice| choice.0 == value),
        "json" => serde_json::from_str::<serde_json::Value>(value).is_ok(),
        "bool-value" => ["true", "false", "1", "0"].contains(&value.to_lowercase().as_str()),
        "kv-list" => value.split(',').all(|pair| pair.contains('=')),
        "string" | "json-or-string" | "python-bool-cast" => true,
        _ => false,
    }
}

/// `32768`, `32k`, `1.5M`.
fn is_human_int(value: &str) -> bool {
    let number = value.trim_end_matches(|c: char| "kKmMgGtT".contains(c));
    value.len() - number.len() <= 1
        && if number.len() == value.len() {
            number.parse::<u64>().is_ok()
        } else {
            number.parse::<f64>().is_ok()
        }
}
