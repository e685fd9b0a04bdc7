//! Fetching an image before it is run, so that waiting for it holds up nobody else.

use crate::plan::LaunchPlan;

use super::Engine;

/// The words behind the program's name that fetch a plan's image. podman is told the registry that Docker takes
/// where none is named; once the image is there, it finds it by the short name too.
pub fn pull_words(engine: Engine, plan: &LaunchPlan) -> Vec<String> {
    let image = match engine {
        Engine::Docker => plan.image.clone(),
        Engine::Podman => plan.qualified_image(),
    };
    vec!["pull".to_owned(), image]
}
