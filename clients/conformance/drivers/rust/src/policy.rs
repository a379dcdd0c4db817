//! A policy as the suite writes it: words of enumerations, and seconds.

use serde_json::Value;
use wharfinger::{
    Error,
    v1::{DecimalMoney, LeftoverPolicy, Policy},
};

fn invalid(field: &str) -> Error {
    Error::Invalid { field: format!("task.policy.{field}"), problem: "the driver can't read it".to_owned() }
}

pub fn policy(args: &Value) -> Result<Policy, Error> {
    let mut policy = Policy::default();
    for (name, value) in args.as_object().into_iter().flatten() {
        let number = || value.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(|| invalid(name));
        let text = || value.as_str().ok_or_else(|| invalid(name));
        match name.as_str() {
            "on_failure" => policy.on_failure = leftovers(value).ok_or_else(|| invalid(name))?,
            "on_cancel" => policy.on_cancel = leftovers(value).ok_or_else(|| invalid(name))?,
            "max_attempts" => policy.max_attempts = number()?,
            "max_lost_attempts" => policy.max_lost_attempts = Some(number()?),
            "max_undo_attempts" => policy.max_undo_attempts = number()?,
            "priority" => policy.priority = number()?,
            "concurrency_key" => policy.concurrency_key = text()?.to_owned(),
            "allow_unpriced" => policy.allow_unpriced = value == true,
            "retry_backoff" => policy.retry_backoff = Some(seconds(value).ok_or_else(|| invalid(name))?),
            "attempt_timeout" => policy.attempt_timeout = Some(seconds(value).ok_or_else(|| invalid(name))?),
            "total_timeout" => policy.total_timeout = Some(seconds(value).ok_or_else(|| invalid(name))?),
            "undo_timeout" => policy.undo_timeout = Some(seconds(value).ok_or_else(|| invalid(name))?),
            "max_hourly_cost" => {
                let part = |key: &str| value[key].as_str().map(str::to_owned).ok_or_else(|| invalid(name));
                policy.max_hourly_cost =
                    Some(DecimalMoney { currency_code: part("currency")?, amount: part("amount")? });
            }
            _ => return Err(invalid(name)),
        }
    }
    Ok(policy)
}

fn leftovers(value: &Value) -> Option<i32> {
    let word = value.as_str()?;
    LeftoverPolicy::from_str_name(&format!("LEFTOVER_POLICY_{word}")).map(Into::into)
}

/// A number of seconds, or `90s` as protobuf's JSON has it.
fn seconds(value: &Value) -> Option<prost_types::Duration> {
    let seconds = value.as_f64().or_else(|| value.as_str()?.trim_end_matches('s').parse().ok())?;
    std::time::Duration::try_from_secs_f64(seconds).ok()?.try_into().ok()
}
