//! Names whose values are secrets: such a value is not kept from the moment it is read.

/// Whether an environment variable holds a secret, by its name.
pub fn is_secret_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    [
        "TOKEN",
        "API_KEY",
        "SECRET",
        "PASSWORD",
        "ACCESS_KEY",
        "PRIVATE_KEY",
    ]
    .iter()
    .any(|ending| name.ends_with(ending))
}

/// Whether a flag is given a secret, by its name.
pub fn is_secret_flag(flag: &str) -> bool {
    let flag = flag.to_ascii_lowercase().replace('_', "-");
    [
        "-api-key",
        "-hf-token",
        "-auth-token",
        "-secret",
        "-password",
        "-access-key",
    ]
    .iter()
    .any(|ending| flag.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

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
