//! What `why` and `why-not` say, over catalogs that are small enough to see why.
//!
//! The pages are `rules/*.md`. A fenced block `yaml PATH` or `dl PATH` is a file, a block `console`
//! is a session with the program. Each heading `##` begins a folder of its own, in which the files
//! above the page's first heading are too; the catalog is `catalog`, its hardware and backends are
//! the built-in ones. With `UPDATE_EXPECTED=1` the output in sessions is written anew.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

#[path = "rules/declared.rs"]
mod declared;
#[path = "docs_pages/page.rs"]
#[expect(
    dead_code,
    reason = "the pages of the documentation have more to check"
)]
mod page;
#[path = "docs_pages/session.rs"]
mod session;

use std::path::PathBuf;

use page::{Block, Page, root};
use pretty_assertions::assert_eq;
use session::{Sandbox, Step, is_as_shown, is_shortened, steps};

fn pages() -> Vec<Page> {
    let folder = root().join("tests/rules");
    let entries = std::fs::read_dir(&folder).expect("the folder of pages");
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "md"))
        .collect();
    paths.sort();
    let page = |path: PathBuf| Page {
        name: path
            .strip_prefix(root())
            .expect("a path below the package")
            .display()
            .to_string(),
        text: std::fs::read_to_string(&path).expect("a page"),
        path,
    };
    paths.into_iter().map(page).collect()
}

/// The blocks of each section, those above the first heading in front of all.
fn sections(page: &Page) -> Vec<Vec<Block>> {
    let mut starts: Vec<usize> = page.text.match_indices("\n## ").map(|(at, _)| at).collect();
    starts.push(page.text.len());
    let first = starts.first().copied().unwrap_or_default();
    let alone = starts.len() == 1;
    let mut sections = Vec::new();
    let mut from = if alone { 0 } else { first };
    for end in starts.iter().skip(usize::from(!alone)) {
        let all = page.blocks().into_iter();
        sections.push(
            all.filter(|block| block.start < first || (from..*end).contains(&block.start))
                .collect(),
        );
        from = *end;
    }
    sections
}

/// The file that a block is.
fn file(block: &Block) -> Option<&str> {
    let named = matches!(block.language.as_str(), "yaml" | "dl" | "json");
    block
        .words
        .first()
        .filter(|_| named)
        .map(|name| name.as_str())
}

/// What the commands of a section print, by the block they are in.
fn run(blocks: &[Block]) -> Vec<(&Block, Vec<(Step, String)>)> {
    let sandbox = Sandbox::new();
    for (block, name) in blocks.iter().filter_map(|b| Some((b, file(b)?))) {
        sandbox.write(name, &block.text);
    }
    let home = tempfile::tempdir().expect("a folder");
    let sessions = blocks.iter().filter(|block| block.language == "console");
    sessions
        .map(|block| {
            let setting = Step {
                shown: String::new(),
                command: "export AIM_CATALOG=catalog\n".to_owned(),
                expected: String::new(),
            };
            let mut all = vec![setting];
            all.extend(steps(block));
            let printed = sandbox.run(&all, home.path());
            (block, all.into_iter().zip(printed).skip(1).collect())
        })
        .collect()
}

#[test]
fn explanations_are_as_shown() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let pages = pages();
    let texts: Vec<(&Page, String)> = std::thread::scope(|scope| {
        let running: Vec<_> = pages
            .iter()
            .map(|page| (page, scope.spawn(|| as_printed(page))))
            .collect();
        running
            .into_iter()
            .map(|(page, text)| (page, text.join().expect("a page")))
            .collect()
    });
    for (page, text) in &texts {
        if update {
            std::fs::write(&page.path, text).expect("the page is written");
        }
    }
    if !update {
        for (page, text) in &texts {
            assert_eq!(page.text, *text, "{}", page.name);
        }
    }
}

/// The page with what its commands print now.
fn as_printed(page: &Page) -> String {
    let mut blocks: Vec<(usize, usize, String)> = Vec::new();
    for section in sections(page) {
        for (block, steps) in run(&section) {
            let mut text = String::new();
            for (step, printed) in &steps {
                text.push_str(&step.shown);
                let kept = is_shortened(&step.expected) && is_as_shown(&step.expected, printed);
                text.push_str(if kept { &step.expected } else { printed });
            }
            blocks.push((block.start, block.text.len(), text));
        }
    }
    blocks.sort();
    blocks.dedup();
    let mut text = page.text.clone();
    for (start, length, printed) in blocks.into_iter().rev() {
        text.replace_range(start..start + length, &printed);
    }
    text
}

/// A rule that rejects, orders or proposes is shown on some page.
#[test]
fn every_reason_and_every_change_is_shown() {
    let mut shown = String::new();
    for block in pages().iter().flat_map(Page::blocks) {
        if block.language == "console" {
            // Sentences are found however their lines are broken.
            for word in block.text.split_whitespace() {
                shown.push_str(word);
                shown.push(' ');
            }
        }
    }
    let missing: Vec<String> = declared::reasons_and_changes()
        .into_iter()
        .filter(|relation| !relation.is_in(&shown))
        .map(|relation| relation.name)
        .collect();
    assert!(missing.is_empty(), "on no page: {}", missing.join(", "));
}
