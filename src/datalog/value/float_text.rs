//! Floats as Soufflé writes them.

/// The shortest text that reads back, for people.
pub fn short_text(float: f64) -> String {
    let text = format!("{:?}", float + 0.0);
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// What `to_string` gives: six digits after the point, as C++'s `std::to_string`.
pub fn fixed_text(float: f64) -> String {
    format!("{:.6}", float + 0.0)
}

/// What a Soufflé built for 64 bits writes to files: 17 significant digits in the shorter of the plain and the
/// exponent form, without zeros at the end (C's `%.17g`). It always reads back as the same float.
pub fn general_text(float: f64) -> String {
    const DIGITS: usize = 17;
    if float == 0.0 {
        return "0".into();
    }
    let scientific = format!("{float:.precision$e}", precision = DIGITS - 1);
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let Ok(exponent) = exponent.parse::<i32>() else {
        return scientific.clone();
    };
    if (-4..DIGITS as i32).contains(&exponent) {
        let decimals = usize::try_from(DIGITS as i32 - 1 - exponent).unwrap_or(0);
        return trim(&format!("{float:.decimals$}")).into();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(digits), exponent.unsigned_abs())
}

fn trim(text: &str) -> &str {
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_print_as_in_souffle() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (1.0, "1"),
            (-0.5, "-0.5"),
            (0.1, "0.10000000000000001"),
            (1e6, "1000000"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.5e-5, "1.5e-05"),
            (0.0001, "0.0001"),
            (1e300, "1.0000000000000001e+300"),
            (123456.789, "123456.789"),
        ];
        for (float, text) in cases {
            assert_eq!(general_text(float), text);
            assert_eq!(text.parse::<f64>().unwrap() + 0.0, float + 0.0);
        }
        assert_eq!(fixed_text(0.1), "0.100000");
        assert_eq!(
            [1.0, 0.1, 1e300, -0.0].map(short_text),
            ["1", "0.1", "1e300", "0"]
        );
    }
}
