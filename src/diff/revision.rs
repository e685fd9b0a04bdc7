//! A catalog folder as a git revision has it, written into a temporary folder.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Seek, Write};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use miette::Diagnostic;
use tempfile::TempDir;
use thiserror::Error;

use crate::catalog::yaml::MAX_BYTES;

/// A catalog folder of a revision; gone from the disk when this is dropped.
#[derive(Debug)]
pub struct Revision {
    dir: TempDir,
    /// Links and submodules, which are left out.
    pub left_out: usize,
}

/// Why a revision's folder cannot be had.
#[derive(Debug, Error, Diagnostic)]
pub enum RevisionError {
    /// There is no git.
    #[error("cannot run `git`: {0}")]
    #[diagnostic(
        code(diff::no_git),
        help("revisions are read with git; without it compare two folders")
    )]
    NoGit(#[source] io::Error),
    /// The folder is in no repository.
    #[error("`{}` is in no git repository, so `{asked}` cannot be a revision", from.display())]
    #[diagnostic(code(diff::no_repository), help("{says}"))]
    NoRepository {
        /// Where git was asked.
        from: PathBuf,
        /// What was asked for.
        asked: String,
        /// What git says.
        says: String,
    },
    /// There is no such revision.
    #[error("`{asked}` is neither a folder nor a revision that git knows")]
    #[diagnostic(
        code(diff::unknown_revision),
        help(
            "a revision is a branch, a tag or a commit, with the catalog's folder: `main:catalog`"
        )
    )]
    Unknown {
        /// What was asked for.
        asked: String,
    },
    /// The revision has no such folder.
    #[error("the revision `{revision}` has no folder `{path}`")]
    #[diagnostic(
        code(diff::no_folder),
        help("the path is that below the repository's top, as in `git show {revision}:{path}`")
    )]
    NoFolder {
        /// The revision.
        revision: String,
        /// The path that it does not have.
        path: String,
    },
    /// Git fails otherwise.
    #[error("`git {command}` failed: {says}")]
    #[diagnostic(code(diff::git))]
    Git {
        /// Its subcommand.
        command: &'static str,
        /// What it says.
        says: String,
    },
    /// A file cannot be written or read.
    #[error("cannot write a copy of the revision: {0}")]
    #[diagnostic(code(diff::copy))]
    Copy(#[from] io::Error),
}

impl RevisionError {
    /// Whether the machine fails, and not what was asked for.
    pub fn is_of_the_environment(&self) -> bool {
        matches!(self, Self::NoGit(_) | Self::Git { .. } | Self::Copy(_))
    }
}

/// A file of a revision that a catalog may hold.
struct Blob {
    id: String,
    path: PathBuf,
}

impl Revision {
    /// Takes the folder `path` of `revision` out of the repository that `from` is in.
    ///
    /// # Errors
    /// There is no git, no repository, no such revision or no such folder in it.
    pub fn take_out(from: &Path, revision: &str, path: &str) -> Result<Revision, RevisionError> {
        let asked = format!("{revision}:{path}");
        in_repository(from, &asked)?;
        // What begins so would be read as an option.
        let unknown = || RevisionError::Unknown {
            asked: revision.to_owned(),
        };
        if revision.is_empty() || revision.starts_with('-') {
            return Err(unknown());
        }
        let commit = resolved(from, &format!("{revision}^{{tree}}"))?.ok_or_else(unknown)?;
        let no_folder = || RevisionError::NoFolder {
            revision: revision.to_owned(),
            path: path.to_owned(),
        };
        let path = path.trim_end_matches('/');
        let tree = resolved(from, &format!("{commit}:{path}"))?.ok_or_else(no_folder)?;
        let kind = git(from, "cat-file", ["-t", &tree])?;
        if kind.trim_ascii() != b"tree" {
            return Err(no_folder());
        }
        let listed = git(from, "ls-tree", ["-r", "-z", "-l", "--full-tree", &tree])?;
        let (blobs, left_out) = blobs(&listed);
        let dir = tempfile::Builder::new().prefix("aim-diff-").tempdir()?;
        let taken = Revision { dir, left_out };
        fs::create_dir_all(taken.folder())?;
        taken.write(from, &blobs)?;
        Ok(taken)
    }

    /// The catalog's folder.
    pub fn folder(&self) -> PathBuf {
        self.dir.path().join("catalog")
    }

    /// A place for what is made from it.
    pub fn store(&self) -> PathBuf {
        self.dir.path().join("store.db")
    }

    fn write(&self, from: &Path, blobs: &[Blob]) -> Result<(), RevisionError> {
        let mut ids = tempfile::tempfile_in(self.dir.path())?;
        for blob in blobs {
            writeln!(ids, "{}", blob.id)?;
        }
        ids.rewind()?;
        let mut child = command(from, "cat-file")
            .arg("--batch")
            .stdin(Stdio::from(ids))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(RevisionError::NoGit)?;
        let copied = match child.stdout.take() {
            Some(out) => self.copy(BufReader::new(out), blobs),
            None => Ok(()),
        };
        let status = child.wait()?;
        copied?;
        if !status.success() {
            return Err(RevisionError::Git {
                command: "cat-file",
                says: status.to_string(),
            });
        }
        Ok(())
    }

    fn copy(&self, mut out: impl BufRead, blobs: &[Blob]) -> Result<(), RevisionError> {
        for blob in blobs {
            let mut header = String::new();
            out.read_line(&mut header)?;
            let size = match header.trim_end().rsplit_once(' ') {
                Some((before, size)) if before.ends_with(" blob") => size.parse::<u64>().ok(),
                _ => None,
            };
            let size = size.ok_or_else(|| RevisionError::Git {
                command: "cat-file",
                says: format!("it answers `{}`", header.trim_end()),
            })?;
            let path = self.folder().join(&blob.path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut file = fs::File::create(path)?;
            io::copy(&mut (&mut out).take(size), &mut file)?;
            let mut line_end = [0];
            out.read_exact(&mut line_end)?;
        }
        Ok(())
    }
}

/// The top of the working tree that `from` is in.
///
/// # Errors
/// There is no git, or no working tree.
pub fn working_tree(from: &Path, asked: &str) -> Result<PathBuf, RevisionError> {
    in_repository(from, asked)?;
    let top = git(from, "rev-parse", ["--show-toplevel"])?;
    Ok(PathBuf::from(text_of(&top)))
}

/// The path of the folder `from` below the top of its working tree, without a `/` at its end.
///
/// # Errors
/// There is no git, or no repository.
pub fn path_in_repository(from: &Path, asked: &str) -> Result<String, RevisionError> {
    in_repository(from, asked)?;
    let prefix = git(from, "rev-parse", ["--show-prefix"])?;
    let prefix = String::from_utf8_lossy(&prefix);
    Ok(prefix
        .trim_end_matches('\n')
        .trim_end_matches('/')
        .to_owned())
}

fn in_repository(from: &Path, asked: &str) -> Result<(), RevisionError> {
    match git(from, "rev-parse", ["--git-dir"]) {
        Ok(_) => Ok(()),
        Err(RevisionError::Git { says, .. }) => Err(RevisionError::NoRepository {
            from: from.to_owned(),
            asked: asked.to_owned(),
            says,
        }),
        Err(error) => Err(error),
    }
}

/// The id of the object that `name` names, if any.
fn resolved(from: &Path, name: &str) -> Result<Option<String>, RevisionError> {
    match git(from, "rev-parse", ["--verify", "--quiet", name]) {
        Ok(id) => Ok(Some(String::from_utf8_lossy(&id).trim().to_owned())),
        Err(RevisionError::Git { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn command(from: &Path, subcommand: &'static str) -> Command {
    let mut command = Command::new("git");
    command
        .arg("-C")
        .arg(from)
        .arg(subcommand)
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null());
    command
}

fn git<const N: usize>(
    from: &Path,
    subcommand: &'static str,
    words: [&str; N],
) -> Result<Vec<u8>, RevisionError> {
    let output = command(from, subcommand)
        .args(words.map(OsStr::new))
        .output()
        .map_err(RevisionError::NoGit)?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let says = String::from_utf8_lossy(&output.stderr);
    let says = says.lines().next().unwrap_or_default();
    Err(RevisionError::Git {
        command: subcommand,
        says: says.strip_prefix("fatal: ").unwrap_or(says).to_owned(),
    })
}

/// The files of a listing that a catalog reads, and how many links and submodules there are. What is too
/// large to be read is not copied as a whole either.
fn blobs(listed: &[u8]) -> (Vec<Blob>, usize) {
    let mut blobs = Vec::new();
    let mut left_out = 0;
    for entry in listed.split(|byte| *byte == 0) {
        let Some(tab) = entry.iter().position(|byte| *byte == b'\t') else {
            continue;
        };
        let (head, path) = entry.split_at(tab);
        let head = String::from_utf8_lossy(head);
        let fields: Vec<&str> = head.split_ascii_whitespace().collect();
        let [mode, _, id, size] = fields.as_slice() else {
            continue;
        };
        if !mode.starts_with("100") {
            left_out += 1;
            continue;
        }
        let path = text_of(path.get(1..).unwrap_or_default());
        let path = PathBuf::from(path);
        let is_read = path
            .extension()
            .is_some_and(|ending| ["yaml", "yml", "dl"].iter().any(|read| ending == *read));
        let is_below = path
            .components()
            .all(|part| matches!(part, Component::Normal(_)));
        let small = size.parse().is_ok_and(|size: usize| size <= MAX_BYTES + 1);
        if is_read && is_below && small {
            blobs.push(Blob {
                id: (*id).to_owned(),
                path,
            });
        }
    }
    (blobs, left_out)
}

/// A path as git writes it, without the line's end.
fn text_of(bytes: &[u8]) -> OsString {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        OsStr::from_bytes(bytes).to_owned()
    }
    #[cfg(not(unix))]
    {
        String::from_utf8_lossy(bytes).into_owned().into()
    }
}
