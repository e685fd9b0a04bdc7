//! The model cache: models on disk, in the layout of the hub's own tools, so that engines read what is
//! fetched here and what they fetched is not fetched again.
//!
//! Nothing is published before all of it is there and its hashes are right. What is kept and what goes
//! is said by rules, and not here.

mod add;
mod download;
mod durable;
mod error;
mod facts;
mod folder;
mod hash;
mod import;
mod in_use;
mod index;
mod layout;
mod listing;
mod lock;
mod look;
mod manifest;
mod meter;
mod parts;
mod place;
mod publish;
mod remove;
mod retention;
mod scan;
mod shards;
mod space;
mod together;
mod verify;
mod wanted;

pub use add::{Added, Plan, add, plan};
pub use error::{CacheError, size};
pub use facts::{CacheFacts, Limits};
pub use import::{folder_files, import, plan_import};
pub use in_use::{Uses, hold, uses};
pub use index::{IndexEntry, read_index, timestamp, write_index};
pub use layout::{Cache, ModelFolder};
pub use lock::Held;
pub use meter::{FileMeter, Meter, Step};
pub use place::cache_dir;
pub(crate) use place::{expanded, home};
pub use remove::{Removed, remove_orphan, remove_revisions};
pub use retention::{Fate, Orphan, Retention, retention};
pub use scan::{Blob, CachedFile, CachedModel, CachedRevision, Care, FileState, Scan, State, scan};
pub use verify::{Condition, Verdict, contents_meter, mend, verify};
pub use wanted::{Choice, Patterns, choose};
