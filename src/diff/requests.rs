//! Many requests in few words.

use std::collections::{BTreeMap, BTreeSet};

use crate::matrix::Question;

/// What is asked for beside a GPU count.
type Asked<'q> = [Option<&'q str>; 3];
/// GPU counts by hardware.
type Machines<'q> = BTreeMap<&'q str, BTreeSet<u32>>;

/// The requests as phrases: "Qwen/Qwen3-32B on MI300X with 2, 4 or 8 GPUs".
pub fn in_words(questions: &[Question]) -> Vec<String> {
    let mut models: BTreeMap<&str, BTreeMap<Asked<'_>, Machines<'_>>> = BTreeMap::new();
    for question in questions {
        let asked = [&question.precision, &question.backend, &question.metric];
        models
            .entry(&question.model)
            .or_default()
            .entry(asked.map(|asked| asked.as_deref()))
            .or_default()
            .entry(&question.hardware)
            .or_default()
            .insert(question.gpus);
    }
    let mut phrases = Vec::new();
    for (model, mut asks) in models {
        if let Some(machines) = asks.remove(&[None; 3]) {
            let more: usize = asks
                .values()
                .flat_map(|m| m.values().map(BTreeSet::len))
                .sum();
            let more = match more {
                0 => String::new(),
                1 => ", and 1 request that asks for more".to_owned(),
                more => format!(", and {more} requests that ask for more"),
            };
            phrases.push(format!("{model} {}{more}", places(&machines)));
            continue;
        }
        // What is asked of the same machines is named together.
        let mut alike: BTreeMap<String, BTreeMap<usize, BTreeSet<&str>>> = BTreeMap::new();
        let mut pure: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for (asked, machines) in &asks {
            let named: Vec<(usize, &str)> = (0..)
                .zip(asked)
                .filter_map(|(place, name)| Some((place, (*name)?)))
                .collect();
            let on = places(machines);
            if let [(place, name)] = named.as_slice() {
                let names = alike.entry(on).or_default();
                names.entry(*place).or_default().insert(name);
            } else {
                let names: Vec<&str> = named.iter().map(|(_, name)| *name).collect();
                pure.entry(on).or_default().push(names.join(" with "));
            }
        }
        for (on, names) in alike {
            let names = names.values().flatten().copied();
            pure.entry(on)
                .or_default()
                .splice(0..0, names.map(str::to_owned));
        }
        for (on, names) in pure {
            phrases.push(format!("{model} {on}, asking for {}", either(&names)));
        }
    }
    phrases
}

/// "on MI300X with 1 GPU, on MI325X, MI355X with 2 or 4 GPUs".
fn places(machines: &Machines<'_>) -> String {
    let mut by_counts: BTreeMap<&BTreeSet<u32>, Vec<&str>> = BTreeMap::new();
    for (hardware, counts) in machines {
        by_counts.entry(counts).or_default().push(hardware);
    }
    let mut places: Vec<String> = by_counts
        .into_iter()
        .map(|(counts, hardware)| {
            let words: Vec<String> = counts.iter().map(u32::to_string).collect();
            let one = counts.len() == 1 && counts.contains(&1);
            let unit = if one { "GPU" } else { "GPUs" };
            format!("on {} with {} {unit}", hardware.join(", "), either(&words))
        })
        .collect();
    places.sort();
    places.join(", ")
}

/// "1, 2 or 4".
fn either(names: &[String]) -> String {
    match names {
        [first @ .., last] if !first.is_empty() => format!("{} or {last}", first.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(hardware: &str, gpus: u32, precision: Option<&str>) -> Question {
        Question {
            model: "org/m".into(),
            hardware: hardware.into(),
            gpus,
            usable: gpus,
            precision: precision.map(Into::into),
            backend: None,
            metric: None,
            recipe: None,
        }
    }

    #[test]
    fn requests_that_differ_little_are_one_phrase() {
        let mut all = vec![
            question("MI300X", 4, None),
            question("MI300X", 2, None),
            question("MI325X", 4, None),
            question("MI325X", 2, None),
            question("MI355X", 1, None),
        ];
        let plain = "org/m on MI300X, MI325X with 2 or 4 GPUs, on MI355X with 1 GPU";
        assert_eq!(in_words(&all), [plain]);
        all.push(question("MI355X", 1, Some("fp8")));
        let more = format!("{plain}, and 1 request that asks for more");
        assert_eq!(in_words(&all), [more]);
    }

    #[test]
    fn what_is_asked_for_beside_a_count_is_named_where_nothing_else_changed() {
        let all = [
            question("MI300X", 1, Some("fp8")),
            question("MI300X", 1, Some("bf16")),
        ];
        assert_eq!(
            in_words(&all),
            ["org/m on MI300X with 1 GPU, asking for bf16 or fp8"]
        );
        assert_eq!(in_words(&[]), [] as [String; 0]);
    }
}
