//! Each operation, by the client's own verbs.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use wharfinger::{Client, Error, NewTask, Rollback, Settings, to_json, v1};

use crate::{policy::policy, telling};

/// A text among the arguments; empty where there is none.
pub fn text(args: &Value, name: &str) -> String {
    args[name].as_str().unwrap_or_default().to_owned()
}

fn texts(args: &Value, name: &str) -> Vec<String> {
    let items = args[name].as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

fn invalid(field: &str, problem: impl ToString) -> Error {
    Error::Invalid { field: field.to_owned(), problem: problem.to_string() }
}

pub fn connect(args: &Value) -> Result<Client, Error> {
    let mut settings = match args["server"].as_str() {
        Some(server) => Settings::new(server),
        None => Settings::from_env()?,
    };
    if let Some(project) = args["project"].as_str() {
        settings = settings.project(project);
    }
    if let Some(token) = args["token"].as_str() {
        settings = settings.token(token);
    }
    if let Some(ca) = args["ca"].as_str() {
        let pem =
            if ca.contains("-----BEGIN") { ca.into() } else { fs::read(ca).map_err(|error| invalid("ca", error))? };
        settings = settings.ca(pem);
    }
    if let Some(plain) = args["plaintext"].as_bool() {
        settings = settings.tls(!plain);
    }
    Client::connect(settings)
}

fn new_task(args: &Value) -> Result<NewTask, Error> {
    let mut task = NewTask::new(text(args, "script"), &args["params"])?;
    if let Some(id) = args["task_id"].as_str() {
        task = task.task_id(id);
    }
    if let Some(id) = args["request_id"].as_str() {
        task = task.request_id(id);
    }
    for (key, value) in args["labels"].as_object().into_iter().flatten() {
        task = task.label(key, value.as_str().unwrap_or_default());
    }
    if args["policy"].is_object() {
        task = task.policy(policy(&args["policy"])?);
    }
    Ok(task)
}

fn seen(handle: &wharfinger::Handle) -> Value {
    handle.task().map_or(Value::Null, telling::task)
}

fn schedule(told: &v1::Schedule) -> Value {
    let cron = match &told.timing {
        Some(v1::schedule::Timing::Cron(line)) => line.as_str(),
        _ => "",
    };
    json!({"name": told.name, "cron": cron, "time_zone": told.time_zone, "paused": told.paused})
}

pub async fn ask(client: &Client, op: &str, args: &Value) -> Result<Value, Error> {
    let task = client.task(&text(args, "task"));
    let rollback = Rollback { only: texts(args, "only"), retain: texts(args, "retain") };
    let value = match op {
        "submit" if args["validate_only"] == true => telling::task(&client.validate(new_task(args)?).await?),
        "submit" => seen(&client.submit_task(new_task(args)?).await?),
        "batch" => batch(client, args).await?,
        "get" => telling::task(&task.get().await?),
        "list" => client.list(&text(args, "filter")).all().await?.iter().map(telling::task).collect(),
        "result" => {
            let result: Value = match args["timeout"].as_f64() {
                Some(seconds) => task.result_within(Duration::from_secs_f64(seconds)).await?,
                None => task.result().await?,
            };
            json!({"result": result})
        }
        "cancel" => telling::task(&task.cancel(&text(args, "reason")).await?),
        "resume" => telling::task(&task.resume(&text(args, "script_version")).await?),
        "plan" => telling::plan(&task.rollback_plan(&rollback).await?),
        "rollback" => telling::task(&task.rollback(&rollback).await?),
        "resolve" => {
            let word = format!("LEDGER_VERDICT_{}", text(args, "verdict"));
            let verdict =
                v1::LedgerVerdict::from_str_name(&word).ok_or_else(|| invalid("verdict", "no such verdict"))?;
            telling::task(&task.resolve(&text(args, "key"), verdict, &text(args, "external_id")).await?)
        }
        "delete" => {
            task.delete(args["allow_missing"] == true).await?;
            json!({})
        }
        "ledger" => task.ledger("").all().await?.iter().map(telling::entry).collect(),
        "events" => task.events(0).all().await?.into_iter().map(telling::recorded).collect(),
        "whoami" => {
            let caller = client.caller().await?;
            let word = |name: &str, prefix: &str| name.trim_start_matches(prefix).to_owned();
            json!({
                "creator": caller.creator,
                "identity": word(caller.identity().as_str_name(), "CALLER_IDENTITY_"),
                "role": word(caller.role().as_str_name(), "ROLE_"),
                "all_projects": caller.all_projects,
                "projects": caller.projects,
            })
        }
        "count" => {
            let (mut watch, mut events) = (task.watch(), 0);
            while let Some(event) = watch.next().await {
                event?;
                events += 1;
            }
            json!({"events": events})
        }
        "price" => {
            let asked = v1::GetPriceRequest {
                provider: text(args, "provider"),
                region: text(args, "region"),
                sku: text(args, "sku"),
                unit: text(args, "unit"),
                source: text(args, "source"),
                ..Default::default()
            };
            let price = client.price_of(asked).await?;
            let amount = price.amount.unwrap_or_default();
            json!({"amount": amount.amount, "currency": amount.currency_code, "unit": price.unit})
        }
        "estimate" => {
            let estimate = client.estimate(&text(args, "script"), &args["params"]).await?;
            json!({"hourly": telling::amounts(&estimate.hourly), "unpriced": estimate.unpriced})
        }
        "price_history" => {
            let (provider, sku) = (text(args, "provider"), text(args, "sku"));
            let asked = v1::ListPriceHistoryRequest { provider, sku, ..Default::default() };
            client.price_history(asked).await?.iter().map(|point| telling::amount(point.price.as_ref())).collect()
        }
        "price_changes" => {
            let changes = client.price_changes(&text(args, "catalog"), "").all().await?;
            changes.iter().map(telling::change).collect()
        }
        "budgets" => client.budgets().await?.iter().map(telling::budget).collect(),
        "leftovers" => {
            let by = format!("LEFTOVER_GROUPING_{}", text(args, "by").to_uppercase());
            let told = client.leftovers(v1::LeftoverGrouping::from_str_name(&by).unwrap_or_default()).await?;
            let groups: Value = told.groups.iter().map(telling::group).collect();
            json!({"groups": groups, "total": told.total.as_ref().map(telling::group)})
        }
        "schedule_create" => {
            let wished = v1::Schedule {
                timing: Some(v1::schedule::Timing::Cron(text(args, "cron"))),
                time_zone: text(args, "time_zone"),
                ..Default::default()
            };
            schedule(&client.create_schedule(&text(args, "schedule"), new_task(args)?, wished).await?)
        }
        "schedule_get" => schedule(&client.schedule(&text(args, "schedule")).await?),
        "schedule_list" => client.schedules().all().await?.iter().map(schedule).collect(),
        "schedule_pause" => schedule(&client.pause_schedule(&text(args, "schedule")).await?),
        "schedule_resume" => schedule(&client.resume_schedule(&text(args, "schedule")).await?),
        "schedule_run" => seen(&client.run_schedule(&text(args, "schedule")).await?),
        "schedule_delete" => {
            client.delete_schedule(&text(args, "schedule")).await?;
            json!({})
        }
        "json" => to_json(&task.get().await?)?,
        other => return Err(invalid("op", format!("{other} is none that this driver knows"))),
    };
    Ok(value)
}

async fn batch(client: &Client, args: &Value) -> Result<Value, Error> {
    let asked = args["tasks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tasks = asked.iter().map(new_task).collect::<Result<Vec<_>, _>>()?;
    let told = |outcome: Result<wharfinger::Handle, Error>| match outcome {
        Ok(handle) => json!({"task": seen(&handle)}),
        Err(error) => json!({"error": telling::error(&error)}),
    };
    Ok(client.batch(tasks).await.into_iter().map(told).collect())
}
