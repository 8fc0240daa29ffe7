//! What documentation proves: which symbols of a source it documents, in which order, how often.

use std::collections::HashMap;

use ground::{proof, symbols};

use crate::record::{Docs, MAX_GAPS};

/// What was found in documentation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The counts.
    pub docs: Docs,
    /// Where symbols are missing, see [`Request::missing`](crate::record::Request::missing).
    pub missing: Vec<(u64, u64)>,
}

/// Holds `documentation` against `source` by the proof tokens that the mock wrote into it.
#[must_use]
pub fn examine(key: &proof::Key, source: &str, documentation: &str) -> Findings {
    let mut places: HashMap<&str, Places> = HashMap::new();
    let mut docs = Docs::default();
    for (place, symbol) in symbols::scan(source).enumerate() {
        places.entry(symbol).or_default().all.push(place);
        docs.symbols += 1;
    }
    let mut order = Vec::new();
    for proof in proof::find(documentation) {
        match places.get_mut(proof.symbol) {
            Some(places) if key.verify(&proof) => match places.next() {
                Some(place) => order.push(place),
                None => docs.duplicates += 1,
            },
            _ => docs.foreign += 1,
        }
    }
    docs.documented = order.len() as u64;
    docs.out_of_order = (order.len() - longest_increasing(&order)) as u64;
    Findings {
        missing: gaps(docs.symbols, order),
        docs,
    }
}

/// Stretches of `0..symbols` that are not in `documented`.
fn gaps(symbols: u64, mut documented: Vec<usize>) -> Vec<(u64, u64)> {
    documented.sort_unstable();
    let mut gaps: Vec<(u64, u64)> = Vec::new();
    let mut next = 0;
    for place in documented
        .into_iter()
        .map(|place| place as u64)
        .chain([symbols])
    {
        if place > next {
            if gaps.len() == MAX_GAPS {
                gaps[MAX_GAPS - 1].1 = place - 1;
            } else {
                gaps.push((next, place - 1));
            }
        }
        next = place + 1;
    }
    gaps
}

/// Where a name is defined; a name may be defined more than once (`__init__`).
#[derive(Default)]
struct Places {
    all: Vec<usize>,
    used: usize,
}

impl Places {
    fn next(&mut self) -> Option<usize> {
        let place = self.all.get(self.used).copied();
        self.used += 1;
        place
    }
}

/// Length of the longest increasing subsequence (patience sorting).
#[must_use]
pub fn longest_increasing(order: &[usize]) -> usize {
    let mut tops: Vec<usize> = Vec::new();
    for &place in order {
        match tops.binary_search(&place) {
            Ok(_) => {}
            Err(pile) if pile == tops.len() => tops.push(place),
            Err(pile) => tops[pile] = place,
        }
    }
    tops.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str = "def one(): pass\ndef two(): pass\ndef three(): pass\n";

    fn entry(key: &proof::Key, symbol: &str) -> String {
        format!(
            "### `{symbol}`\n\ntext\n\nref:{symbol}:0a1b2c3d:{}\n\n",
            key.mac(symbol, "0a1b2c3d")
        )
    }

    fn docs_of(symbols: &[&str]) -> Docs {
        let key = proof::Key::new("secret");
        let text: String = symbols.iter().map(|symbol| entry(&key, symbol)).collect();
        examine(&key, SOURCE, &text).docs
    }

    #[test]
    fn whole_documentation_covers_every_symbol_once_and_in_order() {
        let docs = docs_of(&["one", "two", "three"]);
        assert_eq!(
            docs,
            Docs {
                symbols: 3,
                documented: 3,
                ..Docs::default()
            }
        );
    }

    #[test]
    fn gaps_repeats_strangers_and_disorder_are_each_counted() {
        let docs = docs_of(&["three", "one", "one", "stranger"]);
        assert_eq!(
            docs,
            Docs {
                symbols: 3,
                documented: 2,
                duplicates: 1,
                out_of_order: 1,
                foreign: 1
            }
        );
    }

    #[test]
    fn missing_symbols_are_named_by_their_place() {
        assert_eq!(gaps(3, vec![2, 0, 1]), []);
        assert_eq!(gaps(3, vec![]), [(0, 2)]);
        assert_eq!(gaps(6, vec![4, 1]), [(0, 0), (2, 3), (5, 5)]);
    }

    #[test]
    fn too_many_stretches_become_one_long_last_one() {
        let every_other: Vec<usize> = (0..500).map(|place| place * 2).collect();
        let gaps = gaps(1000, every_other);
        assert_eq!((gaps.len(), gaps[MAX_GAPS - 1]), (MAX_GAPS, (99, 999)));
    }

    #[test]
    fn a_token_made_without_the_secret_is_foreign() {
        let text = entry(&proof::Key::new("guess"), "one");
        let docs = examine(&proof::Key::new("secret"), SOURCE, &text).docs;
        assert_eq!((docs.documented, docs.foreign), (0, 1));
    }
}
