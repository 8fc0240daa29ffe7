//! What a log says that everything cost: Lambda's seconds by its `REPORT` lines, Claude's tokens by what the service logged.

use std::collections::BTreeMap;

use serde_json::Value;

use super::read::Event;
use crate::platform::prices::of_functions;

/// Members in which services say what a call cost in dollars, without their capitals and underscores.
const COSTS: [&str; 6] = [
    "cost",
    "costusd",
    "usd",
    "totalcost",
    "totalcostusd",
    "estimatedcost",
];
/// The same for the request that it was for.
const REQUESTS: [&str; 4] = [
    "requestid",
    "awsrequestid",
    "functionrequestid",
    "lambdarequestid",
];

/// The sums of a log.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cost {
    /// Times that a function ran.
    pub invocations: u64,
    /// Of these, killed at the time limit.
    pub timeouts: u64,
    /// Of these, in an instance that had to start first.
    pub cold_starts: u64,
    /// Gigabytes times seconds that are billed.
    pub gb_seconds: f64,
    /// What Lambda costs, in dollars.
    pub lambda_usd: f64,
    /// Lines that say what something cost.
    pub lines: u64,
    /// Their sum in dollars.
    pub logged_usd: f64,
    /// The same by request, where one is named.
    pub by_request: BTreeMap<String, f64>,
}

impl Cost {
    /// Adds an event.
    pub fn add(&mut self, event: &Event) {
        let number = |name: &str| event.fields.get(name).and_then(Value::as_f64);
        if event
            .fields
            .get("@type")
            .is_some_and(|kind| kind == "REPORT")
        {
            let (gb_second_usd, invocation_usd) = of_functions();
            let billed_s = number("@billedDuration").unwrap_or(0.0) / 1000.0;
            let gigabytes = number("@memorySize").unwrap_or(0.0) / 1e6 / 1024.0;
            self.invocations += 1;
            self.timeouts += u64::from(event.message.contains("\tStatus: timeout"));
            self.cold_starts += u64::from(number("@initDuration").is_some());
            self.gb_seconds += billed_s * gigabytes;
            self.lambda_usd += billed_s * gigabytes * gb_second_usd + invocation_usd;
        }
        let Some(usd) = member(event, &COSTS).and_then(Value::as_f64) else {
            return;
        };
        self.lines += 1;
        self.logged_usd += usd;
        if let Some(id) = member(event, &REQUESTS).and_then(Value::as_str) {
            *self.by_request.entry(id.to_owned()).or_default() += usd;
        }
    }

    /// Both together, in dollars.
    #[must_use]
    pub fn usd(&self) -> f64 {
        self.lambda_usd + self.logged_usd
    }

    /// The request for which most was paid.
    #[must_use]
    pub fn dearest(&self) -> Option<(&str, f64)> {
        let dearest = self.by_request.iter().max_by(|a, b| a.1.total_cmp(b.1));
        dearest.map(|(id, usd)| (id.as_str(), *usd))
    }
}

/// The first of `names` that the event has.
fn member<'e>(event: &'e Event, names: &[&str]) -> Option<&'e Value> {
    let plain = |name: &str| name.replace('_', "").to_lowercase();
    names.iter().find_map(|wanted| {
        let named = event.fields.iter().find(|(name, _)| plain(name) == *wanted);
        named.map(|(_, value)| value)
    })
}

#[cfg(test)]
mod tests {
    use super::super::read::read;
    use super::*;

    fn of(log: &str) -> Cost {
        let mut cost = Cost::default();
        read(log.as_bytes(), |event| cost.add(&event)).unwrap();
        cost
    }

    #[test]
    fn a_gigabyte_for_a_thousand_seconds_costs_what_the_price_list_says() {
        let report = "REPORT RequestId: a\tDuration: 999000.00 ms\tBilled Duration: 1000000 ms\tMemory Size: 1024 MB\t\
                      Init Duration: 1000.00 ms\tStatus: timeout\n";
        let cost = of(report);
        assert_eq!(
            (cost.invocations, cost.timeouts, cost.cold_starts),
            (1, 1, 1)
        );
        assert!((cost.gb_seconds - 1000.0).abs() < 1e-9);
        assert!(
            (cost.lambda_usd - (0.016_666_7 + 0.000_000_2)).abs() < 1e-9,
            "{}",
            cost.lambda_usd
        );
    }

    #[test]
    fn costs_are_found_whoever_logged_them_and_once_a_line() {
        let cost = of(concat!(
            r#"{"Cost":0.25,"requestId":"a"}"#,
            "\n",
            r#"{"cost_usd":0.5,"total_cost":9,"function_request_id":"b","level":"INFO"}"#,
            "\n",
            r#"{"Cost":"free"}"#,
            "\nCost: $3 of nothing in particular\n",
        ));
        assert_eq!((cost.lines, cost.logged_usd), (2, 0.75));
        assert_eq!(cost.dearest(), Some(("b", 0.5)));
    }
}
