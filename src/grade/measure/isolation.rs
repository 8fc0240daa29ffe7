//! Whether a service keeps apart what differs, in options, and answers alike what does not, whoever asks.

use std::collections::BTreeSet;

use super::read::{attempts_of, is_valid};
use crate::record::exam::{CaseRecord, Exam, Outcome};

/// Whether an answer to one set of options was given for another, by a service whose prompts
/// depend on options. The requests: two files with one set, a third with another, and the first
/// with that other one.
pub(in crate::grade) fn mixes_options(record: &CaseRecord) -> Option<bool> {
    let [.., again] = record.exchanges.as_slice() else {
        return None;
    };
    // A service that asks in parts has several instructions for each file, in any order.
    let instructions = |file| -> BTreeSet<u64> {
        let before = attempts_of(record, file)
            .into_iter()
            .filter(|attempt| attempt.at_ms < again.at_ms);
        before.filter_map(|attempt| attempt.instruction).collect()
    };
    let plain = instructions(0);
    let follows = !plain.is_empty() && plain == instructions(1) && plain != instructions(2);
    let called = attempts_of(record, 0)
        .iter()
        .any(|attempt| attempt.at_ms >= again.at_ms);
    Some(follows && !called && again.outcome == Outcome::Whole)
}

pub(super) fn mixed_options(_: &Exam, record: &CaseRecord) -> Option<f64> {
    Some(f64::from(u8::from(mixes_options(record)?)))
}

/// Disguises of which no request was answered in full, though every plain one was.
pub(in crate::grade) fn worse_disguises(record: &CaseRecord) -> Option<BTreeSet<&str>> {
    let (mut good, mut bad) = (BTreeSet::new(), BTreeSet::new());
    for exchange in &record.exchanges {
        let guises = if is_valid(record, exchange) {
            &mut good
        } else {
            &mut bad
        };
        guises.insert(exchange.disguise.as_deref().unwrap_or_default());
    }
    let plain = good.contains("") && !bad.contains("");
    plain.then(|| bad.difference(&good).copied().collect())
}

pub(super) fn count_worse_disguises(_: &Exam, record: &CaseRecord) -> Option<f64> {
    Some(worse_disguises(record)?.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::exam::{Attempt, Exchange, Found, SourceFile};

    fn exchange(file: usize, at_ms: u64, documented: usize, disguise: &str) -> Exchange {
        Exchange {
            own_text: None,
            what: "a.py".into(),
            file: Some(file),
            at_ms,
            ended_ms: at_ms + 5,
            status: Some(200),
            outcome: Outcome::Whole,
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

    fn attempt(file: usize, at_ms: u64, instruction: u64) -> Attempt {
        Attempt {
            seq: at_ms,
            at_ms,
            ended_ms: Some(at_ms + 1),
            files: [file].into(),
            span: (0, 1),
            prompt_bytes: 1,
            max_tokens: 1,
            model: "m".into(),
            sdk_retry: None,
            status: Some(200),
            retry_after_ms: None,
            trouble: None,
            cut: false,
            instruction: Some(instruction),
            question: 1,
            carried: 1,
        }
    }

    fn record(exchanges: Vec<Exchange>, attempts: Vec<Attempt>) -> CaseRecord {
        let file = SourceFile {
            path: "a.py".into(),
            symbols: 2,
            bytes: 9,
        };
        CaseRecord {
            files: vec![file; 10],
            exchanges,
            attempts,
            ..CaseRecord::default()
        }
    }

    #[test]
    fn options_are_mixed_only_by_a_service_that_follows_them_and_then_does_not_call_again() {
        let exchanges = || {
            vec![
                exchange(0, 0, 2, ""),
                exchange(1, 10, 2, ""),
                exchange(2, 20, 2, ""),
                exchange(0, 30, 2, ""),
            ]
        };
        let (plain, other) = (7, 8);
        let three = |last| {
            vec![
                attempt(0, 1, plain),
                attempt(1, 11, plain),
                attempt(2, 21, last),
            ]
        };
        let again = [three(other), vec![attempt(0, 31, other)]].concat();
        for (attempts, expected, why) in [
            (three(other), true, "the first answer served the other wish"),
            (again, false, "the other wish was asked for anew"),
            (
                three(plain),
                false,
                "options are ignored, which the contract allows",
            ),
        ] {
            assert_eq!(
                mixes_options(&record(exchanges(), attempts)),
                Some(expected),
                "{why}"
            );
        }
        let mut unlike = three(other);
        unlike[1].instruction = Some(9);
        assert_eq!(
            mixes_options(&record(exchanges(), unlike)),
            Some(false),
            "prompts that always differ tell nothing"
        );
    }

    #[test]
    fn a_disguise_is_worse_when_none_of_its_requests_worked_and_every_plain_one_did() {
        let worse = |exchanges: Vec<Exchange>| {
            let record = record(exchanges, Vec::new());
            worse_disguises(&record)
                .map(|worse| worse.into_iter().map(str::to_owned).collect::<Vec<_>>())
        };
        let plain = [exchange(0, 0, 2, ""), exchange(1, 0, 2, "")];
        let one = |documented| {
            [
                exchange(2, 0, 0, "from curl"),
                exchange(3, 0, documented, "from curl"),
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
