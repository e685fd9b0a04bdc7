//! Which paths are compared, over a catalog that is made for it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use aim_engine::store::{Layer, Store, StoreSpec};

use tempfile::TempDir;

use crate::catalog::make;
use crate::naively::{Answers, by_engine, naively, same};
use crate::process::{Engine, chosen};
use crate::programs::real;
use crate::programs::{Failed, Program, small_ones};

/// One recipe in so many is wrong: many, so that there is something to find in few.
const WRONG: u64 = 3;

pub struct Size {
    pub seed: u64,
    pub recipes: usize,
    pub requests: usize,
    /// Of a model's matrix.
    pub cells: usize,
    /// Whether the checks are compared after a change too.
    pub changed: bool,
}

/// Told of each path and how many answers were compared.
pub type Tell<'t> = &'t mut dyn FnMut(&str, usize);

/// An error says which path answers differently, and the answer.
pub fn all_paths(binary: &Path, size: &Size, tell: Tell<'_>) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for program in small_ones(size.seed)? {
        let dir = folder.path().join("program");
        program.write(&dir)?;
        let run = (&*dir.join("program.dl"), &*dir.join("facts"));
        program_paths(binary, &program, run, tell)?;
        fs::remove_dir_all(&dir)?;
    }
    let catalog = folder.path().join("catalog");
    make(&catalog, size.recipes, size.seed, WRONG)?;
    let home = folder.path().join("home");
    fs::create_dir(&home)?;
    let engine = Engine {
        binary,
        home: &home,
    };
    decision_paths(&engine, &catalog, size, tell)?;
    lint_paths(&engine, &catalog, size, tell)
}

/// An evaluation, and a process of `rules run` over the same files.
pub fn program_paths(
    binary: &Path,
    program: &Program,
    (file, facts): (&Path, &Path),
    tell: Tell<'_>,
) -> Result<(), Failed> {
    let expected = naively(program)?;
    let name = &program.name;
    let tuples = same(name, &by_engine(program)?, &expected)?;
    tell(&format!("{name}, evaluated"), tuples);
    let home = tempfile::tempdir()?;
    let engine = Engine {
        binary,
        home: home.path(),
    };
    let found = engine.rules_run(file, facts)?;
    tell(
        &format!("{name}, rules run"),
        same(name, &found, &expected)?,
    );
    Ok(())
}

/// A store of its own, which lives as long as its folder.
fn opened(catalog: &Path) -> Result<(TempDir, Store), Failed> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&StoreSpec {
        layers: Layer::stack(Some(catalog), &[]),
        file: Some(folder.path().join("store.db")),
        ..StoreSpec::default()
    })?;
    Ok((folder, store))
}

fn decision_paths(
    engine: &Engine<'_>,
    catalog: &Path,
    size: &Size,
    tell: Tell<'_>,
) -> Result<(), Failed> {
    let (_folder, store) = opened(catalog)?;
    let asked = real::requests(&store, size.requests, size.seed)?;
    let program = real::selection_for(&store, &asked)?;
    let expected = naively(&program)?;
    let mut compare = |what: &str, found: Answers, expected: &Answers| -> Result<(), Failed> {
        tell(what, same(what, &found, expected)?);
        Ok(())
    };
    compare(
        "the rules of the choice, evaluated",
        by_engine(&program)?,
        &expected,
    )?;
    let shown = catalog.display().to_string();
    let folder = ["--catalog", &shown];
    let trusted = ["--catalog", &shown, "--trust-store"];
    let batch = |more: &[&str]| engine.batch(&asked, more);
    compare(
        "generate --batch, the first run",
        batch(&folder)?,
        &expected,
    )?;
    compare("generate --batch, warm", batch(&folder)?, &expected)?;
    let one_by_one = |more: &[&str]| engine.one_by_one(&asked, more);
    compare(
        "generate, each file looked at",
        one_by_one(&folder)?,
        &expected,
    )?;
    compare("generate --trust-store", one_by_one(&trusted)?, &expected)?;

    let model = asked.first().map(|asked| asked.model.clone());
    let (cells, answers) = engine.coverage(&model.ok_or("nothing is asked")?, &folder)?;
    let every = cells.len().div_ceil(size.cells.max(1)).max(1);
    let (mut some, mut found) = (Vec::new(), Vec::new());
    for (cell, answer) in cells.into_iter().zip(answers).step_by(every) {
        some.push(cell);
        found.push(answer);
    }
    let expected = naively(&real::selection_for(&store, &some)?)?;
    compare("coverage --full of a model", chosen(&found)?, &expected)
}

fn lint_paths(
    engine: &Engine<'_>,
    catalog: &Path,
    size: &Size,
    tell: Tell<'_>,
) -> Result<(), Failed> {
    let (_folder, store) = opened(catalog)?;
    let program = real::lint(&store)?;
    let derived = naively(&program)?;
    let what = "the checks, evaluated";
    tell(what, same(what, &by_engine(&program)?, &derived)?);
    let mut compare = |what: &str, expected: &Answers| -> Result<(), Failed> {
        let found = Answers::from([("finding".to_owned(), engine.lint(catalog, &[])?)]);
        tell(what, same(what, &found, expected)?);
        Ok(())
    };
    let expected = placed(&store, &program, derived)?;
    compare("lint, from nothing", &expected)?;
    compare("lint, nothing changed", &expected)?;
    if !size.changed {
        return Ok(());
    }
    another_mistake(catalog)?;
    let (_folder, store) = opened(catalog)?;
    let program = real::lint(&store)?;
    let expected = placed(&store, &program, naively(&program)?)?;
    compare("lint, one file changed, one removed", &expected)
}

/// Check, file, line and column of each tuple of the checks.
fn placed(store: &Store, program: &Program, derived: Answers) -> Result<Answers, Failed> {
    let mut found = BTreeSet::new();
    for (check, tuples) in derived {
        let columns = program.checked.relation(&check);
        let columns = columns.and_then(|id| program.checked.info(id));
        let mut columns = columns.iter().flat_map(|info| &info.columns);
        let at = columns.position(|column| column.type_name == "node");
        for tuple in tuples {
            let node = at
                .and_then(|at| tuple.get(at))
                .ok_or("a check without a place")?;
            let place = store
                .node_place(node.parse()?)?
                .ok_or("a place of no file")?;
            let file = Path::new(&place.file).file_name().unwrap_or_default();
            found.insert(vec![
                check.replace('_', "-"),
                file.display().to_string(),
                place.line.to_string(),
                place.column.to_string(),
            ]);
        }
    }
    Ok(Answers::from([("finding".to_owned(), found)]))
}

/// Changes a recipe so that more is wrong with it, and removes another.
fn another_mistake(catalog: &Path) -> Result<(), Failed> {
    let mut files = Vec::new();
    for file in fs::read_dir(catalog.join("recipes"))? {
        files.push(file?.path());
    }
    files.sort();
    let removed = files.pop().ok_or("no recipe can be removed")?;
    fs::remove_file(removed)?;
    for file in files {
        let text = fs::read_to_string(&file)?;
        let wrong = text.replace("--tensor-parallel-size: 4", "--tensor-parallel-size: 3");
        if wrong != text {
            return Ok(fs::write(&file, wrong)?);
        }
    }
    Err("no recipe can be changed".into())
}
