//! One request of a matrix.

use std::sync::Arc;

use crate::launch::{MachineFacts, Request};

/// A request for so many GPUs on a machine that has as many, or more.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Question {
    /// The model, in the catalog's spelling.
    pub model: Arc<str>,
    /// The machine's hardware.
    pub hardware: Arc<str>,
    /// GPUs that are asked for.
    pub gpus: u32,
    /// GPUs that the machine has.
    pub usable: u32,
    /// The precision that is asked for.
    pub precision: Option<Arc<str>>,
    /// The backend that is asked for.
    pub backend: Option<Arc<str>>,
    /// What to tune for.
    pub metric: Option<Arc<str>>,
    /// The only recipe that is allowed, by its id.
    pub recipe: Option<Arc<str>>,
}

impl Question {
    /// It as a request.
    pub fn request(&self) -> Request {
        let text = |asked: &Option<Arc<str>>| asked.as_deref().map(str::to_owned);
        Request {
            model: self.model.as_ref().to_owned(),
            gpus: Some(self.gpus),
            precision: text(&self.precision),
            backend: text(&self.backend),
            metric: text(&self.metric),
            recipe: text(&self.recipe),
            ..Request::default()
        }
    }

    /// The machine that it is for.
    pub fn machine(&self) -> MachineFacts {
        MachineFacts::named(&self.hardware, Some(self.usable))
    }
}
