//! Which events are wanted: words as in a filter pattern of CloudWatch.
//!
//! Source: "Filter pattern syntax for metric filters", Amazon CloudWatch Logs User Guide, its part on unstructured events.

/// Words that an event must have, may not have, or of which it must have one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    all: Vec<String>,
    any: Vec<String>,
    none: Vec<String>,
}

impl Filter {
    /// Reads `ERROR "Task timed out" -health`, or `?ERROR ?timed`. Capitals matter.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn read(pattern: &str) -> Result<Self, String> {
        if pattern.trim_start().starts_with(['{', '[', '%']) {
            return Err(format!(
                "`{pattern}` is a pattern of JSON, columns or expressions, which is not known here; give words, e.g. ERROR or \"timed out\""
            ));
        }
        let mut filter = Self::default();
        let mut rest = pattern.trim_start();
        while !rest.is_empty() {
            let (list, after) = match rest.split_at(1) {
                ("?", after) => (&mut filter.any, after),
                ("-", after) => (&mut filter.none, after),
                _ => (&mut filter.all, rest),
            };
            let (word, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted
                    .split_once('"')
                    .ok_or_else(|| format!("`{pattern}` has a quotation mark without its end"))?,
                None => after.split_at(after.find(char::is_whitespace).unwrap_or(after.len())),
            };
            if word.is_empty() {
                return Err(format!("`{pattern}` has a sign without a word"));
            }
            list.push(word.to_owned());
            rest = after.trim_start();
        }
        Ok(filter)
    }

    /// Whether an event with this message is wanted.
    #[must_use]
    pub fn takes(&self, message: &str) -> bool {
        let has = |word: &String| message.contains(word.as_str());
        self.all.iter().all(has)
            && !self.none.iter().any(has)
            && (self.any.is_empty() || self.any.iter().any(has))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_wanted_unwanted_or_one_of_several() {
        let takes = |pattern: &str, message: &str| Filter::read(pattern).unwrap().takes(message);
        assert!(takes("", "anything"));
        assert!(takes("ERROR limit", "[ERROR] a rate limit"));
        assert!(!takes("ERROR limit", "[ERROR] a cut"));
        assert!(!takes("error", "[ERROR]"));
        assert!(takes("\"timed out\"", "Task timed out after"));
        assert!(!takes("\"timed out\"", "out it timed"));
        assert!(takes("?ERROR ?timed", "Task timed out"));
        assert!(!takes("REPORT -timeout", "REPORT … Status: timeout"));
    }

    #[test]
    fn what_is_no_pattern_is_named() {
        for wrong in ["{ $.status = 500 }", "[a, b]", "\"open", "ERROR -", "?"] {
            assert!(Filter::read(wrong).is_err(), "{wrong}");
        }
    }
}
