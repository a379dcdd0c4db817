//! What a call's status means: a refusal of our server with its details, or no answer at all, and then why.

use std::error::Error as _;

use prost::Message;
use tonic::{Code, Status};

use crate::{
    error::{Error, Refused, Violation},
    rpc, v1,
};

/// The error of a call that failed. `secure`: by TLS; `answered`: the server did answer this client before.
pub(crate) fn failed(status: &Status, server: &str, secure: bool, answered: bool) -> Error {
    let details = rpc::Status::decode(status.details()).unwrap_or_default();
    // One that has a source was made here, by a connection that broke: with a code such as UNKNOWN.
    let broken = status.source().is_some();
    let silent = matches!(status.code(), Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled);
    if details.details.is_empty() && (broken || silent) {
        return unreachable(server, &told(status), secure, answered);
    }
    let text = if details.message.is_empty() { status.message() } else { &details.message };
    Error::Refused(Box::new(refused(status.code(), text, &details)))
}

/// The refusal that a status in a message tells, such as an outcome of a batch.
pub(crate) fn refused_status(status: &rpc::Status) -> Error {
    Error::Refused(Box::new(refused(Code::from(status.code), &status.message, status)))
}

fn refused(code: Code, text: &str, status: &rpc::Status) -> Refused {
    let info: rpc::ErrorInfo = detail(status, "google.rpc.ErrorInfo").unwrap_or_default();
    let bad: rpc::BadRequest = detail(status, "google.rpc.BadRequest").unwrap_or_default();
    let retry: Option<rpc::RetryInfo> = detail(status, "google.rpc.RetryInfo");
    let choices: v1::Choices = detail(status, "wharfinger.v1.Choices").unwrap_or_default();
    let allowed: v1::AllowedStates = detail(status, "wharfinger.v1.AllowedStates").unwrap_or_default();
    let violation =
        |bad: rpc::bad_request::FieldViolation| Violation { field: bad.field, description: bad.description };
    Refused {
        code,
        reason: info.reason,
        message: text.to_owned(),
        metadata: info.metadata,
        violations: bad.field_violations.into_iter().map(violation).collect(),
        choices: choices.values,
        allowed: allowed.allowed.into_iter().map(|state| v1::TaskState::word_of(state).to_owned()).collect(),
        retry_after: retry.map(|retry| retry.retry_delay.unwrap_or_default().try_into().unwrap_or_default()),
    }
}

fn detail<M: Message + Default>(status: &rpc::Status, name: &str) -> Option<M> {
    let found = status.details.iter().find(|any| any.type_url.rsplit('/').next() == Some(name))?;
    M::decode(found.value.as_slice()).ok()
}

/// What a status says, with all that it stems from: tonic's own texts alone say "transport error".
fn told(status: &Status) -> String {
    let mut texts = vec![status.message().to_owned()];
    let mut next = status.source();
    while let Some(error) = next {
        texts.push(error.to_string());
        next = error.source();
    }
    texts.dedup();
    texts.retain(|text| !text.is_empty() && text != "transport error");
    if texts.is_empty() { status.code().description().to_owned() } else { texts.join(": ") }
}

/// What the layers below say, when a server is spoken to in the wrong way.
struct Cause {
    words: &'static [&'static str],
    /// Whether by TLS.
    secure: bool,
    /// What it means; empty: as the layers below say it.
    meaning: &'static str,
    hint: &'static str,
    /// Trying again does not help.
    lasting: bool,
}

const CAUSES: &[Cause] = &[
    Cause {
        words: &["InvalidContentType"],
        secure: true,
        meaning: "what listens there does not speak TLS",
        hint: "without TLS it is http://{server}, for a network that you trust",
        lasting: true,
    },
    Cause {
        words: &["CaUsedAsEndEntity"],
        secure: true,
        meaning: "its certificate is an authority's own, which no server may show here",
        hint: "give the server one that is no authority's (CA:FALSE); that one may vouch for itself",
        lasting: true,
    },
    Cause {
        words: &["UnknownIssuer"],
        secure: true,
        meaning: "its certificate is not signed by an authority that is trusted here",
        hint: "name the authority's certificate by `ca` (WHARFINGER_CA)",
        lasting: true,
    },
    Cause {
        words: &["NotValidForName"],
        secure: true,
        meaning: "its certificate is for another name",
        hint: "ask it by the name that its certificate has",
        lasting: true,
    },
    Cause {
        words: &["CertificateRequired", "HandshakeFailure"],
        secure: true,
        meaning: "it asks callers for a certificate",
        hint: "give yours by `identity`",
        lasting: true,
    },
    Cause {
        words: &["frame with invalid size", "invalid HTTP version", "mapped from HTTP status", "FRAME_SIZE_ERROR"],
        secure: false,
        meaning: "what listens there does not speak gRPC without TLS",
        hint: "if it speaks TLS it is https://{server}; the usual port is 7480",
        lasting: true,
    },
    Cause {
        words: &["broken pipe", "onnection reset", "unexpected end of file", "onnection closed"],
        secure: false,
        meaning: "",
        hint: "it was spoken to without TLS; if it speaks TLS it is https://{server}",
        lasting: false,
    },
];

/// The error of a server that gave no answer, from what the layers below say.
pub(crate) fn unreachable(server: &str, text: &str, secure: bool, answered: bool) -> Error {
    let fits = |cause: &&Cause| cause.secure == secure && cause.words.iter().any(|word| text.contains(word));
    let (cause, hint, lasting) = match CAUSES.iter().find(fits) {
        // A server that did answer is spoken to in the right way; something else is wrong there for now.
        Some(known) if !answered => {
            let cause = if known.meaning.is_empty() { text } else { known.meaning };
            (cause, known.hint.replace("{server}", server), known.lasting)
        }
        _ => (text, String::new(), false),
    };
    Error::Unreachable { server: server.to_owned(), cause: cause.to_owned(), hint, lasting }
}
