//! Details of documents become rows when somebody asks for them.

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params_from_iter};

use super::{Scope, Store, StoreError, ingest};

/// Whose details are wanted.
#[derive(Clone, Copy, Debug)]
pub enum Details<'a> {
    /// Of all files.
    All,
    /// Of the recipes of the models with these folded names.
    OfModels(&'a [String]),
    /// Of the recipe with this id.
    OfRecipe(&'a str),
}

impl<'a> Details<'a> {
    /// The details that views read in a scope.
    pub fn of(scope: &'a Scope) -> Details<'a> {
        match scope {
            Scope::Models(models) => Details::OfModels(models),
            Scope::Whole | Scope::Chosen(_) => Details::All,
        }
    }
}

impl Details<'_> {
    fn question(&self) -> String {
        let packed = "SELECT p.file FROM recipe_document r JOIN packed p ON p.file = r.file";
        match self {
            Details::All => "SELECT file FROM packed".to_owned(),
            Details::OfModels(keys) => {
                let marks = vec!["?"; keys.len()].join(", ");
                format!("{packed} WHERE r.model_key IN ({marks})")
            }
            Details::OfRecipe(_) => format!("{packed} WHERE r.recipe = ?"),
        }
    }

    fn words(&self) -> Vec<&str> {
        match self {
            Details::All => Vec::new(),
            Details::OfModels(keys) => keys.iter().map(String::as_str).collect(),
            Details::OfRecipe(recipe) => vec![recipe],
        }
    }
}

impl Store {
    /// Whether rows of these details are still to be written.
    ///
    /// # Errors
    /// SQLite fails.
    pub(super) fn is_packed(&self, details: Details<'_>) -> Result<bool, StoreError> {
        let question = format!("{} LIMIT 1", details.question());
        let mut statement = self.connection.prepare_cached(&question)?;
        let found = statement
            .query_row(params_from_iter(details.words()), |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    /// Writes the rows of these details where they are still to be written.
    ///
    /// # Errors
    /// SQLite fails.
    pub fn unpack(&self, details: Details<'_>) -> Result<(), StoreError> {
        if !self.is_packed(details)? {
            return Ok(());
        }
        let started = std::time::Instant::now();
        if !self.connection.is_autocommit() {
            // Whoever reads at one moment writes in it.
            let files = packed(&self.connection, details)?;
            return ingest::unpack(&self.connection, &files);
        }
        let writing = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let files = packed(&writing, details)?;
        ingest::unpack(&writing, &files)?;
        writing.commit()?;
        tracing::debug!(files = files.len(), took = ?started.elapsed(), "details unpacked");
        Ok(())
    }
}

fn packed(connection: &Connection, details: Details<'_>) -> Result<Vec<i64>, StoreError> {
    let mut statement = connection.prepare_cached(&details.question())?;
    let files = statement.query_map(params_from_iter(details.words()), |row| row.get(0))?;
    Ok(files.collect::<Result<_, _>>()?)
}
