//! The bodies of requests (docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html).

use serde::{Serialize, Serializer};

use super::attribute::Attribute;

/// What any of the operations on one table can have.
#[derive(Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Body<'a> {
    pub(super) table_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<Fields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<Fields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) consistent_read: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) projection_expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key_condition_expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filter_expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) condition_expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) update_expression: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "map")]
    pub(super) expression_attribute_values: Values<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exclusive_start_key: Option<Fields<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) select: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) return_values: Option<&'static str>,
    /// What a refused condition met comes along with the refusal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) return_values_on_condition_check_failure: Option<&'static str>,
}

/// By the names that expressions have for them.
pub(super) type Values<'a> = Vec<(&'static str, Attribute<'a>)>;

/// The attributes of an item, or those of them that are its key. README.md says what each is.
#[derive(Default, Serialize)]
pub(super) struct Fields<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) b: Option<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) k: Option<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) v: Option<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) r: Option<Attribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) e: Option<Attribute<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchGet<'a> {
    /// By their tables, of which there is one.
    #[serde(serialize_with = "map")]
    pub(super) request_items: [(&'a str, KeysOf<'a>); 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct KeysOf<'a> {
    pub(super) keys: Vec<Fields<'a>>,
    pub(super) consistent_read: bool,
    pub(super) projection_expression: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Transaction<'a> {
    pub(super) transact_items: Vec<Write<'a>>,
    /// For ten minutes, what is sent again with the same is done once.
    pub(super) client_request_token: String,
}

#[derive(Serialize)]
pub(super) enum Write<'a> {
    Put(Body<'a>),
    Delete(Body<'a>),
}

/// Pairs as a map. The library's own maps are much code for the little there is.
fn map<S: Serializer, V: Serialize>(pairs: &[(&str, V)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(pairs.iter().map(|(name, value)| (name, value)))
}
