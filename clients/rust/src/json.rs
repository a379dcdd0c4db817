//! Protobuf's own JSON of the API's messages: `cargo add wharfinger --features json`.

use std::sync::LazyLock;

use prost::Name;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use serde_json::Value;

use crate::error::Error;

static POOL: LazyLock<Option<DescriptorPool>> =
    LazyLock::new(|| DescriptorPool::decode(include_bytes!("gen/descriptors.binpb").as_slice()).ok());

/// A message, such as a [`crate::v1::Task`], in protobuf's JSON: names in camel case, 64-bit numbers as strings, and
/// enumerations' values that this version does not know as numbers.
pub fn to_json<M: Name>(message: &M) -> Result<Value, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Mismatch(error.to_string());
    let pool = POOL.as_ref().ok_or_else(|| wrong(&"the descriptors can't be read"))?;
    let name = M::full_name();
    let kind = pool.get_message_by_name(&name).ok_or_else(|| wrong(&format!("{name} is not of this API")))?;
    let mut dynamic = DynamicMessage::new(kind);
    dynamic.transcode_from(message).map_err(|error| wrong(&error))?;
    dynamic
        .serialize_with_options(serde_json::value::Serializer, &SerializeOptions::new())
        .map_err(|error| wrong(&error))
}
