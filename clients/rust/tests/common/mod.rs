//! A server in this process that answers as a play says, one answer after the other.

use std::{
    collections::{HashSet, VecDeque},
    net::SocketAddr,
    ops::RangeInclusive,
    sync::{Arc, Mutex},
    time::Duration,
};

use prost::Message;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    sync::mpsc,
};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Code, Request, Response, Status, codegen::BoxStream, transport::Server};
use wharfinger::{
    rpc,
    v1::{
        self,
        task_service_server::{TaskService, TaskServiceServer},
        watch_task_response::Kind,
    },
};

/// What follows the messages of a stream.
pub enum Turn {
    /// The stream ends well.
    End,
    /// It breaks.
    Break,
    /// Nothing more is said.
    Hang,
}

/// One answer.
pub enum Answer {
    Stream(Vec<v1::WatchTaskResponse>, Turn),
    Refusal(Status),
}

impl Answer {
    pub fn stream(messages: Vec<v1::WatchTaskResponse>, turn: Turn) -> Self {
        Self::Stream(messages, turn)
    }

    pub fn refusal(status: Status) -> Self {
        Self::Refusal(status)
    }
}

#[derive(Default)]
struct Seen {
    answers: VecDeque<Answer>,
    after: Vec<i64>,
    ids: Vec<String>,
    peers: HashSet<SocketAddr>,
}

/// The answers that are to come, and what was asked.
#[derive(Clone, Default)]
pub struct Play(Arc<Mutex<Seen>>);

impl Play {
    pub fn of(answers: impl IntoIterator<Item = Answer>) -> Self {
        let play = Self::default();
        play.0.lock().unwrap().answers.extend(answers);
        play
    }

    pub fn asked_after(&self) -> Vec<i64> {
        self.0.lock().unwrap().after.clone()
    }

    pub fn request_ids(&self) -> Vec<String> {
        self.0.lock().unwrap().ids.clone()
    }

    pub fn connections(&self) -> usize {
        self.0.lock().unwrap().peers.len()
    }

    /// A refusal, where one is next.
    fn refusal(&self) -> Result<(), Status> {
        match self.0.lock().unwrap().answers.pop_front() {
            Some(Answer::Refusal(status)) => Err(status),
            _ => Ok(()),
        }
    }
}

pub fn refused(code: Code, reason: &str, after: Option<Duration>) -> Status {
    let packed =
        |name: &str, value: Vec<u8>| prost_types::Any { type_url: format!("type.googleapis.com/{name}"), value };
    let info = rpc::ErrorInfo { reason: reason.into(), domain: "wharfinger.dev".into(), ..Default::default() };
    let mut details = vec![packed("google.rpc.ErrorInfo", info.encode_to_vec())];
    if let Some(after) = after {
        let retry = rpc::RetryInfo { retry_delay: after.try_into().ok() };
        details.push(packed("google.rpc.RetryInfo", retry.encode_to_vec()));
    }
    let status = rpc::Status { code: code.into(), message: String::new(), details };
    Status::with_details(code, reason, status.encode_to_vec().into())
}

fn task(last_sequence: i64) -> v1::Task {
    let state = v1::TaskState::Running.into();
    v1::Task { name: "projects/default/tasks/t".into(), state, last_sequence, ..Default::default() }
}

fn message(kind: Kind, sequence: i64) -> v1::WatchTaskResponse {
    v1::WatchTaskResponse { kind: Some(kind), sequence, resume_token: sequence.to_be_bytes().to_vec() }
}

pub fn running() -> v1::WatchTaskResponse {
    message(Kind::Snapshot(task(9)), 0)
}

pub fn at_rest(last_sequence: i64) -> v1::WatchTaskResponse {
    let state = v1::TaskState::Succeeded.into();
    let end_time = Some(prost_types::Timestamp::default());
    message(Kind::Snapshot(v1::Task { state, end_time, ..task(last_sequence) }), last_sequence)
}

pub fn events(numbers: RangeInclusive<i64>) -> v1::WatchTaskResponse {
    let last = *numbers.end();
    let detail = || Some(v1::task_event::Detail::Log(v1::LogLine::default()));
    let event = |sequence| v1::TaskEvent { sequence, detail: detail(), ..Default::default() };
    message(Kind::Events(v1::TaskEvents { events: numbers.map(event).collect() }), last)
}

/// Serve the play on a free port of this machine; its address.
pub async fn serve(play: &Play) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let service = TaskServiceServer::new(play.clone());
    tokio::spawn(Server::builder().add_service(service).serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

/// An address of this machine where nobody listens.
pub async fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
}

/// The address of something that says these words to whoever comes, and hangs up.
pub async fn answering(words: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut connection, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut heard = [0; 1024];
                let _ = connection.read(&mut heard).await;
                let _ = connection.write_all(words).await;
                // Hanging up on what is not read yet would take the words with it.
                while connection.read(&mut heard).await.is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}

#[tonic::async_trait]
impl TaskService for Play {
    async fn watch_task(
        &self,
        request: Request<v1::WatchTaskRequest>,
    ) -> Result<Response<BoxStream<v1::WatchTaskResponse>>, Status> {
        let peer = request.remote_addr();
        let next = {
            let mut seen = self.0.lock().unwrap();
            seen.peers.extend(peer);
            seen.after.push(request.get_ref().after_sequence);
            seen.answers.pop_front()
        };
        let (messages, turn) = match next {
            Some(Answer::Stream(messages, turn)) => (messages, turn),
            Some(Answer::Refusal(status)) => return Err(status),
            None => return Err(Status::failed_precondition("the play is over")),
        };
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(async move {
            for message in messages {
                let _ = sender.send(Ok(message)).await;
            }
            match turn {
                Turn::End => {}
                Turn::Break => drop(sender.send(Err(Status::unknown("h2 protocol error"))).await),
                Turn::Hang => sender.closed().await,
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn create_task(&self, request: Request<v1::CreateTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.0.lock().unwrap().ids.push(request.into_inner().request_id);
        self.refusal()?;
        Ok(Response::new(task(0)))
    }

    async fn wait_task(&self, _: Request<v1::WaitTaskRequest>) -> Result<Response<v1::Task>, Status> {
        self.refusal()?;
        Ok(Response::new(task(0)))
    }
}
