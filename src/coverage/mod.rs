//! What a catalog serves: which recipe wins each request of the matrix, what nobody serves, and which
//! configurations never win.

mod answer;
mod cell;
mod nearest;
mod page;
mod standing;
mod unserved;

pub use answer::{Answer, Fared};
pub use cell::{Cell, Summary, Winner};
pub use nearest::{Nearest, nearest};
pub use page::Page;
pub use standing::{Configuration, Shadow, Standing};
pub use unserved::Gap;

use crate::launch::Detail;
use crate::matrix::{Axes, Breadth, answers};
use crate::policy::{Policy, PolicyError};
use crate::store::Store;

use cell::Cells;

/// What a catalog serves.
#[derive(Clone, Debug)]
pub struct Coverage {
    /// What was asked about.
    pub axes: Axes,
    /// How much of each request was varied.
    pub breadth: Breadth,
    /// Every request with its answer.
    pub cells: Vec<Cell>,
    /// What nobody serves.
    pub unserved: Vec<Gap>,
    /// How every configuration of a recipe for this hardware fares.
    pub configurations: Vec<Configuration>,
}

/// Decides every request over `axes`, and finds out why what has no answer has none and what never wins
/// never does.
///
/// # Errors
/// The store cannot be read, or the rules cannot be evaluated.
pub fn survey(
    store: &Store,
    policy: &Policy,
    axes: Axes,
    breadth: Breadth,
) -> Result<Coverage, PolicyError> {
    let mut cells = Cells::default();
    answers(
        store,
        policy,
        axes.questions(breadth),
        Detail::Choice,
        |question, decision| {
            cells.add(question, decision);
            Ok::<(), PolicyError>(())
        },
    )?;
    let cells = cells.cells;
    let unserved = unserved::gaps(store, policy, &axes, &cells)?;
    let configurations = standing::configurations(store, policy, &axes, &cells)?;
    Ok(Coverage {
        axes,
        breadth,
        cells,
        unserved,
        configurations,
    })
}

impl Coverage {
    /// How many requests were asked, and how they fared.
    pub fn summary(&self) -> Summary {
        Summary::of(&self.cells)
    }

    /// The configurations that no request gets, with what they lose to.
    pub fn never_win(&self) -> impl Iterator<Item = (&Configuration, &Shadow)> {
        self.configurations
            .iter()
            .filter_map(|configuration| match &configuration.standing {
                Standing::Never(shadow) => Some((configuration, shadow.as_ref())),
                _ => None,
            })
    }
}
