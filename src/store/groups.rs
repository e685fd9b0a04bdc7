//! Files that are judged together, and what is kept of the judgement: files that share a name are one group, and
//! a group is judged again only when one of its files, or what all are judged by, has changed.

use std::collections::{BTreeSet, HashMap};

use rusqlite::{Connection, TransactionBehavior, params};

use super::{Store, StoreError, fresh};

/// What the kept judgements were made by, and what named the content when all files had been judged.
const BY: &str = "judged_by";
const WHOLE: &str = "judged";

/// From so many files on whose groups are wanted, all are looked at.
const FEW: usize = 200;

/// Marks the files that are judged together with one that is about to go. Of a file whose details are still packed
/// nobody knows who they are, and none of them has been judged with it.
pub(super) fn forget_neighbours(connection: &Connection, file: i64) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE file SET judged = 0 WHERE judged AND id IN (
               SELECT b.file FROM link a JOIN link b ON b.token = a.token WHERE a.file = ?1)",
        )?
        .execute([file])?;
    Ok(())
}

impl Store {
    /// The groups of files that are not known to be as they were when they were judged `by` this.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn groups_to_judge(&self, by: Option<&str>) -> Result<Vec<Vec<i64>>, StoreError> {
        let same = by.is_some() && self.judged_by().as_deref() == by;
        let sql = match same {
            true => "SELECT id FROM file WHERE NOT judged ORDER BY id",
            false => "SELECT id FROM file ORDER BY id",
        };
        let files = self.numbers(sql, None)?;
        match files.len() < FEW {
            true => self.groups_of(&files),
            false => {
                let all = self.all_groups()?;
                let wanted: BTreeSet<i64> = files.into_iter().collect();
                let has = |group: &Vec<i64>| group.iter().any(|file| wanted.contains(file));
                Ok(all.into_iter().filter(has).collect())
            }
        }
    }

    /// What the kept judgements were made by.
    pub fn judged_by(&self) -> Option<String> {
        fresh::meta(&self.connection, BY).ok().flatten()
    }

    /// Whether all files were judged when the content and the rules had this name.
    pub fn is_judged(&self, whole: &str) -> bool {
        let known = fresh::meta(&self.connection, WHOLE).ok().flatten();
        known.as_deref() == Some(whole)
    }

    fn numbers(&self, sql: &str, of: Option<i64>) -> Result<Vec<i64>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(rusqlite::params_from_iter(of), |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn groups_of(&self, files: &[i64]) -> Result<Vec<Vec<i64>>, StoreError> {
        let (mut seen, mut known) = (BTreeSet::new(), BTreeSet::new());
        let mut groups = Vec::new();
        for &first in files {
            let mut group = Vec::new();
            let mut waiting = vec![first];
            while let Some(file) = waiting.pop() {
                if !seen.insert(file) {
                    continue;
                }
                group.push(file);
                let tokens = self.numbers("SELECT token FROM link WHERE file = ?1", Some(file))?;
                for token in tokens {
                    if known.insert(token) {
                        let sql = "SELECT file FROM link WHERE token = ?1";
                        waiting.extend(self.numbers(sql, Some(token))?);
                    }
                }
            }
            if !group.is_empty() {
                group.sort_unstable();
                groups.push(group);
            }
        }
        Ok(groups)
    }

    fn all_groups(&self) -> Result<Vec<Vec<i64>>, StoreError> {
        let files = self.numbers("SELECT id FROM file ORDER BY id", None)?;
        let places: HashMap<i64, usize> = files.iter().copied().zip(0..).collect();
        let mut above: Vec<usize> = (0..files.len()).collect();
        let mut statement = self
            .connection
            .prepare("SELECT token, file FROM link ORDER BY token")?;
        let mut rows = statement.query([])?;
        let mut last: Option<(i64, usize)> = None;
        while let Some(row) = rows.next()? {
            let (token, file): (i64, i64) = (row.get(0)?, row.get(1)?);
            let Some(&place) = places.get(&file) else {
                continue;
            };
            match last.filter(|(same, _)| *same == token) {
                Some((_, first)) => {
                    let (a, b) = (top(&mut above, first), top(&mut above, place));
                    above[a.max(b)] = a.min(b);
                }
                None => last = Some((token, place)),
            }
        }
        let mut groups: Vec<Vec<i64>> = vec![Vec::new(); files.len()];
        for (place, file) in files.into_iter().enumerate() {
            groups[top(&mut above, place)].push(file);
        }
        groups.retain(|group| !group.is_empty());
        Ok(groups)
    }

    /// Makes these files the ones of [`Scope::Chosen`](super::Scope::Chosen).
    ///
    /// # Errors
    /// SQLite fails.
    pub fn choose(&self, files: &[i64]) -> Result<(), StoreError> {
        fresh::make_written_views(&self.connection)?;
        self.connection
            .execute_batch("DELETE FROM chosen; DELETE FROM chosen_model;")?;
        let mut insert = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO chosen VALUES (?1)")?;
        for file in files {
            insert.execute([file])?;
        }
        self.connection.execute(
            "INSERT INTO chosen_model
               SELECT r.model_key FROM chosen c JOIN recipe_document r ON r.file = c.file
               UNION SELECT m.model_key FROM chosen c JOIN model_document m ON m.file = c.file",
            [],
        )?;
        Ok(())
    }

    /// What names the content of the files that all others are judged by.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn reference_content(&self) -> Result<Vec<String>, StoreError> {
        self.strings(
            "SELECT kind || ' ' || layer || ' ' || name || ' ' || hash FROM file
             WHERE kind IN ('hardware', 'backend') ORDER BY layer, name",
        )
    }

    /// What is kept of the judgement of each file.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn judgements(&self) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT file, findings FROM judgement")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Keeps what a run has judged, so that all files are. Where another process has changed the content or the
    /// judgements meanwhile nothing is kept.
    pub fn keep_judgements(&self, made: &Judged) {
        if let Err(error) = self.try_keep_judgements(made) {
            tracing::debug!(%error, "judgements not kept");
        }
    }

    fn try_keep_judgements(&self, made: &Judged) -> Result<(), StoreError> {
        let writing =
            rusqlite::Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let before = fresh::meta(&writing, BY)?;
        if fresh::generation(&writing)? != made.generation || before != made.before {
            return Ok(());
        }
        if before.as_deref() != Some(&made.by) {
            writing
                .execute_batch("DELETE FROM judgement; UPDATE file SET judged = 0 WHERE judged;")?;
        }
        for (key, value) in [(BY, &made.by), (WHOLE, &made.whole)] {
            writing.execute(
                "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
                params![key, value],
            )?;
        }
        {
            let mut forget = writing.prepare_cached("DELETE FROM judgement WHERE file = ?1")?;
            let mut judged = writing.prepare_cached("UPDATE file SET judged = 1 WHERE id = ?1")?;
            for file in &made.files {
                forget.execute([file])?;
                judged.execute([file])?;
            }
            let mut insert = writing.prepare_cached("INSERT INTO judgement VALUES (?1, ?2)")?;
            for (file, findings) in &made.found {
                insert.execute(params![file, findings])?;
            }
        }
        writing.commit()?;
        Ok(())
    }
}

/// What a run has judged.
#[derive(Clone, Debug, Default)]
pub struct Judged {
    /// Names what it was judged by.
    pub by: String,
    /// What the judgements were made by that the run found.
    pub before: Option<String>,
    /// Names rules and content, under which all files are judged now.
    pub whole: String,
    /// Names the content.
    pub generation: String,
    /// The files that were judged.
    pub files: Vec<i64>,
    /// Those of them with findings, with what is kept of these.
    pub found: Vec<(i64, Vec<u8>)>,
}

/// The first file of the group that a file is in, so far.
fn top(above: &mut [usize], mut place: usize) -> usize {
    while above[place] != place {
        above[place] = above[above[place]];
        place = above[place];
    }
    place
}
