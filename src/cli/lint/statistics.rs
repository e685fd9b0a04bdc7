//! How many findings each check has.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::table::table;
use crate::lint::{Finding, Findings, Summary};
use crate::policy::Severity;

/// The counts as JSON.
#[derive(Serialize)]
pub(super) struct Statistics<'f> {
    statistics: Vec<Count<'f>>,
    summary: &'f Summary,
}

#[derive(Serialize)]
struct Count<'f> {
    code: &'f str,
    name: &'f str,
    severity: Severity,
    count: usize,
    fixable: usize,
}

impl<'f> Statistics<'f> {
    pub(super) fn of(findings: &'f Findings) -> Self {
        let mut checks: BTreeMap<(&str, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in &findings.findings {
            let check = (finding.code.as_str(), finding.name.as_str());
            checks.entry(check).or_default().push(finding);
        }
        let counts = checks.into_iter().filter_map(|((code, name), found)| {
            Some(Count {
                code,
                name,
                severity: found.first()?.severity,
                count: found.len(),
                fixable: found.iter().filter(|one| one.fix.is_some()).count(),
            })
        });
        let mut statistics: Vec<Count<'_>> = counts.collect();
        statistics.sort_by_key(|one| (std::cmp::Reverse(one.count), one.code));
        Statistics {
            statistics,
            summary: &findings.summary,
        }
    }

    /// As a table, the most frequent first; empty where nothing was found.
    pub(super) fn table(&self) -> String {
        if self.statistics.is_empty() {
            return String::new();
        }
        let rows = self.statistics.iter().map(|one| {
            vec![
                one.count.to_string(),
                one.code.to_owned(),
                one.severity.name().to_owned(),
                one.name.to_owned(),
            ]
        });
        let table = table(&["count", "code", "severity", "check"], rows.collect());
        format!("{table}\n\n")
    }
}
