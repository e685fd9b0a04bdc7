//! What a revision is and which files it has.

use std::io::Read;

use serde_json::Value as Json;
use ureq::http::header::LINK;

use super::address::encoded;
use super::name::is_hex;
use super::request::{Answer, Subject};
use super::{Commit, FilePath, Hub, HubError, ModelId, Revision};

/// More than any list of files is.
const MOST_JSON: u64 = 64 << 20;
/// More pages of a list than any model has.
const MOST_PAGES: usize = 1000;

/// What the hub says about a revision of a model.
#[derive(Clone, Debug)]
pub struct ModelInfo {
    /// The commit that the revision names now.
    pub commit: Commit,
    /// Whether a person has to agree to terms before files are given.
    pub gated: bool,
    /// All that the hub says.
    pub all: Json,
}

/// How a file's content is named: the SHA-256 of large files, git's blob id of others.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlobId {
    /// 64 hexadecimal digits.
    Sha256(String),
    /// 40 hexadecimal digits.
    Git(String),
}

impl BlobId {
    /// Reads an id by its length.
    pub fn parse(text: &str) -> Option<BlobId> {
        if is_hex(text, 64) {
            Some(BlobId::Sha256(text.to_owned()))
        } else if is_hex(text, 40) {
            Some(BlobId::Git(text.to_owned()))
        } else {
            None
        }
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        match self {
            BlobId::Sha256(id) | BlobId::Git(id) => id,
        }
    }
}

/// A file of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubFile {
    /// Where it is in the repository.
    pub path: FilePath,
    /// Its size in bytes.
    pub size: u64,
    /// Its content's name.
    pub blob: BlobId,
}

impl Hub {
    /// What the hub says about a revision of a model.
    ///
    /// # Errors
    /// There is none, it is not given to everybody, or the hub does not answer.
    pub fn info(&self, model: &ModelId, revision: &Revision) -> Result<ModelInfo, HubError> {
        let about = Subject {
            model,
            revision: revision.as_str(),
            path: None,
        };
        let path = format!(
            "/api/models/{model}/revision/{}",
            encoded(revision.as_str())
        );
        let answer = self.get_patiently(&self.address(&path)?, about)?;
        let all = self.json(answer)?.0;
        let commit = all
            .get("sha")
            .and_then(Json::as_str)
            .and_then(Commit::parse);
        let gated = all.get("gated");
        Ok(ModelInfo {
            commit: commit.ok_or_else(|| self.odd(&self.endpoint, "a model without a commit"))?,
            gated: gated.is_some_and(|gated| gated.is_string() || *gated == Json::Bool(true)),
            all,
        })
    }

    /// The files of a commit.
    ///
    /// # Errors
    /// The hub does not answer, or names files that cannot be.
    pub fn files(&self, model: &ModelId, commit: &Commit) -> Result<Vec<HubFile>, HubError> {
        let about = Subject {
            model,
            revision: commit.as_str(),
            path: None,
        };
        let path = format!("/api/models/{model}/tree/{commit}?recursive=true&expand=false");
        let mut next = Some(self.address(&path)?);
        let mut files = Vec::new();
        for _ in 0..MOST_PAGES {
            let Some(address) = next else {
                return Ok(files);
            };
            let answer = self.get_patiently(&address, about)?;
            let (page, link) = self.json(answer)?;
            let entries = page
                .as_array()
                .ok_or_else(|| self.odd(&self.endpoint, "a list of files that is none"))?;
            for entry in entries {
                if entry.get("type").and_then(Json::as_str) != Some("directory") {
                    files.push(self.file(entry)?);
                }
            }
            next = link
                .and_then(|link| address.join(&link))
                .filter(|next| next.is_same_host(&self.endpoint));
        }
        Err(self.odd(&self.endpoint, "a list of files without an end"))
    }

    fn file(&self, entry: &Json) -> Result<HubFile, HubError> {
        let text = |value: &Json, key: &str| value.get(key)?.as_str().map(str::to_owned);
        let path = text(entry, "path").unwrap_or_default();
        let path =
            FilePath::parse(&path).map_err(|error| self.odd(&self.endpoint, error.to_string()))?;
        let (id, size) = match entry.get("lfs").filter(|lfs| lfs.is_object()) {
            Some(lfs) => (
                // Some mirrors write it with the name of the hash before it.
                text(lfs, "oid")
                    .or_else(|| text(lfs, "sha256"))
                    .map(|id| id.trim_start_matches("sha256:").to_owned())
                    .filter(|id| is_hex(id, 64)),
                lfs.get("size"),
            ),
            None => (
                text(entry, "oid").filter(|id| is_hex(id, 40)),
                entry.get("size"),
            ),
        };
        let blob = id.as_deref().and_then(BlobId::parse);
        match (blob, size.and_then(Json::as_u64)) {
            (Some(blob), Some(size)) => Ok(HubFile { path, size, blob }),
            _ => Err(self.odd(
                &self.endpoint,
                format!("the file `{path}` without a size or hash"),
            )),
        }
    }

    /// The JSON of an answer, and the address of the next page.
    fn json(&self, answer: Answer) -> Result<(Json, Option<String>), HubError> {
        let links = answer.response.headers().get(LINK);
        let link = links.and_then(|value| next_link(value.to_str().ok()?));
        let mut bytes = Vec::new();
        let mut body = answer.response.into_body().into_reader().take(MOST_JSON);
        body.read_to_end(&mut bytes).map_err(|_| HubError::Broken {
            host: answer.from.host().to_owned(),
        })?;
        let json = serde_json::from_slice(&bytes)
            .map_err(|_| self.odd(&answer.from, "something that is no JSON"))?;
        Ok((json, link))
    }
}

/// The address of `rel="next"` in a header `Link`.
fn next_link(value: &str) -> Option<String> {
    value.split(',').find_map(|link| {
        let (address, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = rest.contains("rel=\"next\"") || rest.contains("rel=next");
        is_next.then(|| address.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::next_link;

    #[test]
    fn the_next_page_is_found() {
        let link = "</p?cursor=0>; rel=\"prev\", <https://hub/p?cursor=2>; rel=\"next\"";
        assert_eq!(next_link(link).as_deref(), Some("https://hub/p?cursor=2"));
        assert_eq!(next_link("<x>; rel=\"prev\""), None);
        assert_eq!(next_link("nothing"), None);
    }
}
