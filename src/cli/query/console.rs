//! Questions one after the other, over one store and one set of rules.

use std::cell::OnceCell;

use crate::datalog::Model;
use crate::datalog::plan::PlanDescription;
use crate::launch::{MachineFacts, Request};
use crate::policy::{OpenRules, Question};
use crate::query::{About, Answer, evaluate};

use super::{AboutArgs, AnswerFormat, OutputArgs, plan};
use crate::cli::failure::{Exit, Failure};
use crate::cli::generate::{recipe_file, request};
use crate::cli::machine::machine;
use crate::cli::made::unknown_model;
use crate::cli::output;
use crate::cli::session::Session;
use crate::cli::table::table_as_named;

/// Rows that people are shown.
const MOST_ROWS: usize = 100;

/// What answers questions.
pub(crate) struct Console {
    session: Session,
    /// The rules in force.
    pub rules: OpenRules,
    args: AboutArgs,
    /// How answers are printed.
    pub output: OutputArgs,
    requests: OnceCell<About>,
    machine: OnceCell<MachineFacts>,
}

impl Console {
    /// Opens the store and checks the rules.
    pub fn open(args: &AboutArgs, output: OutputArgs) -> Result<Console, Failure> {
        let session = Session::open(&args.catalog, recipe_file(&args.wanted))?;
        let rules = session.open_rules()?;
        Ok(Console {
            session,
            rules,
            args: args.clone(),
            output,
            requests: OnceCell::new(),
            machine: OnceCell::new(),
        })
    }

    /// What questions are about.
    pub fn args(&self) -> &AboutArgs {
        &self.args
    }

    /// Answers one question on stdout.
    pub fn answer(&self, text: &str) -> Result<Exit, Failure> {
        if self.output.explain_plan {
            return self.plan(text);
        }
        let question = self.rules.ask(text, &self.session.store)?;
        let model = self.evaluate(&question)?;
        self.print(&Answer::new(&question, &model))
    }

    /// Prints on stdout how a question is answered.
    pub fn plan(&self, text: &str) -> Result<Exit, Failure> {
        let question = self.rules.ask(text, &self.session.store)?;
        let model = self.evaluate(&question)?;
        self.print_plan(&question.plan(&model))
    }

    fn evaluate(&self, question: &Question) -> Result<Model, Failure> {
        let about = self.about(question)?;
        Ok(evaluate(&self.session.store, question, &about)?)
    }

    fn print_plan(&self, plan: &PlanDescription) -> Result<Exit, Failure> {
        match self.output.format {
            AnswerFormat::Json => output::json(plan)?,
            AnswerFormat::Human | AnswerFormat::Csv => output::answer(&plan::printed(plan))?,
        }
        Ok(Exit::Done)
    }

    /// The requests and the machine, as far as the question needs them.
    fn about(&self, question: &Question) -> Result<About, Failure> {
        let mut about = About::default();
        if question.needs_requests() || !self.args.model.is_empty() {
            about = match self.requests.get() {
                Some(about) => about.clone(),
                None => {
                    let about = self.requests()?;
                    self.requests.get_or_init(|| about).clone()
                }
            };
        }
        if question.needs_machines() {
            let machine = match self.machine.get() {
                Some(machine) => machine.clone(),
                None => {
                    let found = machine(&self.args.machine, self.args.gpus, &self.session.store)?;
                    self.machine.get_or_init(|| found).clone()
                }
            };
            about.machines.push(machine);
        }
        Ok(about)
    }

    /// A request for each model that was named, else for each that the catalog has, in the order of names.
    fn requests(&self) -> Result<About, Failure> {
        let store = &self.session.store;
        let served = store.served_models()?.into_iter();
        let served: Vec<String> = served.map(|(model, _)| model).collect();
        let models = if self.args.model.is_empty() {
            served
        } else {
            for model in &self.args.model {
                // A model's keys are its names, and more than the one asked for when it is known.
                let keys = store.model_keys(model)?;
                let known = served
                    .iter()
                    .any(|name| keys.contains(&name.to_lowercase()));
                if !known {
                    return Err(unknown_model(store, model)?);
                }
            }
            self.args.model.clone()
        };
        let asked = request(&self.session, "", self.args.gpus, &self.args.wanted)?;
        let ask = |model: String| Request {
            model,
            ..asked.clone()
        };
        let requests = models.into_iter().map(|model| (ask(model).folded(), 0));
        Ok(About {
            requests: requests.collect(),
            machines: Vec::new(),
            models: self.args.model.clone(),
        })
    }

    fn print(&self, answer: &Answer<'_>) -> Result<Exit, Failure> {
        let OutputArgs { format, limit, .. } = self.output;
        let people = match format {
            AnswerFormat::Human => MOST_ROWS,
            AnswerFormat::Json | AnswerFormat::Csv => usize::MAX,
        };
        let most = limit.unwrap_or(people);
        let no = answer.is_yes_or_no() && answer.count() == 0;
        match format {
            AnswerFormat::Json => output::answer(&answer.json(most))?,
            _ if answer.is_yes_or_no() => output::answer(if no { "no" } else { "yes" })?,
            AnswerFormat::Csv => output::answer(&answer.csv(most))?,
            AnswerFormat::Human if answer.count() == 0 => output::answer("no rows")?,
            AnswerFormat::Human => {
                output::answer(&table_as_named(&answer.columns(), answer.rows(most)))?;
                if answer.count() > most {
                    let count = answer.count();
                    let says = format!("the first {most} of {count} rows; `--limit N` shows more");
                    output::line("note", &says);
                }
            }
        }
        Ok(if no { Exit::No } else { Exit::Done })
    }
}
