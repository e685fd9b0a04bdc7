//! Every request that is worth asking of a catalog, and its answers: what `coverage` shows and what two
//! catalogs are compared by.
//!
//! A cell is a request for so many GPUs of one hardware on a machine that has as many. The same answer holds
//! on a larger machine, since what was asked for is never exceeded, and for a request without a count: what
//! it is given is what its own count would be given.

mod answers;
mod axes;
mod question;

pub use answers::answers;
pub use axes::{Axes, Breadth, ModelAxis};
pub use question::Question;
