//! Versions of edge configs that were read lately, ready to be sent.

use crate::Result;
use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// Bytes of memory that what is kept may take.
const ROOM: usize = 64 << 20;

/// The items of one version.
#[derive(Debug)]
pub struct Snapshot {
    version: i64,
    /// JSON: values by key.
    all: Bytes,
    /// Where each value stands in it.
    places: HashMap<String, Range<usize>>,
    /// Bytes of memory, about.
    size: usize,
}

/// What a snapshot, and each key of one, takes beside its text.
const OVERHEAD: usize = 96;

impl Snapshot {
    pub(super) fn new(version: i64, items: String) -> Result<Self> {
        let values: HashMap<Cow<'_, str>, &RawValue> = serde_json::from_str(&items)?;
        let place = |value: &RawValue| {
            let start = value.get().as_ptr() as usize - items.as_ptr() as usize;
            start..start + value.get().len()
        };
        let places = values.into_iter().map(|(key, value)| (key.into_owned(), place(value)));
        let places: HashMap<String, Range<usize>> = places.collect();
        let size = OVERHEAD + items.len() + places.keys().map(|key| key.len() + OVERHEAD).sum::<usize>();
        Ok(Self { version, all: Bytes::from(items), places, size })
    }

    /// All items as one JSON object.
    pub fn all(&self) -> Bytes {
        self.all.clone()
    }

    /// One value as JSON, where it is there.
    pub fn value(&self, key: &str) -> Option<Bytes> {
        self.places.get(key).map(|place| self.all.slice(place.clone()))
    }
}

/// The newest version that was read of each edge config.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<String, Arc<Snapshot>>,
    bytes: usize,
}

impl Cache {
    pub(super) fn get(&self, id: &str, version: i64) -> Option<Arc<Snapshot>> {
        self.0.lock().by_id.get(id).filter(|snapshot| snapshot.version == version).cloned()
    }

    /// Where there is no room, all others make room: they are soon read again, and few places have so many.
    pub(super) fn keep(&self, id: &str, snapshot: Arc<Snapshot>) {
        let mut kept = self.0.lock();
        if let Some(old) = kept.by_id.remove(id) {
            kept.bytes -= old.size;
        }
        if kept.bytes + snapshot.size > ROOM {
            *kept = Kept::default();
        }
        kept.bytes += snapshot.size;
        kept.by_id.insert(id.to_owned(), snapshot);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(version: i64, items: String) -> Arc<Snapshot> {
        Arc::new(Snapshot::new(version, items).unwrap())
    }

    #[test]
    fn each_value_is_where_it_stands() {
        let snapshot = snapshot(1, r#"{"a":{"b":[1,"}"]},"c":null,"é":"ü"}"#.to_owned());
        let value = |key| snapshot.value(key).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
        assert_eq!(value("a").as_deref(), Some(r#"{"b":[1,"}"]}"#));
        assert_eq!(value("c").as_deref(), Some("null"));
        assert_eq!(value("é").as_deref(), Some("\"ü\""));
        assert_eq!(value("b"), None);
    }

    #[test]
    fn only_the_version_that_was_asked_for_is_found_and_the_room_is_bounded() {
        let cache = Cache::default();
        cache.keep("a", snapshot(1, "{}".to_owned()));
        cache.keep("a", snapshot(2, r#"{"x":1}"#.to_owned()));
        assert!(cache.get("a", 1).is_none());
        let newest = cache.get("a", 2).unwrap();
        assert_eq!(cache.0.lock().bytes, newest.size);
        let large = format!(r#"{{"x":"{}"}}"#, "a".repeat(ROOM / 3));
        for id in ["b", "c", "d", "e"] {
            cache.keep(id, snapshot(1, large.clone()));
            assert!(cache.get(id, 1).is_some());
            assert!(cache.0.lock().bytes <= ROOM);
        }
        assert!(cache.get("a", 2).is_none());
    }
}
