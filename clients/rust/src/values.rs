//! Values of Rust, by serde, to and from `google.protobuf.Struct`; what a Struct would quietly change is refused.

use prost_types::{ListValue, Struct, Value, value::Kind};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Number, Value as Json};

use crate::error::Error;

/// A Struct holds doubles; beyond this a whole number would become another one.
const LARGEST: u64 = (1 << 53) - 1;

/// A value as a Struct; `path` is its place in the request, for errors.
pub(crate) fn to_struct(value: impl Serialize, path: &str) -> Result<Struct, Error> {
    match serde_json::to_value(value) {
        Ok(Json::Object(fields)) => object(fields, path),
        Ok(Json::Null) => Ok(Struct::default()),
        Ok(other) => Err(Error::invalid(path, format!("is {other}; give a struct or a map, of names to values"))),
        Err(error) => Err(Error::invalid(path, error.to_string())),
    }
}

/// What a Struct holds, as the caller wants it.
pub(crate) fn from_struct<T: DeserializeOwned>(value: &Struct) -> Result<T, serde_json::Error> {
    serde_json::from_value(json(value))
}

/// A Struct as JSON; whole numbers come back as such.
pub(crate) fn json(value: &Struct) -> Json {
    Json::Object(value.fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect())
}

fn object(fields: Map<String, Json>, path: &str) -> Result<Struct, Error> {
    let field = |(key, value): (String, Json)| {
        let place = format!("{path}.{key}");
        Ok((key, packed(value, &place)?))
    };
    Ok(Struct { fields: fields.into_iter().map(field).collect::<Result<_, Error>>()? })
}

fn packed(value: Json, path: &str) -> Result<Value, Error> {
    let kind = match value {
        Json::Null => Kind::NullValue(0),
        Json::Bool(value) => Kind::BoolValue(value),
        Json::String(text) => Kind::StringValue(text),
        Json::Number(number) => Kind::NumberValue(double(&number, path)?),
        Json::Object(fields) => Kind::StructValue(object(fields, path)?),
        Json::Array(items) => {
            let item = |(index, item)| packed(item, &format!("{path}[{index}]"));
            Kind::ListValue(ListValue { values: items.into_iter().enumerate().map(item).collect::<Result<_, _>>()? })
        }
    };
    Ok(Value { kind: Some(kind) })
}

fn double(number: &Number, path: &str) -> Result<f64, Error> {
    let whole = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    match number.as_f64() {
        Some(double) if whole.is_none_or(|whole| whole <= LARGEST) => Ok(double),
        _ => Err(Error::invalid(path, "whole numbers beyond 2^53-1 would be changed on the way; send a string")),
    }
}

fn plain(value: &Value) -> Json {
    match &value.kind {
        None | Some(Kind::NullValue(_)) => Json::Null,
        Some(Kind::BoolValue(value)) => Json::Bool(*value),
        Some(Kind::StringValue(text)) => Json::String(text.clone()),
        Some(Kind::NumberValue(number)) => whole(*number).map_or_else(|| Json::from(*number), Json::from),
        Some(Kind::StructValue(value)) => json(value),
        Some(Kind::ListValue(list)) => Json::Array(list.values.iter().map(plain).collect()),
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "it is whole, and within bounds")]
fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= LARGEST as f64).then_some(number as i64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_json_has_goes_there_and_back() {
        let value = json!({"text": "größer 🚢", "whole": 20, "half": 0.5, "no": null, "list": [true, {"deep": [-3]}]});
        assert_eq!(json(&to_struct(&value, "task.params").unwrap()), value);
    }

    #[test]
    fn what_a_struct_would_change_is_refused_with_its_place() {
        let told = |value: Json| to_struct(value, "task.params").unwrap_err().to_string();
        assert!(told(json!({"a": [{"id": 5_123_456_789_012_345_679_u64}]})).starts_with("task.params.a[0].id: whole"));
        assert!(told(json!({"a": -9_007_199_254_740_992_i64})).starts_with("task.params.a: whole"));
        assert_eq!(told(json!([1])), "task.params: is [1]; give a struct or a map, of names to values");
        assert!(to_struct(json!({"a": 9_007_199_254_740_991_i64}), "").is_ok());
    }
}
