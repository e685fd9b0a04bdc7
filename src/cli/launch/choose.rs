//! Which GPUs, which port and which name a launch gets, while no other launch chooses.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::cli::failure::{Exit, Failure};
use crate::cli::made::{Made, gpus};
use crate::cli::output;
use crate::cli::status::ranges;
use crate::container::{Container, Engine, Status, is_free, next_free};
use crate::state::{Lock, LockError, State, Waiting};

use super::signals::Signals;

/// How long another launch may take to choose and to start its container.
const PATIENCE: Duration = Duration::from_secs(120);

/// What other containers of this program hold.
#[derive(Debug, Default)]
pub(in crate::cli) struct Held {
    /// Each GPU with the container that uses it.
    gpus: BTreeMap<u32, String>,
    /// Each port with the container that answers on it.
    ports: BTreeMap<u16, String>,
}

impl Held {
    pub(super) fn by(containers: &[Container]) -> Held {
        let mut held = Held::default();
        for container in containers.iter().filter(|one| one.is_live()) {
            for gpu in container.gpu_ids() {
                held.gpus.insert(gpu, container.name.clone());
            }
            if let Some(port) = container.port() {
                held.ports.insert(port, container.name.clone());
            }
        }
        held
    }
}

/// Takes the lock under which a launch chooses; says so when it has to wait.
pub(super) fn lock(signals: &Signals) -> Result<Option<Lock>, Failure> {
    struct Patient<'s>(&'s Signals);
    impl Waiting for Patient<'_> {
        fn begins(&mut self) {
            output::line("note", "another launch is starting; waiting for it");
        }

        fn goes_on(&mut self) -> bool {
            !self.0.came()
        }
    }
    Lock::take(PATIENCE, &mut Patient(signals)).map_err(|error| {
        let exit = match error {
            LockError::Held { .. } => Exit::Environment,
            LockError::Interrupted => Exit::No,
        };
        Failure::new(exit, error)
    })
}

/// All containers of this program, of the engine that is used and of those that were used before.
pub(super) fn containers(engine: Engine) -> Result<Vec<Container>, Failure> {
    let mut all = engine.managed()?;
    for program in State::open_existing().engines_in_use() {
        let other = Engine::named(&program).filter(|other| *other != engine);
        // One that does not answer runs nothing that could be seen.
        all.extend(
            other
                .and_then(|other| other.managed().ok())
                .unwrap_or_default(),
        );
    }
    Ok(all)
}

/// Says what would be in the way of a start now, and settles on nothing: what is chosen is chosen when the model
/// is there.
pub(super) fn see(engine: Engine, made: &Made, explicit: bool) -> Result<(), Failure> {
    let held = Held::by(&containers(engine)?);
    let plan = &made.planned.0.plan;
    if let Some(there) = engine.container(&plan.name)? {
        may_make_way(&there, &plan.name)?;
    }
    port(plan.port, &held)?;
    let is_taken = plan.gpu_ids.iter().any(|gpu| held.gpus.contains_key(gpu));
    match is_taken && !explicit {
        true => idle(made, &held).map(drop),
        false => Ok(()),
    }
}

/// Makes sure that the name is free. A container of this program that has ended makes way.
pub(super) fn name(engine: Engine, name: &str) -> Result<(), Failure> {
    let Some(there) = engine.container(name)? else {
        return Ok(());
    };
    may_make_way(&there, name)?;
    if let Status::Ended { code, .. } = there.status {
        output::line(
            "note",
            &format!("an earlier `{name}`, which ended with exit code {code}, is removed"),
        );
    }
    engine.remove(&there.id)?;
    Ok(())
}

/// Whether a container of the name that is wanted is one of this program, and has ended.
fn may_make_way(there: &Container, name: &str) -> Result<(), Failure> {
    if !there.is_ours() {
        return Err(Failure::say(
            Exit::Environment,
            "launch::name_taken",
            format!("there is a container `{name}` that this program did not start"),
            "choose another name with `--name`",
        ));
    }
    if there.is_live() {
        let port = there.port().map(|port| format!(" on port {port}"));
        return Err(Failure::say(
            Exit::Environment,
            "launch::already_running",
            format!("`{name}` runs already{}", port.unwrap_or_default()),
            format!(
                "stop it with `aim-engine stop {name}`, or launch a second one with another `--name` and `--port`"
            ),
        ));
    }
    Ok(())
}

/// The GPUs to use in place of the plan's, where others hold some of these; none when the plan's will do.
pub(super) fn gpu_ids(
    made: &Made,
    held: &Held,
    explicit: bool,
) -> Result<Option<Vec<u32>>, Failure> {
    let planned = &made.planned.0.plan.gpu_ids;
    let taken: Vec<(u32, &String)> = planned
        .iter()
        .filter_map(|gpu| Some((*gpu, held.gpus.get(gpu)?)))
        .collect();
    let Some((_, holder)) = taken.first() else {
        return Ok(None);
    };
    let shown = |ids: &[u32]| {
        let word = if ids.len() == 1 { "GPU" } else { "GPUs" };
        format!("{word} {}", ranges(ids).unwrap_or_default())
    };
    let ids: Vec<u32> = taken.iter().map(|(gpu, _)| *gpu).collect();
    if explicit {
        output::line(
            "warning",
            &format!("{} used by `{holder}` too", is(&shown(&ids), &ids)),
        );
        return Ok(None);
    }
    let mut chosen = idle(made, held)?;
    chosen.sort_unstable();
    output::line(
        "note",
        &format!(
            "{} used by `{holder}`: this launch gets {}",
            is(&shown(&ids), &ids),
            shown(&chosen)
        ),
    );
    for warning in made.order.warnings(&chosen) {
        output::line("warning", &warning);
    }
    Ok(Some(chosen))
}

/// As many GPUs as the plan has, of those that no container of this program uses.
fn idle(made: &Made, held: &Held) -> Result<Vec<u32>, Failure> {
    let planned = &made.planned.0.plan.gpu_ids;
    let order = made.order.gpu_ids.iter().copied();
    let idle: Vec<u32> = order.filter(|gpu| !held.gpus.contains_key(gpu)).collect();
    if let Some(chosen) = idle.get(..planned.len()) {
        return Ok(chosen.to_vec());
    }
    let holders: Vec<String> = names(held);
    Err(Failure::say(
        Exit::Environment,
        "launch::gpus_taken",
        format!(
            "{} needed, and {} idle",
            count(planned.len(), "is", "are"),
            count(idle.len(), "is", "are")
        ),
        format!(
            "the others are used by {}\nstop one with `aim-engine stop NAME`, ask for fewer GPUs, or share some with `--gpu-ids`",
            holders.join(", ")
        ),
    ))
}

/// `GPUs 0-3 are`
fn is(what: &str, ids: &[u32]) -> String {
    format!("{what} {}", if ids.len() == 1 { "is" } else { "are" })
}

/// `1 GPU is`, `4 GPUs are`
fn count(number: usize, one: &str, many: &str) -> String {
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    format!("{} {}", gpus(number), if number == 1 { one } else { many })
}

fn names(held: &Held) -> Vec<String> {
    let mut names: Vec<String> = held.gpus.values().map(|name| format!("`{name}`")).collect();
    names.dedup();
    names.sort_unstable();
    names.dedup();
    names
}

/// Makes sure that the port is free.
pub(super) fn port(port: u16, held: &Held) -> Result<(), Failure> {
    let holder = held.ports.get(&port);
    if holder.is_none() && is_free(port) {
        return Ok(());
    }
    let by = holder.map_or_else(
        || "another program".to_owned(),
        |holder| format!("`{holder}`"),
    );
    let taken: Vec<u16> = held.ports.keys().copied().collect();
    let help = match next_free(port, &taken) {
        Some(free) => format!("{free} is free: `--port {free}`"),
        None => "choose another with `--port`".to_owned(),
    };
    Err(Failure::say(
        Exit::Environment,
        "launch::port_taken",
        format!("port {port} is taken by {by}"),
        help,
    ))
}
