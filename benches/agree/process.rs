//! Answers of whole processes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::naively::Answers;
use crate::programs::Failed;
use crate::programs::real::Asked;

/// The binary, in a home of its own.
pub struct Engine<'a> {
    pub binary: &'a Path,
    pub home: &'a Path,
}

impl Engine<'_> {
    /// What a command prints. That the answer is no is an answer too.
    fn printed(&self, words: &[&str]) -> Result<String, Failed> {
        let mut command = Command::new(self.binary);
        for name in ["AIM_CATALOG", "AIM_STORE", "AIM_RULES", "AIM_DEBUG"] {
            command.env_remove(name);
        }
        let homes = [("HOME", self.home), ("XDG_CACHE_HOME", self.home)];
        let done = command.envs(homes).args(words).output()?;
        if !matches!(done.status.code(), Some(0 | 1)) {
            let said = String::from_utf8_lossy(&done.stderr).into_owned();
            return Err(format!("{} ended with {}: {said}", words.join(" "), done.status).into());
        }
        Ok(String::from_utf8(done.stdout)?)
    }

    /// The tuples of each output of `rules run`.
    pub fn rules_run(&self, program: &Path, facts: &Path) -> Result<Answers, Failed> {
        let out = self.home.join("rules-run");
        let [program, facts, shown] = [program, facts, &out].map(|path| path.display().to_string());
        self.printed(&[
            "rules", "run", &program, "--facts", &facts, "--output", &shown,
        ])?;
        let mut answers = Answers::new();
        for file in fs::read_dir(&out)? {
            let path = file?.path();
            let name = path.file_stem().unwrap_or_default().display().to_string();
            let text = fs::read_to_string(&path)?;
            let tuples = text
                .lines()
                .map(|line| line.split('\t').map(str::to_owned).collect());
            answers.insert(name, tuples.collect());
        }
        fs::remove_dir_all(&out)?;
        Ok(answers)
    }

    /// What one process answers to each of these requests on a line of its own.
    pub fn batch(&self, asked: &[Asked], more: &[&str]) -> Result<Answers, Failed> {
        let file = self.home.join("requests.jsonl");
        let lines: String = asked.iter().map(|asked| line(asked) + "\n").collect();
        fs::write(&file, lines)?;
        let shown = file.display().to_string();
        let printed = self.printed(&[&["generate", "--batch", &shown], more].concat())?;
        let answers: Result<Vec<Value>, _> = printed.lines().map(serde_json::from_str).collect();
        let answers = answers?;
        if answers.len() != asked.len() {
            return Err(format!("{} answers to {} requests", answers.len(), asked.len()).into());
        }
        let selected: Vec<Value> = answers.iter().map(|one| one["selected"].clone()).collect();
        chosen(&selected)
    }

    /// What a process for each of these requests answers.
    pub fn one_by_one(&self, asked: &[Asked], more: &[&str]) -> Result<Answers, Failed> {
        let mut answers: Vec<Value> = Vec::new();
        for asked in asked {
            let gpus = asked.gpus.to_string();
            let mut words = vec![
                "generate",
                &asked.model,
                &gpus,
                "--hardware",
                &asked.hardware,
            ];
            words.extend(["--available-gpus", "8", "--format", "json"]);
            for (flag, value) in [
                ("--precision", &asked.precision),
                ("--backend", &asked.backend),
            ] {
                words.extend(value.iter().flat_map(|value| [flag, value.as_str()]));
            }
            let printed = self.printed(&[&words, more].concat())?;
            answers.push(serde_json::from_str(&printed)?);
        }
        let selected: Vec<Value> = answers.iter().map(|one| one["selected"].clone()).collect();
        chosen(&selected)
    }

    /// What `coverage --full` asks about a model, and its answers.
    pub fn coverage(&self, model: &str, more: &[&str]) -> Result<(Vec<Asked>, Vec<Value>), Failed> {
        let words = ["coverage", model, "--full", "--format", "json"];
        let printed: Value = serde_json::from_str(&self.printed(&[&words, more].concat())?)?;
        let cells = printed["cells"].as_array().ok_or("no cells")?;
        // The requests here ask for no metric.
        let cells = cells.iter().filter(|cell| cell["metric"].is_null());
        let cells: Vec<&Value> = cells.collect();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let asked = cells.iter().map(|cell| {
            Some(Asked {
                model: text(&cell["model"])?,
                hardware: text(&cell["hardware"])?,
                gpus: cell["gpus"].as_i64()?,
                precision: text(&cell["precision"]),
                backend: text(&cell["backend"]),
            })
        });
        let asked: Option<Vec<Asked>> = asked.collect();
        let answers = cells.iter().map(|cell| cell["selected"].clone()).collect();
        Ok((asked.ok_or("a cell without a request")?, answers))
    }

    /// Check, file, line and column of each finding of `lint`.
    pub fn lint(&self, catalog: &Path, more: &[&str]) -> Result<BTreeSet<Vec<String>>, Failed> {
        let shown = catalog.display().to_string();
        let printed = self.printed(&[&["lint", &shown, "--format", "json"], more].concat())?;
        let printed: Value = serde_json::from_str(&printed)?;
        let findings = printed["findings"].as_array().ok_or("no findings")?;
        let of = |finding: &Value| {
            let label = &finding["labels"][0];
            let file = label["file"].as_str().unwrap_or_default();
            let name = PathBuf::from(file);
            let name = name.file_name().unwrap_or_default().display().to_string();
            let place = [&label["line"], &label["column"]].map(Value::to_string);
            let check = finding["name"].as_str().unwrap_or_default().to_owned();
            let [line, column] = place;
            vec![check, name, line, column]
        };
        Ok(findings.iter().map(of).collect())
    }
}

fn line(asked: &Asked) -> String {
    json!({
        "model": asked.model, "gpus": asked.gpus, "precision": asked.precision, "backend": asked.backend,
        "hardware": asked.hardware, "available_gpus": 8,
    })
    .to_string()
}

/// As tuples of the rules: request, recipe, backend, GPU count.
pub fn chosen(selected: &[Value]) -> Result<Answers, Failed> {
    let mut tuples = BTreeSet::new();
    let asked = (1..).zip(selected);
    for (q, selected) in asked.filter(|(_, selected)| !selected.is_null()) {
        let text = |key: &str| selected[key].as_str().map(str::to_owned);
        let gpus = selected["gpus"].as_i64().map(|gpus| gpus.to_string());
        let tuple = (text("recipe_id"), text("backend"), gpus);
        let (Some(recipe), Some(backend), Some(gpus)) = tuple else {
            return Err(format!("not a choice: {selected}").into());
        };
        tuples.insert(vec![q.to_string(), recipe, backend, gpus]);
    }
    Ok(Answers::from([("chosen".to_owned(), tuples)]))
}
