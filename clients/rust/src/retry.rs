//! Which errors are tried again, and after how long.

use std::time::Duration;

use crate::error::{Error, Refused};

/// When a request that was refused may be asked again as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Retry {
    /// It would be refused again: something else has to change first.
    Never,
    /// Any time, with a wait that grows.
    SameRequest,
    /// After the delay that the error names.
    AfterRetryInfo,
}

/// What always holds for errors of one reason.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ErrorRule {
    /// The reason: the name of a [`crate::v1::ErrorReason`] without `ERROR_REASON_`.
    pub reason: &'static str,
    /// The name of the status code that it comes with.
    pub code: &'static str,
    /// When the same request may be asked again.
    pub retry: Retry,
    /// The keys that its metadata may have.
    pub metadata: &'static [&'static str],
}

/// Every reason that this version of the API has.
pub const ERROR_RULES: &[ErrorRule] = &include!("gen/error_rules.rs");

/// The rule of a reason; `None` for one that a newer server has, or a script made up.
pub fn error_rule(reason: &str) -> Option<&'static ErrorRule> {
    ERROR_RULES.iter().find(|rule| rule.reason == reason)
}

// Without a word from our server these may be a fault between here and there, or a lasting one; so only so often.
const DOUBTFUL: u32 = 10;

/// Whether asking again may help, after so many failures in a row.
pub(crate) fn passing(error: &Error, failures: u32) -> bool {
    match error {
        Error::Unreachable { lasting, .. } => !lasting,
        Error::Refused(refused) => refused.retryable() || (doubtful(refused) && failures < DOUBTFUL),
        _ => false,
    }
}

/// A reset stream shows as such, without a reason.
fn doubtful(refused: &Refused) -> bool {
    refused.reason.is_empty() && matches!(refused.code, tonic::Code::Internal | tonic::Code::Unknown)
}

/// Waits between tries: doubling from 0.1 to 3 seconds, each drawn at random up to that.
#[derive(Default)]
pub(crate) struct Backoff {
    pub failures: u32,
}

impl Backoff {
    /// Forget all failures but `keep`: something was received.
    pub fn ease(&mut self, keep: u32) {
        self.failures = self.failures.min(keep);
    }

    /// How long to wait: at least what the server asked for, and not much beyond that.
    pub fn next(&mut self, error: Option<&Error>) -> Duration {
        let asked = match error {
            Some(Error::Refused(refused)) => refused.retry_after.unwrap_or_default(),
            _ => Duration::ZERO,
        };
        let most = (3.0 - asked.as_secs_f64()).max(0.1);
        let limit = most.min(0.1 * f64::from(1 << self.failures.min(10)));
        self.failures += 1;
        // Not everyone at once after a restart.
        asked + Duration::from_secs_f64(limit * (0.1 + 0.9 * fastrand::f64()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_api() {
        assert_eq!(error_rule("WATCH_LIMIT").unwrap().retry, Retry::AfterRetryInfo);
        assert_eq!(error_rule("PRICES_UNREACHABLE").unwrap().retry, Retry::SameRequest);
        let unknown = error_rule("PRICE_UNKNOWN").unwrap();
        assert_eq!((unknown.code, unknown.retry), ("NOT_FOUND", Retry::Never));
        assert_eq!(unknown.metadata, ["provider", "region", "sku"]);
        assert!(error_rule("BERTH_TAKEN").is_none());
    }

    #[test]
    fn waits_grow_to_three_seconds_and_respect_what_the_server_asked_for() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..40).map(|_| backoff.next(None)).collect();
        assert!(waits[0] <= Duration::from_millis(100));
        assert!(waits.iter().all(|wait| *wait >= Duration::from_millis(10) && *wait <= Duration::from_secs(3)));
        let asked =
            Error::Refused(Box::new(Refused { retry_after: Some(Duration::from_secs(7)), ..Refused::default() }));
        let wait = backoff.next(Some(&asked));
        assert!(wait >= Duration::from_secs(7) && wait < Duration::from_secs(8));
    }
}
