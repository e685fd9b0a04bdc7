//! Model cards made from what a model's own files say: its configuration, the headers of its weights,
//! and the metadata of its page.
//!
//! Which key names what is in `catalog/architectures.yaml`. Nothing is guessed: a figure that no file
//! says is left out, and one that a person should look at says why.

mod attention;
mod config;
mod context;
mod error;
mod figure;
mod knowledge;
mod layers;
mod made;
mod metadata;
mod precision;
mod repository;
mod safetensors;
mod source;
mod text;
mod update;
mod values;
mod weights;

pub use attention::AttentionFigures;
pub use error::CardError;
pub use figure::Figure;
pub use made::{Made, make};
pub use metadata::Metadata;
pub use repository::{Description, Repository, describe};
pub use safetensors::{LENGTH_BYTES, MOST_HEADER, Tensor, header_length, tensors};
pub use source::{FetchError, Fetched, from_cache, from_hub};
pub use update::{Changed, UpdateError, Updated, update};
pub use values::Value;
