//! Calls over one connection, which is made when it is needed and made anew when it seems dead.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use prost::Message;
use tonic::{
    Request, Status, Streaming,
    client::Grpc,
    codegen::http::uri::PathAndQuery,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use crate::{
    error::Error,
    failures::{failed, unreachable},
    retry::{Backoff, passing},
    settings::Resolved,
    v1,
};

/// The largest message that is taken: pages keep to 3 MiB, the rest is room for one large task.
pub(crate) const MESSAGE_LIMIT: usize = 16 * 1024 * 1024;
/// How long one try of a call may take.
const DEADLINE: Duration = Duration::from_secs(30);
/// A server that never answered is waited for so long; most such addresses are wrong.
const FIRST: Duration = Duration::from_secs(5);
/// A call waits so long for a server that did answer before, as for a restart.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request of the API, with the call that takes it.
pub(crate) trait Call: Message + Clone + 'static {
    type Answer: Message + Default + 'static;
    const PATH: &'static str;
    const REPEATABLE: bool;
}

include!("gen/calls.rs");

/// Puts the caller's token on each call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(bearer) = &self.0 {
            request.metadata_mut().insert("authorization", bearer.clone());
        }
        Ok(request)
    }
}

/// What the generated clients are made of.
pub type Raw = InterceptedService<Channel, Bearer>;

#[derive(Default)]
struct Line {
    number: u64,
    channel: Option<Channel>,
}

pub(crate) struct Transport {
    server: String,
    secure: bool,
    endpoint: Endpoint,
    bearer: Bearer,
    line: Mutex<Line>,
    answered: AtomicBool,
}

impl Transport {
    pub fn new(settings: &Resolved) -> Result<Arc<Self>, Error> {
        let bearer = match settings.token.as_str() {
            "" => None,
            // Its text must not be shown.
            token => {
                Some(format!("Bearer {token}").parse().map_err(|_| Error::invalid("token", "no header can hold it"))?)
            }
        };
        Ok(Arc::new(Self {
            server: settings.server.clone(),
            secure: settings.tls,
            endpoint: endpoint(settings)?,
            bearer: Bearer(bearer),
            line: Mutex::default(),
            answered: AtomicBool::new(false),
        }))
    }

    /// The connection and its number.
    pub fn line(&self) -> (u64, Raw) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        let channel = line.channel.get_or_insert_with(|| self.endpoint.connect_lazy()).clone();
        (line.number, InterceptedService::new(channel, self.bearer.clone()))
    }

    /// Make the next calls on a new connection because that one seems dead, unless that happened already.
    pub fn renew(&self, number: u64) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        if line.number == number {
            *line = Line { number: number + 1, channel: None };
        }
    }

    pub fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// The error of a call that failed; notes whether the server said so.
    pub fn failed(&self, status: &Status) -> Error {
        let error = failed(status, &self.server, self.secure, self.answered());
        if matches!(error, Error::Refused(_)) {
            self.answered.store(true, Ordering::Relaxed);
        }
        error
    }

    /// The error of a server that said nothing for so long.
    pub fn silent(&self, time: Duration) -> Error {
        let text = format!("it said nothing for {} s", time.as_secs_f64());
        unreachable(&self.server, &text, self.secure, self.answered())
    }

    pub async fn ask<Q: Call>(&self, request: Q) -> Result<Q::Answer, Error> {
        self.ask_within(request, DEADLINE).await
    }

    /// The answer of a call, asked again where that may help; each try has the deadline for itself.
    pub async fn ask_within<Q: Call>(&self, request: Q, deadline: Duration) -> Result<Q::Answer, Error> {
        let (mut backoff, mut outage) = (Backoff::default(), Outage::new(PATIENCE));
        loop {
            let error = match self.once(request.clone(), deadline).await {
                Ok(answer) => return Ok(answer),
                Err(error) if Q::REPEATABLE && passing(&error, backoff.failures) => error,
                Err(error) => return Err(error),
            };
            outage.bear(self, &error)?;
            tokio::time::sleep(backoff.next(Some(&error))).await;
        }
    }

    /// The answer of a call that is made once.
    pub async fn once<Q: Call>(&self, request: Q, deadline: Duration) -> Result<Q::Answer, Error> {
        let (number, line) = self.line();
        let mut request = Request::new(request);
        request.set_timeout(deadline);
        let call = async {
            let mut grpc = grpc(line);
            grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
            grpc.unary(request, PathAndQuery::from_static(Q::PATH), ProstCodec::default()).await
        };
        match tokio::time::timeout(deadline, call).await {
            Ok(Ok(answer)) => {
                self.heard();
                Ok(answer.into_inner())
            }
            Ok(Err(status)) => Err(self.failed(&status)),
            Err(_) => {
                self.renew(number);
                Err(self.silent(deadline))
            }
        }
    }

    /// Open a server stream, on the connection of that number.
    pub async fn open<Q: Call>(&self, line: Raw, request: Q) -> Result<Streaming<Q::Answer>, Error> {
        let mut grpc = grpc(line);
        let opened = match grpc.ready().await {
            Ok(()) => {
                let path = PathAndQuery::from_static(Q::PATH);
                grpc.server_streaming(Request::new(request), path, ProstCodec::default()).await
            }
            Err(error) => Err(Status::from_error(error.into())),
        };
        opened.map(tonic::Response::into_inner).map_err(|status| self.failed(&status))
    }

    pub fn heard(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }
}

fn grpc(line: Raw) -> Grpc<Raw> {
    Grpc::new(line).max_decoding_message_size(MESSAGE_LIMIT).max_encoding_message_size(MESSAGE_LIMIT)
}

fn endpoint(settings: &Resolved) -> Result<Endpoint, Error> {
    let wrong = |error: tonic::transport::Error| {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        Error::invalid("server", format!("{} can't be used: {cause}", settings.server))
    };
    let endpoint = Endpoint::from_shared(settings.uri.clone())
        .and_then(|endpoint| endpoint.user_agent(concat!("wharfinger-rust/", env!("CARGO_PKG_VERSION"))))
        .map_err(wrong)?
        .connect_timeout(Duration::from_secs(5))
        // A connection that died silently is found out within 40 seconds.
        .http2_keep_alive_interval(Duration::from_secs(30))
        .keep_alive_timeout(Duration::from_secs(10))
        .tcp_nodelay(true);
    if settings.tls { secured(endpoint, settings) } else { Ok(endpoint) }
}

#[cfg(any(feature = "tls-ring", feature = "tls-native"))]
fn secured(endpoint: Endpoint, settings: &Resolved) -> Result<Endpoint, Error> {
    use tonic::transport::{Certificate, ClientTlsConfig, Identity};
    let mut tls = ClientTlsConfig::new();
    tls = match &settings.ca {
        Some(pem) => tls.ca_certificate(Certificate::from_pem(pem)),
        None => tls.with_enabled_roots(),
    };
    if let Some((certificate, key)) = &settings.identity {
        tls = tls.identity(Identity::from_pem(certificate, key));
    }
    endpoint.tls_config(tls).map_err(|error| {
        let cause = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        Error::invalid("ca or identity", format!("can't be used: {cause}"))
    })
}

#[cfg(not(any(feature = "tls-ring", feature = "tls-native")))]
fn secured(_: Endpoint, settings: &Resolved) -> Result<Endpoint, Error> {
    let text =
        format!("{} needs TLS, and this program is built without the feature tls-ring or tls-native", settings.server);
    Err(Error::invalid("server", text))
}

/// How long errors are borne: a server that never answered is given up soon, one that did is waited for `patience`.
pub(crate) struct Outage {
    began: Instant,
    since: Option<Instant>,
    patience: Duration,
}

impl Outage {
    pub fn new(patience: Duration) -> Self {
        Self { began: Instant::now(), since: None, patience }
    }

    /// The server answered.
    pub fn over(&mut self) {
        self.since = None;
    }

    /// It did not: an error where it is not to be asked again.
    pub fn bear(&mut self, transport: &Transport, error: &Error) -> Result<(), Error> {
        let away = self.since.get_or_insert_with(Instant::now).elapsed();
        let unheard = !transport.answered() && self.began.elapsed() >= FIRST;
        if unheard || away >= self.patience { Err(error.clone()) } else { Ok(()) }
    }
}
