//! The boxes that version 26 draws when it is called without words: two lines a GPU, the first with its place on the
//! bus, and the processes below.

use super::Said;
use crate::detect::tool::{Record, location, number};

/// Reads the boxes of a text that may have other lines.
pub(super) fn read(text: &str, said: &mut Said) {
    let mut above: Option<(String, String)> = None;
    let mut of_processes = false;
    for line in text.lines() {
        let line = line.trim();
        let Some(inside) = line
            .strip_prefix('|')
            .map(|rest| rest.trim_end_matches('|'))
        else {
            continue;
        };
        versions(inside, said);
        if inside.trim_start().starts_with("Processes:") {
            of_processes = true;
            said.gpus
                .values_mut()
                .for_each(|record| record.add("process_list", ""));
            continue;
        }
        if of_processes {
            process(inside, said);
            continue;
        }
        let Some((left, right)) = inside.split_once('|') else {
            continue;
        };
        let left = left.trim();
        if let Some((place, name)) = left.split_once(char::is_whitespace)
            && location(place).is_some()
        {
            above = Some((place.to_owned(), name.trim().to_owned()));
        } else if let Some((place, name)) = above.take() {
            gpu(left, right, (&place, &name), said);
        }
    }
}

/// `AMD-SMI 26.0.2   amdgpu version: 6.16.13  ROCm version: 7.0.2`.
fn versions(inside: &str, said: &mut Said) {
    if let Some((_, behind)) = inside.split_once("amdgpu version:")
        && let Some(version) = behind.split_whitespace().next()
    {
        said.driver.add("driver.version", version);
    }
}

/// The second line of a GPU: its numbers and modes, and what is used of its memory.
fn gpu(left: &str, right: &str, (place, name): (&str, &str), said: &mut Said) {
    let words: Vec<&str> = left.split_whitespace().collect();
    let [number_of, hip_id, _, modes] = words[..] else {
        return;
    };
    let Some(record) = number(number_of).and_then(|number| said.of(number)) else {
        return;
    };
    let mut found = Record::default();
    found.add("bdf", place);
    found.add("market_name", name);
    found.add("hip_id", hip_id);
    if let Some((compute, memory)) = modes.split_once('/') {
        found.add("compute_partition", compute);
        found.add("memory_partition", memory);
    }
    let cells: Vec<&str> = right.split_whitespace().collect();
    if let [.., usage, unit] = cells[..]
        && let Some((used, total)) = usage.split_once('/')
    {
        found.add("vram_used", &format!("{used} {unit}"));
        found.add("vram_total", &format!("{total} {unit}"));
    }
    record.take_in(found);
}

/// `|    0      12345  python3   ...`.
fn process(inside: &str, said: &mut Said) {
    let mut words = inside.split_whitespace();
    let gpu = words.next().and_then(number);
    let pid = words.next().and_then(number);
    if let (Some(gpu), Some(pid)) = (gpu, pid)
        && let Some(record) = said.of(gpu)
    {
        let pid = pid.to_string();
        record.add(&format!("process_list.of.{pid}.pid"), &pid);
    }
}
