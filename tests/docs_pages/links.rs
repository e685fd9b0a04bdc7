//! Links, the index, and what no page may hold.

use crate::all_right;
use crate::page::{Page, pages, root, text};

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    let all = pages();
    for page in &all {
        for link in page.links() {
            if link.starts_with("https://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let folder = page.path.parent().expect("a folder");
            let target = match file {
                "" => page.path.clone(),
                file => folder.join(file),
            };
            let Ok(target) = target.canonicalize() else {
                wrong.push(format!("{}: no file `{link}`", page.name));
                continue;
            };
            let known = all
                .iter()
                .find(|other| other.path.canonicalize().ok() == Some(target.clone()));
            let anchors = known.map(Page::anchors).unwrap_or_default();
            if !anchor.is_empty() && !anchors.iter().any(|known| known == anchor) {
                wrong.push(format!("{}: no heading `{link}`", page.name));
            }
        }
    }
    all_right(&wrong);
}

#[test]
fn every_page_is_in_the_index() {
    let index = text("docs/README.md");
    let missing: Vec<String> = pages()
        .iter()
        .filter_map(|page| page.name.strip_prefix("docs/"))
        .filter(|name| *name != "README.md" && !index.contains(&format!("]({name})")))
        .map(|name| format!("docs/README.md does not name {name}"))
        .collect();
    all_right(&missing);
}

#[test]
fn pages_are_narrow_and_speak_of_the_project_alone() {
    let mut wrong = Vec::new();
    for page in pages() {
        for line in page.prose() {
            let is_wide = line.chars().count() > 80;
            if is_wide && !line.starts_with('|') && !line.contains("](") {
                wrong.push(format!("{}: more than 80 columns: {line}", page.name));
            }
        }
        for (number, line) in (1..).zip(page.text.lines()) {
            let private = [root().to_str().unwrap_or("/root"), "/tmp/"];
            if private.iter().any(|path| line.contains(path)) {
                wrong.push(format!("{}:{number}: a path of one machine", page.name));
            }
        }
    }
    all_right(&wrong);
}
