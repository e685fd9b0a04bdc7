//! The relations of the policy that give reasons or propose changes, and how reports show each.

use regex_lite::Regex;

use super::page::root;

/// A relation of one of the families that explanations are read from.
pub struct Relation {
    /// Its name.
    pub name: String,
    /// The first line of its doc comment.
    sentence: String,
}

/// Those whose names begin as the families do, from all rule files.
pub fn reasons_and_changes() -> Vec<Relation> {
    let mut relations = Vec::new();
    let entries = std::fs::read_dir(root().join("rules")).expect("the rule files");
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        if path.extension().is_none_or(|ending| ending != "dl") {
            continue;
        }
        let text = std::fs::read_to_string(path).expect("a rule file");
        let mut sentence = None;
        for line in text.lines() {
            if let Some(doc) = line.strip_prefix("///") {
                sentence.get_or_insert(doc.trim().to_owned());
                continue;
            }
            let sentence = sentence.take().unwrap_or_default();
            let declared = line.strip_prefix(".decl ");
            let Some((name, _)) = declared.and_then(|rest| rest.split_once('(')) else {
                continue;
            };
            let families = ["rejected_", "not_considered_", "after_", "change_"];
            if families.iter().any(|family| name.starts_with(family)) {
                relations.push(Relation {
                    name: name.to_owned(),
                    sentence,
                });
            }
        }
    }
    assert!(relations.len() > 30, "{} relations", relations.len());
    relations
}

impl Relation {
    /// Whether a report shows it: by the name of its rule, as the criterion, or by what it proposes.
    pub fn is_in(&self, shown: &str) -> bool {
        if let Some(criterion) = self.name.strip_prefix("after_") {
            let criterion = criterion.replace('_', " ");
            return shown.contains(&format!("(criterion: {criterion})"))
                || shown.contains(&format!("\"criterion\": \"{criterion}\""));
        }
        if self.name.starts_with("change_") {
            return self.proposal().is_match(shown);
        }
        shown.contains(&format!("`{}`", self.name))
            || shown.contains(&format!("\"rule\": \"{}\"", self.name))
    }

    /// Its sentence with any value for each column, as one of several steps too.
    fn proposal(&self) -> Regex {
        let sentence = self.sentence.trim_end_matches('.');
        let mut pattern = String::from("(?i)");
        for part in sentence.split_inclusive(['{', '}']) {
            match part.strip_suffix('}') {
                Some(_) => pattern.push_str("[^ ]+?"),
                None => pattern.push_str(&regex_lite::escape(part.trim_end_matches('{'))),
            }
        }
        Regex::new(&pattern).expect("a pattern")
    }
}
