//! The token: where it is found, and that nobody sees it.

use std::fmt;
use std::fs;

use super::settings::{Environment, is_true};
use crate::cache::{expanded, home};

/// A token of the hub. It is shown nowhere, also not by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token, without the blanks around it; none where nothing is left, or where it cannot be sent.
    pub fn new(text: &str) -> Option<Token> {
        let text = text.trim();
        let can_be_sent = text.bytes().all(|byte| byte.is_ascii_graphic());
        (!text.is_empty() && can_be_sent).then(|| Token(text.to_owned()))
    }

    /// What the environment says: `HF_TOKEN`, else the file `HF_TOKEN_PATH`, else `token` in `HF_HOME`.
    pub(super) fn find(env: &Environment<'_>) -> Option<Token> {
        if env("HF_HUB_DISABLE_IMPLICIT_TOKEN").is_some_and(|value| is_true(&value)) {
            return None;
        }
        let named = env("HF_TOKEN").or_else(|| env("HUGGING_FACE_HUB_TOKEN"));
        if let Some(token) = named.and_then(|text| Token::new(&text)) {
            return Some(token);
        }
        let file = match env("HF_TOKEN_PATH") {
            Some(path) => expanded(&path, env),
            None => home(env)?.join("token"),
        };
        Token::new(&fs::read_to_string(file).ok()?)
    }

    /// The value of the header `Authorization`.
    pub(super) fn header(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_and_not_shown() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("token"), "hf_file\n").unwrap();
        let home = dir.path().display().to_string();
        let find = |pairs: &[(&str, &str)]| {
            Token::find(&|name: &str| {
                let found = pairs.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let token = find(&[("HF_TOKEN", " hf_env \n"), ("HF_HOME", &home)]).unwrap();
        assert_eq!(token.header(), "Bearer hf_env");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert_eq!(
            find(&[("HF_HOME", &home)]).unwrap().header(),
            "Bearer hf_file"
        );
        assert_eq!(
            find(&[("HF_HOME", &home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")]),
            None
        );
        assert_eq!(find(&[("HF_TOKEN", "a\r\nX-Evil: 1")]), None);
        let by_path = [("HF_TOKEN_PATH", "$D/token"), ("D", home.as_str())];
        assert_eq!(find(&by_path).unwrap().header(), "Bearer hf_file");
        assert_eq!(
            find(&[("HF_HOME", "~"), ("HOME", &home)]).unwrap().header(),
            "Bearer hf_file"
        );
    }
}
