#![doc = include_str!("../README.md")]
#![warn(missing_docs)]
#![forbid(unsafe_code)]

mod client;
mod error;
mod event;
mod failures;
mod generated;
mod handle;
mod items;
#[cfg(feature = "json")]
mod json;
mod messages;
mod new_task;
mod retry;
mod schedules;
mod settings;
mod transport;
mod values;
mod watch;

pub use client::Client;
pub use error::{Ended, Error, PartialFailure, Refused, Violation};
pub use event::{Event, Place};
pub use generated::{google::rpc, wharfinger::v1};
pub use handle::{Handle, Rollback};
pub use items::Items;
#[cfg(feature = "json")]
pub use json::to_json;
pub use new_task::NewTask;
pub use retry::{ERROR_RULES, ErrorRule, Retry, error_rule};
pub use settings::Settings;
pub use tonic::Code;
pub use transport::{Bearer, Raw};
