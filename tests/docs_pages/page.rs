//! The pages of the documentation, cut into what can be checked: blocks, links and headings.

use std::path::{Path, PathBuf};

/// A page.
pub struct Page {
    /// Its path below the package.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// All of it.
    pub text: String,
}

/// A fenced block: ```` ```language word key=value ````.
pub struct Block {
    /// `docs/page.md:12`, the fence's line.
    pub place: String,
    /// The first word of the info string.
    pub language: String,
    /// Its other words.
    pub words: Vec<String>,
    /// Between the fences.
    pub text: String,
    /// Where that begins in the page, in bytes.
    pub start: usize,
}

impl Block {
    /// Whether the info string has this word.
    pub fn is(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    /// The name in `file=NAME`, under which sessions of the page find the block.
    pub fn file(&self) -> Option<&str> {
        self.words
            .iter()
            .find_map(|word| word.strip_prefix("file="))
    }
}

/// The package's folder.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All pages, by name.
pub fn pages() -> Vec<Page> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(root().join("docs"))
        .expect("the folder of pages")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    paths.sort();
    paths.push(root().join("CHANGELOG.md"));
    paths.push(root().join("README.md"));
    paths.into_iter().map(page).collect()
}

fn page(path: PathBuf) -> Page {
    Page {
        name: path
            .strip_prefix(root())
            .expect("a path below the package")
            .display()
            .to_string(),
        text: std::fs::read_to_string(&path).expect("a page"),
        path,
    }
}

/// The text of one page.
pub fn text(name: &str) -> String {
    page(root().join(name)).text
}

impl Page {
    /// Its blocks, in order.
    pub fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<Block> = None;
        let mut at = 0;
        for (number, line) in (1..).zip(self.text.split_inclusive('\n')) {
            at += line.len();
            match (line.trim_end().strip_prefix("```"), &mut open) {
                (Some(""), Some(_)) => blocks.extend(open.take()),
                (Some(info), None) => {
                    let mut words = info.split_whitespace().map(str::to_owned);
                    open = Some(Block {
                        place: format!("{}:{number}", self.name),
                        language: words.next().unwrap_or_default(),
                        words: words.collect(),
                        text: String::new(),
                        start: at,
                    });
                }
                (_, Some(block)) => block.text.push_str(line),
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block is not closed", self.name);
        blocks
    }

    /// The lines outside blocks.
    pub fn prose(&self) -> Vec<&str> {
        let mut inside = false;
        let mut lines = Vec::new();
        for line in self.text.lines() {
            if line.starts_with("```") {
                inside = !inside;
            } else if !inside {
                lines.push(line);
            }
        }
        lines
    }

    /// The targets of its links.
    pub fn links(&self) -> Vec<String> {
        let text = self.prose().join("\n");
        text.split("](")
            .skip(1)
            .filter_map(|rest| Some(rest.split_once(')')?.0.to_owned()))
            .collect()
    }

    /// The names by which links find its headings.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self
            .prose()
            .into_iter()
            .filter(|line| line.starts_with('#'));
        headings
            .map(|line| {
                line.trim_start_matches('#')
                    .trim()
                    .to_lowercase()
                    .chars()
                    .filter_map(|c| match c {
                        ' ' => Some('-'),
                        c if c.is_alphanumeric() || matches!(c, '-' | '_') => Some(c),
                        _ => None,
                    })
                    .collect()
            })
            .collect()
    }
}
