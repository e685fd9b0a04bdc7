//! The table that `rocm-smi` prints when it is called without words, and that of `--showhw`.

use regex_lite::{Captures, Regex};

use super::Said;

/// Reads the tables of a text that may have other lines.
pub(super) fn read(text: &str, said: &mut Said) {
    for table in TABLES {
        let Ok(row) = Regex::new(table.row) else {
            continue;
        };
        let mut inside = false;
        for line in text.lines().map(str::trim_end) {
            if table.header.iter().all(|word| line.contains(word)) {
                inside = true;
            } else if line.contains("End of ROCm SMI Log") {
                inside = false;
            } else if inside && let Some(found) = row.captures(line) {
                keep(table, &found, said);
            }
        }
    }
}

struct Table {
    /// What the line of names has.
    header: &'static [&'static str],
    row: &'static str,
    /// The keys of the row's groups, after the GPU's number.
    keys: &'static [&'static str],
}

const TABLES: &[Table] = &[
    // 0       2     0x74a1,   28851  45.0°C      137.0W    NPS1, SPX, 0        123Mhz ...
    Table {
        header: &["Device", "Node", "IDs"],
        row: r"^(\d+)\s+(\d+)\s+(0x[0-9a-fA-F]+|N/A),\s+(\d+|N/A)\s.*?\s(NPS\d|N/A),\s+([A-Z]PX|N/A),\s+(\d+|N/A)\s",
        keys: &[
            "node id",
            "device id",
            "guid",
            "memory partition",
            "compute partition",
            "partition id",
        ],
    },
    // 0       [0x74a1 : 0x00]       35.0°C      133.0W    NPS1, SPX       131Mhz ...
    Table {
        header: &["Device", "[Model : Revision]"],
        row: r"^(\d+)\s+\[(0x[0-9a-fA-F]+|N/A)\s*:\s*(\S+)\]\s.*?\s(NPS\d|N/A),\s+([A-Z]PX|N/A)\s",
        keys: &[
            "device id",
            "device rev",
            "memory partition",
            "compute partition",
        ],
    },
    // 0    4     0x74a0  3877   gfx942   ENABLED  ENABLED   DISABLED  N/A    0000:01:00.0  0
    Table {
        header: &["GPU", "NODE", "DID", "GUID", "GFX VER"],
        row: r"^(\d+)\s+(\d+)\s+(0x[0-9a-fA-F]+|N/A)\s+(\d+|N/A)\s+(gfx\w+|N/A)\s.*\s([0-9a-fA-F]+:[0-9a-fA-F]+:[0-9a-fA-F]+\.\d)\s+(\d+)$",
        keys: &[
            "node id",
            "device id",
            "guid",
            "gfx version",
            "pci bus",
            "partition id",
        ],
    },
];

fn keep(table: &Table, found: &Captures<'_>, said: &mut Said) {
    let group = |place: usize| found.get(place).map(|group| group.as_str());
    let Some(gpu) = group(1).and_then(|number| number.parse().ok()) else {
        return;
    };
    for (place, key) in (2..).zip(table.keys) {
        if let Some(value) = group(place) {
            said.add(gpu, key, value);
        }
    }
}
