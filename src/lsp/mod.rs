//! The language server: what `lint` finds, as it is typed, and what editors ask beside it.
//!
//! What is wrong is told by the rules, what a key means by the schema, what a flag is by the backend's
//! file; nothing is known here of any of them.

mod catalog;
mod completion;
mod findings;
mod flags;
mod hover;
mod question;
mod server;
mod spot;
mod text;
mod transport;
mod uri;

use std::io;
use std::path::PathBuf;

/// Where catalogs and rules are that the editor does not tell of.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The catalog, in place of the folder that a file stands in.
    pub catalog: Option<PathBuf>,
    /// Folders on top of it.
    pub overlays: Vec<PathBuf>,
    /// Rules beside those of the catalog.
    pub rules: Vec<PathBuf>,
    /// The store's file.
    pub store: Option<PathBuf>,
}

/// Serves an editor over stdin and stdout until it says goodbye; whether it did so as it should.
///
/// # Errors
/// Nobody reads what is written any more.
pub fn serve(settings: Settings) -> io::Result<bool> {
    server::Server::new(settings, io::stdout().lock()).run(&transport::incoming())
}
