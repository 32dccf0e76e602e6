//! What a handler asked of its call.

use super::sketch;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parameters by their names: the schema, and whether it must be there.
type Parameters = BTreeMap<String, (Json, bool)>;

#[derive(Clone, Default)]
pub(crate) struct Notes(Arc<Mutex<Noted>>);

#[derive(Default)]
struct Noted {
    query: Parameters,
    body: Option<Json>,
}

impl Notes {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It asked for a parameter of the query. What is asked for first says most: the getters ask each other for the text.
    pub(crate) fn asked(&self, name: &str, schema: Json, required: bool) {
        self.noted().query.entry(name.to_owned()).or_insert((schema, required));
    }

    /// It read its body as this type.
    pub(crate) fn read_as<T: DeserializeOwned>(&self) {
        let schema = sketch::of::<T>();
        self.noted().body.get_or_insert(schema);
    }

    pub(super) fn query(&self) -> Parameters {
        self.noted().query.clone()
    }

    pub(super) fn body(&self) -> Option<Json> {
        self.noted().body.clone()
    }
}
