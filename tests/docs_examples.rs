//! The documentation says what is so: its rules and files are read, its sessions run, its links lead
//! somewhere, and it names whatever there is to name.
//!
//! What a fenced block's info string promises (`docs/architecture.md` explains it) is checked here.
//! With `UPDATE_EXPECTED=1` the output in sessions is written anew, where nothing of it is left out.

#![expect(clippy::expect_used, clippy::panic, reason = "a test may fail")]

#[path = "docs_pages/catalog_files.rs"]
mod catalog_files;
#[path = "docs_pages/commands.rs"]
mod commands;
#[path = "docs_pages/crates.rs"]
mod crates;
#[path = "docs_pages/links.rs"]
mod links;
#[path = "docs_pages/names.rs"]
mod names;
#[path = "docs_pages/page.rs"]
mod page;
#[path = "docs_pages/rules.rs"]
mod rules;
#[path = "docs_pages/session.rs"]
mod session;

use page::{Block, Page, pages};

/// Everything at once, so that one run shows all that is wrong.
fn all_right(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// All blocks of a language.
fn blocks(language: &str) -> Vec<Block> {
    let all = pages();
    let blocks = all.iter().flat_map(Page::blocks);
    blocks.filter(|block| block.language == language).collect()
}
