//! Tables for a terminal and for a pipe.

use comfy_table::{Table, presets};

/// A table under its header. Cells are never broken: an id that is printed can be copied.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(
            header
                .iter()
                .map(|title| title.to_uppercase())
                .collect::<Vec<_>>(),
        )
        .add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}
