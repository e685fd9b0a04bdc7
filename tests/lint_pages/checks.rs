//! The checks, run over the files of a case.

use std::fmt::Write as _;

use aim_engine::catalog::kind::Kind;
use aim_engine::datalog::load;
use aim_engine::datalog::source::Sources;
use aim_engine::lint::{Files, Finding, Subject, lint};
use aim_engine::policy::{Policy, RuleSources};
use aim_engine::store::{Layer, LooseFile, Store, StoreSpec};

use super::case::Case;

/// Checks that find something in nearly every case: its files are called `a`, and say no more than they must.
const OF_STRICT_CASES: &[&str] = &[
    "AIM104", "AIM106", "AIM305", "AIM601", "AIM602", "AIM603", "AIM705", "AIM706",
];

/// A check as its rule file documents it.
pub struct Documented {
    pub code: String,
    pub name: String,
    pub long: String,
}

/// All built-in checks.
pub fn documented() -> Vec<Documented> {
    let mut sources = Sources::new();
    let (files, mut loader) = RuleSources::default().into_sources(&mut sources);
    let checked = load(&mut sources, &files, &mut loader).expect("the built-in rules are right");
    let docs = checked.program.decls.iter().filter_map(|decl| {
        let doc = decl.doc.as_ref()?;
        let of_machines = doc.field("verify").is_some();
        (!of_machines).then_some(())?;
        Some(Documented {
            code: doc.field("code")?.value.literal()?.to_owned(),
            name: decl.name.name.replace('_', "-"),
            long: doc.long.clone(),
        })
    });
    docs.collect()
}

/// The built-in hardware and backends, and the checks.
pub struct Checks {
    store: Store,
    policy: Policy,
    _dir: tempfile::TempDir,
}

impl Checks {
    pub fn new() -> Checks {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreSpec {
            layers: vec![Layer::Embedded(vec![Kind::Hardware, Kind::Backend])],
            file: Some(dir.path().join("store.db")),
            ..StoreSpec::default()
        });
        let store = store.unwrap();
        let policy = Policy::load_lints(RuleSources::default(), &store).expect("the rules");
        Checks {
            store,
            policy,
            _dir: dir,
        }
    }

    /// What is found in the files of a case.
    pub fn findings(&self, case: &Case) -> String {
        let (rules, documents): (Vec<_>, Vec<_>) = case
            .files
            .iter()
            .partition(|(name, _)| name.ends_with(".dl"));
        let documents = documents.iter().map(|(name, text)| LooseFile {
            name: name.clone(),
            kind: kind(name),
            text: Some(text.replace("\\r\n", "\r\n").into_bytes().into()),
        });
        let store = self
            .store
            .with_files(documents.collect())
            .expect("the files");
        let subject = Subject::all(Files::Folders);
        let found = if rules.is_empty() {
            lint(&store, &self.policy, &subject)
        } else {
            let dir = tempfile::tempdir().unwrap();
            let paths = rules.iter().map(|(name, text)| {
                let path = dir.path().join(name);
                std::fs::write(&path, text).unwrap();
                path
            });
            let paths: Vec<_> = paths.collect();
            let rules = RuleSources::read(&paths, &[]).unwrap();
            let policy = Policy::load_lints(rules, &store).unwrap_or_else(|error| {
                let reports = error.reports();
                panic!("{reports:?}")
            });
            lint(&store, &policy, &subject)
        };
        let found = found.expect("the checks run");
        let mut meant = found.findings;
        meant.retain(|one| case.is_strict || !OF_STRICT_CASES.contains(&one.code.as_str()));
        meant.iter().map(shown).collect()
    }

    /// What is found in the built-in catalog.
    pub fn of_embedded(&self) -> String {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreSpec {
            layers: Layer::stack(None, &[]),
            file: Some(dir.path().join("store.db")),
            ..StoreSpec::default()
        });
        let subject = Subject::all(Files::Embedded);
        let found = lint(&store.unwrap(), &self.policy, &subject).expect("the checks run");
        assert!(found.summary.files > 100);
        found.findings.iter().map(shown).collect()
    }
}

fn kind(name: &str) -> Option<Kind> {
    let folder = name.split('/').next().unwrap_or_default();
    Kind::ALL.into_iter().find(|kind| kind.folder() == folder)
}

/// A finding with all that is said and underlined.
fn shown(finding: &Finding) -> String {
    let mut out = String::new();
    let Finding {
        code,
        name,
        message,
        ..
    } = finding;
    writeln!(out, "{} {code} {name}: {message}", finding.severity.name()).unwrap();
    for label in &finding.labels {
        let place = &label.place;
        let under = place.underlined().replace('\n', "⏎");
        let (file, line, column) = (&place.file, place.line, place.column);
        writeln!(out, "  {file}:{line}:{column} ‹{under}› {}", label.text).unwrap();
    }
    if let Some(help) = &finding.help {
        writeln!(out, "  help: {help}").unwrap();
    }
    if let Some(fix) = &finding.fix {
        writeln!(out, "  fix: {}", fix.says).unwrap();
        for edit in &fix.edits {
            let (file, offset, length) = (&edit.file, edit.offset, edit.length);
            writeln!(
                out,
                "    {file} {offset}+{length} ‹{}›",
                edit.text.replace('\n', "⏎")
            )
            .unwrap();
        }
    }
    out
}
