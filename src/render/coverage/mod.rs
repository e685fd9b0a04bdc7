//! A page that shows what is covered: one file, which loads nothing and needs nobody.

use serde::Serialize;

const PAGE: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// The page for what its script is given as data.
///
/// # Errors
/// The data cannot be written as JSON.
pub fn page(data: &impl Serialize) -> serde_json::Result<String> {
    let data = embedded(&serde_json::to_string(data)?);
    let mut page = String::with_capacity(PAGE.len() + STYLE.len() + SCRIPT.len() + data.len());
    let mut rest = PAGE;
    // Each part goes in once and is not looked through for the places of the others.
    for (place, part) in [
        ("/* style */", STYLE),
        ("/* data */", data.as_str()),
        ("/* script */", SCRIPT),
    ] {
        if let Some((before, after)) = rest.split_once(place) {
            page.push_str(before);
            page.push_str(part.trim_end());
            rest = after;
        }
    }
    page.push_str(rest);
    Ok(page)
}

/// JSON that cannot end the element it stands in, nor begin another; the same value to whoever parses it.
fn embedded(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // Within JSON these stand in texts only.
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => safe.push(c),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_stays_data_whatever_is_in_it() {
        let hostile = "</script><script>alert(1)</script><!--&\u{2028}/* script */";
        let page = page(&[hostile]).unwrap();
        let begins = page.find("<script type=\"application/json\"").unwrap();
        let (_, rest) = page[begins..].split_once('>').unwrap();
        let (data, after) = rest.split_once("</script>").unwrap();
        let read: Vec<String> = serde_json::from_str(data).unwrap();
        assert_eq!(read, [hostile]);
        assert!(!data.contains(['<', '>', '&', '\u{2028}']));
        assert_eq!(after.matches("</script>").count(), 1);
        assert!(!after.contains("alert"));
    }

    #[test]
    fn every_part_is_put_in_and_nothing_is_loaded() {
        let page = page(&()).unwrap();
        for place in ["/* style */", "/* data */", "/* script */"] {
            assert!(!page.contains(place), "{place}");
        }
        for loads in ["http://", "https://", "src=", "@import", "url(", "<link"] {
            assert!(!page.contains(loads), "{loads}");
        }
    }
}
