//! What the API's messages can be asked.

use serde::de::DeserializeOwned;

use crate::{
    error::Error,
    v1::{LedgerEntry, LedgerEntryState, PartialFailureAction, Task, TaskState},
    values,
};

/// The word of a state that this version is too old to know.
const UNKNOWN: &str = "UNKNOWN";

impl Task {
    /// Nothing runs any more: also in a state that this version does not know.
    pub fn is_at_rest(&self) -> bool {
        self.end_time.is_some()
    }

    /// The state's word, such as `RUNNING`; `UNKNOWN` for one that this version does not know.
    pub fn state_word(&self) -> &'static str {
        TaskState::word_of(self.state)
    }

    /// The last part of the name.
    pub fn id(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or_default()
    }

    /// What the script returned, as the caller wants it; nothing returned reads as an empty map.
    pub fn read_result<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read(self.result.as_ref())
    }

    /// What the script was given, as the caller wants it.
    pub fn read_params<T: DeserializeOwned>(&self) -> Result<T, Error> {
        read(self.params.as_ref())
    }
}

fn read<T: DeserializeOwned>(value: Option<&prost_types::Struct>) -> Result<T, Error> {
    let nothing = prost_types::Struct::default();
    values::from_struct(value.unwrap_or(&nothing)).map_err(|error| Error::Mismatch(error.to_string()))
}

impl TaskState {
    /// Its word, such as `RUNNING`.
    pub fn word(self) -> &'static str {
        self.as_str_name().trim_start_matches("TASK_STATE_")
    }

    pub(crate) fn word_of(number: i32) -> &'static str {
        Self::try_from(number).map_or(UNKNOWN, Self::word)
    }

    /// It is at rest with something left over.
    pub fn is_half_done(self) -> bool {
        matches!(self, Self::PartiallyFailed | Self::RollbackFailed)
    }
}

impl LedgerEntry {
    /// The state's word, such as `CREATED`; `UNKNOWN` for one that this version does not know.
    pub fn state_word(&self) -> &'static str {
        LedgerEntryState::try_from(self.state).map_or(UNKNOWN, LedgerEntryState::word)
    }

    /// The task made it, and it may be alive.
    pub fn is_left_over(&self) -> bool {
        use LedgerEntryState::{Forgotten, NotCreated, Retained, Undone};
        self.owned && !matches!(LedgerEntryState::try_from(self.state), Ok(NotCreated | Undone | Retained | Forgotten))
    }
}

impl LedgerEntryState {
    /// Its word, such as `CREATED`.
    pub fn word(self) -> &'static str {
        self.as_str_name().trim_start_matches("LEDGER_ENTRY_STATE_")
    }
}

impl PartialFailureAction {
    /// Its word, such as `RESUME`.
    pub fn word(self) -> &'static str {
        self.as_str_name().trim_start_matches("PARTIAL_FAILURE_ACTION_")
    }
}

#[cfg(feature = "decimal")]
impl crate::v1::DecimalMoney {
    /// The amount as a number; an error where it has more digits than a `Decimal` can hold.
    pub fn decimal(&self) -> Result<rust_decimal::Decimal, Error> {
        let wrong = |error: rust_decimal::Error| Error::Mismatch(format!("{:?}: {error}", self.amount));
        rust_decimal::Decimal::from_str_exact(&self.amount).map_err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_newer_server_says_has_a_word() {
        assert_eq!(Task { state: 99, ..Task::default() }.state_word(), "UNKNOWN");
        let entry = LedgerEntry { state: 99, owned: true, ..LedgerEntry::default() };
        assert_eq!((entry.state_word(), entry.is_left_over()), ("UNKNOWN", true));
    }

    #[test]
    fn a_result_is_read_as_the_caller_wants_it() {
        let task = Task {
            result: Some(
                values::to_struct([("count", 3)].into_iter().collect::<std::collections::BTreeMap<_, _>>(), "")
                    .unwrap(),
            ),
            ..Task::default()
        };
        assert_eq!(task.read_result::<std::collections::HashMap<String, u8>>().unwrap()["count"], 3);
        assert!(matches!(task.read_result::<Vec<u8>>(), Err(Error::Mismatch(_))));
    }

    #[cfg(feature = "decimal")]
    #[test]
    fn money_is_exact_or_an_error() {
        let money = |amount: &str| crate::v1::DecimalMoney { amount: amount.into(), currency_code: "USD".into() };
        assert_eq!(money("0.0000000021").decimal().unwrap().to_string(), "0.0000000021");
        assert!(money("0.0000000000000000000000000000000000001").decimal().is_err());
    }
}
