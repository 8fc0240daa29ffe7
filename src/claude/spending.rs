//! What the calls of a client cost, and a cap that is checked before each of them.

use std::sync::{Arc, Mutex, MutexGuard};

use ground::prices::Prices;
use ground::usage::Usage;
use tokio::sync::Notify;

use super::{Ask, CallError};

/// The densest tokenizer in use: for an input that is not cheaper than it looks.
const BYTES_PER_TOKEN: u64 = 2;

/// An account of one model's calls. Copies share it.
#[derive(Debug, Clone)]
pub struct Spending(Arc<Account>);

#[derive(Debug)]
struct Account {
    prices: Prices,
    cap_pico: Option<u64>,
    sums: Mutex<Sums>,
    settled: Notify,
}

#[derive(Debug, Default)]
struct Sums {
    spent_pico: u64,
    /// The most that calls in flight may cost.
    reserved_pico: u64,
    usage: Usage,
}

/// The money for one call in flight. Dropped without a bill, it counts as spent on the input.
pub(super) struct Reservation {
    account: Arc<Account>,
    pico: u64,
    input_pico: u64,
    is_settled: bool,
}

impl Spending {
    /// An account that refuses calls which might bring it above `cap_pico` pico-dollars.
    #[must_use]
    pub fn new(prices: impl Into<Prices>, cap_pico: Option<u64>) -> Self {
        let account = Account {
            prices: prices.into(),
            cap_pico,
            sums: Mutex::default(),
            settled: Notify::new(),
        };
        Self(Arc::new(account))
    }

    /// What was spent so far, in pico-dollars. Calls that broke off count with their input.
    #[must_use]
    pub fn spent_pico(&self) -> u64 {
        self.0.sums().spent_pico
    }

    /// What whole answers used so far.
    #[must_use]
    pub fn usage(&self) -> Usage {
        self.0.sums().usage
    }

    /// The same account going on after `spent_pico` was spent before.
    #[must_use]
    pub fn after(self, spent_pico: u64) -> Self {
        self.0.sums().spent_pico = spent_pico;
        self
    }

    /// Pico-dollars that are left below the cap, if there is one.
    #[must_use]
    pub fn left_pico(&self) -> Option<u64> {
        let sums = self.0.sums();
        let taken = sums.spent_pico + sums.reserved_pico;
        self.0.cap_pico.map(|cap| cap.saturating_sub(taken))
    }

    /// Counts an answer that cost `pico` and was not reserved for.
    pub fn count(&self, usage: Usage, pico: u64) {
        self.0.settle(0, pico, usage);
    }

    /// What `usage` costs, in pico-dollars.
    #[must_use]
    pub fn cost_pico(&self, usage: Usage) -> u64 {
        self.0.prices.cost_pico(usage)
    }

    /// The most that `ask` can cost, and what its input alone costs, in pico-dollars.
    #[must_use]
    pub fn price(&self, ask: &Ask) -> [u64; 2] {
        let input = Usage {
            input_tokens: (ask.prompt.len() as u64).div_ceil(BYTES_PER_TOKEN),
            ..Usage::default()
        };
        let whole = Usage {
            output_tokens: ask.max_tokens,
            ..input
        };
        [self.cost_pico(whole), self.cost_pico(input)]
    }

    /// Sets money aside for `ask`, waiting for other calls if their reserves are in the way.
    pub(super) async fn reserve(&self, ask: &Ask) -> Result<Reservation, CallError> {
        let [pico, input_pico] = self.price(ask);
        loop {
            let settled = self.0.settled.notified();
            {
                let mut sums = self.0.sums();
                let cap = self.0.cap_pico.unwrap_or(u64::MAX);
                if sums.spent_pico + sums.reserved_pico + pico <= cap {
                    sums.reserved_pico += pico;
                    let account = Arc::clone(&self.0);
                    return Ok(Reservation {
                        account,
                        pico,
                        input_pico,
                        is_settled: false,
                    });
                }
                if sums.reserved_pico == 0 {
                    return Err(CallError::OverBudget {
                        spent_pico: sums.spent_pico,
                        cap_pico: cap,
                    });
                }
            }
            settled.await;
        }
    }
}

impl Account {
    fn sums(&self) -> MutexGuard<'_, Sums> {
        self.sums
            .lock()
            .expect("nothing panics while it holds the account")
    }

    fn settle(&self, reserved_pico: u64, spent_pico: u64, usage: Usage) {
        let mut sums = self.sums();
        sums.reserved_pico -= reserved_pico;
        sums.spent_pico += spent_pico;
        sums.usage = sums.usage.plus(usage);
        drop(sums);
        self.settled.notify_waiters();
    }
}

impl Reservation {
    /// Pays for an answer, or for nothing when the API refused.
    pub(super) fn settle(mut self, usage: Usage) {
        self.is_settled = true;
        self.account
            .settle(self.pico, self.account.prices.cost_pico(usage), usage);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_settled {
            self.account
                .settle(self.pico, self.input_pico, Usage::default());
        }
    }
}

#[cfg(test)]
mod tests {
    use ground::presets;
    use ground::prices::ModelPrice;

    use super::*;

    const PRICE: ModelPrice = ModelPrice {
        input: 1.0,
        output: 10.0,
        cache_write_5m: None,
        cache_write_1h: None,
        cache_read: None,
    };

    fn ask() -> Ask {
        Ask {
            model: "m".into(),
            max_tokens: 100,
            system: None,
            prompt: "x".repeat(200),
            stream: false,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_might_exceed_the_cap_is_refused_before_it_is_sent() {
        let spending = Spending::new(PRICE, Some(2_200_000_000));
        let first = spending.reserve(&ask()).await.unwrap();
        let second = spending.reserve(&ask()).await.unwrap();
        second.settle(Usage {
            input_tokens: 100,
            output_tokens: 100,
            ..Usage::default()
        });
        drop(first);
        assert_eq!(spending.spent_pico(), 1_100_000_000 + 100_000_000);
        let error = spending.reserve(&ask()).await.err().unwrap();
        assert_eq!(
            error,
            CallError::OverBudget {
                spent_pico: 1_200_000_000,
                cap_pico: 2_200_000_000
            }
        );
        assert!(!error.is_transient());
    }

    #[test]
    fn a_long_prompt_is_reserved_for_at_its_own_price() {
        let prices = presets::prices().of("claude-haiku-5-5").unwrap();
        let spending = Spending::new(prices, None);
        let most = |bytes| {
            let prompt = "x".repeat(bytes);
            spending.price(&Ask { prompt, ..ask() })[0]
        };
        // 0.10 / 0.50 dollars a million tokens, 0.50 / 2.50 above 100,000 of them.
        assert_eq!(most(200_000), 100_000 * 100_000 + 100 * 500_000);
        assert_eq!(most(200_002), 100_001 * 500_000 + 100 * 2_500_000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_for_the_reserves_of_others() {
        let spending = Spending::new(PRICE, Some(1_500_000_000));
        let first = spending.reserve(&ask()).await.unwrap();
        let refused = async {
            tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            first.settle(Usage::default());
        };
        let ask = ask();
        let (second, ()) = tokio::join!(spending.reserve(&ask), refused);
        assert!(second.is_ok());
    }
}
