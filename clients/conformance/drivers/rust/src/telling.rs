//! What the client gave, in the suite's words.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Value, json};
use wharfinger::{Error, Event, PartialFailure, Place, rpc, v1};

pub fn task(task: &v1::Task) -> Value {
    json!({
        "name": task.name,
        "state": task.state_word(),
        "script": task.script,
        "script_version": task.script_version,
        "params": task.read_params::<Value>().unwrap_or_default(),
        "result": task.result.as_ref().map(|_| task.read_result::<Value>().unwrap_or_default()),
        "failure": task.failure.as_ref().map(failure),
        "labels": task.labels,
        "creator": task.creator,
        "last_sequence": task.last_sequence,
    })
}

fn failure(failure: &v1::Failure) -> Value {
    let code = rpc::Code::try_from(failure.code).map_or("UNKNOWN", |code| code.as_str_name());
    json!({"code": code, "reason": failure.reason, "message": failure.message, "metadata": failure.metadata})
}

pub fn entry(entry: &v1::LedgerEntry) -> Value {
    json!({"key": entry.key, "type": entry.r#type, "state": entry.state_word(), "external_id": entry.external_id})
}

pub fn plan(plan: &v1::RollbackPlan) -> Value {
    let waves: Vec<_> = plan.waves.iter().map(|wave| &wave.keys).collect();
    json!({"waves": waves, "retained": plan.retained, "sought": plan.sought, "blocked": plan.blocked})
}

pub fn amounts(amounts: &[v1::DecimalMoney]) -> Value {
    amounts.iter().map(|money| json!({"amount": money.amount, "currency": money.currency_code})).collect()
}

/// What a price amounts to; null where that is unknown.
pub fn amount(price: Option<&v1::Price>) -> Value {
    price.and_then(|price| price.amount.as_ref()).map_or(Value::Null, |money| json!(money.amount))
}

pub fn change(change: &v1::PriceChange) -> Value {
    let sku = change.after.as_ref().or(change.before.as_ref()).map(|price| price.sku.clone());
    json!({"sku": sku, "before": amount(change.before.as_ref()), "after": amount(change.after.as_ref())})
}

pub fn budget(budget: &v1::Budget) -> Value {
    let project = budget.project.trim_start_matches("projects/");
    json!({"project": project, "limit": amounts(&budget.hourly_limit), "use": amounts(&budget.hourly_use)})
}

pub fn group(group: &v1::LeftoverGroup) -> Value {
    let cost = group.cost.clone().unwrap_or_default();
    json!({"key": group.key, "tasks": group.task_count, "alive": group.alive_count, "cost": {
        "known_hourly": amounts(&cost.known_hourly), "unpriced": cost.unpriced, "uncertain": cost.uncertain}})
}

pub fn event(event: &Event) -> Value {
    let mut told = place(event.place());
    let mut set = |name: &str, value: Value| told[name] = value;
    match event {
        Event::Snapshot { task, last, .. } => {
            set("kind", json!("snapshot"));
            set("state", json!(task.state_word()));
            set("final", json!(last));
        }
        Event::State { change, .. } => {
            set("kind", json!("state"));
            set("state", json!(state(change.state)));
            set("reason", json!(change.reason));
        }
        Event::Entry { entry, .. } => {
            set("kind", json!("entry"));
            set("key", json!(entry.key));
            set("entry_state", json!(entry.state_word()));
        }
        Event::Log { line, .. } => {
            set("kind", json!("log"));
            set("text", json!(line.text));
        }
        Event::Failure { failure, .. } => {
            set("kind", json!("failure"));
            set("reason", json!(failure.reason));
            set("text", json!(failure.message));
        }
        Event::Progress { progress, .. } => {
            set("kind", json!("progress"));
            set("text", json!(progress.message));
        }
        _ => set("kind", json!("unknown")),
    }
    told
}

/// An event of a list, as a watch would tell it.
pub fn recorded(recorded: v1::TaskEvent) -> Value {
    event(&Event::from(recorded))
}

fn place(place: &Place) -> Value {
    let mut told = json!({"task": place.task, "sequence": place.sequence});
    if !place.resume_token.is_empty() {
        told["resume_token"] = json!(hex(&place.resume_token));
    }
    told
}

fn state(number: i32) -> &'static str {
    v1::TaskState::try_from(number).map_or("UNKNOWN", v1::TaskState::word)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).filter_map(|index| u8::from_str_radix(hex.get(2 * index..2 * index + 2)?, 16).ok()).collect()
}

pub fn error(error: &Error) -> Value {
    let mut told = match error {
        Error::PartialFailure(half) => half_done(half),
        Error::TaskFailed(ended) => with_failure("TaskFailed", &ended.task),
        Error::TaskCancelled(ended) => with_failure("TaskCancelled", &ended.task),
        Error::RolledBack(ended) => with_failure("RolledBack", &ended.task),
        Error::Refused(refused) => json!({
            "kind": "Refused",
            "code": refused.code_name(),
            "reason": refused.reason,
            "metadata": refused.metadata,
            "violations": refused.violations.iter().map(|violation| &violation.field).collect::<Vec<_>>(),
            "choices": refused.choices,
            "retryable": refused.retryable(),
        }),
        Error::Unreachable { .. } => json!({"kind": "Unreachable", "retryable": error.retryable()}),
        Error::TimedOut(_) => json!({"kind": "TimedOut"}),
        Error::Invalid { field, .. } => json!({"kind": "Invalid", "violations": [field]}),
        _ => json!({"kind": "Invalid"}),
    };
    told["message"] = json!(error.to_string());
    told
}

fn with_failure(kind: &str, task: &v1::Task) -> Value {
    let mut told = json!({"kind": kind});
    if let Some(failure) = &task.failure {
        let code = rpc::Code::try_from(failure.code).map_or("UNKNOWN", |code| code.as_str_name());
        told["code"] = json!(code);
        told["reason"] = json!(failure.reason);
        told["metadata"] = json!(failure.metadata.iter().collect::<BTreeMap<_, _>>());
    }
    told
}

fn half_done(half: &PartialFailure) -> Value {
    let mut told = with_failure("PartialFailure", &half.task);
    told["retryable"] = json!(half.retryable);
    told["created"] = half.created().map(|entry| entry.key.clone()).collect();
    told["uncertain"] = half.uncertain().map(|entry| entry.key.clone()).collect();
    told["not_attempted"] = json!(half.not_attempted);
    told["allowed_actions"] = half.allowed_actions.iter().map(|action| action.word()).collect();
    told["failed_step"] = json!(half.failed_step);
    told["cost"] = half.cost.as_ref().map_or(Value::Null, |cost| {
        json!({"known_hourly": amounts(&cost.known_hourly), "unpriced": cost.unpriced, "uncertain": cost.uncertain})
    });
    told
}
