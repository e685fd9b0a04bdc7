//! A page of cases.

/// What is between two titles.
pub struct Case {
    /// The block's file and its text, in their order.
    pub files: Vec<(String, String)>,
    /// Whether also those checks are meant that say what is missing around short files.
    pub is_strict: bool,
    expected: Option<String>,
}

/// A page: lines, and where the findings of its cases stand among them.
pub struct Page {
    parts: Vec<Part>,
}

enum Part {
    Text(String),
    Findings(Case),
}

impl Page {
    pub fn read(page: &str) -> Page {
        let mut parts = Vec::new();
        let mut text = String::new();
        let mut files = Vec::new();
        let mut lines = page.split_inclusive('\n');
        while let Some(line) = lines.next() {
            let opened = line.trim_end().strip_prefix("```");
            let block = |lines: &mut dyn Iterator<Item = &str>| -> String {
                lines.take_while(|line| line.trim_end() != "```").collect()
            };
            match opened {
                Some(info @ ("text" | "text strict")) => {
                    let is_strict = info != "text";
                    let expected = Some(block(&mut lines));
                    parts.push(Part::Text(std::mem::take(&mut text)));
                    let files = std::mem::take(&mut files);
                    parts.push(Part::Findings(Case {
                        files,
                        is_strict,
                        expected,
                    }));
                }
                Some(info) => {
                    let file = info
                        .split_whitespace()
                        .find_map(|word| word.strip_prefix("file="));
                    let body = block(&mut lines);
                    text.push_str(&format!("{line}{body}```\n"));
                    files.extend(file.map(|file| (file.to_owned(), body)));
                }
                None => text.push_str(line),
            }
        }
        assert!(
            files.is_empty(),
            "files without a block of findings: {files:?}"
        );
        parts.push(Part::Text(text));
        Page { parts }
    }

    fn cases(&self) -> impl Iterator<Item = &Case> {
        self.parts.iter().filter_map(|part| match part {
            Part::Findings(case) => Some(case),
            Part::Text(_) => None,
        })
    }

    /// The page with these findings in its blocks.
    pub fn with_findings(&self, mut findings: impl FnMut(&Case) -> String) -> String {
        let parts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Findings(case) => {
                let info = if case.is_strict {
                    "text strict"
                } else {
                    "text"
                };
                format!("```{info}\n{}```\n", findings(case))
            }
        });
        parts.collect()
    }

    /// All findings that the page expects.
    pub fn expected(&self) -> String {
        let expected = self.cases().filter_map(|case| case.expected.as_deref());
        expected.collect()
    }

    pub fn has_case_without_findings(&self) -> bool {
        self.cases()
            .any(|case| case.expected.as_deref() == Some(""))
    }
}
