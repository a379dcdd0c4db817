//! What a watch tells.

use prost_types::Timestamp;

use crate::v1::{Failure, LedgerEntry, LogLine, Progress, StateChange, Task, TaskEvent, task_event::Detail};

/// One thing that a watch tells.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The whole task: first of all, and last of all when it is at rest.
    Snapshot {
        /// Where it stands.
        place: Place,
        /// The task as it is. A project's watch leaves out what the BASIC view leaves out.
        task: Box<Task>,
        /// It is the last one: the task is at rest, and all has been told.
        last: bool,
    },
    /// The task is in a new state.
    State {
        /// Where it stands.
        place: Place,
        /// The state, who caused it and why.
        change: StateChange,
    },
    /// An entry of the ledger changed.
    Entry {
        /// Where it stands.
        place: Place,
        /// The whole entry as it then was.
        entry: Box<LedgerEntry>,
    },
    /// The script printed or told something.
    Log {
        /// Where it stands.
        place: Place,
        /// The line.
        line: LogLine,
    },
    /// An attempt, a search or an undo failed; later events say what that led to.
    Failure {
        /// Where it stands.
        place: Place,
        /// Why.
        failure: Failure,
    },
    /// The latest progress; values in between may have been left out.
    Progress {
        /// Where it stands.
        place: Place,
        /// How far the task has come.
        progress: Progress,
    },
    /// A numbered event of a kind that this version is too old to know.
    Unknown {
        /// Where it stands.
        place: Place,
    },
}

/// Where something stands that a watch tells.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Place {
    /// Full name of the task.
    pub task: String,
    /// The event's number within the task: 1, 2, 3 and so on, without a gap. For what is no event (snapshots, progress)
    /// that of the last event told before it; 0 for progress in a project's watch.
    pub sequence: i64,
    /// When it was recorded, by the server's clock.
    pub time: Option<Timestamp>,
    /// Epoch of the attempt it belongs to; 0 for none.
    pub attempt: i64,
    /// Of project watches: give it back to go on after this. Events that came in one message share the token before it,
    /// all but the last of them, so that some may be told again and none is missed.
    pub resume_token: Vec<u8>,
}

impl Event {
    /// Where it stands.
    pub fn place(&self) -> &Place {
        match self {
            Self::Snapshot { place, .. }
            | Self::State { place, .. }
            | Self::Entry { place, .. }
            | Self::Log { place, .. }
            | Self::Failure { place, .. }
            | Self::Progress { place, .. }
            | Self::Unknown { place } => place,
        }
    }

    pub(crate) fn numbered(event: TaskEvent, resume_token: Vec<u8>) -> Self {
        let TaskEvent { task, sequence, time, attempt, detail } = event;
        let place = Place { task, sequence, time, attempt, resume_token };
        match detail {
            Some(Detail::StateChange(change)) => Self::State { place, change },
            Some(Detail::Entry(entry)) => Self::Entry { place, entry: Box::new(entry) },
            Some(Detail::Log(line)) => Self::Log { place, line },
            Some(Detail::Failure(failure)) => Self::Failure { place, failure },
            None => Self::Unknown { place },
        }
    }

    pub(crate) fn progress(task: String, sequence: i64, progress: Progress, resume_token: Vec<u8>) -> Self {
        let place = Place { task, sequence, time: progress.update_time, attempt: 0, resume_token };
        Self::Progress { place, progress }
    }

    pub(crate) fn snapshot(task: Task, sequence: i64, last: bool, resume_token: Vec<u8>) -> Self {
        let place = Place { task: task.name.clone(), sequence, time: task.update_time, attempt: 0, resume_token };
        Self::Snapshot { place, task: Box::new(task), last }
    }
}

impl From<TaskEvent> for Event {
    fn from(event: TaskEvent) -> Self {
        Self::numbered(event, Vec::new())
    }
}
