//! The launches of this user.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::container::now_s;

use super::State;

pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS launch (
  container TEXT PRIMARY KEY,        -- the container's id
  engine    TEXT NOT NULL,           -- docker, podman
  name      TEXT NOT NULL,
  model     TEXT NOT NULL,
  recipe    TEXT NOT NULL,
  backend   TEXT NOT NULL,
  gpu_ids   TEXT NOT NULL,           -- 0,1
  port      INTEGER NOT NULL,
  begun_s   INTEGER NOT NULL,        -- seconds since 1970, as the others
  ready_s   INTEGER,
  ended_s   INTEGER,
  outcome   TEXT                     -- how it ended: stopped, died, timed-out, interrupted
) STRICT;
";
/// Launches that ended longer ago than the last so many are forgotten.
const KEPT: i64 = 1000;

/// A launch as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The container's id.
    pub container: String,
    /// The engine's program.
    pub engine: String,
    /// The container's name.
    pub name: String,
    /// The model.
    pub model: String,
    /// The recipe's id.
    pub recipe: String,
    /// The backend.
    pub backend: String,
    /// The GPUs, by number.
    pub gpu_ids: String,
    /// The port.
    pub port: u16,
}

/// How a launch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was stopped on purpose.
    Stopped,
    /// It ended by itself.
    Died,
    /// It was not ready in time.
    TimedOut,
    /// Whoever launched it had enough.
    Interrupted,
}

impl Outcome {
    fn name(self) -> &'static str {
        match self {
            Outcome::Stopped => "stopped",
            Outcome::Died => "died",
            Outcome::TimedOut => "timed-out",
            Outcome::Interrupted => "interrupted",
        }
    }
}

impl State {
    /// Records that a container was started.
    pub fn begun(&self, launch: &Launch) {
        self.with(|db| {
            db.execute(
                "INSERT OR REPLACE INTO launch (container, engine, name, model, recipe, backend, gpu_ids, port, begun_s)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                params![
                    launch.container, launch.engine, launch.name, launch.model, launch.recipe,
                    launch.backend, launch.gpu_ids, launch.port, now_s()
                ],
            )?;
            forget(db)
        });
    }

    /// Records that a container answers.
    pub fn ready(&self, container: &str) {
        self.with(|db| {
            let set = "UPDATE launch SET ready_s = ? WHERE container = ? AND ready_s IS NULL";
            db.execute(set, params![now_s(), container])
        });
    }

    /// Records how a container ended; what was recorded first stands.
    pub fn ended(&self, container: &str, outcome: Outcome) {
        self.with(|db| {
            let set = "UPDATE launch SET ended_s = ?, outcome = ? WHERE container = ? AND outcome IS NULL";
            db.execute(set, params![now_s(), outcome.name(), container])
        });
    }

    /// Whether a container was ready once.
    pub fn was_ready(&self, container: &str) -> bool {
        let ask = "SELECT ready_s IS NOT NULL FROM launch WHERE container = ?";
        self.flag(ask, container)
    }

    /// Whether a container was stopped on purpose.
    pub fn was_stopped(&self, container: &str) -> bool {
        let ask = "SELECT outcome = 'stopped' FROM launch WHERE container = ?";
        self.flag(ask, container)
    }

    /// The engines of launches whose end is not recorded.
    pub fn engines_in_use(&self) -> Vec<String> {
        let ask = "SELECT DISTINCT engine FROM launch WHERE outcome IS NULL ORDER BY engine";
        let names = |row: &Row<'_>| row.get(0);
        self.with(|db| db.prepare(ask)?.query_map([], names)?.collect())
            .unwrap_or_default()
    }

    fn flag(&self, ask: &str, container: &str) -> bool {
        let answer = self.with(|db| {
            db.query_row(ask, [container], |row| row.get::<_, Option<bool>>(0))
                .optional()
        });
        answer.flatten().flatten().unwrap_or_default()
    }
}

fn forget(db: &Connection) -> rusqlite::Result<usize> {
    let old = "DELETE FROM launch WHERE outcome IS NOT NULL AND rowid NOT IN
               (SELECT rowid FROM launch ORDER BY begun_s DESC LIMIT ?)";
    db.execute(old, [KEPT])
}
