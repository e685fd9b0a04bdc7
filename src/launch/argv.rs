//! From a block's arguments to the engine's command line.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::backend::{Backend, ModelPlace};
use crate::store::StoredArgument;

/// What the engine's version makes of a name that a block uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagReading {
    /// The name to pass.
    pub flag: String,
    /// The flag's first name, by which two names of one flag are known to be one.
    pub primary: String,
    /// The kind of its value.
    pub kind: String,
    /// The form that switches it off, where there is one.
    pub negation: Option<String>,
    /// Whether each value needs the flag again.
    pub repeats: bool,
}

/// What fills in where a block is silent.
#[derive(Clone, Copy, Debug)]
pub struct Defaults<'a> {
    /// Hugging Face id.
    pub model: &'a str,
    /// GPUs of the block.
    pub gpus: u32,
    /// The port asked for.
    pub port: Option<u16>,
}

/// A command line and what was learned on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineCommand {
    /// The words, the entry point first.
    pub argv: Vec<String>,
    /// The port that it serves on.
    pub port: u16,
    /// Variables that bring the secrets which the block puts on the command line.
    pub secrets: Vec<String>,
    /// What an operator should know.
    pub warnings: Vec<String>,
}

/// Makes the engine's command line. `readings` holds the names that the engine's version knows;
/// others were let through and are passed as they stand.
pub fn engine_command(
    backend: &Backend,
    arguments: &[StoredArgument],
    readings: &BTreeMap<String, FlagReading>,
    defaults: Defaults<'_>,
) -> EngineCommand {
    let mut writer = Writer {
        readings,
        argv: Vec::new(),
        set: BTreeSet::new(),
    };
    let mut warnings = Vec::new();
    let mut secrets = Vec::new();
    let (place, model_flag) = match &backend.model {
        ModelPlace::Positional { flag } => (None, flag),
        ModelPlace::Flag { flag } => (Some(flag), flag),
    };
    let primary = |argument| primary(readings, argument);
    let given = |flag: &str| {
        arguments
            .iter()
            .find(|argument| primary(argument) == flag)
            .map(|argument| argument.value.as_str())
    };
    let port = defaults
        .port
        .or_else(|| given(&backend.port.flag).and_then(|text| text.trim().parse().ok()))
        .unwrap_or(backend.port.default);
    let model = given(model_flag)
        .filter(|model| !model.is_empty())
        .unwrap_or(defaults.model);
    match place {
        None => writer.argv.push(model.to_owned()),
        Some(flag) => writer.pair(flag, model),
    }
    for argument in arguments {
        let primary = primary(argument);
        if primary == model_flag || primary == backend.port.flag {
            continue;
        }
        if argument.shape == "secret" {
            let variable = backend
                .secret_env
                .iter()
                .find(|(secret, _)| secret == primary);
            warnings.push(secret_warning(
                &argument.flag,
                variable.map(|(_, name)| name),
            ));
            secrets.extend(variable.map(|(_, name)| name.clone()));
            continue;
        }
        // Under its right name the flag is there already: the misnamed one has nothing to add.
        let renamed = readings
            .get(&argument.name)
            .is_some_and(|reading| reading.flag != argument.name);
        let twice = renamed
            && arguments.iter().any(|other| {
                readings
                    .get(&other.name)
                    .is_some_and(|r| r.primary == primary && r.flag == other.name)
            });
        if twice {
            warnings.push(format!(
                "`{}` is left out: the flag it means is given too",
                argument.flag
            ));
            continue;
        }
        writer.argument(argument);
    }
    if !writer.set.contains(&backend.tensor_parallel_flag) {
        writer.pair(&backend.tensor_parallel_flag, &defaults.gpus.to_string());
    }
    for (flag, value) in &backend.arguments {
        if !writer.set.contains(flag) {
            writer.pair(flag, value);
        }
    }
    writer.pair(&backend.port.flag, &port.to_string());
    let argv = backend
        .entrypoint
        .iter()
        .cloned()
        .chain(writer.argv)
        .collect();
    EngineCommand {
        argv,
        port,
        secrets,
        warnings,
    }
}

/// The first name of the flag that an argument sets.
fn primary<'a>(
    readings: &'a BTreeMap<String, FlagReading>,
    argument: &'a StoredArgument,
) -> &'a str {
    readings
        .get(&argument.name)
        .map_or(argument.name.as_str(), |reading| reading.primary.as_str())
}

fn secret_warning(flag: &str, variable: Option<&String>) -> String {
    match variable {
        Some(variable) => format!(
            "`{flag}` is a secret and not put on a command line: set {variable} in the environment, it is passed on"
        ),
        None => format!("`{flag}` is a secret and not put on a command line: it is left out"),
    }
}

struct Writer<'a> {
    readings: &'a BTreeMap<String, FlagReading>,
    argv: Vec<String>,
    /// Flags that were written, by their first names.
    set: BTreeSet<String>,
}

impl Writer<'_> {
    fn argument(&mut self, argument: &StoredArgument) {
        let reading = self.readings.get(&argument.name);
        self.set.insert(primary(self.readings, argument).to_owned());
        let mut flag = reading
            .map_or(argument.flag.as_str(), |reading| reading.flag.as_str())
            .to_owned();
        let below = argument
            .flag
            .split_once('.')
            .filter(|_| argument.name != argument.flag);
        if let (Some(_), Some((_, key))) = (reading, below) {
            flag = format!("{flag}.{key}");
        }
        let switch = match reading {
            Some(reading) => {
                matches!(
                    reading.kind.as_str(),
                    "flag" | "bool" | "const" | "removed-stub" | "negation"
                )
            }
            // Of a flag that nobody knows, `true` most likely says that it stands alone.
            None => matches!(argument.value.as_str(), "true" | "false"),
        };
        match argument.shape.as_str() {
            "none" => self.argv.push(flag),
            "word" if switch => self.switch(flag, &argument.value, reading),
            // Below a dotted flag a list is a value of its JSON.
            "words" if argument.name != argument.flag && below.is_some() => {
                self.pair(&flag, &argument.value)
            }
            "words" => {
                let words: Vec<String> = serde_json::from_str(&argument.value).unwrap_or_default();
                if reading.is_some_and(|reading| reading.repeats) {
                    words.iter().for_each(|word| self.pair(&flag, word));
                } else {
                    self.argv.push(flag);
                    self.argv.extend(words);
                }
            }
            _ => self.pair(&flag, &argument.value),
        }
    }

    fn switch(&mut self, flag: String, value: &str, reading: Option<&FlagReading>) {
        let on = value.eq_ignore_ascii_case("true");
        match reading {
            _ if on => self.argv.push(flag),
            // `--no-x: false` asks for x.
            Some(reading) if reading.kind == "negation" => self.argv.push(reading.primary.clone()),
            Some(FlagReading {
                negation: Some(negation),
                ..
            }) => self.argv.push(negation.clone()),
            _ => {}
        }
    }

    fn pair(&mut self, flag: &str, value: &str) {
        if value.starts_with('-') && value.parse::<f64>().is_err() {
            // As a word of its own it would be read as a flag.
            self.argv.push(format!("{flag}={value}"));
        } else {
            self.argv.push(flag.to_owned());
            self.argv.push(value.to_owned());
        }
    }
}
