//! Point 10: whether a version of an engine takes an argument, and under which name.

use serde_yaml::Value;

use super::documents::{Backend, Block, Period};
use super::version::Version;

/// What becomes of one argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It is taken, under this flag's name.
    Taken(String),
    /// An unknown flag, or a value that is no choice of it.
    Refused,
    /// The policy does not say.
    Open,
}

/// Reads one argument for a version. A version between two examined ones is open where they differ.
pub fn read(backend: &Backend, version: &Version, flag: &str, value: &Value) -> Reading {
    let mut readings = speakers(backend, version)
        .into_iter()
        .map(|version| read_examined(backend, version, flag, value));
    let first = readings.next().unwrap_or(Reading::Open);
    if readings.all(|other| other == first) {
        first
    } else {
        Reading::Open
    }
}

/// The value that a block gives a flag, by whatever name.
pub fn value<'a>(
    backend: &Backend,
    version: &Version,
    block: &'a Block,
    flag: &str,
) -> Option<&'a Value> {
    let mut args = block.args.iter();
    args.find(|(name, value)| {
        read(backend, version, name, value) == Reading::Taken(flag.to_owned())
    })
    .map(|(_, value)| value)
}

/// A single value as the word that an engine would get.
pub fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(bool) => bool.to_string(),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// The version itself when it was examined, else those around it.
fn speakers<'a>(backend: &'a Backend, version: &Version) -> Vec<&'a Version> {
    let examined = &backend.versions;
    if let Some(itself) = examined.iter().find(|other| *other == version) {
        return vec![itself];
    }
    let before = examined.iter().rfind(|other| *other < version);
    let after = examined.iter().find(|other| *other > version);
    before.into_iter().chain(after).collect()
}

fn read_examined(backend: &Backend, version: &Version, flag: &str, value: &Value) -> Reading {
    // Only the name is rewritten, not the keys below it.
    let (name, key) = match flag.split_once('.') {
        Some((name, key)) => (name, Some(key)),
        None => (flag, None),
    };
    let name = if backend.underscores {
        name.replace('_', "-")
    } else {
        name.to_owned()
    };
    if key.is_some() {
        if !backend.dotted_json {
            return Reading::Refused;
        }
        return match known(backend, version, &name) {
            Some((flag, period)) if period.kind.starts_with("json") => {
                // Sets a part of the flag only.
                Reading::Taken(format!("{flag}.*"))
            }
            Some(_) => Reading::Open,
            None if right_name(backend, &name).is_some() => Reading::Open,
            None => Reading::Refused,
        };
    }
    if let Some((flag, period)) = known(backend, version, &name) {
        return choose(flag, period, value);
    }
    let Some(right) = right_name(backend, &name) else {
        return Reading::Refused;
    };
    match known(backend, version, right) {
        Some((flag, period)) => choose(flag, period, value),
        // Called wrong, but the right name came or went with another version.
        None => Reading::Open,
    }
}

/// The flag that has a name in a version: its own, an alias, or a form that switches it off.
fn known<'a>(backend: &'a Backend, version: &Version, name: &str) -> Option<(&'a str, &'a Period)> {
    let other_names = backend.other_names.get(name).into_iter().flatten();
    let own_name = backend.flags.get_key_value(name).map(|(flag, _)| flag);
    for flag in own_name.into_iter().chain(other_names) {
        for period in backend.flags[flag].all() {
            if period.since > *version || period.until.as_ref().is_some_and(|v| *v <= *version) {
                continue;
            }
            let since = period.negation_since.as_ref();
            let negated = period.negation.as_deref() == Some(name)
                && since.is_none_or(|since| *since <= *version);
            if flag == name
                || negated
                || period.aliases.iter().any(|alias| alias == name)
                || period.negation_aliases.iter().any(|alias| alias == name)
            {
                return Some((flag, period));
            }
        }
    }
    None
}

/// What the file calls the right name of a misnamed or renamed flag.
fn right_name<'a>(backend: &'a Backend, name: &str) -> Option<&'a str> {
    if let Some(right) = backend.misnamed.get(name) {
        return Some(right);
    }
    let periods = backend.flags.get(name)?.all().iter().rev();
    periods
        .filter_map(|period| period.renamed_to.as_deref())
        .next()
}

fn choose(flag: &str, period: &Period, value: &Value) -> Reading {
    match (period.kind.as_str(), value) {
        ("removed-stub", _) => Reading::Open,
        ("choice", Value::String(_) | Value::Number(_)) => {
            if period.choices.contains(&word(value)) {
                Reading::Taken(flag.to_owned())
            } else {
                Reading::Refused
            }
        }
        ("choice", _) => Reading::Open,
        _ => Reading::Taken(flag.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::documents::built_in_backends;
    use super::*;

    fn reading(backend: &str, version: &str, flag: &str, value: &str) -> String {
        let backends = built_in_backends().iter();
        let backend = backends.clone().find(|b| b.backend == backend).unwrap();
        let value: Value = serde_yaml::from_str(value).unwrap();
        match read(backend, &Version::of(version), flag, &value) {
            Reading::Taken(flag) => flag,
            Reading::Refused => "refused".into(),
            Reading::Open => "open".into(),
        }
    }

    #[test]
    fn names_and_choices_are_those_of_the_version() {
        for (flag, value, in_0_9_1, in_0_24_0) in [
            ("--dtype", "bfloat16", "--dtype", "--dtype"),
            ("--dtype", "float8_e4m3", "refused", "refused"),
            ("--device", "cuda", "--device", "refused"),
            ("--block-size", "16", "--block-size", "--block-size"),
            ("--block-size", "7", "refused", "--block-size"),
            ("--load-format", "magic", "refused", "--load-format"),
            (
                "-tp",
                "4",
                "--tensor-parallel-size",
                "--tensor-parallel-size",
            ),
            (
                "--tp",
                "4",
                "--tensor-parallel-size",
                "--tensor-parallel-size",
            ),
            ("--max_model_len", "9", "--max-model-len", "--max-model-len"),
            ("--max-batch-size", "9", "--max-num-seqs", "--max-num-seqs"),
            (
                "--no-trust-remote-code",
                "",
                "--trust-remote-code",
                "--trust-remote-code",
            ),
            (
                "--compilation-config.level",
                "3",
                "--compilation-config.*",
                "--compilation-config.*",
            ),
            ("--such-flag-is-not", "1", "refused", "refused"),
            (
                "--cuda-graph-sizes",
                "[1]",
                "--cuda-graph-sizes",
                "--cudagraph-capture-sizes",
            ),
        ] {
            assert_eq!(reading("vllm", "0.9.1", flag, value), in_0_9_1, "{flag}");
            assert_eq!(reading("vllm", "0.24.0", flag, value), in_0_24_0, "{flag}");
        }
    }

    #[test]
    fn sglang_takes_neither_underscores_nor_dots() {
        for (flag, value, wanted) in [
            ("--max-model-len", "9", "--context-length"),
            ("--context_length", "9", "refused"),
            ("--json-model-override-args.a", "9", "refused"),
            ("--gpu-memory-utilization", "0.9", "--mem-fraction-static"),
            ("--dtype", "float8_e5m2", "refused"),
        ] {
            assert_eq!(reading("sglang", "0.5.12", flag, value), wanted, "{flag}");
        }
    }
}
