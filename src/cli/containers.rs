//! The containers of this program, as `status`, `logs` and `stop` see them.

use crate::container::{Container, Engine};

use super::failure::{Exit, Failure};

/// All of them, whichever engine runs them.
pub(super) fn managed(engines: &[Engine]) -> Result<Vec<Container>, Failure> {
    let mut all = Vec::new();
    for engine in engines {
        all.extend(engine.managed()?);
    }
    Ok(all)
}

/// The one that is meant by a name, or by the beginning of an id. None when there is none.
pub(super) fn named<'c>(all: &'c [Container], name: &str) -> Option<&'c Container> {
    const SHORTEST_ID: usize = 6;
    let by_name = all.iter().find(|container| container.name == name);
    let is_id = name.len() >= SHORTEST_ID && name.chars().all(|c| c.is_ascii_hexdigit());
    by_name.or_else(|| {
        let mut with_id = all.iter().filter(|one| is_id && one.id.starts_with(name));
        with_id.next().filter(|_| with_id.next().is_none())
    })
}

/// That there is none of this name.
pub(super) fn unknown(all: &[Container], name: &str) -> Failure {
    let names: Vec<String> = all.iter().map(|one| format!("`{}`", one.name)).collect();
    let help = match names.is_empty() {
        true => "nothing that `aim-engine launch` started is there".to_owned(),
        false => format!("there is {}", names.join(", ")),
    };
    Failure::say(
        Exit::No,
        "container::unknown",
        format!("no container `{name}` was launched by this program"),
        help,
    )
}

/// Seconds as people say them: `8 s`, `2 min 5 s`, `3 h 12 min`, `4 d 2 h`.
pub(super) fn duration(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{minutes} min {} s", seconds % 60),
        3600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}
