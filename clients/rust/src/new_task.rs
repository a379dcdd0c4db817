//! A task to be, and what is asked of it.

use std::collections::HashMap;

use prost_types::Struct;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    error::Error,
    v1::{CreateTaskRequest, Policy, Task},
    values,
};

/// A task to be: a script with its params, and what may be said besides.
#[derive(Clone, Debug)]
pub struct NewTask {
    script: String,
    params: Struct,
    task_id: String,
    request_id: String,
    script_version: String,
    executor: String,
    labels: HashMap<String, String>,
    policy: Option<Policy>,
}

impl NewTask {
    /// A task that runs `script` with `params`: a struct or a map. Whole numbers beyond 2^53-1 are refused, since the API
    /// would change them.
    pub fn new(script: impl Into<String>, params: impl Serialize) -> Result<Self, Error> {
        Ok(Self {
            script: script.into(),
            params: values::to_struct(params, "task.params")?,
            task_id: String::new(),
            request_id: String::new(),
            script_version: String::new(),
            executor: String::new(),
            labels: HashMap::new(),
            policy: None,
        })
    }

    /// The last part of its name; without this the server makes one up.
    pub fn task_id(mut self, id: impl Into<String>) -> Self {
        self.task_id = id.into();
        self
    }

    /// The caller's own id of the request: the same one makes no second task. Without this there is a new one, which is
    /// kept over retries.
    pub fn request_id(mut self, id: impl Into<String>) -> Self {
        self.request_id = id.into();
        self
    }

    /// A mark to filter by.
    pub fn label(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.labels.insert(key.into(), value.into());
        self
    }

    /// Retries, timeouts, and what happens to things already made.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Only in this version of the script, which must be the installed one.
    pub fn script_version(mut self, version: impl Into<String>) -> Self {
        self.script_version = version.into();
        self
    }

    /// Where to run it; without this where the script prefers.
    pub fn executor(mut self, executor: impl Into<String>) -> Self {
        self.executor = executor.into();
        self
    }

    pub(crate) fn into_task(self) -> Task {
        Task {
            script: self.script,
            params: Some(self.params),
            script_version: self.script_version,
            executor: self.executor,
            labels: self.labels,
            policy: self.policy,
            ..Task::default()
        }
    }

    pub(crate) fn into_request(mut self, parent: &str, validate_only: bool) -> CreateTaskRequest {
        let given = std::mem::take(&mut self.request_id);
        CreateTaskRequest {
            parent: parent.to_owned(),
            task_id: std::mem::take(&mut self.task_id),
            request_id: if given.is_empty() { new_id() } else { given },
            validate_only,
            task: Some(self.into_task()),
        }
    }
}

/// An id of a request: made once, and kept while it is asked again.
pub(crate) fn new_id() -> String {
    Uuid::new_v4().to_string()
}
