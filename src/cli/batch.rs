//! `generate --batch`: requests as JSON lines in, answers as JSON lines out, in order.

use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use serde::Deserialize;

use crate::launch::{Answer, Decision, Detail, MachineFacts, Planner, Request, Wishes, decide};
use crate::policy::Policy;
use crate::render::docker;

use super::args::GenerateArgs;
use super::failure::{Exit, Failure};
use super::generate::wishes;
use super::machine::{machine, named};
use super::session::Session;

/// Requests decided in one evaluation: enough to share its cost, few enough to bound memory.
const AT_ONCE: usize = 4096;

/// One line of a batch: a request, and the machine where it is not that of the command line.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Line {
    model: String,
    gpus: Option<u32>,
    precision: Option<String>,
    backend: Option<String>,
    metric: Option<String>,
    strict: Option<bool>,
    recipe: Option<String>,
    allow_unknown_flags: Option<bool>,
    hardware: Option<String>,
    available_gpus: Option<u32>,
}

/// A line as it was read: a request with its machine, or what is wrong with it.
type Asked = Result<(Request, usize), (Request, String)>;

/// Answers every line; the exit code is 1 when any had no answer.
pub(super) fn run(
    session: &Session,
    policy: &Policy,
    args: &GenerateArgs,
    file: &Path,
) -> Result<Exit, Failure> {
    let input: Box<dyn BufRead> = if file == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let opened = std::fs::File::open(file).map_err(|error| {
            Failure::say(
                Exit::Usage,
                "cli::batch",
                format!("cannot read the requests `{}`: {error}", file.display()),
                "name a file of JSON lines, or - for stdin",
            )
        })?;
        Box::new(BufReader::new(opened))
    };
    let mut batch = Batch {
        session,
        policy,
        args,
        machines: Vec::new(),
        recipes: None,
        planner: Planner::new(&session.store),
        wishes: wishes(&args.container),
        all_answered: true,
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut lines = input.lines();
    loop {
        let mut asked = Vec::new();
        for line in lines.by_ref() {
            let line = line?;
            if line.trim().is_empty() {
                continue;
            }
            asked.push(batch.ask(&line)?);
            if asked.len() == AT_ONCE {
                break;
            }
        }
        if asked.is_empty() {
            break;
        }
        batch.answer(&asked, &mut out)?;
    }
    out.flush()?;
    Ok(if batch.all_answered {
        Exit::Done
    } else {
        Exit::No
    })
}

/// What names a machine: its hardware, its GPUs, and the count that was asked for in their place.
type MachineKey = (Option<String>, Option<u32>, Option<u32>);

struct Batch<'a> {
    session: &'a Session,
    policy: &'a Policy,
    args: &'a GenerateArgs,
    /// The machines of the lines, each once, with what names it.
    machines: Vec<(MachineKey, MachineFacts)>,
    recipes: Option<Vec<String>>,
    planner: Planner<'a>,
    wishes: Wishes,
    all_answered: bool,
}

impl Batch<'_> {
    /// The ids of all recipes, read when the first line names one.
    fn recipes(&mut self) -> Result<&[String], Failure> {
        if self.recipes.is_none() {
            self.recipes = Some(self.session.store.recipe_ids()?);
        }
        Ok(self.recipes.as_deref().unwrap_or_default())
    }

    fn ask(&mut self, line: &str) -> Result<Asked, Failure> {
        let line: Line = match serde_json::from_str(line) {
            Ok(line) => line,
            Err(error) => return Ok(Err((Request::default(), format!("not a request: {error}")))),
        };
        let request = Request {
            model: line.model,
            gpus: line.gpus,
            precision: line.precision,
            backend: line.backend,
            metric: line.metric,
            strict: line.strict.unwrap_or(false),
            recipe: line.recipe,
            allow_unknown_flags: line.allow_unknown_flags.unwrap_or(false),
        }
        .folded();
        if request.gpus == Some(0) {
            return Ok(Err((request, "`gpus` must be 1 or more".to_owned())));
        }
        if let Some(recipe) = &request.recipe
            && !self.recipes()?.iter().any(|known| known == recipe)
        {
            let says = format!("unknown recipe `{recipe}`");
            return Ok(Err((request, says)));
        }
        let hardware = line.hardware.or_else(|| self.args.machine.hardware.clone());
        let available = line.available_gpus.or(self.args.machine.available_gpus);
        // What was asked for stands in for the count only where nothing else says it.
        let asked = if available.is_none() {
            request.gpus
        } else {
            None
        };
        let key = (hardware, available, asked);
        if let Some(place) = self.machines.iter().position(|(known, _)| *known == key) {
            return Ok(Ok((request, place)));
        }
        let found = match &key.0 {
            Some(hardware) => named(hardware, available, asked, &self.session.store),
            None => machine(&self.args.machine, request.gpus, &self.session.store),
        };
        match found {
            Ok(machine) => {
                self.machines.push((key, machine));
                Ok(Ok((request, self.machines.len() - 1)))
            }
            Err(failure) if failure.exit == Exit::Environment => Err(failure),
            Err(failure) => {
                let says = failure
                    .reports
                    .first()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                Ok(Err((request, says)))
            }
        }
    }

    fn answer(&mut self, asked: &[Asked], out: &mut impl Write) -> Result<(), Failure> {
        let requests: Vec<(Request, usize)> = asked
            .iter()
            .filter_map(|asked| asked.clone().ok())
            .collect();
        let machines: Vec<MachineFacts> = self
            .machines
            .iter()
            .map(|(_, machine)| machine.clone())
            .collect();
        let decisions = decide(
            &self.session.store,
            self.policy,
            &requests,
            &machines,
            Detail::Search,
        )?;
        let mut decisions = decisions.into_iter();
        let nobody = MachineFacts::default();
        for asked in asked {
            let (request, machine, decision, error) = match asked {
                Ok((request, place)) => {
                    let machine = machines.get(*place).unwrap_or(&nobody);
                    (request, machine, decisions.next().unwrap_or_default(), None)
                }
                Err((request, says)) => (request, &nobody, Decision::default(), Some(says.clone())),
            };
            self.write(request, machine, &decision, error, out)?;
        }
        Ok(())
    }

    fn write(
        &mut self,
        request: &Request,
        machine: &MachineFacts,
        decision: &Decision,
        error: Option<String>,
        out: &mut impl Write,
    ) -> Result<(), Failure> {
        let mut error = error;
        let mut planned = None;
        if let Some(selected) = &decision.selected {
            let made = (self.planner)
                .plan(decision, selected, machine, &self.wishes)
                .map_err(|error| error.to_string())
                .and_then(|planned| {
                    let docker = docker::run(&planned.plan).map_err(|error| error.to_string())?;
                    Ok((planned, docker))
                });
            match made {
                Ok(made) => planned = Some(made),
                Err(says) => error = Some(says),
            }
        } else if error.is_none() {
            error = Some(match decision.model {
                None => format!("unknown model `{}`", request.model),
                Some(ref model) => format!("No suitable recipe found for {model}"),
            });
        }
        self.all_answered &= planned.is_some();
        let answer = Answer::new(request, machine, decision, planned.as_ref());
        let answer = match error {
            Some(error) => answer.with_error(error),
            None => answer,
        };
        serde_json::to_writer(&mut *out, &answer).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        Ok(())
    }
}
