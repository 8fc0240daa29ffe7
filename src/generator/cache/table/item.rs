//! What an item of the table looks like. Answers too large for one item are in parts, which are written first.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use super::super::found::Token;
use super::super::{Key, digest};

pub(super) type Item = HashMap<String, AttributeValue>;

/// Name of the table's key: the answer's SHA-256 in hexadecimal digits, of a part with `#` and its number.
pub(super) const KEY: &str = "answer_key";
/// When the table may forget the item, in seconds since 1970.
pub(super) const EXPIRES: &str = "expires_at";
pub(super) const ANSWER: &str = "answer";
pub(super) const DIGEST: &str = "digest";
const PARTS: &str = "parts";
pub(super) const BYTES: &str = "bytes";
pub(super) const LEASE: &str = "lease";

/// Most bytes of text in one item. DynamoDB takes 400 KB with all names; source: "Service, account, and table quotas in
/// Amazon DynamoDB", Amazon DynamoDB Developer Guide.
const MAX_TEXT: usize = 380_000;

/// An answer as it is written: the items of its parts, and the one that makes them an answer.
pub(super) struct Written {
    pub(super) parts: Vec<Item>,
    pub(super) whole: Item,
}

/// What the item under a key says.
#[derive(Debug, PartialEq)]
pub(super) enum Content {
    Whole {
        text: String,
        digest: Vec<u8>,
    },
    Parts {
        keys: Vec<String>,
        digest: Vec<u8>,
    },
    Lease(Token),
    /// It may be forgotten, or is none of ours.
    Nothing,
}

pub(super) fn name(key: &Key) -> String {
    hex::encode(key)
}

pub(super) fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

pub(super) fn number(value: u64) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

/// The items of an answer that may be handed out until `expires`.
pub(super) fn written(key: &Key, answer: &str, expires: u64) -> Written {
    let digest = digest(key, answer);
    let mut whole = item(name(key), expires);
    whole.insert(DIGEST.to_owned(), AttributeValue::B(Blob::new(digest)));
    whole.insert(BYTES.to_owned(), number(answer.len() as u64));
    let pieces = pieces(answer);
    if let [piece] = pieces[..] {
        whole.insert(ANSWER.to_owned(), text(piece));
        return Written {
            parts: vec![],
            whole,
        };
    }
    whole.insert(PARTS.to_owned(), number(pieces.len() as u64));
    let names = part_names(&name(key), &digest, pieces.len());
    let part = |(name, piece): (String, &str)| {
        let mut part = item(name, expires);
        part.insert(ANSWER.to_owned(), text(piece));
        part
    };
    Written {
        parts: names.into_iter().zip(pieces).map(part).collect(),
        whole,
    }
}

/// A lease that is forgotten at `expires` if nobody looks at it.
pub(super) fn lease(key: &Key, token: Token, expires: u64) -> Item {
    let mut lease = item(name(key), expires);
    lease.insert(LEASE.to_owned(), text(token.to_string()));
    lease
}

fn item(name: String, expires: u64) -> Item {
    HashMap::from([
        (KEY.to_owned(), text(name)),
        (EXPIRES.to_owned(), number(expires)),
    ])
}

/// The digest is in the names, so that two answers to one question cannot be mixed.
fn part_names(name: &str, digest: &[u8], parts: usize) -> Vec<String> {
    let digest = hex::encode(digest.get(..8).unwrap_or(digest));
    (0..parts)
        .map(|part| format!("{name}#{digest}#{part}"))
        .collect()
}

/// `text` in pieces that fit into an item; never none.
fn pieces(text: &str) -> Vec<&str> {
    let mut pieces = vec![];
    let mut rest = text;
    loop {
        let (piece, more) = rest.split_at(rest.floor_char_boundary(MAX_TEXT));
        pieces.push(piece);
        if more.is_empty() {
            return pieces;
        }
        rest = more;
    }
}

/// What `item` says at `now`. DynamoDB forgets only days after an item has expired.
pub(super) fn read(item: &Item, now: u64) -> Content {
    let number = |name: &str| item.get(name)?.as_n().ok()?.parse::<u64>().ok();
    let text = |name: &str| item.get(name)?.as_s().ok().cloned();
    if number(EXPIRES).is_none_or(|expires| expires <= now) {
        return Content::Nothing;
    }
    if let Some(token) = text(LEASE).and_then(|token| token.parse().ok()) {
        return Content::Lease(token);
    }
    let Some(digest) = item.get(DIGEST).and_then(|digest| digest.as_b().ok()) else {
        return Content::Nothing;
    };
    let digest = digest.as_ref().to_vec();
    match (text(ANSWER), number(PARTS), text(KEY)) {
        (Some(text), _, _) => Content::Whole { text, digest },
        (None, Some(parts), Some(name)) => Content::Parts {
            keys: part_names(&name, &digest, usize::try_from(parts).unwrap_or(0)),
            digest,
        },
        _ => Content::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY_OF_ALL: Key = [7; 32];

    #[test]
    fn an_answer_of_any_size_is_read_as_it_was_written_and_every_item_fits() {
        for letters in [0, 1, MAX_TEXT - 1, MAX_TEXT, MAX_TEXT + 1, 900_000] {
            // Three bytes a letter, so that a cut may fall within one.
            let answer: String = "€".repeat(letters / 3) + &"x".repeat(letters % 3);
            let Written { parts, whole } = written(&KEY_OF_ALL, &answer, 10);
            let stored = |name: &String| {
                let part = parts.iter().find(|part| part[KEY].as_s() == Ok(name));
                part.unwrap()[ANSWER].as_s().unwrap().clone()
            };
            let (text, stored_digest) = match read(&whole, 9) {
                Content::Whole { text, digest } => (text, digest),
                Content::Parts { keys, digest } => (keys.iter().map(stored).collect(), digest),
                other => panic!("{other:?}"),
            };
            assert!(text == answer, "{letters}");
            assert_eq!(stored_digest, digest(&KEY_OF_ALL, &answer));
            assert_eq!(parts.is_empty(), answer.len() <= MAX_TEXT);
            for part in &parts {
                assert!(part[ANSWER].as_s().unwrap().len() <= MAX_TEXT);
            }
        }
    }

    #[test]
    fn what_has_expired_and_what_is_none_of_ours_is_nothing() {
        assert_eq!(
            read(&written(&KEY_OF_ALL, "a", 10).whole, 10),
            Content::Nothing
        );
        assert_eq!(read(&lease(&KEY_OF_ALL, 5, 10), 9), Content::Lease(5));
        assert_eq!(read(&item("x".to_owned(), 10), 9), Content::Nothing);
        assert_eq!(read(&Item::new(), 0), Content::Nothing);
    }
}
