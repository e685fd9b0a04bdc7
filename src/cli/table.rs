//! Tables for a terminal of 80 columns and for a pipe.

use comfy_table::{ContentArrangement, Table, presets};

/// A table with a line under its header; it wraps where the terminal is narrow.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(
            header
                .iter()
                .map(|title| title.to_uppercase())
                .collect::<Vec<_>>(),
        );
    let width = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    if let Some(width) = width.or_else(terminal_width) {
        table.set_width(width);
    }
    for row in rows {
        table.add_row(row);
    }
    let text = table.to_string();
    text.lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n")
}

fn terminal_width() -> Option<u16> {
    use std::io::IsTerminal;
    std::io::stdout().is_terminal().then_some(80)
}
