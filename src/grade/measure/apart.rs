//! Whether a service keeps apart what differs, in options, and answers alike what does not, whoever asks.

use std::collections::BTreeSet;

use super::read::{calls_of, is_valid};
use crate::record::exam::{Fate, Played};

/// Whether an answer to one set of options was given for another, by a service whose prompts
/// depend on options. The requests: two files with one set, a third with another, and the first
/// with that other one.
pub(in crate::grade) fn mixes_options(played: &Played) -> Option<bool> {
    let [.., again] = played.requests.as_slice() else {
        return None;
    };
    let asked = |paper| Some(calls_of(played, paper).first()?.instruction);
    let plain = asked(0)?;
    let follows = plain == asked(1)? && plain != asked(2)?;
    let called = calls_of(played, 0)
        .iter()
        .any(|call| call.at_ms >= again.at_ms);
    Some(follows && !called && again.fate == Fate::Whole)
}

pub(super) fn mixed_options(played: &Played) -> Option<f64> {
    Some(f64::from(u8::from(mixes_options(played)?)))
}

/// Disguises of which no request was answered in full, though every plain one was.
pub(in crate::grade) fn worse_disguises(played: &Played) -> Option<BTreeSet<&str>> {
    let (mut good, mut bad) = (BTreeSet::new(), BTreeSet::new());
    for asked in &played.requests {
        let guises = match is_valid(played, asked) {
            true => &mut good,
            false => &mut bad,
        };
        guises.insert(asked.disguise.as_deref().unwrap_or_default());
    }
    let plain = good.contains("") && !bad.contains("");
    plain.then(|| bad.difference(&good).copied().collect())
}

pub(super) fn count_worse_disguises(played: &Played) -> Option<f64> {
    Some(worse_disguises(played)?.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::exam::{Asked, Call, Found, Paper};

    fn asked(paper: usize, at_ms: u64, documented: usize, disguise: &str) -> Asked {
        Asked {
            what: "a.py".into(),
            paper: Some(paper),
            at_ms,
            ended_ms: at_ms + 5,
            status: Some(200),
            fate: Fate::Whole,
            found: Found {
                documented,
                ..Found::default()
            },
            said: String::new(),
            leaks_key: false,
            named: None,
            disguise: (!disguise.is_empty()).then(|| disguise.to_owned()),
        }
    }

    fn call(paper: usize, at_ms: u64, instruction: u64) -> Call {
        Call {
            seq: at_ms,
            at_ms,
            ended_ms: Some(at_ms + 1),
            papers: [paper].into(),
            span: (0, 1),
            prompt_bytes: 1,
            max_tokens: 1,
            model: "m".into(),
            sdk_retry: None,
            status: Some(200),
            retry_after_ms: None,
            broken: false,
            cut: false,
            instruction: Some(instruction),
            body: 1,
        }
    }

    fn played(requests: Vec<Asked>, calls: Vec<Call>) -> Played {
        let paper = Paper {
            path: "a.py".into(),
            symbols: 2,
            bytes: 9,
        };
        Played {
            papers: vec![paper; 10],
            requests,
            calls,
            ..Played::default()
        }
    }

    #[test]
    fn options_are_mixed_only_by_a_service_that_follows_them_and_then_does_not_call_again() {
        let requests = || {
            vec![
                asked(0, 0, 2, ""),
                asked(1, 10, 2, ""),
                asked(2, 20, 2, ""),
                asked(0, 30, 2, ""),
            ]
        };
        let (plain, other) = (7, 8);
        let three = |last| vec![call(0, 1, plain), call(1, 11, plain), call(2, 21, last)];
        let again = [three(other), vec![call(0, 31, other)]].concat();
        for (calls, expected, why) in [
            (three(other), true, "the first answer served the other wish"),
            (again, false, "the other wish was asked for anew"),
            (
                three(plain),
                false,
                "options are ignored, which the contract allows",
            ),
        ] {
            assert_eq!(
                mixes_options(&played(requests(), calls)),
                Some(expected),
                "{why}"
            );
        }
        let mut unlike = three(other);
        unlike[1].instruction = Some(9);
        assert_eq!(
            mixes_options(&played(requests(), unlike)),
            Some(false),
            "prompts that always differ tell nothing"
        );
    }

    #[test]
    fn a_disguise_is_worse_when_none_of_its_requests_worked_and_every_plain_one_did() {
        let worse = |requests: Vec<Asked>| {
            let played = played(requests, Vec::new());
            worse_disguises(&played)
                .map(|worse| worse.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        let plain = [asked(0, 0, 2, ""), asked(1, 0, 2, "")];
        let one = |documented| {
            [
                asked(2, 0, 0, "from curl"),
                asked(3, 0, documented, "from curl"),
            ]
        };
        assert_eq!(
            worse([plain.clone(), one(0)].concat()),
            Some(vec!["from curl".to_owned()])
        );
        assert_eq!(
            worse([plain.clone(), one(2)].concat()),
            Some(vec![]),
            "one may be chance"
        );
        let mut ill = plain;
        ill[0].found.documented = 0;
        assert_eq!(
            worse([ill, one(0)].concat()),
            None,
            "a service that fails anyway tells nothing"
        );
    }
}
