//! Points 1 to 4: what the search starts from.

use super::documents::{Card, Request};

/// Where the search starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// GPUs that can be used.
    pub usable: u32,
    /// GPUs to look for first.
    pub gpus: u32,
    /// Precision to look for first.
    pub precision: String,
    /// Backend to look for first.
    pub backend: String,
}

const BILLION: f64 = 1e9;

/// Reads the request against what is known of the model.
pub fn read(request: &Request, card: Option<&Card>) -> Targets {
    let parameters = card.and_then(Card::parameters);
    // 1. One level only here: the count that the command line gives.
    let usable = request.available_gpus;
    // 2.
    let gpus = match request.gpus {
        Some(asked) => asked.min(usable),
        None => match parameters {
            None => usable,
            Some(size) if size <= 10.0 * BILLION => usable.min(1),
            Some(size) if size <= 20.0 * BILLION => usable.min(2),
            Some(size) if size <= 40.0 * BILLION => usable.min(4),
            Some(_) => usable.min(8),
        },
    };
    // 3.
    let small = parameters.is_some_and(|size| size <= 10.0 * BILLION);
    let precision = match &request.precision {
        Some(asked) => asked.clone(),
        None if small => "fp16".into(),
        None => "bf16".into(),
    };
    // 4.
    let backend = request.backend.clone().unwrap_or_else(|| "vllm".into());
    Targets {
        usable,
        gpus,
        precision,
        backend,
    }
}
