//! Long JSON strings made readable in one copy. serde's own way grows a buffer piece by piece and then
//! copies it, which for prompts of source code is most of the work of reading a request.

use std::borrow::Cow;

/// The text of the JSON string `raw`, which stands in quotes and is valid but for its escapes.
pub(super) fn text(raw: &str) -> serde_json::Result<Cow<'_, str>> {
    let inner = &raw[1..raw.len() - 1];
    if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(inner));
    }
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let letter = match rest.as_bytes().get(at + 1) {
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            // The rest is rare, and code points come in pairs.
            _ => return serde_json::from_str(raw).map(Cow::Owned),
        };
        text.push(letter);
        rest = &rest[at + 2..];
    }
    text.push_str(rest);
    Ok(Cow::Owned(text))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_string_reads_as_serde_reads_it(any in any::<String>(), code in "[a-z \\n\\t\"\\\\/]{0,80}") {
            for string in [any, code] {
                let raw = serde_json::to_string(&string).unwrap();
                prop_assert_eq!(text(&raw).unwrap(), string);
            }
        }
    }

    #[test]
    fn escapes_are_read_or_refused() {
        assert_eq!(
            text(r#""a\u0041\/\ud83d\ude00\b""#).unwrap(),
            "aA/\u{1F600}\u{8}"
        );
        for bad in [r#""\x""#, r#""\ud83d""#, r#""\u12""#] {
            assert!(text(bad).is_err(), "{bad}");
        }
    }
}
