//! stub
#![allow(missing_docs)]
use super::{MachineFacts, Request};
use crate::datalog::Value;
pub enum Given {
    Flag {
        flag: String,
    },
    Detected {
        level: String,
        source: String,
        origin: String,
        says: String,
    },
    Default,
}
pub fn given_origin(_: &Request, _: &MachineFacts, _: &str, _: &[Value<'_>]) -> Option<Given> {
    None
}
pub fn absent_given(_: &str) -> Option<&'static str> {
    None
}
