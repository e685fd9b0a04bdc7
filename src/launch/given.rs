//! Where the facts come from that a run gives: the words of its command line, and what was detected.
//!
//! Only the first request and the first machine of a run have an origin, since a run that explains has one of each.

use std::borrow::Cow;
use std::convert::Infallible;

use crate::datalog::Value;
use crate::detect::{Device, FactValue, Observation};

use super::gather::{figures, of_machine, of_request, of_surroundings, properties};
use super::{MachineFacts, Request};

/// The number of the request and of the machine that are explained.
const FIRST: i64 = 1;

/// Where a fact comes from that no file of the catalog gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// A part of the command line.
    Flag {
        /// As it is typed: `--precision fp8`, or the word alone of a model and a GPU count.
        flag: String,
    },
    /// Something that was seen on a machine.
    Detected {
        /// At which level: `host`, `container` or `runtime`.
        level: String,
        /// The source: `kfd`, `environment`.
        source: String,
        /// The path, or the variable with its value.
        origin: String,
        /// What was read there, as a clause.
        says: String,
        /// The saved host file or tree that tells of it; none when it was seen on this machine.
        machine: Option<String>,
    },
}

/// What stands in front of a fact's value on the command line.
const FLAGS: &[(&str, &str)] = &[
    ("asked_precision", "--precision"),
    ("asked_backend", "--backend"),
    ("asked_metric", "--metric"),
    ("asked_recipe", "--recipe"),
    ("strict", "--strict"),
    ("allow_unknown_flags", "--allow-unknown-flags"),
    ("declared_hardware", "--hardware"),
    ("declared_gpus", "--available-gpus"),
];

/// What it means that a run gives no fact of a relation at all.
const ABSENT: &[(&str, &str)] = &[
    ("request", "no model was asked for"),
    ("asked_gpus", "no GPU count was asked for"),
    ("asked_precision", "no precision was asked for"),
    ("asked_backend", "no backend was asked for"),
    ("asked_metric", "no metric was asked for"),
    ("asked_recipe", "no single recipe was asked for"),
    ("strict", "`--strict` was not given"),
    (
        "allow_unknown_flags",
        "`--allow-unknown-flags` was not given",
    ),
    ("declared_hardware", "no hardware was named by a flag"),
    ("declared_gpus", "no number of GPUs was named by a flag"),
    ("source_gpus", "no source lists GPUs"),
    ("source_device", "no GPU was detected"),
    ("gpu_property", "no source tells it of a GPU"),
    ("gpu_figure", "no source tells it of a GPU"),
    ("host_property", "nothing tells it of the machine"),
    ("host_figure", "nothing tells it of the machine"),
    ("limited", "no variable lists the visible GPUs"),
    ("listed", "no variable lists the visible GPUs"),
    ("counted", "no variable tells only a number of visible GPUs"),
    ("log_line", "no container has ended"),
    ("container_end", "no container has ended"),
    ("launched", "no container has ended"),
];

/// Where a fact comes from; none when this run does not give it.
pub fn given_origin(
    request: &Request,
    machine: &MachineFacts,
    relation: &str,
    values: &[Value<'_>],
) -> Option<Given> {
    let mut found = None;
    each(request, machine, |name, given| {
        if found.is_none() && name == relation && given == values {
            found = origin(request, machine, name, given);
        }
    });
    found
}

/// Where all facts of a relation come from that this run gives: what there is instead of one that is not.
pub fn given_instead(request: &Request, machine: &MachineFacts, relation: &str) -> Vec<Given> {
    let mut found = Vec::new();
    each(request, machine, |name, given| {
        if name == relation {
            let origin = origin(request, machine, name, given);
            found.extend(origin.filter(|origin| !found.contains(origin)));
        }
    });
    found
}

/// Why no fact of a relation is given, as a clause; it speaks of a run for which [`given_instead`] is
/// empty. None for a relation that runs do not give.
pub fn absent_given(relation: &str) -> Option<&'static str> {
    let found = ABSENT.iter().find(|(name, _)| *name == relation);
    found.map(|(_, says)| *says)
}

/// Each fact that the run gives.
fn each(
    request: &Request,
    machine: &MachineFacts,
    mut take: impl FnMut(&'static str, &[Value<'_>]),
) {
    let mut push = |relation: &'static str, values: &[Value<'_>]| -> Result<(), Infallible> {
        take(relation, values);
        Ok(())
    };
    let Ok(()) = of_request(FIRST, request, FIRST, &mut push);
    let Ok(()) = of_machine(FIRST, machine, &mut push);
    let Ok(()) = of_surroundings(FIRST, machine, &mut push);
}

/// Where a fact comes from that is given.
fn origin(
    request: &Request,
    machine: &MachineFacts,
    relation: &str,
    values: &[Value<'_>],
) -> Option<Given> {
    let number = |place: usize| match values.get(place) {
        Some(Value::Number(number)) => u32::try_from(*number).ok(),
        _ => None,
    };
    match relation {
        "request" => Some(typed(&request.model)),
        "asked_gpus" => Some(typed(&number(1)?.to_string())),
        "declared_gpus" if machine.gpus_as_asked => Some(typed(&number(1)?.to_string())),
        "source_gpus" => {
            let Some(Value::Symbol(source)) = values.get(1) else {
                return None;
            };
            let mut listings = machine.listings();
            let seen = listings.find(|seen| seen.source == *source)?;
            let gpus = number(2)?;
            let says = format!("{gpus} GPU{}", if gpus == 1 { "" } else { "s" });
            Some(detected_at(machine, seen, &seen.origin, says))
        }
        "source_device" | "gpu_property" | "gpu_figure" => {
            let Some(Value::Symbol(source)) = values.get(1) else {
                return None;
            };
            let property = match values.get(3) {
                Some(Value::Symbol(property)) if relation != "source_device" => Some(*property),
                _ => None,
            };
            device(machine, source, number(2)?, property)
        }
        "host_property" | "host_figure" => around(machine, values),
        "limited" | "listed" | "counted" => {
            let Some(Value::Symbol(level)) = values.get(1) else {
                return None;
            };
            limit(machine, level, relation, number(2))
        }
        _ => {
            let (_, flag) = FLAGS.iter().find(|(name, _)| *name == relation)?;
            let mut flag = (*flag).to_owned();
            if let Some(value) = values.get(1) {
                flag.push(' ');
                flag.push_str(&quoted(&value.to_string()));
            }
            Some(Given::Flag { flag })
        }
    }
}

fn typed(word: &str) -> Given {
    Given::Flag {
        flag: quoted(word).into_owned(),
    }
}

/// A word as a shell takes it.
fn quoted(word: &str) -> Cow<'_, str> {
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

/// What a source tells of a device: one property, or what it is.
fn device(
    machine: &MachineFacts,
    source: &str,
    index: u32,
    property: Option<&str>,
) -> Option<Given> {
    let listings = machine.listings().chain(machine.listings_of_alike());
    let mut listings = listings.filter(|seen| seen.source == source);
    let (seen, device) = listings.find_map(|seen| {
        let mut devices = seen.devices.iter().flatten();
        // Of devices that are all alike each is as good as another.
        let is_meant = |device: &&Device| seen.own_numbers || device.index == index;
        Some((seen, devices.find(is_meant)?))
    })?;
    let origin = device.origin.as_deref().unwrap_or(&seen.origin);
    let says = match property {
        Some(property) => told(device, property)?,
        None => identity(device),
    };
    Some(detected_at(machine, seen, origin, says))
}

/// One property of a device.
fn told(device: &Device, property: &str) -> Option<String> {
    let words = properties(device)
        .into_iter()
        .map(|(name, value)| (name, value.map(Cow::into_owned)));
    let numbers = figures(device)
        .into_iter()
        .map(|(name, value)| (name, value.map(|value| value.to_string())));
    let (name, value) = words.chain(numbers).find(|(name, _)| *name == property)?;
    Some(format!("{name} {}", value?))
}

/// What was read of a device, as far as it is known.
fn identity(device: &Device) -> String {
    let known = [
        device.pci_id.as_ref().map(|id| format!("PCI id {id}")),
        device
            .compute_units
            .map(|units| format!("{units} compute units")),
        device.vram_mib.map(|mib| format!("{mib} MiB")),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    if known.is_empty() {
        "a GPU of which nothing is known".to_owned()
    } else {
        known.join(", ")
    }
}

/// What is around a machine's GPUs.
fn around(machine: &MachineFacts, values: &[Value<'_>]) -> Option<Given> {
    let [_, level, source, about, property, value] = values else {
        return None;
    };
    let is = |value: &Value<'_>, text: &str| matches!(value, Value::Symbol(it) if *it == text);
    let mut facts = machine.facts().iter();
    let fact = facts.find(|fact| {
        is(level, fact.level.name())
            && is(source, &fact.source)
            && is(about, &fact.about)
            && is(property, &fact.property)
            && match &fact.value {
                FactValue::Number(number) => *value == Value::Number(*number),
                FactValue::Text(text) => is(value, text),
            }
    })?;
    Some(Given::Detected {
        level: fact.level.name().to_owned(),
        source: fact.source.clone(),
        origin: fact.origin.clone(),
        says: match value {
            Value::Symbol("") => format!("{}: {} empty", fact.about, fact.property),
            value => format!("{}: {} {value}", fact.about, fact.property),
        },
        machine: (!machine.here).then(|| machine.source.clone()),
    })
}

/// What limits the visible GPUs at a level.
fn limit(
    machine: &MachineFacts,
    level: &str,
    relation: &str,
    number: Option<u32>,
) -> Option<Given> {
    let is_meant = |seen: &&Observation| {
        seen.level.name() == level
            && match (relation, &seen.indices, number) {
                ("limited", indices, _) => indices.is_some(),
                ("listed", Some(indices), Some(number)) => indices.contains(&number),
                ("counted", None, number) => seen.visible == number,
                _ => false,
            }
    };
    let seen = machine.limits().find(is_meant)?;
    let says = match &seen.indices {
        Some(indices) if indices.is_empty() => "no GPU is visible".to_owned(),
        Some(indices) => {
            let indices: Vec<String> = indices.iter().map(u32::to_string).collect();
            let what = if indices.len() == 1 { "GPU" } else { "GPUs" };
            let verb = if indices.len() == 1 { "is" } else { "are" };
            format!("{what} {} of the host {verb} visible", indices.join(", "))
        }
        None => match seen.visible? {
            1 => "1 GPU is visible".to_owned(),
            visible => format!("{visible} GPUs are visible"),
        },
    };
    Some(detected_at(machine, seen, &seen.origin, says))
}

fn detected_at(machine: &MachineFacts, seen: &Observation, origin: &str, says: String) -> Given {
    Given::Detected {
        level: seen.level.name().to_owned(),
        source: seen.source.clone(),
        origin: origin.to_owned(),
        says,
        machine: (!machine.here).then(|| machine.source.clone()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::detect::{EnvMap, Extent, look, parse_host_file};
    use crate::policy::{OF_MACHINES, OF_REQUESTS};

    fn request() -> Request {
        Request {
            model: "Qwen/Qwen3-32B".to_owned(),
            gpus: Some(4),
            precision: Some("bf16".to_owned()),
            backend: Some("vllm".to_owned()),
            metric: Some("latency".to_owned()),
            recipe: Some("a b".to_owned()),
            strict: true,
            allow_unknown_flags: true,
        }
    }

    fn seen(machine: &str, variables: &[(&str, &str)]) -> MachineFacts {
        let root = Path::new("fixtures/hosts").join(machine);
        let env: EnvMap = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        MachineFacts {
            detected: Some(look(&root, &env, Extent::Usage)),
            source: "this machine".to_owned(),
            here: true,
            ..MachineFacts::default()
        }
    }

    fn flag(relation: &str, machine: &MachineFacts, values: &[Value<'_>]) -> String {
        match given_origin(&request(), machine, relation, values) {
            Some(Given::Flag { flag }) => flag,
            other => panic!("{relation}: {other:?}"),
        }
    }

    /// `level source origin: says`.
    fn detected(relation: &str, machine: &MachineFacts, values: &[Value<'_>]) -> String {
        match given_origin(&request(), machine, relation, values) {
            Some(Given::Detected {
                level,
                source,
                origin,
                says,
                machine,
            }) => {
                let machine = machine.map(|name| format!(" ({name})")).unwrap_or_default();
                format!("{level} {source} {origin}: {says}{machine}")
            }
            other => panic!("{relation}: {other:?}"),
        }
    }

    #[test]
    fn each_fact_that_a_run_gives_has_an_origin() {
        let mut named = MachineFacts::named("MI300X", Some(8));
        named.detected = seen("mi300x-4-busy", &[("ROCR_VISIBLE_DEVICES", "0,1")]).detected;
        let by_number = "{\"observations\": [{\"level\": \"runtime\", \"source\": \"s\", \"origin\": \"o\", \"visible\": 2}]}";
        let counted = MachineFacts {
            detected: Some(parse_host_file("host.json", by_number).unwrap()),
            ..MachineFacts::default()
        };
        let mut relations = Vec::new();
        for machine in [named, counted] {
            let mut facts = 0;
            each(&request(), &machine, |relation, values| {
                facts += 1;
                relations.push(relation);
                let origin = given_origin(&request(), &machine, relation, values);
                assert!(origin.is_some(), "{relation}{values:?}");
                assert!(!given_instead(&request(), &machine, relation).is_empty());
            });
            assert!(facts > 8);
        }
        for relation in OF_REQUESTS.iter().chain(OF_MACHINES) {
            assert!(
                relations.contains(relation),
                "no `{relation}` is given here"
            );
            assert!(absent_given(relation).is_some(), "{relation}");
        }
        assert_eq!(absent_given("recipe"), None);
    }

    #[test]
    fn what_was_asked_for_is_told_as_it_was_typed() {
        use Value::{Number, Symbol};
        let machine = MachineFacts::named("MI300X", Some(8));
        for (relation, values, wanted) in [
            (
                "request",
                &[Number(1), Symbol("qwen/qwen3-32b"), Number(1)][..],
                "Qwen/Qwen3-32B",
            ),
            ("asked_gpus", &[Number(1), Number(4)], "4"),
            (
                "asked_precision",
                &[Number(1), Symbol("bf16")],
                "--precision bf16",
            ),
            (
                "asked_recipe",
                &[Number(1), Symbol("a b")],
                "--recipe 'a b'",
            ),
            ("strict", &[Number(1)], "--strict"),
            (
                "declared_hardware",
                &[Number(1), Symbol("MI300X")],
                "--hardware MI300X",
            ),
            (
                "declared_gpus",
                &[Number(1), Number(8)],
                "--available-gpus 8",
            ),
        ] {
            assert_eq!(flag(relation, &machine, values), wanted);
        }
        let as_asked = MachineFacts {
            gpus_as_asked: true,
            ..MachineFacts::named("MI300X", Some(4))
        };
        assert_eq!(
            flag("declared_gpus", &as_asked, &[Number(1), Number(4)]),
            "4"
        );
    }

    #[test]
    fn facts_of_other_values_and_other_runs_have_none() {
        use Value::{Number, Symbol};
        let machine = MachineFacts::named("MI300X", Some(8));
        for (relation, values) in [
            ("asked_gpus", &[Number(1), Number(8)][..]),
            ("asked_gpus", &[Number(2), Number(4)]),
            ("declared_gpus", &[Number(2), Number(8)]),
            ("strict", &[Number(2)]),
            ("strict", &[]),
            (
                "source_device",
                &[
                    Number(1),
                    Symbol("kfd"),
                    Number(0),
                    Symbol(""),
                    Number(0),
                    Number(0),
                ],
            ),
            ("recipe", &[Symbol("r")]),
        ] {
            let found = given_origin(&request(), &machine, relation, values);
            assert_eq!(found, None, "{relation}{values:?}");
        }
        let instead = given_instead(&request(), &machine, "asked_gpus");
        assert_eq!(instead, [typed("4")]);
        let instead = given_instead(&Request::default(), &machine, "asked_gpus");
        assert_eq!(instead, []);
    }

    #[test]
    fn a_device_is_told_by_its_node_and_what_was_read_there() {
        use Value::{Number, Symbol};
        let machine = seen("mi300x-8", &[]);
        let device = machine
            .detected
            .as_ref()
            .and_then(|seen| seen.devices())
            .unwrap()[1]
            .clone();
        let vram = device.vram_mib.unwrap();
        let values = [
            Number(1),
            Symbol("kfd"),
            Number(1),
            Symbol("74a1"),
            Number(304),
            Number(i64::try_from(vram).unwrap()),
        ];
        let node = "fixtures/hosts/mi300x-8/sys/class/kfd/kfd/topology/nodes/3";
        assert_eq!(
            detected("source_device", &machine, &values),
            format!("host kfd {node}: PCI id 74a1, 304 compute units, {vram} MiB")
        );
        let saved = MachineFacts {
            here: false,
            source: "host.json".to_owned(),
            ..machine
        };
        assert!(detected("source_device", &saved, &values).ends_with(" MiB (host.json)"));
    }

    #[test]
    fn a_limit_is_told_by_its_variable() {
        use Value::{Number, Symbol};
        let variables = [
            ("ROCR_VISIBLE_DEVICES", "2,3"),
            ("HIP_VISIBLE_DEVICES", "1"),
        ];
        let machine = seen("mi300x-8", &variables);
        let container =
            "container environment ROCR_VISIBLE_DEVICES=2,3: GPUs 2, 3 of the host are visible";
        let runtime = "runtime environment HIP_VISIBLE_DEVICES=1: GPU 3 of the host is visible";
        for (relation, values, wanted) in [
            ("limited", &[Number(1), Symbol("container")][..], container),
            ("limited", &[Number(1), Symbol("runtime")], runtime),
            (
                "listed",
                &[Number(1), Symbol("container"), Number(3)],
                container,
            ),
            (
                "listed",
                &[Number(1), Symbol("runtime"), Number(3)],
                runtime,
            ),
        ] {
            assert_eq!(detected(relation, &machine, values), wanted);
        }
        let hidden = [Number(1), Symbol("runtime"), Number(2)];
        assert_eq!(given_origin(&request(), &machine, "listed", &hidden), None);
        let instead = given_instead(&request(), &machine, "listed");
        assert_eq!(instead.len(), 2);
    }
}
