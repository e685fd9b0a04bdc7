//! What is covered, as JSON with the keys that scripts rely on.

use serde::Serialize;

use crate::launch::Selected;
use crate::matrix::{Breadth, Question};

use super::{Cell, Configuration, Coverage, Gap, Nearest, Shadow, Standing, Summary};

/// What `coverage --format json` prints.
#[derive(Debug, Serialize)]
pub struct Answer<'a> {
    full: bool,
    requests: Summary,
    axes: AxesView<'a>,
    configurations: Fared,
    #[serde(skip_serializing_if = "Option::is_none")]
    cells: Option<Vec<CellView<'a>>>,
    unserved: Vec<GapView<'a>>,
    when_asked: Vec<BlockView<'a>>,
    never_win: Vec<ShadowView<'a>>,
}

#[derive(Debug, Serialize)]
struct AxesView<'a> {
    models: Vec<&'a str>,
    hardware: Vec<&'a str>,
    gpus: &'a [u32],
    precisions: Vec<&'a str>,
    backends: Vec<&'a str>,
}

/// How many configurations fare how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Fared {
    /// All.
    pub total: usize,
    /// Those that serve requests which ask for no more than a GPU count.
    pub win: usize,
    /// Those that serve only requests which ask for what they offer.
    pub when_asked: usize,
    /// Those that serve none.
    pub never_win: usize,
}

impl Fared {
    /// The counts of these configurations.
    pub fn of(configurations: &[Configuration]) -> Fared {
        let mut fared = Fared::default();
        for configuration in configurations {
            fared.total += 1;
            *match configuration.standing {
                Standing::Wins(_) => &mut fared.win,
                Standing::WhenAsked => &mut fared.when_asked,
                Standing::Never(_) => &mut fared.never_win,
            } += 1;
        }
        fared
    }
}

#[derive(Debug, Serialize)]
struct Asked<'a> {
    model: &'a str,
    hardware: &'a str,
    gpus: u32,
    precision: Option<&'a str>,
    backend: Option<&'a str>,
    metric: Option<&'a str>,
}

impl<'a> From<&'a Question> for Asked<'a> {
    fn from(question: &'a Question) -> Asked<'a> {
        Asked {
            model: &question.model,
            hardware: &question.hardware,
            gpus: question.gpus,
            precision: question.precision.as_deref(),
            backend: question.backend.as_deref(),
            metric: question.metric.as_deref(),
        }
    }
}

#[derive(Debug, Serialize)]
struct CellView<'a> {
    #[serde(flatten)]
    asked: Asked<'a>,
    selected: Option<&'a Selected>,
    exact: bool,
    differs: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct GapView<'a> {
    model: &'a str,
    hardware: &'a str,
    gpus: &'a [u32],
    precision: Option<&'a str>,
    backend: Option<&'a str>,
    metric: Option<&'a str>,
    nearest: Option<&'a Nearest>,
}

#[derive(Debug, Serialize)]
struct BlockView<'a> {
    model: &'a str,
    #[serde(flatten)]
    block: &'a Selected,
}

#[derive(Debug, Serialize)]
struct ShadowView<'a> {
    model: &'a str,
    #[serde(flatten)]
    block: &'a Selected,
    eligible_somewhere: bool,
    shadowed_by: Option<&'a Selected>,
    criterion: Option<&'a str>,
    rejected_by: &'a [String],
    says: &'a str,
    request: Asked<'a>,
}

impl<'a> Answer<'a> {
    /// What is covered.
    pub fn new(coverage: &'a Coverage) -> Answer<'a> {
        Answer {
            cells: Some(coverage.cells.iter().map(cell).collect()),
            ..Answer::without_cells(coverage)
        }
    }

    /// The same for who has the cells in another form.
    pub(super) fn without_cells(coverage: &'a Coverage) -> Answer<'a> {
        let axes = &coverage.axes;
        let when_asked = coverage
            .configurations
            .iter()
            .filter(|configuration| matches!(configuration.standing, Standing::WhenAsked));
        Answer {
            full: coverage.breadth == Breadth::Full,
            requests: coverage.summary(),
            axes: AxesView {
                models: axes.models.iter().map(|axis| axis.model.as_ref()).collect(),
                hardware: axes.hardware.iter().map(AsRef::as_ref).collect(),
                gpus: &axes.gpus,
                precisions: axes.precisions.iter().map(AsRef::as_ref).collect(),
                backends: axes.backends.iter().map(AsRef::as_ref).collect(),
            },
            configurations: Fared::of(&coverage.configurations),
            cells: None,
            unserved: coverage.unserved.iter().map(gap).collect(),
            when_asked: when_asked
                .map(|configuration| BlockView {
                    model: &configuration.model,
                    block: &configuration.block,
                })
                .collect(),
            never_win: coverage
                .never_win()
                .map(|(configuration, found)| shadow(configuration, found))
                .collect(),
        }
    }
}

fn cell(cell: &Cell) -> CellView<'_> {
    CellView {
        asked: (&cell.question).into(),
        selected: cell.winner.as_deref(),
        exact: cell.exact,
        differs: cell.differs.as_deref(),
    }
}

fn gap(gap: &Gap) -> GapView<'_> {
    GapView {
        model: &gap.question.model,
        hardware: &gap.question.hardware,
        gpus: &gap.gpus,
        precision: gap.question.precision.as_deref(),
        backend: gap.question.backend.as_deref(),
        metric: gap.question.metric.as_deref(),
        nearest: gap.nearest.as_ref(),
    }
}

fn shadow<'a>(configuration: &'a Configuration, shadow: &'a Shadow) -> ShadowView<'a> {
    let relations = shadow.relations.as_slice();
    let eligible = shadow.is_eligible();
    ShadowView {
        model: &configuration.model,
        block: &configuration.block,
        eligible_somewhere: eligible,
        shadowed_by: shadow.shadowed_by.as_ref(),
        criterion: relations
            .first()
            .filter(|_| eligible)
            .map(|name| criterion(name)),
        rejected_by: if eligible { &[] } else { relations },
        says: &shadow.says,
        request: (&shadow.question).into(),
    }
}

/// The criterion that a relation `after_...` is about, as `why-not` calls it.
fn criterion(relation: &str) -> &str {
    relation.strip_prefix("after_").unwrap_or(relation)
}
