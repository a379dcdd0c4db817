//! What can go wrong.

use std::{collections::HashMap, fmt, time::Duration};

use tonic::Code;

use crate::{
    retry::{Retry, error_rule},
    rpc,
    v1::{self, LedgerEntryState, PartialFailureAction},
};

/// What can go wrong, in a call or with a task.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The task stopped half-way, or its rollback did, and something may be alive.
    #[error("{0}")]
    PartialFailure(Box<PartialFailure>),
    /// The task failed, and nothing is left over.
    #[error("{0}")]
    TaskFailed(Box<Ended>),
    /// The task was cancelled, and nothing is left over.
    #[error("{0}")]
    TaskCancelled(Box<Ended>),
    /// What the task had made was undone on somebody's request.
    #[error("{0}")]
    RolledBack(Box<Ended>),
    /// The server will not have it.
    #[error("{0}")]
    Refused(Box<Refused>),
    /// No answer came. A request that changes something may have arrived all the same.
    #[error("{server} can't be reached: {cause}{}{hint}", if hint.is_empty() { "" } else { "; " })]
    Unreachable {
        /// The server's address.
        server: String,
        /// Why, as far as it is known here.
        cause: String,
        /// What to do about it; empty where nothing is known to help.
        hint: String,
        /// How the server is spoken to is wrong, so that trying again does not help.
        lasting: bool,
    },
    /// The caller's own time is over. The task goes on.
    #[error("{0}")]
    TimedOut(String),
    /// A setting or an argument can't be what it is; nothing was sent.
    #[error("{field}: {problem}")]
    Invalid {
        /// What is wrong, such as `server` or `task.params.size`.
        field: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The result is not what the caller wants to read it as.
    #[error("the result does not fit: {0}")]
    Mismatch(String),
}

impl Error {
    pub(crate) fn invalid(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), problem: problem.into() }
    }

    /// What is left over, where the task stopped half-way.
    pub fn partial_failure(&self) -> Option<&PartialFailure> {
        if let Self::PartialFailure(half) = self { Some(half) } else { None }
    }

    /// The refusal, where the server refused.
    pub fn refused(&self) -> Option<&Refused> {
        if let Self::Refused(refused) = self { Some(refused) } else { None }
    }

    /// The same request may go through later.
    pub fn retryable(&self) -> bool {
        crate::retry::passing(self, 0)
    }
}

/// What the server said when it would not have a request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Refused {
    /// The status code.
    pub code: Code,
    /// The name of a [`v1::ErrorReason`] without `ERROR_REASON_`, open to words of newer servers; empty where something
    /// between here and the server refused.
    pub reason: String,
    /// What is wrong, for people to read.
    pub message: String,
    /// Facts for programs, by the keys that [`v1::ErrorReason`] names.
    pub metadata: HashMap<String, String>,
    /// The fields of the request that are wrong.
    pub violations: Vec<Violation>,
    /// What the field in question might be instead.
    pub choices: Vec<String>,
    /// The states of the task in which it would be possible, in the API's words without `TASK_STATE_`.
    pub allowed: Vec<String>,
    /// When to ask again, where the server said so.
    pub retry_after: Option<Duration>,
}

impl Default for Refused {
    fn default() -> Self {
        Self {
            code: Code::Unknown,
            reason: String::new(),
            message: String::new(),
            metadata: HashMap::new(),
            violations: Vec::new(),
            choices: Vec::new(),
            allowed: Vec::new(),
            retry_after: None,
        }
    }
}

impl Refused {
    /// The same request may go through later.
    pub fn retryable(&self) -> bool {
        match error_rule(&self.reason) {
            Some(rule) => rule.retry != Retry::Never,
            // A newer server's, or something's between here and there.
            None => self.retry_after.is_some() || (self.reason.is_empty() && self.code == Code::Unavailable),
        }
    }

    /// The code's name, such as `NOT_FOUND`.
    pub fn code_name(&self) -> &'static str {
        rpc::Code::try_from(i32::from(self.code)).map_or("UNKNOWN", |code| code.as_str_name())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.reason.is_empty() { self.code_name() } else { &self.reason };
        match self.message.is_empty() {
            true => write!(f, "{word}"),
            false => write!(f, "{} ({word})", self.message),
        }
    }
}

/// A field of a request that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Its place, such as `task.params.size`.
    pub field: String,
    /// What is wrong with it.
    pub description: String,
}

/// A task that ended without success.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Ended {
    /// The task as it then was; its `failure` says why.
    pub task: v1::Task,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let task = &self.task;
        write!(f, "{} ({}) is {}", task.name, task.script, task.state_word())?;
        match task.failure.as_ref().filter(|failure| !failure.message.is_empty()) {
            Some(failure) => write!(f, ": {}", failure.message),
            None => Ok(()),
        }
    }
}

/// A task that stopped half-way, and what it left.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PartialFailure {
    /// The task as it then was; its `failure` says why, its `rollback_failure` why the latest rollback stopped.
    pub task: v1::Task,
    /// Everything that may be alive, in the order of intent: all of it, also where that is more than the 100 entries
    /// which a task shows.
    pub left_over: Vec<v1::LedgerEntry>,
    /// Planned keys that were never begun, in the order of the plan; the first 100.
    pub not_attempted: Vec<String>,
    /// What the leftovers cost while they live; `None`: nobody knows.
    pub cost: Option<v1::LeftoverCost>,
    /// What can be done about it now, as far as this version knows.
    pub allowed_actions: Vec<PartialFailureAction>,
    /// Name of the step that failed; empty when it failed outside of steps.
    pub failed_step: String,
    /// Trying again might help.
    pub retryable: bool,
    /// The script's version that resuming has to name; empty: none.
    pub resume_version: String,
}

impl PartialFailure {
    /// The leftovers that exist, also those whose undo failed.
    pub fn created(&self) -> impl Iterator<Item = &v1::LedgerEntry> {
        self.left_over.iter().filter(|entry| !is_uncertain(entry))
    }

    /// The leftovers of which nobody can tell whether they exist.
    pub fn uncertain(&self) -> impl Iterator<Item = &v1::LedgerEntry> {
        self.left_over.iter().filter(|entry| is_uncertain(entry))
    }

    /// Whether that can be done about it now.
    pub fn allows(&self, action: PartialFailureAction) -> bool {
        self.allowed_actions.contains(&action)
    }
}

fn is_uncertain(entry: &v1::LedgerEntry) -> bool {
    use LedgerEntryState::{Created, UndoFailed, Undoing};
    // Also what this version does not know: better looked at once too often.
    !matches!(LedgerEntryState::try_from(entry.state), Ok(Created | UndoFailed | Undoing))
}

impl fmt::Display for PartialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Ended { task: self.task.clone() })?;
        let keys =
            |entries: &mut dyn Iterator<Item = &v1::LedgerEntry>| entries.map(|entry| entry.key.clone()).collect();
        let lists: [(&str, Vec<String>); 3] = [
            ("exists", keys(&mut self.created())),
            ("may exist", keys(&mut self.uncertain())),
            ("never begun", self.not_attempted.clone()),
        ];
        for (what, keys) in lists.iter().filter(|(_, keys)| !keys.is_empty()) {
            let more = if keys.len() > 5 { format!(" and {} more", keys.len() - 5) } else { String::new() };
            write!(f, "; {what}: {}{more}", keys[..keys.len().min(5)].join(", "))?;
        }
        Ok(())
    }
}
