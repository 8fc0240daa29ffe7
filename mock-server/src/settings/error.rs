//! Why settings cannot be used.

/// Why settings cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ConfigError {
    /// There is nothing to serve.
    #[error("no profiles: name at least one model to serve")]
    NoProfiles,
    /// One id means two models.
    #[error("model id `{0}` is given twice among profiles and aliases")]
    DuplicateModel(String),
    /// A served model has no price, which would make it free.
    #[error("price book `{book}` has no price for model `{model}`: add it to the book's models")]
    NoPrice {
        /// The model without a price.
        model: String,
        /// The price book's name.
        book: String,
    },
    /// A model lacks the tier whose limits are wanted.
    #[error("model `{model}` has no tier `{tier}` (it has: {known})")]
    NoTier {
        /// The model.
        model: String,
        /// The tier asked for.
        tier: String,
        /// The tiers that its profile has.
        known: String,
    },
    /// A number is outside what makes sense.
    #[error("{field} = {value} of `{of}` must be {must}")]
    OutOfRange {
        /// Which setting.
        field: &'static str,
        /// What was given.
        value: f64,
        /// Model or table it belongs to.
        of: String,
        /// What is allowed.
        must: &'static str,
    },
    /// Settings replaced at run time name other models.
    #[error("the models served cannot change while the mock runs: restart it")]
    ModelsChanged,
    /// A fault rule contradicts itself.
    #[error("fault rule {number} ({kind}): {mistake}")]
    Fault {
        /// Position of the rule, from 1.
        number: usize,
        /// Its kind.
        kind: String,
        /// What is wrong with it.
        mistake: String,
    },
    /// A scripted answer makes no sense.
    #[error("answer {number}: {}{words}", said(key))]
    Answer {
        /// Position of the rule, from 1.
        number: usize,
        /// The key that is wrong; empty if it is the rule as a whole.
        key: &'static str,
        /// What is wrong with it.
        words: String,
    },
}

fn said(key: &str) -> String {
    match key {
        "" => String::new(),
        key => format!("`{key}` "),
    }
}
