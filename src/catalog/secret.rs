//! Names whose values are secrets: such a value is not kept from the moment it is read.

use std::borrow::Cow;

/// How environment variables with secrets end.
const VARIABLES: [&str; 6] = [
    "TOKEN",
    "API_KEY",
    "SECRET",
    "PASSWORD",
    "ACCESS_KEY",
    "PRIVATE_KEY",
];
/// How flags with secrets end, behind a dash.
const FLAGS: [&str; 6] = [
    "api-key",
    "hf-token",
    "auth-token",
    "secret",
    "password",
    "access-key",
];

/// Whether an environment variable holds a secret, by its name.
pub fn is_secret_variable(name: &str) -> bool {
    VARIABLES.iter().any(|ending| ends_with(name, ending))
}

/// Whether a flag is given a secret, by its name.
pub fn is_secret_flag(flag: &str) -> bool {
    FLAGS.iter().any(|ending| {
        let before = flag.len().checked_sub(ending.len() + 1);
        let dash = before.and_then(|before| flag.as_bytes().get(before));
        matches!(dash, Some(b'-' | b'_')) && ends_with(flag, ending)
    })
}

/// Whether a key names a secret, be it a variable, a flag or a flag without its dashes.
pub fn is_secret_key(key: &str) -> bool {
    let is_bare = |name: &&str| name.len() == key.len() && ends_with(key, name);
    is_secret_variable(key) || is_secret_flag(key) || FLAGS.iter().any(is_bare)
}

/// Whether a name ends so, whatever its case is and whether dashes or underscores stand between its words.
fn ends_with(name: &str, ending: &str) -> bool {
    let folded = |byte: u8| match byte {
        b'_' => b'-',
        byte => byte.to_ascii_lowercase(),
    };
    let from = name.len().checked_sub(ending.len());
    let end = from.and_then(|from| name.as_bytes().get(from..));
    end.is_some_and(|end| {
        let mut pairs = end.iter().zip(ending.bytes());
        pairs.all(|(a, b)| folded(*a) == folded(b))
    })
}

/// The text of a YAML file as it may be shown: of the same length, with what stands behind the name of
/// a secret, in its line and in deeper ones below it, as asterisks.
pub fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut secret_indent = None;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        let deeper = |above: usize| {
            indent > above || content.is_empty() || (indent == above && content.starts_with("- "))
        };
        if secret_indent.is_some_and(deeper) {
            mask(line, &mut shown);
            continue;
        }
        let secret = secret_end(line);
        secret_indent = secret.map(|_| indent);
        let (open, closed) = line.split_at(secret.unwrap_or(line.len()));
        shown.push_str(open);
        mask(closed, &mut shown);
    }
    shown
}

/// The same of a value, in which there is mostly nothing to be masked.
pub fn masked_in(value: &str) -> Cow<'_, str> {
    match value.contains([':', '=']) {
        true => Cow::Owned(masked(value)),
        false => Cow::Borrowed(value),
    }
}

/// Where the value of the first secret that a line names begins.
fn secret_end(line: &str) -> Option<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    line.match_indices([':', '='])
        .map(|(at, _)| at)
        .find(|at| {
            let before = line.get(..*at).unwrap_or_default();
            let before = before.trim_end().trim_end_matches(['"', '\'']);
            let name = before.rsplit(|c| !is_part(c)).next().unwrap_or_default();
            is_secret_key(name)
        })
        .map(|at| at + 1)
}

fn mask(text: &str, shown: &mut String) {
    for c in text.chars() {
        if c.is_whitespace() {
            shown.push(c);
        } else {
            shown.extend(std::iter::repeat_n('*', c.len_utf8()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_the_name_of_a_secret_is_masked() {
        for (text, wanted) in [
            (
                "env:\n  HF_TOKEN: é b\n  X: 1\n",
                "env:\n  HF_TOKEN: ** *\n  X: 1\n",
            ),
            (
                "a: {X: 1, \"HF_TOKEN\" : x, Y: 2}\n",
                "a: {X: 1, \"HF_TOKEN\" : ** ** **\n",
            ),
            (
                "--api-key:\n  - a\n\n  - b\nc: d\n",
                "--api-key:\n  * *\n\n  * *\nc: d\n",
            ),
            ("api-key:\n- a\nc: d\n", "api-key:\n* *\nc: d\n"),
            ("--env: HF_TOKEN=x\n", "--env: HF_TOKEN=*\n"),
            ("--tokenizer-mode: auto\n", "--tokenizer-mode: auto\n"),
        ] {
            let shown = masked(text);
            assert_eq!(shown, wanted);
            assert_eq!(shown.len(), text.len());
        }
    }

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "HF_TOKEN",
            "hugging_face_hub_token",
            "VLLM_API_KEY",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(is_secret_variable(name), "{name}");
        }
        for name in ["VLLM_ROCM_USE_AITER", "TOKENIZERS_PARALLELISM", "HF_HOME"] {
            assert!(!is_secret_variable(name), "{name}");
        }
        assert!(is_secret_flag("--api-key"));
        assert!(is_secret_flag("--admin_api_key"));
        assert!(!is_secret_flag("--skip-tokenizer-init"));
        assert!(!is_secret_flag("--max-num-batched-tokens"));
    }
}
