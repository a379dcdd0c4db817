//! Watches that outlive their connection: opened again from where they were, each event told once and in order.

use std::{sync::Arc, time::Duration};

use async_stream::try_stream;
use tokio::time::{sleep, timeout};
use tonic::Streaming;

use crate::{
    error::{Error, Refused},
    event::Event,
    items::Items,
    retry::{Backoff, passing},
    transport::{Call, Outage, Transport},
    v1::{self, WatchTaskRequest, WatchTasksRequest, watch_task_response, watch_tasks_response},
};

/// How often a quiet server says that it is there.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(5);
/// So many may be missed before a connection counts as dead.
const MISSED: u32 = 3;
/// A server that leaves out events each time is at fault; asking for ever would hide that.
const GAPS: u32 = 5;
/// A server that has too many watches from the beginning is asked again for so long.
const FULL: Duration = Duration::from_secs(30);

/// A server stream that is opened again when it breaks, with a request made anew each time.
struct Reopened<Q: Call> {
    transport: Arc<Transport>,
    silence: Duration,
    backoff: Backoff,
    /// With the number of the connection that it is on, and whether a message came on it.
    stream: Option<(u64, Streaming<Q::Answer>, bool)>,
    opened: bool,
    heard: bool,
    broken: Option<Error>,
    outage: Outage,
}

impl<Q: Call> Reopened<Q> {
    fn new(transport: Arc<Transport>, heartbeat: Duration) -> Self {
        Self {
            transport,
            // The server brings what it is asked for within these, too.
            silence: heartbeat.clamp(Duration::from_secs(1), Duration::from_secs(300)) * MISSED,
            backoff: Backoff::default(),
            stream: None,
            opened: false,
            heard: false,
            broken: None,
            outage: Outage::new(FULL),
        }
    }

    /// The next message, and whether it is the first of its connection; `None` when the server ended the stream well.
    async fn next(&mut self, request: impl Fn() -> Q) -> Result<Option<(Q::Answer, bool)>, Error> {
        loop {
            let error = match self.try_next(&request).await {
                Ok(None) => {
                    self.stream = None;
                    return Ok(None);
                }
                Ok(Some((message, fresh))) => {
                    self.heard = true;
                    self.transport.heard();
                    self.outage.over();
                    // A connection that tells nothing but its first message is half a success.
                    self.backoff.ease(if fresh { 3 } else { 0 });
                    return Ok(Some((message, fresh)));
                }
                Err(error) => error,
            };
            self.stream = None;
            if !passing(&error, self.backoff.failures) {
                return Err(error);
            }
            // What went well once goes on for as long as it takes, and so does what a server that is known will take.
            let full = error.refused().is_some_and(|refused| refused.code == tonic::Code::ResourceExhausted);
            if !self.heard && (full || !self.transport.answered()) {
                self.outage.bear(&self.transport, &error)?;
            }
            self.broken = Some(error);
        }
    }

    async fn try_next(&mut self, request: &impl Fn() -> Q) -> Result<Option<(Q::Answer, bool)>, Error> {
        let (number, mut stream, told) = match self.stream.take() {
            Some(open) => open,
            None => self.open(request()).await?,
        };
        match timeout(self.silence, stream.message()).await {
            Ok(Ok(Some(message))) => {
                self.stream = Some((number, stream, true));
                Ok(Some((message, !told)))
            }
            Ok(Ok(None)) => Ok(None),
            Ok(Err(status)) => Err(self.transport.failed(&status)),
            Err(_) => Err(self.silent(number)),
        }
    }

    async fn open(&mut self, request: Q) -> Result<(u64, Streaming<Q::Answer>, bool), Error> {
        if self.opened {
            sleep(self.backoff.next(self.broken.take().as_ref())).await;
        }
        self.opened = true;
        let (number, line) = self.transport.line();
        match timeout(self.silence, self.transport.open(line, request)).await {
            Ok(stream) => Ok((number, stream?, false)),
            Err(_) => Err(self.silent(number)),
        }
    }

    /// The line seems dead, so the next one is another.
    fn silent(&self, number: u64) -> Error {
        self.transport.renew(number);
        self.transport.silent(self.silence)
    }
}

/// Where the watch of one task stands.
struct Story {
    name: String,
    position: i64,
    token: Vec<u8>,
    over: bool,
    known: Option<v1::Task>,
    gaps: u32,
}

impl Story {
    fn request(&self, heartbeat: Duration) -> WatchTaskRequest {
        WatchTaskRequest {
            name: self.name.clone(),
            after_sequence: self.position,
            heartbeat_interval: heartbeat.try_into().ok(),
            resume_token: self.token.clone(),
        }
    }

    /// What a message tells that was not told before, and whether events are missing after that.
    fn take(&mut self, message: v1::WatchTaskResponse, fresh: bool) -> Result<(Vec<Event>, bool), Error> {
        use watch_task_response::Kind;
        let (news, gap) = match message.kind {
            Some(Kind::Events(events)) => self.events(events.events)?,
            Some(Kind::Progress(progress)) => {
                (vec![Event::progress(self.name.clone(), self.position, progress, Vec::new())], false)
            }
            Some(Kind::Snapshot(task)) => (self.snapshot(task, fresh), false),
            Some(Kind::Heartbeat(_)) | None => (Vec::new(), false),
        };
        // A token is of the message's position: where not all of it was taken, the number alone goes on.
        self.token = if self.position == message.sequence { message.resume_token } else { Vec::new() };
        Ok((news, gap))
    }

    /// What is left to tell when the server ended the stream well: the last snapshot, if that was the end.
    fn end(&mut self) -> Vec<Event> {
        let all_told = |task: &v1::Task| task.is_at_rest() && task.last_sequence <= self.position;
        let Some(task) = self.known.clone().filter(all_told) else { return Vec::new() };
        self.over = true;
        vec![Event::snapshot(task, self.position, true, Vec::new())]
    }

    fn snapshot(&mut self, task: v1::Task, fresh: bool) -> Vec<Event> {
        let at_rest = task.is_at_rest();
        let first = self.known.replace(task.clone()).is_none();
        if !fresh && at_rest {
            return self.end();
        }
        // That of a later connection is no news: whatever changed meanwhile comes as events.
        if first { vec![Event::snapshot(task, self.position, false, Vec::new())] } else { Vec::new() }
    }

    fn events(&mut self, events: Vec<v1::TaskEvent>) -> Result<(Vec<Event>, bool), Error> {
        let mut told = Vec::with_capacity(events.len());
        for event in events {
            if event.sequence <= self.position {
                continue;
            }
            if event.sequence > self.position + 1 {
                self.gaps += 1;
                if self.gaps > GAPS {
                    let text =
                        format!("{}: event {} came after {} each time", self.name, event.sequence, self.position);
                    let refused = Refused { code: tonic::Code::Internal, message: text, ..Refused::default() };
                    return Err(Error::Refused(Box::new(refused)));
                }
                return Ok((told, true));
            }
            self.position = event.sequence;
            self.gaps = 0;
            told.push(Event::numbered(event, Vec::new()));
        }
        Ok((told, false))
    }
}

/// A task's life after event `after`: a snapshot, events, progress, and a last snapshot when it is at rest.
pub(crate) fn watch_task(transport: Arc<Transport>, name: String, after: i64, heartbeat: Duration) -> Items<Event> {
    let mut story = Story { name, position: after, token: Vec::new(), over: false, known: None, gaps: 0 };
    let mut stream = Reopened::new(transport, heartbeat);
    Items::new(try_stream! {
        while !story.over {
            let message = stream.next(|| story.request(heartbeat)).await?;
            let news = match message {
                None => story.end(),
                Some((message, fresh)) => {
                    let (news, gap) = story.take(message, fresh)?;
                    if gap {
                        stream.stream = None;
                    }
                    news
                }
            };
            for event in news {
                yield event;
            }
        }
    })
}

/// What happens in a project, for ever. Within one message only the last event has that message's own token.
pub(crate) fn watch_project(transport: Arc<Transport>, mut request: WatchTasksRequest) -> Items<Event> {
    use watch_tasks_response::Kind;
    let heartbeat = request.heartbeat_interval.and_then(|interval| interval.try_into().ok()).unwrap_or(HEARTBEAT);
    let mut stream = Reopened::new(transport, heartbeat);
    Items::new(try_stream! {
        loop {
            let Some((message, _)) = stream.next(|| request.clone()).await? else { continue };
            let before = std::mem::replace(&mut request.resume_token, message.resume_token.clone());
            let token = message.resume_token;
            match message.kind {
                Some(Kind::Snapshot(task)) => {
                    let sequence = task.last_sequence;
                    yield Event::snapshot(task, sequence, false, token);
                }
                Some(Kind::Events(events)) => {
                    let last = events.events.len().saturating_sub(1);
                    for (index, event) in events.events.into_iter().enumerate() {
                        yield Event::numbered(event, if index == last { token.clone() } else { before.clone() });
                    }
                }
                Some(Kind::Progress(progress)) => {
                    yield Event::progress(progress.task, 0, progress.progress.unwrap_or_default(), token);
                }
                Some(Kind::Heartbeat(_)) | None => {}
            }
        }
    })
}
