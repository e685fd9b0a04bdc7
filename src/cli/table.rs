//! Tables for a terminal and for a pipe.

use comfy_table::{Table, presets};

/// A table under its header. Cells are never broken: an id that is printed can be copied.
pub fn table(header: &[&str], rows: Vec<Vec<String>>) -> String {
    let titles: Vec<String> = header.iter().map(|title| title.to_uppercase()).collect();
    table_as_named(&titles, rows)
}

/// The same with the header as it is.
pub fn table_as_named(header: &[impl ToString], rows: Vec<Vec<String>>) -> String {
    let mut table = Table::new();
    table
        .load_style(presets::NOTHING)
        .set_header(header.iter().map(ToString::to_string).collect::<Vec<_>>())
        .add_rows(rows);
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}
