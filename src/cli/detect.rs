//! `detect`: what was found, by which source, at which level.

use std::path::Path;

use crate::detect::{self, Detected, Extent};

use super::args::{DetectArgs, TableFormat};
use super::failure::{Exit, Failure};
use super::output;
use super::table::table;

pub(super) fn run(args: &DetectArgs) -> Result<Exit, Failure> {
    let root = args.root.as_deref().unwrap_or(Path::new("/"));
    let env = detect::variables(root);
    let detected = detect::look(root, &env, Extent::Everything);
    let nothing = detected.devices().is_none_or(<[_]>::is_empty);
    match args.format {
        TableFormat::Json => output::json(&detected)?,
        TableFormat::Human if nothing => {}
        TableFormat::Human => output::answer(&human(&detected))?,
    }
    if nothing {
        let looked = detected.looked_at.join(", ");
        let help = format!("looked at {looked}");
        return Err(Failure::say(
            Exit::Environment,
            "detect::nothing_found",
            "no AMD GPU was found",
            help,
        ));
    }
    Ok(Exit::Done)
}

fn human(detected: &Detected) -> String {
    let mut text = String::new();
    if let Some(host) = &detected.host {
        text.push_str(&format!("{host}\n\n"));
    }
    let rows = detected
        .devices()
        .unwrap_or_default()
        .iter()
        .map(|device| {
            let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
            vec![
                device.index.to_string(),
                or_dash(device.pci_id.clone()),
                or_dash(device.gfx.clone()),
                or_dash(device.vram_mib.map(|mib| format!("{mib} MiB"))),
                or_dash(device.compute_units.map(|units| units.to_string())),
                or_dash(device.location.clone()),
            ]
        })
        .collect();
    text.push_str(&table(
        &["gpu", "pci id", "gfx", "memory", "units", "location"],
        rows,
    ));
    text.push_str("\n\n");
    for seen in &detected.observations {
        let level = seen.level.name();
        let count = seen
            .count()
            .map_or_else(|| "?".to_owned(), |count| count.to_string());
        text.push_str(&format!(
            "{level}: {count} GPUs, by {} ({})\n",
            seen.source, seen.origin
        ));
    }
    for problem in &detected.problems {
        text.push_str(&format!("{}: {}\n", problem.origin, problem.says));
    }
    text
}
