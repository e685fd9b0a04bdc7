//! How systemd reads the words of a unit file: an own reading of `systemd.syntax(7)` and
//! `systemd.service(5)`, to compare with.

/// The values of a key, as they stand in the file, with continued lines in one.
pub fn values(text: &str, key: &str) -> Vec<String> {
    let mut values = Vec::new();
    let mut begun = String::new();
    for line in text.split('\n') {
        if line.starts_with('#') {
            continue;
        }
        match line.strip_suffix('\\') {
            Some(part) => begun.push_str(part),
            None => {
                let whole = std::mem::take(&mut begun) + line;
                if let Some(value) = whole
                    .strip_prefix(key)
                    .and_then(|rest| rest.strip_prefix('='))
                {
                    values.push(value.to_owned());
                }
            }
        }
    }
    values
}

/// The words of all values of a key, after the replacement of specifiers and variables.
pub fn words_of(text: &str, key: &str) -> Vec<String> {
    values(text, key)
        .iter()
        .flat_map(|value| split(value))
        .map(|word| undoubled(&undoubled(&word, '%'), '$'))
        .collect()
}

/// Words apart at blanks, without quotation marks and escapes.
fn split(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = value.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, ' ' | '\t') => words.extend(word.take()),
            (_, '\\') => word.get_or_insert_default().push(escaped(&mut letters)),
            (Some(open), _) if letter == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            _ => word.get_or_insert_default().push(letter),
        }
    }
    assert_eq!(quote, None, "an open quotation mark: {value:?}");
    words.extend(word);
    words
}

fn escaped(letters: &mut std::str::Chars<'_>) -> char {
    match letters.next() {
        Some('n') => '\n',
        Some('t') => '\t',
        Some('r') => '\r',
        Some('a') => '\u{7}',
        Some('b') => '\u{8}',
        Some('v') => '\u{b}',
        Some('f') => '\u{c}',
        Some(letter @ ('"' | '\'' | '\\')) => letter,
        Some('x') => {
            let digits: String = letters.take(2).collect();
            let code = u8::from_str_radix(&digits, 16).unwrap();
            assert!(code.is_ascii(), "half a letter: \\x{digits}");
            char::from(code)
        }
        other => panic!("an escape that systemd does not know: {other:?}"),
    }
}

fn undoubled(text: &str, sign: char) -> String {
    let doubled: String = [sign, sign].iter().collect();
    let parts: Vec<&str> = text.split(&doubled).collect();
    let is_replaced = parts.iter().any(|part| part.contains(sign));
    assert!(!is_replaced, "something is replaced in {text:?}");
    parts.join(&sign.to_string())
}
