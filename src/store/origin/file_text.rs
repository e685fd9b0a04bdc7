//! The text of a catalog's file as it may be shown, read when somebody looks at it: findings are counted and
//! written without it.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use crate::catalog::problem::printable;
use crate::catalog::secret;
use crate::store::ingest::content_hash;
use crate::store::layer::Content;

/// A file's text, each byte in its place, secrets and what a terminal would obey covered; empty where the file
/// cannot be read or is not what the store read.
#[derive(Clone)]
pub struct FileText(Arc<Lazy>);

struct Lazy {
    text: OnceLock<Arc<str>>,
    /// Where it stands, and the hash of the content that the store knows.
    source: Option<(Content, String)>,
}

impl FileText {
    pub(in crate::store) fn of(content: Content, hash: String) -> Self {
        FileText(Arc::new(Lazy {
            text: OnceLock::new(),
            source: Some((content, hash)),
        }))
    }

    /// The text.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(self.get())
    }

    fn get(&self) -> &Arc<str> {
        self.0.text.get_or_init(|| {
            let source = self.0.source.as_ref();
            let text = source.and_then(|(content, hash)| read(content, hash));
            printable(&secret::masked(&text.unwrap_or_default())).into()
        })
    }
}

/// The text of a content, as far as it is text; none where it is not the one with this hash.
pub(super) fn read(content: &Content, hash: &str) -> Option<String> {
    let bytes = content.bytes().ok()?;
    if content_hash(&bytes) != hash {
        return None;
    }
    Some(match String::from_utf8(bytes.into_owned()) {
        Ok(text) => text,
        Err(error) => {
            let end = error.utf8_error().valid_up_to();
            let bytes = error.as_bytes().get(..end).unwrap_or_default();
            String::from_utf8_lossy(bytes).into_owned()
        }
    })
}

impl Default for FileText {
    fn default() -> Self {
        FileText::from(Arc::from(""))
    }
}

impl From<Arc<str>> for FileText {
    fn from(text: Arc<str>) -> Self {
        FileText(Arc::new(Lazy {
            text: OnceLock::from(text),
            source: None,
        }))
    }
}

impl Deref for FileText {
    type Target = str;

    fn deref(&self) -> &str {
        self.get()
    }
}

impl PartialEq for FileText {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || **self == **other
    }
}

impl Eq for FileText {}

impl std::fmt::Debug for FileText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FileText").finish_non_exhaustive()
    }
}
