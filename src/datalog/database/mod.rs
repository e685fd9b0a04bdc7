//! What goes into an evaluation and what comes out of it: facts and the model.

mod facts;
mod model;

pub use facts::{Aside, FactError, Facts, Field};
pub use model::{ByNumber, Model, Tuple};
