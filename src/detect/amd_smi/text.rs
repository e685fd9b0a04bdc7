//! Indented text (`GPU: 0`, then `KEY: value` further in), tables under a line of names, and lines with commas.

use super::Said;
use crate::detect::tool::{Record, number};

/// Reads all of them from a text that may have other lines.
pub(super) fn read(text: &str, said: &mut Said) {
    indented(text, said);
    tables(text, said);
    commas(text, said);
}

fn indented(text: &str, said: &mut Said) {
    let mut gpu = None;
    let mut record = Record::default();
    let mut path: Vec<(usize, String)> = Vec::new();
    let mut repeated = 0;
    for line in text.lines() {
        let indent = line.len() - line.trim_start().len();
        let Some((key, value)) = line.trim().split_once(':') else {
            continue;
        };
        if indent == 0 {
            keep(gpu.take(), std::mem::take(&mut record), said);
            path.clear();
            gpu = key
                .eq_ignore_ascii_case("gpu")
                .then(|| number(value))
                .flatten();
            continue;
        }
        if gpu.is_none() {
            continue;
        }
        while path.last().is_some_and(|(depth, _)| *depth >= indent) {
            path.pop();
        }
        let mut key = key.trim().to_ascii_lowercase();
        if key == "process_info" {
            // One section a process, all with the same name.
            key = format!("process_list.{repeated}.{key}");
            repeated += 1;
        }
        if value.trim().is_empty() {
            path.push((indent, key));
            continue;
        }
        let above: String = path.iter().map(|(_, key)| format!("{key}.")).collect();
        record.add(&format!("{above}{key}"), value);
    }
    keep(gpu, record, said);
}

fn keep(gpu: Option<u32>, record: Record, said: &mut Said) {
    if let Some(version) = record.get(&["driver.version"]) {
        said.driver.add("driver.version", version);
    }
    if let Some(all) = gpu.and_then(|gpu| said.of(gpu)) {
        all.take_in(record);
    }
}

/// A table: a line of names in capitals of which the first is that of the GPU, and rows below it.
fn tables(text: &str, said: &mut Said) {
    let mut names: Option<Vec<String>> = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let first = words.first().copied().unwrap_or_default();
        if (first == "GPU" || first == "GPU_ID") && words.len() > 1 {
            let all: Vec<String> = words.iter().map(|word| word.to_ascii_lowercase()).collect();
            // Which modes there are says nothing of the one that it is in.
            let possible = all
                .iter()
                .any(|name| name == "num_partitions" || name == "resource_index");
            let sizes = all.iter().any(|name| name == "memory_partition_caps");
            names = (!possible && !sizes).then_some(all);
            continue;
        }
        let Some(names) = &names else {
            continue;
        };
        if let Some((gpu, record)) = row(names, &words)
            && let Some(all) = said.of(gpu)
        {
            let pid = record.get(&["pid"]).map(str::to_owned);
            match pid {
                Some(pid) => all.add(&format!("process_list.of.{pid}.pid"), &pid),
                None => all.take_in(record),
            }
        }
    }
}

/// A row of a table: a number with a unit behind it is one cell.
fn row(names: &[String], words: &[&str]) -> Option<(u32, Record)> {
    let gpu = number(words.first()?)?;
    let is_unit = |word: &str| {
        matches!(
            word,
            "MB" | "GB"
                | "KB"
                | "B"
                | "MiB"
                | "GiB"
                | "W"
                | "%"
                | "MHz"
                | "GHz"
                | "ns"
                | "Mb/s"
                | "°C"
        )
    };
    let mut cells: Vec<String> = Vec::new();
    for word in words {
        match cells.last_mut() {
            Some(cell) if is_unit(word) => {
                cell.push(' ');
                cell.push_str(word);
            }
            _ => cells.push((*word).to_owned()),
        }
    }
    // A name of several words makes a row longer than its header, and then no cell is sure.
    if cells.len() != names.len() {
        return None;
    }
    let mut record = Record::default();
    for (name, cell) in names.iter().zip(cells).skip(1) {
        match (name.as_str(), cell.split_once('/')) {
            ("vram_usage", Some((used, total))) => {
                let unit = total.split_whitespace().last().unwrap_or_default();
                record.add("vram_used", &format!("{used} {unit}"));
                record.add("vram_total", total);
            }
            _ => record.add(name, &cell),
        }
    }
    Some((gpu, record))
}

/// Lines with commas under a line of names, as `--csv` prints.
fn commas(text: &str, said: &mut Said) {
    let mut names: Option<Vec<String>> = None;
    for line in text.lines() {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        if cells.len() > 1
            && cells
                .first()
                .is_some_and(|first| first.eq_ignore_ascii_case("gpu"))
        {
            names = Some(cells.iter().map(|name| name.to_ascii_lowercase()).collect());
            continue;
        }
        let Some(names) = &names else {
            continue;
        };
        let gpu = cells.first().and_then(|first| number(first));
        if let Some(gpu) = gpu.filter(|_| cells.len() == names.len())
            && let Some(all) = said.of(gpu)
        {
            let mut record = Record::default();
            for (name, cell) in names.iter().zip(&cells).skip(1) {
                // `size` alone is that of the memory.
                record.add(if name == "size" { "vram.size" } else { name }, cell);
            }
            all.take_in(record);
        }
    }
}
