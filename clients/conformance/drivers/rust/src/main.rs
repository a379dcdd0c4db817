//! What the conformance suite asks, done by the Rust client. Each request is a line of JSON, and so is each answer.

mod asking;
mod policy;
mod telling;

use std::{collections::HashMap, io::Write};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader, stdin},
    task::JoinHandle,
};
use wharfinger::{Client, Event, Items};

use crate::asking::{ask, connect, text};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut lines = BufReader::new(stdin()).lines();
    let mut client = None;
    let mut open: HashMap<String, JoinHandle<()>> = HashMap::new();
    while let Some(line) = lines.next_line().await? {
        let Ok(request) = serde_json::from_str::<Value>(&line) else {
            eprintln!("no JSON: {line}");
            continue;
        };
        let (id, args) = (request["id"].clone(), request["args"].clone());
        let op = text(&request, "op");
        if op == "connect" {
            match connect(&args) {
                Ok(made) => {
                    client = Some(made);
                    say(&json!({"id": id, "value": {}}));
                }
                Err(error) => say(&json!({"id": id, "error": telling::error(&error)})),
            }
        } else if op == "stop" {
            // Dropping the watch is how a program of Rust ends it.
            if let Some(stream) = open.remove(&args["id"].to_string()).filter(|stream| !stream.is_finished()) {
                stream.abort();
                say(&json!({"id": args["id"], "value": {"stopped": true}}));
            }
            say(&json!({"id": id, "value": {}}));
        } else if let Some(client) = client.clone() {
            let key = id.to_string();
            open.retain(|_, task| !task.is_finished());
            open.insert(key, tokio::spawn(answer(client, id, op, args)));
        } else {
            say(&json!({"id": id, "error": {"kind": "Invalid", "message": "connect comes first"}}));
        }
    }
    Ok(())
}

async fn answer(client: Client, id: Value, op: String, args: Value) {
    let told = match op.as_str() {
        "watch" => follow(&id, client.task(&text(&args, "task")).watch()).await,
        "watch_project" => {
            let token = telling::bytes(&text(&args, "resume_token"));
            follow(&id, client.watch_project(&text(&args, "filter"), &token)).await
        }
        _ => ask(&client, &op, &args).await,
    };
    match told {
        Ok(value) => say(&json!({"id": id, "value": value})),
        Err(error) => say(&json!({"id": id, "error": telling::error(&error)})),
    }
}

async fn follow(id: &Value, mut watch: Items<Event>) -> Result<Value, wharfinger::Error> {
    while let Some(event) = watch.next().await {
        say(&json!({"id": id, "event": telling::event(&event?)}));
    }
    Ok(json!({}))
}

fn say(answer: &Value) {
    let mut out = std::io::stdout().lock();
    // Whoever asked may be gone.
    let _ = writeln!(out, "{answer}").and_then(|()| out.flush());
}
