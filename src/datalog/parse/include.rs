//! Where the text of an included file comes from.

/// Finds and reads included files.
///
/// A closure from a file's name to its text or the reason why there is none is a loader.
pub trait Loader {
    /// The name of the file that `including` means by `name`: beside it, unless it is absolute.
    fn resolve(&self, including: &str, name: &str) -> String {
        if name.starts_with('/') {
            return name.to_owned();
        }
        let folder = including.rfind('/').and_then(|at| including.get(..=at));
        tidy(folder.unwrap_or_default(), name)
    }

    /// The text of a file by its resolved name, or in a few words why there is none.
    fn load(&mut self, name: &str) -> Result<String, String>;
}

impl<F: FnMut(&str) -> Result<String, String>> Loader for F {
    fn load(&mut self, name: &str) -> Result<String, String> {
        self(name)
    }
}

/// No file can be included.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoIncludes;

impl Loader for NoIncludes {
    fn load(&mut self, _: &str) -> Result<String, String> {
        Err("nothing can be included here".to_owned())
    }
}

/// Included files are files on disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct FromDisk;

impl Loader for FromDisk {
    fn load(&mut self, name: &str) -> Result<String, String> {
        use std::io::ErrorKind;
        std::fs::read_to_string(name).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "no such file".to_owned(),
            ErrorKind::PermissionDenied => "may not be read".to_owned(),
            ErrorKind::IsADirectory => "is a folder".to_owned(),
            ErrorKind::InvalidData => "is not UTF-8".to_owned(),
            _ => error.to_string(),
        })
    }
}

/// `a/b/` and `../c.dl` make `a/c.dl`, so that one file has one name.
fn tidy(folder: &str, name: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(name.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let root = if folder.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_the_including_file() {
        let resolve = |including: &str, name: &str| NoIncludes.resolve(including, name);
        assert_eq!(resolve("rules/lint/a.dl", "b.dl"), "rules/lint/b.dl");
        assert_eq!(resolve("rules/lint/a.dl", "../b.dl"), "rules/b.dl");
        assert_eq!(resolve("rules/a.dl", "./x/../b.dl"), "rules/b.dl");
        assert_eq!(resolve("a.dl", "../b.dl"), "../b.dl");
        assert_eq!(resolve("../a.dl", "../b.dl"), "../../b.dl");
        assert_eq!(resolve("/etc/a.dl", "b.dl"), "/etc/b.dl");
        assert_eq!(resolve("rules/a.dl", "/etc/b.dl"), "/etc/b.dl");
    }
}
