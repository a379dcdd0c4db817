//! One task, and what can be asked of it.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use crate::{
    client::Client,
    error::{Ended, Error, PartialFailure},
    event::Event,
    items::{Items, pages},
    new_task::new_id,
    retry::{Backoff, passing},
    transport::{Outage, Transport},
    v1::{self, LedgerVerdict, PartialFailureAction, TaskState},
    watch::{HEARTBEAT, watch_task},
};

/// One long poll; short enough for proxies that cut silent calls, long enough to cost nothing.
const POLL: Duration = Duration::from_secs(25);
const SLACK: Duration = Duration::from_secs(10);

/// One task, by its name. Clones are of the same task.
#[derive(Clone)]
pub struct Handle {
    client: Client,
    name: String,
    task: Option<v1::Task>,
}

/// Which keys of a task's ledger a rollback is about; the default is all.
#[derive(Clone, Debug, Default)]
pub struct Rollback {
    /// Undo these keys only; empty: all.
    pub only: Vec<String>,
    /// Keep these, with all that they depend on.
    pub retain: Vec<String>,
}

impl Handle {
    pub(crate) fn seen(client: Client, task: v1::Task) -> Self {
        Self { client, name: task.name.clone(), task: Some(task) }
    }

    pub(crate) fn named(client: Client, name: String) -> Self {
        Self { client, name, task: None }
    }

    fn transport(&self) -> &Transport {
        &self.client.transport
    }

    /// The full name, `projects/{project}/tasks/{task}`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The task as [`Client::submit`] and [`Client::batch`] were told of it; `None` for one that was only named.
    pub fn task(&self) -> Option<&v1::Task> {
        self.task.as_ref()
    }

    /// The task as it now stands.
    pub async fn get(&self) -> Result<v1::Task, Error> {
        self.transport().ask(v1::GetTaskRequest { name: self.name.clone(), ..Default::default() }).await
    }

    /// The task's life as it happens: a snapshot, every event once and in order, progress in between, and a last snapshot
    /// when it is at rest; there the stream ends.
    ///
    /// A connection that breaks, or is silent for three heartbeats, is opened again where it ended, for as long as it
    /// takes. A server that never answered this client is given up after 5 seconds.
    pub fn watch(&self) -> Items<Event> {
        self.watch_after(0)
    }

    /// As [`watch`](Self::watch), with the events after that number only.
    pub fn watch_after(&self, sequence: i64) -> Items<Event> {
        watch_task(self.client.transport.clone(), self.name.clone(), sequence, HEARTBEAT)
    }

    /// The task once it is at rest. Broken connections and restarts of the server are waited out.
    pub async fn wait(&self) -> Result<v1::Task, Error> {
        self.wait_until(None).await
    }

    /// What the script returned, once the task is at rest; or how it ended instead, as an error.
    pub async fn result<T: DeserializeOwned>(&self) -> Result<T, Error> {
        self.outcome(self.wait().await?).await?.read_result()
    }

    /// As [`result`](Self::result), for so long at most; then [`Error::TimedOut`].
    pub async fn result_within<T: DeserializeOwned>(&self, limit: Duration) -> Result<T, Error> {
        let task = self.wait_until(Instant::now().checked_add(limit)).await?;
        self.outcome(task).await?.read_result()
    }

    async fn wait_until(&self, end: Option<Instant>) -> Result<v1::Task, Error> {
        let left = || end.map_or(POLL, |end| end.saturating_duration_since(Instant::now()));
        let (mut backoff, mut outage) = (Backoff::default(), Outage::new(Duration::MAX));
        loop {
            let (poll, last) = (left().min(POLL), end.is_some_and(|end| end <= Instant::now()));
            let request = v1::WaitTaskRequest { name: self.name.clone(), timeout: poll.try_into().ok() };
            match self.transport().once(request, poll + SLACK).await {
                Ok(task) if task.is_at_rest() => return Ok(task),
                Ok(task) if last => return Err(self.too_late(task.state_word())),
                Ok(_) => {
                    outage.over();
                    backoff.ease(0);
                    // An early answer is allowed, and no reason to ask without a pause.
                    tokio::time::sleep(Duration::from_millis(50).min(left())).await;
                }
                Err(error) if !passing(&error, backoff.failures) => return Err(error),
                Err(error) if last => return Err(self.too_late(&error.to_string())),
                Err(error) => {
                    outage.bear(self.transport(), &error)?;
                    tokio::time::sleep(backoff.next(Some(&error)).min(left())).await;
                }
            }
        }
    }

    fn too_late(&self, what: &str) -> Error {
        Error::TimedOut(format!("{} did not end in time: {what}. It is not affected and goes on", self.name))
    }

    /// The task if it succeeded, else how it ended.
    async fn outcome(&self, task: v1::Task) -> Result<v1::Task, Error> {
        match TaskState::try_from(task.state) {
            Ok(TaskState::Succeeded) => Ok(task),
            Ok(TaskState::Cancelled) => Err(Error::TaskCancelled(Box::new(Ended { task }))),
            Ok(TaskState::RolledBack) => Err(Error::RolledBack(Box::new(Ended { task }))),
            // Also in a state of a newer server.
            _ if task.partial_failure.is_some() => Err(self.half_done(task).await?),
            _ => Err(Error::TaskFailed(Box::new(Ended { task }))),
        }
    }

    async fn half_done(&self, mut task: v1::Task) -> Result<Error, Error> {
        let stands = task.partial_failure.take().unwrap_or_default();
        let cut = usize::try_from(stands.total_left_over).unwrap_or(0) > stands.left_over.len();
        let left_over = if cut {
            self.ledger("").all().await?.into_iter().filter(v1::LedgerEntry::is_left_over).collect()
        } else {
            stands.left_over.clone()
        };
        let actions = stands.allowed_actions.iter().filter_map(|action| PartialFailureAction::try_from(*action).ok());
        let half = PartialFailure {
            left_over,
            not_attempted: stands.not_attempted.clone(),
            cost: stands.cost.clone(),
            allowed_actions: actions.collect(),
            failed_step: stands.failed_step.clone(),
            retryable: stands.retryable,
            resume_version: stands.resume_version.clone(),
            task: v1::Task { partial_failure: Some(stands), ..task },
        };
        Ok(Error::PartialFailure(Box::new(half)))
    }

    /// Ask the task to stop, and tell why; the task as it then is. Asking again is no error.
    pub async fn cancel(&self, reason: &str) -> Result<v1::Task, Error> {
        let (name, reason) = (self.name.clone(), reason.to_owned());
        self.transport().ask(v1::CancelTaskRequest { name, reason, request_id: new_id(), ..Default::default() }).await
    }

    /// Let the half-done task run again with what it made; it is then QUEUED. Where a [`PartialFailure`] has a
    /// `resume_version`, give that; otherwise an empty text.
    pub async fn resume(&self, script_version: &str) -> Result<v1::Task, Error> {
        let (name, script_version) = (self.name.clone(), script_version.to_owned());
        let request = v1::ResumeTaskRequest { name, script_version, request_id: new_id(), ..Default::default() };
        self.transport().ask(request).await
    }

    /// What a rollback would do; nothing is done.
    pub async fn rollback_plan(&self, rollback: &Rollback) -> Result<v1::RollbackPlan, Error> {
        let task = self.transport().ask(self.rollback_request(rollback, true)).await?;
        Ok(task.rollback_plan.unwrap_or_default())
    }

    /// Undo what the task made, children first; it is then ROLLING_BACK. See [`rollback_plan`](Self::rollback_plan) first.
    pub async fn rollback(&self, rollback: &Rollback) -> Result<v1::Task, Error> {
        self.transport().ask(self.rollback_request(rollback, false)).await
    }

    fn rollback_request(&self, rollback: &Rollback, validate_only: bool) -> v1::RollbackTaskRequest {
        let Rollback { only, retain } = rollback.clone();
        let (name, request_id) = (self.name.clone(), new_id());
        v1::RollbackTaskRequest { name, request_id, retain, only, validate_only, ..Default::default() }
    }

    /// Say how things stand with one entry of the ledger. An empty `external_id` is right where the ledger has one, and for
    /// verdicts other than `Created`.
    pub async fn resolve(&self, key: &str, verdict: LedgerVerdict, external_id: &str) -> Result<v1::Task, Error> {
        let request = v1::ResolveLedgerEntryRequest {
            name: self.name.clone(),
            key: key.to_owned(),
            verdict: verdict.into(),
            external_id: external_id.to_owned(),
            request_id: new_id(),
            ..Default::default()
        };
        self.transport().ask(request).await
    }

    /// Delete the task, which must be at rest and own nothing that may be alive. Deleting what is deleted is no error;
    /// `allow_missing`: nor is a task that never was.
    pub async fn delete(&self, allow_missing: bool) -> Result<(), Error> {
        let (name, request_id) = (self.name.clone(), new_id());
        self.transport().ask(v1::DeleteTaskRequest { name, request_id, allow_missing, ..Default::default() }).await
    }

    /// The task's ledger in the order of intent, filtered such as by `state = UNCERTAIN`; empty: the whole.
    pub fn ledger(&self, filter: &str) -> Items<v1::LedgerEntry> {
        let (parent, filter) = (self.name.clone(), filter.to_owned());
        let request = v1::ListLedgerEntriesRequest { parent, filter, page_size: 1000, ..Default::default() };
        pages(self.client.transport.clone(), request)
    }

    /// The task's events so far, those after that number.
    pub fn events(&self, after_sequence: i64) -> Items<v1::TaskEvent> {
        let parent = self.name.clone();
        let request = v1::ListTaskEventsRequest { parent, after_sequence, page_size: 1000, ..Default::default() };
        pages(self.client.transport.clone(), request)
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("name", &self.name).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
