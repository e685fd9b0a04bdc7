//! The name that was probably meant.

/// How many names are looked at; with more than that nobody waits for the rest.
const MOST: usize = 10_000;

/// The most similar of several names, when one is similar enough to be a slip of the pen.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let slips = (wanted.chars().count() / 3).clamp(1, 4);
    // of two that are equally near the first by text, whatever order they come in
    candidates
        .into_iter()
        .take(MOST)
        .map(|candidate| {
            let distance = strsim::osa_distance(&wanted, &candidate.to_lowercase());
            (distance, candidate)
        })
        .filter(|(distance, candidate)| *distance <= slips && *candidate != name)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_are_found_and_other_words_are_not() {
        let names = ["recipe", "request", "gpu", "usable_gpus"];
        assert_eq!(nearest("recipes", names), Some("recipe"));
        assert_eq!(nearest("usabel_gpus", names), Some("usable_gpus"));
        assert_eq!(nearest("GPU", names), Some("gpu"));
        assert_eq!(nearest("elephant", names), None);
        assert_eq!(nearest("x", names), None);
    }
}
