//! Every configuration of the embedded catalog can be had as asked, and the engine would take its
//! command line.

#![expect(clippy::unwrap_used, reason = "a test's own assumptions")]

#[path = "reference/argparse.rs"]
mod argparse;
#[path = "reference/program.rs"]
mod program;

use std::collections::BTreeMap;

use aim_engine::catalog::backend::{self, Backend};
use aim_engine::catalog::embedded;
use aim_engine::catalog::hardware;
use aim_engine::catalog::kind::Kind;
use aim_engine::catalog::recipe::{self, Block, Recipe};
use aim_engine::catalog::version::Version;
use aim_engine::catalog::yaml::{self, Node};
use argparse::CommandLine;
use serde_json::{Value, json};

fn trees(kind: Kind) -> impl Iterator<Item = (&'static str, Node)> {
    let files = embedded::files(kind).into_iter();
    files.map(|file| (file.path, yaml::read_bytes(file.bytes).unwrap()))
}

fn backends() -> Vec<Backend> {
    trees(Kind::Backend)
        .map(|(_, tree)| backend::read(&tree).unwrap())
        .collect()
}

fn gfx_targets() -> BTreeMap<String, String> {
    let hardware = trees(Kind::Hardware).map(|(_, tree)| hardware::read(&tree).unwrap());
    hardware.map(|gpu| (gpu.hardware, gpu.gfx)).collect()
}

fn recipes() -> Vec<Recipe> {
    let read = |(path, tree): (&str, Node)| {
        let (recipe, problems) = recipe::read(&tree, path).unwrap();
        assert!(problems.is_empty(), "{path}: {problems:?}");
        recipe
    };
    trees(Kind::Recipe).map(read).collect()
}

struct Configuration<'a> {
    recipe: &'a Recipe,
    backend: &'a Backend,
    block: &'a Block,
}

impl Configuration<'_> {
    fn model(&self) -> &str {
        self.recipe.huggingface_id.as_deref().unwrap()
    }

    fn request(&self) -> Value {
        json!({
            "model": self.model(),
            "recipe": self.recipe.recipe_id,
            "backend": self.backend.backend,
            "gpus": self.block.gpus,
            "precision": self.recipe.precision,
            "hardware": self.recipe.hardware,
            "available_gpus": self.block.gpus,
            "strict": true,
        })
    }

    fn selected(&self) -> Value {
        json!([self.recipe.recipe_id, self.backend.backend, self.block.gpus])
    }

    fn version(&self, gfx: &str) -> Version {
        let own = self.block.engine_version.as_ref();
        let own = own.or(self.recipe.engine_version.as_ref());
        let image = self.backend.images.iter();
        let image = image
            .clone()
            .find(|image| image.gfx.as_deref().is_none_or(|of| of == gfx));
        let version = own.or(image.map(|image| &image.version));
        Version::parse(version.unwrap()).unwrap()
    }
}

fn configurations<'a>(recipes: &'a [Recipe], backends: &'a [Backend]) -> Vec<Configuration<'a>> {
    let mut all = Vec::new();
    for recipe in recipes {
        for section in &recipe.sections {
            let named = |backend: &&Backend| backend.recipe_section == section.name;
            let backend = backends.iter().find(named);
            assert!(
                backend.is_some(),
                "{}: `{}`",
                recipe.recipe_id,
                section.name
            );
            for block in section.blocks.iter().filter(|block| block.enabled) {
                all.push(Configuration {
                    recipe,
                    backend: backend.unwrap(),
                    block,
                });
            }
        }
    }
    all
}

#[test]
fn every_embedded_configuration_is_selected_and_its_arguments_are_taken() {
    let (recipes, backends, gfx_targets) = (recipes(), backends(), gfx_targets());
    let configurations = configurations(&recipes, &backends);
    assert!(configurations.len() > 100, "{}", configurations.len());

    let requests: Vec<_> = configurations
        .iter()
        .map(|configuration| format!("{}\n", configuration.request()))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store.db");
    let flags = ["--store", &store.to_string_lossy()];
    let answers = program::ask(&flags, &requests.concat());
    assert_eq!(
        answers.lines.len(),
        configurations.len(),
        "{}",
        answers.notes
    );

    let mut wrong = String::new();
    for (configuration, answer) in configurations.iter().zip(&answers.lines) {
        let selected = &answer["selected"];
        let selected = json!([selected["recipe_id"], selected["backend"], selected["gpus"]]);
        if selected != configuration.selected() {
            wrong += &format!(
                "{}: not selected: {}\n",
                configuration.selected(),
                answer["tried"]
            );
            continue;
        }
        let words = answer["engine_argv"].as_array().unwrap().iter();
        let argv: Vec<String> = words
            .map(|word| word.as_str().unwrap().to_owned())
            .collect();
        let gfx = &gfx_targets[&configuration.recipe.hardware];
        let version = configuration.version(gfx);
        let command_line = CommandLine::new(configuration.backend, &version);
        let mut refusals = command_line.refusals(&argv);
        if !argv.iter().any(|word| word == configuration.model()) {
            refusals.push(format!("`{}` is not served", configuration.model()));
        }
        if !refusals.is_empty() {
            let refusals = refusals.join("; ");
            wrong += &format!("{}: {refusals}: {argv:?}\n", configuration.selected());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// What the reader of command lines itself refuses.
#[test]
fn wrong_command_lines_are_refused() {
    let backends = backends();
    let refusals = |name: &str, version: &str, line: &str| {
        let backend = backends.iter().find(|b| b.backend == name).unwrap();
        let argv: Vec<_> = line.split('|').map(str::to_owned).collect();
        CommandLine::new(backend, &Version::parse(version).unwrap()).refusals(&argv)
    };
    for right in [
        "vllm|serve|a/m|--dtype|bfloat16|-tp|4|--trust-remote-code|--max-model-len|32k",
        "vllm|serve|a/m|--served-model-name|one|two|--seed|-1|--no-enable-prefix-caching",
        "vllm|serve|a/m|--compilation-config|{\"level\":3}|--gpu-memory-utilization=0.9",
    ] {
        assert_eq!(refusals("vllm", "0.24.0", right), [""; 0], "{right}");
    }
    for (wrong, says) in [
        ("vllm|a/m", "`[\"vllm\", \"a/m\"]` is another command"),
        ("vllm|serve|--port|8000", "the first word is no model"),
        ("vllm|serve|a/m|true", "`true` belongs to no flag"),
        (
            "vllm|serve|a/m|--trust-remote-code|true",
            "`true` belongs to no flag",
        ),
        (
            "vllm|serve|a/m|--dtype|float8_e4m3",
            "`float8_e4m3` is no choice for `--dtype`",
        ),
        ("vllm|serve|a/m|--seed|x", "`x` is no int for `--seed`"),
        ("vllm|serve|a/m|--seed", "`--seed` has no value"),
        ("vllm|serve|a/m|--port|1|--port|2", "`--port` stands twice"),
        (
            "vllm|serve|a/m|--device|cuda",
            "`--device` is unknown in 0.24.0",
        ),
        (
            "vllm|serve|a/m|--max-batch-size|4",
            "`--max-batch-size` is unknown in 0.24.0",
        ),
        (
            "vllm|serve|a/m|--enforce-eager=true",
            "`--enforce-eager` takes no value",
        ),
        (
            "vllm|serve|a/m|--compilation-config|{",
            "`{` is no json for `--compilation-config`",
        ),
    ] {
        let refusals = refusals("vllm", "0.24.0", wrong);
        assert!(
            refusals.iter().any(|refusal| refusal == says),
            "{wrong}: {refusals:?}"
        );
    }
    let without_model = "python3|-m|sglang.launch_server|--port|30000";
    assert_eq!(
        refusals("sglang", "0.5.12", without_model),
        ["`--model-path` is missing"]
    );
}
