//! What was seen of this machine, each time that all of it was looked at.

use rusqlite::{Connection, params};

use crate::detect::{Detected, Device, FactValue, Observation};

use super::State;

pub(super) const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS look (
  look INTEGER PRIMARY KEY,
  host TEXT NOT NULL,
  time TEXT NOT NULL                 -- 2026-05-04T03:02:01Z
) STRICT;
CREATE TABLE IF NOT EXISTS seen (
  look     INTEGER NOT NULL REFERENCES look(look),
  time     TEXT NOT NULL,
  level    TEXT NOT NULL,            -- host, container, runtime
  source   TEXT NOT NULL,            -- kfd, amd-smi, kernel
  origin   TEXT NOT NULL,            -- the path, the command, or the variable
  about    TEXT NOT NULL,            -- gpu 0, /dev/kfd
  property TEXT NOT NULL,
  value    TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS seen_look ON seen(look);
";
/// Looks before the last so many are forgotten.
const KEPT: i64 = 16;

/// A GPU that was seen in its place on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenBefore {
    /// Its place.
    pub location: String,
    /// When it was last seen there.
    pub time: String,
}

impl State {
    /// Records all facts of a look at this machine.
    pub fn record_look(&self, detected: &Detected) {
        self.with(|db| {
            let writing = db.unchecked_transaction()?;
            write(&writing, detected)?;
            forget(&writing)?;
            writing.commit()
        });
    }

    /// The GPUs that the driver has shown in earlier looks, by their places.
    pub fn seen_before(&self, host: &str) -> Vec<SeenBefore> {
        let ask = "SELECT value, max(seen.time) FROM seen JOIN look USING (look)
                   WHERE host = ? AND source = 'kfd' AND property = 'location'
                   GROUP BY value ORDER BY value";
        self.with(|db| {
            let mut statement = db.prepare(ask)?;
            let rows = statement.query_map([host], |row| {
                Ok(SeenBefore {
                    location: row.get(0)?,
                    time: row.get(1)?,
                })
            })?;
            rows.collect()
        })
        .unwrap_or_default()
    }
}

fn write(db: &Connection, detected: &Detected) -> rusqlite::Result<()> {
    let times = detected
        .observations
        .iter()
        .filter_map(|seen| seen.time.clone());
    let times = times.chain(detected.facts.iter().filter_map(|fact| fact.time.clone()));
    let time = times.max().unwrap_or_default();
    db.execute(
        "INSERT INTO look (host, time) VALUES (?, ?)",
        params![detected.host.as_deref().unwrap_or_default(), time],
    )?;
    let look = db.last_insert_rowid();
    let mut insert = db.prepare(
        "INSERT INTO seen (look, time, level, source, origin, about, property, value)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    for seen in &detected.observations {
        let at = seen.time.as_deref().unwrap_or(&time);
        let (level, source) = (seen.level.name(), &seen.source);
        for (about, origin, property, value) in facts(seen) {
            insert.execute(params![
                look, at, level, source, origin, about, property, value
            ])?;
        }
    }
    for fact in &detected.facts {
        let value = match &fact.value {
            FactValue::Number(number) => number.to_string(),
            FactValue::Text(text) => text.clone(),
        };
        insert.execute(params![
            look,
            fact.time.as_deref().unwrap_or(&time),
            fact.level.name(),
            fact.source,
            fact.origin,
            fact.about,
            fact.property,
            value
        ])?;
    }
    Ok(())
}

/// What an observation says: about what, where that was seen, the property and its value.
fn facts(seen: &Observation) -> Vec<(String, String, String, String)> {
    let mut facts = Vec::new();
    if let Some(count) = seen.count() {
        let about = ("machine".to_owned(), seen.origin.clone());
        facts.push((about.0, about.1, "gpus".to_owned(), count.to_string()));
    }
    for device in seen.devices.iter().flatten() {
        let origin = device.origin.as_deref().unwrap_or(&seen.origin);
        for (property, value) in properties(device) {
            let about = format!("gpu {}", device.index);
            facts.push((about, origin.to_owned(), property, value));
        }
    }
    facts
}

/// The properties of a device as its JSON has them.
fn properties(device: &Device) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(members)) = serde_json::to_value(device) else {
        return Vec::new();
    };
    let told = members
        .into_iter()
        .filter_map(|(property, value)| match value {
            serde_json::Value::Null => None,
            serde_json::Value::String(text) => Some((property, text)),
            other => Some((property, other.to_string())),
        });
    told.filter(|(property, _)| property != "origin" && property != "index")
        .collect()
}

fn forget(db: &Connection) -> rusqlite::Result<()> {
    let old = "look <= (SELECT max(look) FROM look) - ?";
    db.execute(&format!("DELETE FROM seen WHERE {old}"), [KEPT])?;
    db.execute(&format!("DELETE FROM look WHERE {old}"), [KEPT])?;
    Ok(())
}
