//! The client against a server in this process that fails on purpose.

mod common;

use std::time::{Duration, Instant};

use common::{Answer, Play, Turn, at_rest, events, running, serve};
use tonic::{Code, Status};
use wharfinger::{Client, Error, Event, Settings, rpc, v1};

fn client(address: &str) -> Client {
    Client::connect(Settings::new(address)).unwrap()
}

/// What a watch told: numbers of events, and `last` of the last snapshot.
async fn told(client: &Client) -> Result<Vec<String>, Error> {
    let mut watch = client.task("t").watch();
    let mut told = Vec::new();
    while let Some(event) = watch.next().await {
        match event? {
            Event::Snapshot { last: true, .. } => told.push("last".to_owned()),
            Event::Snapshot { .. } => told.push("first".to_owned()),
            other => told.push(other.place().sequence.to_string()),
        }
    }
    Ok(told)
}

#[tokio::test]
async fn a_cut_stream_goes_on_after_the_last_event() {
    let play = Play::of([
        Answer::stream(vec![running(), events(1..=2)], Turn::Break),
        Answer::refusal(Status::unavailable("no route")),
        Answer::stream(vec![running(), events(3..=3)], Turn::Break),
        Answer::stream(vec![at_rest(4), events(4..=4), at_rest(4)], Turn::End),
    ]);
    let address = serve(&play).await;
    assert_eq!(told(&client(&address)).await.unwrap(), ["first", "1", "2", "3", "4", "last"]);
    assert_eq!(play.asked_after(), [0, 2, 2, 3]);
}

#[tokio::test]
async fn events_that_come_twice_are_told_once_and_a_gap_is_asked_for() {
    let play = Play::of([
        Answer::stream(vec![running(), events(1..=2), events(2..=3), events(5..=5)], Turn::Hang),
        Answer::stream(vec![at_rest(5), events(4..=5), at_rest(5)], Turn::End),
    ]);
    let address = serve(&play).await;
    assert_eq!(told(&client(&address)).await.unwrap(), ["first", "1", "2", "3", "4", "5", "last"]);
    assert_eq!(play.asked_after(), [0, 3]);
}

#[tokio::test]
async fn a_server_that_leaves_out_events_each_time_is_an_error() {
    let answers = (0..20).map(|_| Answer::stream(vec![running(), events(7..=7)], Turn::Hang));
    let play = Play::of(answers);
    let address = serve(&play).await;
    let error = told(&client(&address)).await.unwrap_err();
    assert!(error.to_string().contains("event 7 came after 0 each time"), "{error}");
}

#[tokio::test]
async fn a_silent_stream_is_opened_anew_on_another_connection() {
    let play = Play::of([
        Answer::stream(vec![running(), events(1..=1)], Turn::Hang),
        Answer::stream(vec![at_rest(1), at_rest(1)], Turn::End),
    ]);
    let address = serve(&play).await;
    let began = Instant::now();
    assert_eq!(told(&client(&address)).await.unwrap(), ["first", "1", "last"]);
    // Three heartbeats of five seconds.
    assert!((15.0..18.0).contains(&began.elapsed().as_secs_f64()));
    assert_eq!(play.connections(), 2);
}

#[tokio::test]
async fn a_watch_that_is_one_too_many_waits_as_long_as_the_server_says() {
    let limit = common::refused(Code::ResourceExhausted, "WATCH_LIMIT", Some(Duration::from_millis(700)));
    let play = Play::of([Answer::refusal(limit), Answer::stream(vec![at_rest(0), at_rest(0)], Turn::End)]);
    let address = serve(&play).await;
    let began = Instant::now();
    assert_eq!(told(&client(&address)).await.unwrap(), ["first", "last"]);
    assert!(began.elapsed() >= Duration::from_millis(700));
}

#[tokio::test]
async fn an_event_of_a_newer_server_is_told_as_unknown() {
    let mut news = events(1..=1);
    if let Some(v1::watch_task_response::Kind::Events(events)) = &mut news.kind {
        events.events[0].detail = None;
    }
    let play = Play::of([Answer::stream(vec![at_rest(1), news, at_rest(1)], Turn::End)]);
    let address = serve(&play).await;
    let mut watch = client(&address).task("t").watch();
    watch.next().await.unwrap().unwrap();
    assert!(matches!(watch.next().await.unwrap().unwrap(), Event::Unknown { place } if place.sequence == 1));
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_with_the_same_request_id() {
    // What tonic makes of it has no details, as when the connection broke.
    let play = Play::of([Answer::refusal(Status::unavailable("gone")), Answer::refusal(Status::unavailable("gone"))]);
    let address = serve(&play).await;
    client(&address).submit("harbour.count", serde_json::json!({})).await.unwrap();
    let ids = play.request_ids();
    assert_eq!(ids.len(), 3);
    assert!(ids[0].len() == 36 && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
}

#[tokio::test]
async fn a_refusal_that_lasts_is_not_asked_again_and_has_its_details() {
    let mut status = common::refused(Code::NotFound, "UNKNOWN_SCRIPT", None);
    status = Status::with_details(status.code(), "no such script", status.details().to_vec().into());
    let play = Play::of([Answer::refusal(status)]);
    let address = serve(&play).await;
    let error = client(&address).submit("nowhere", serde_json::json!({})).await.unwrap_err();
    let refused = error.refused().unwrap();
    assert_eq!(
        (refused.reason.as_str(), refused.code_name(), refused.retryable()),
        ("UNKNOWN_SCRIPT", "NOT_FOUND", false)
    );
    assert_eq!(error.to_string(), "no such script (UNKNOWN_SCRIPT)");
    assert_eq!(play.request_ids().len(), 1);
}

#[tokio::test]
async fn a_status_without_details_is_a_refusal_without_a_reason() {
    let play = Play::of([Answer::refusal(Status::permission_denied("the proxy says no"))]);
    let address = serve(&play).await;
    let error = client(&address).submit("nowhere", serde_json::json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "the proxy says no (PERMISSION_DENIED)");
}

#[tokio::test]
async fn a_server_that_is_away_from_the_beginning_is_given_up_soon() {
    let address = common::nobody().await;
    for what in ["submit", "watch", "result"] {
        let began = Instant::now();
        let client = client(&address);
        let error = match what {
            "submit" => client.submit("a", serde_json::json!({})).await.unwrap_err(),
            "watch" => told(&client).await.unwrap_err(),
            _ => client.task("t").result::<serde_json::Value>().await.unwrap_err(),
        };
        assert!(matches!(&error, Error::Unreachable { lasting: false, .. }), "{error}");
        assert!(error.to_string().contains("Connection refused"), "{error}");
        assert!((4.0..10.0).contains(&began.elapsed().as_secs_f64()), "{what}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_grpc_is_named_at_once() {
    let began = Instant::now();
    let address = common::answering(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n").await;
    let error = client(&address).submit("a", serde_json::json!({})).await.unwrap_err();
    assert!(error.to_string().contains("does not speak gRPC"), "{error}");
    let error = client(&format!("https://{address}")).submit("a", serde_json::json!({})).await.unwrap_err();
    assert!(error.to_string().contains("does not speak TLS; without TLS it is http://127.0.0.1"), "{error}");
    // As a server of TLS that is spoken to plainly answers: an alert.
    let address = common::answering(b"\x15\x03\x03\x00\x02\x02\x50").await;
    let error = client(&address).submit("a", serde_json::json!({})).await.unwrap_err();
    assert!(error.to_string().contains("if it speaks TLS it is https://127.0.0.1"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_result_is_waited_for_within_the_time_given() {
    let play = Play::of([Answer::refusal(Status::unavailable("gone"))]);
    let address = serve(&play).await;
    let limit = Duration::from_millis(600);
    let error = client(&address).task("t").result_within::<serde_json::Value>(limit).await.unwrap_err();
    assert!(matches!(&error, Error::TimedOut(text) if text.contains("RUNNING")), "{error}");
}

#[test]
fn json_of_a_failed_task_is_protobufs_own() {
    let failure = v1::Failure { code: rpc::Code::NotFound.into(), message: "größer".into(), ..Default::default() };
    let task = v1::Task {
        name: "projects/a/tasks/b".into(),
        state: 99,
        last_sequence: 7,
        failure: Some(failure),
        ..Default::default()
    };
    let told = wharfinger::to_json(&task).unwrap();
    assert_eq!(
        told,
        serde_json::json!({
            "name": "projects/a/tasks/b", "state": 99, "lastSequence": "7",
            "failure": {"code": "NOT_FOUND", "message": "größer"},
        })
    );
}
