//! What happened on this machine and follows from no file: what was launched, and how it went, and what was seen.
//!
//! It is kept in `state.db`, in the user's folder for state. It is never the only truth: which containers
//! there are is told by their labels. Where it cannot be read or written, everything works without it.

mod launches;
mod lock;
mod logs;
mod place;
mod seen;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};

pub use launches::{Launch, Outcome};
pub use lock::{Lock, LockError, Waiting};
pub use logs::{keep_log, kept_log};
pub use place::state_dir;
pub use seen::SeenBefore;

/// How long to wait for another process that writes.
const BUSY: Duration = Duration::from_secs(5);

/// An open `state.db`, or none where there can be none.
#[derive(Debug)]
pub struct State {
    connection: Option<Connection>,
    without: Option<String>,
}

impl State {
    /// Opens it, and makes it where it is missing. A damaged one is put aside under `state.db.damaged`.
    pub fn open() -> State {
        let Some(dir) = state_dir() else {
            return State::none("neither HOME nor XDG_STATE_HOME is set".to_owned());
        };
        let file = dir.join("state.db");
        let opened = open(&dir, &file).or_else(|error| {
            if !is_damage(&error) {
                return Err(error);
            }
            tracing::info!(state = %file.display(), %error, "the state is damaged and made again");
            put_aside(&file);
            open(&dir, &file)
        });
        match opened {
            Ok(connection) => State {
                connection: Some(connection),
                without: None,
            },
            Err(error) => State::none(format!("{}: {error}", file.display())),
        }
    }

    /// Opens it where there is one; nothing is made.
    pub fn open_existing() -> State {
        match state_dir().map(|dir| dir.join("state.db").exists()) {
            Some(true) => State::open(),
            _ => State::none("nothing was launched yet".to_owned()),
        }
    }

    /// Why there is none.
    pub fn without(&self) -> Option<&str> {
        self.without.as_deref()
    }

    fn none(because: String) -> State {
        tracing::info!(%because, "nothing is recorded");
        State {
            connection: None,
            without: Some(because),
        }
    }

    /// Does something with it. A failure costs a record and nothing else.
    fn with<T>(&self, what: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Option<T> {
        match what(self.connection.as_ref()?) {
            Ok(done) => Some(done),
            Err(error) => {
                tracing::info!(%error, "the state cannot be read or written");
                None
            }
        }
    }
}

fn open(dir: &Path, file: &Path) -> rusqlite::Result<Connection> {
    // A failure shows when the database is opened.
    let _ = std::fs::create_dir_all(dir);
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.execute_batch(launches::SCHEMA)?;
    connection.execute_batch(seen::SCHEMA)?;
    Ok(connection)
}

fn put_aside(file: &Path) {
    let with = |ending: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let _ = std::fs::rename(file, with(".damaged"));
    for ending in ["-journal", "-wal", "-shm"] {
        let _ = std::fs::remove_file(with(ending));
    }
}

fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt)
    )
}
