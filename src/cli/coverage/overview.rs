//! Who is served where, as tables of models that fit a terminal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::coverage::{Cell, Coverage};
use crate::matrix::Question;

/// Columns of a terminal.
const COLUMNS: usize = 80;
/// Between two columns of a table, and what will do where that saves a table.
const GAPS: [usize; 2] = [2, 1];

/// A table: what each row and each column is called, and what stands in them.
struct Grid {
    titles: Vec<String>,
    rows: Vec<(String, Vec<String>)>,
}

/// Models against hardware or, where there is one kind of it, against GPU counts.
pub(super) fn overview(coverage: &Coverage) -> String {
    // What asks for more is summed up elsewhere.
    let plain = coverage
        .cells
        .iter()
        .filter(|cell| is_plain(&cell.question));
    let mut cells: BTreeMap<(&str, &str), Vec<&Cell>> = BTreeMap::new();
    for cell in plain {
        let question = &cell.question;
        cells
            .entry((question.model.as_ref(), question.hardware.as_ref()))
            .or_default()
            .push(cell);
    }
    let axes = &coverage.axes;
    let models = axes.models.iter().map(|axis| axis.model.as_ref());
    let (legend, grid) = match axes.hardware.as_slice() {
        [hardware] => {
            let rows = models.map(|model| {
                let cells = cells
                    .remove(&(model, hardware.as_ref()))
                    .unwrap_or_default();
                (model.to_owned(), cells.into_iter().map(precision).collect())
            });
            let grid = Grid {
                rows: rows.collect(),
                titles: axes.gpus.iter().map(u32::to_string).collect(),
            };
            let legend = format!(
                "The precision at which a request for so many {hardware} is served; in parentheses by fewer GPUs."
            );
            (legend, grid)
        }
        all => {
            let rows = models.map(|model| {
                let of_model = all.iter().map(|hardware| {
                    let cells = cells.remove(&(model, hardware.as_ref()));
                    counts(&cells.unwrap_or_default())
                });
                (model.to_owned(), of_model.collect())
            });
            let grid = Grid {
                rows: rows.collect(),
                titles: all.iter().map(|name| name.as_ref().to_owned()).collect(),
            };
            let legend = "The GPU counts that are served as asked for; larger ones are served by fewer GPUs. \
                 ~ by recipes for other hardware.";
            (legend.to_owned(), grid)
        }
    };
    let mut text = String::new();
    for line in textwrap::wrap(&legend, COLUMNS) {
        let _ = writeln!(text, "{line}");
    }
    text.push_str(&grid.text());
    text
}

/// Whether only a GPU count is asked for.
pub(super) fn is_plain(question: &Question) -> bool {
    question.precision.is_none() && question.backend.is_none() && question.metric.is_none()
}

/// At which precision a request is served.
fn precision(cell: &Cell) -> String {
    match (&cell.winner, cell.exact) {
        (None, _) => String::new(),
        (Some(winner), true) => winner.precision.clone(),
        (Some(winner), false) => format!("({})", winner.precision),
    }
}

/// The counts that are served as asked for.
fn counts(cells: &[&Cell]) -> String {
    let exact: Vec<&&Cell> = cells.iter().filter(|cell| cell.exact).collect();
    if exact.is_empty() {
        let served = cells.iter().any(|cell| cell.winner.is_some());
        return if served { "fewer" } else { "" }.to_owned();
    }
    let foreign = exact.iter().all(|cell| {
        let winner = cell.winner.as_ref();
        winner.is_some_and(|winner| *winner.hardware != *cell.question.hardware)
    });
    let counts: Vec<String> = exact
        .iter()
        .map(|cell| cell.question.gpus.to_string())
        .collect();
    format!("{}{}", if foreign { "~" } else { "" }, counts.join(" "))
}

impl Grid {
    /// As many tables as the columns need, each without the rows that are empty in it.
    fn text(&self) -> String {
        let width = |texts: &mut dyn Iterator<Item = &String>| {
            texts.map(|text| text.chars().count()).max().unwrap_or(0)
        };
        let names = width(&mut self.rows.iter().map(|(name, _)| name));
        let cells = self.rows.iter().flat_map(|(_, cells)| cells);
        let cell = width(&mut cells.chain(&self.titles));
        let tables = |gap: &usize| {
            let fit = (COLUMNS.saturating_sub(names) / (cell + gap)).max(1);
            self.titles.len().div_ceil(fit).max(1)
        };
        let gap = GAPS.into_iter().min_by_key(tables).unwrap_or_default();
        let each = self.titles.len().div_ceil(tables(&gap)).max(1);
        let mut text = String::new();
        for (place, titles) in self.titles.chunks(each).enumerate() {
            let rows = self.rows.iter().filter_map(|(name, cells)| {
                let cells = cells.chunks(each).nth(place)?;
                cells
                    .iter()
                    .any(|cell| !cell.is_empty())
                    .then_some((name, cells))
            });
            let rows: Vec<_> = rows.collect();
            if rows.is_empty() {
                continue;
            }
            text.push('\n');
            line(&mut text, ("MODEL", titles), names, gap, cell);
            for (name, cells) in rows {
                line(&mut text, (name, cells), names, gap, cell);
            }
        }
        text
    }
}

fn line(text: &mut String, row: (&str, &[String]), names: usize, gap: usize, width: usize) {
    let mut line = format!("{:names$}", row.0);
    for cell in row.1 {
        let _ = write!(line, "{:gap$}{cell:width$}", "");
    }
    text.push_str(line.trim_end());
    text.push('\n');
}
