//! A smaller case with the same fault: whatever can go while the answers still differ goes.

use super::compare;
use super::decide;
use super::documents::{Catalog, Request};

type Change = Box<dyn Fn(&mut Catalog, &mut Request)>;

/// Makes a case smaller as long as the program's answer differs from the policy.
pub fn shrink(catalog: &Catalog, request: &Request) -> (Catalog, Request) {
    let mut smallest = (catalog.clone(), request.clone());
    loop {
        let smaller = changes(&smallest.0, &smallest.1)
            .into_iter()
            .find_map(|change| {
                let (mut catalog, mut request) = smallest.clone();
                change(&mut catalog, &mut request);
                differs(&catalog, &request).then_some((catalog, request))
            });
        match smaller {
            Some(case) => smallest = case,
            None => return smallest,
        }
    }
}

/// The case as files, request and both answers.
pub fn describe(catalog: &Catalog, request: &Request) -> String {
    let mut text = String::new();
    for (name, content) in catalog.files() {
        text += &format!("--- {name}\n{content}");
    }
    text += &format!("--- request\n{}\n", request.line(false));
    let decision = decide(catalog, request);
    text += &format!("--- policy\n{}", compare::in_words(&decision));
    let answers = compare::ask(catalog, std::slice::from_ref(request));
    for answer in &answers.lines {
        text += &format!("--- program\n{}", compare::answer_in_words(answer));
        for difference in compare::differences(catalog, request, answer) {
            text += &format!("* {difference}\n");
        }
    }
    if answers.lines.is_empty() {
        text += &format!("--- program: no answer\n{}\n", answers.notes);
    }
    text
}

fn differs(catalog: &Catalog, request: &Request) -> bool {
    let answers = compare::ask(catalog, std::slice::from_ref(request));
    let mut answers = answers.lines.iter();
    answers.any(|answer| !compare::differences(catalog, request, answer).is_empty())
}

/// Everything that could be left out, large pieces first.
fn changes(catalog: &Catalog, request: &Request) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    for index in 0..catalog.recipes.len() {
        changes.push(Box::new(move |catalog, _| {
            catalog.recipes.remove(index);
        }));
    }
    for index in 0..catalog.cards.len() {
        changes.push(Box::new(move |catalog, _| {
            catalog.cards.remove(index);
        }));
    }
    for index in 0..catalog.site_rules.len() {
        changes.push(Box::new(move |catalog, _| {
            catalog.site_rules.remove(index);
        }));
    }
    for (index, recipe) in catalog.recipes.iter().enumerate() {
        for (section, blocks) in &recipe.sections {
            let name = section.clone();
            changes.push(Box::new(move |catalog, _| {
                catalog.recipes[index].sections.remove(&name);
            }));
            for (gpus, block) in blocks {
                let at = (section.clone(), gpus.clone());
                changes.push(Box::new(move |catalog, _| {
                    let sections = &mut catalog.recipes[index].sections;
                    sections.entry(at.0.clone()).or_default().remove(&at.1);
                }));
                for flag in block.args.keys() {
                    let at = (section.clone(), gpus.clone(), flag.clone());
                    changes.push(Box::new(move |catalog, _| {
                        let sections = &mut catalog.recipes[index].sections;
                        if let Some(block) =
                            sections.entry(at.0.clone()).or_default().get_mut(&at.1)
                        {
                            block.args.remove(&at.2);
                        }
                    }));
                }
                if block.benchmark.is_some() {
                    let at = (section.clone(), gpus.clone());
                    changes.push(Box::new(move |catalog, _| {
                        let sections = &mut catalog.recipes[index].sections;
                        if let Some(block) =
                            sections.entry(at.0.clone()).or_default().get_mut(&at.1)
                        {
                            block.benchmark = None;
                        }
                    }));
                }
            }
        }
        if recipe.readiness_level.is_some() {
            changes.push(Box::new(move |catalog, _| {
                catalog.recipes[index].readiness_level = None;
            }));
        }
        if recipe.metric.is_some() {
            changes.push(Box::new(move |catalog, _| {
                catalog.recipes[index].metric = None
            }));
        }
    }
    for (index, card) in catalog.cards.iter().enumerate() {
        if card.attention.is_some() {
            changes.push(Box::new(move |catalog, _| {
                catalog.cards[index].attention = None
            }));
        }
        if card.parameters.is_some() {
            changes.push(Box::new(move |catalog, _| {
                catalog.cards[index].parameters = None
            }));
        }
        if card.size.is_some() {
            changes.push(Box::new(move |catalog, _| catalog.cards[index].size = None));
        }
        if card.readiness_level.is_some() {
            changes.push(Box::new(move |catalog, _| {
                catalog.cards[index].readiness_level = None
            }));
        }
    }
    changes.extend(request_changes(request));
    changes
}

fn request_changes(request: &Request) -> Vec<Change> {
    let mut changes: Vec<Change> = Vec::new();
    if request.gpus.is_some() {
        changes.push(Box::new(|_, request| request.gpus = None));
    }
    if request.precision.is_some() {
        changes.push(Box::new(|_, request| request.precision = None));
    }
    if request.backend.is_some() {
        changes.push(Box::new(|_, request| request.backend = None));
    }
    if request.metric.is_some() {
        changes.push(Box::new(|_, request| request.metric = None));
    }
    if request.recipe.is_some() {
        changes.push(Box::new(|_, request| request.recipe = None));
    }
    if request.strict {
        changes.push(Box::new(|_, request| request.strict = false));
    }
    if request.allow_unknown_flags {
        changes.push(Box::new(|_, request| request.allow_unknown_flags = false));
    }
    changes
}
