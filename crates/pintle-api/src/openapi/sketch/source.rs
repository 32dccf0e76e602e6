//! A source of made-up content.

use serde::de::{self, DeserializeSeed, Visitor};
use serde_json::{Value as Json, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

/// What content is tried for a type that takes any, one after the other.
const FORMS: usize = 4;

/// What was learned so far.
#[derive(Clone, Default)]
pub(super) struct Plan {
    /// Places that are left out, with what is known of them.
    left_out: BTreeMap<String, Json>,
    /// The form of content for places that take any.
    forms: BTreeMap<String, usize>,
}

/// Where an attempt came to its end.
pub(super) struct Failed {
    pub path: String,
    schema: Json,
    message: String,
    any: bool,
}

impl Failed {
    pub fn misses(&self, property: &str) -> bool {
        self.message.starts_with(&format!("missing field `{property}`"))
    }
}

impl Plan {
    pub fn has_another_form(&self, failed: &Failed) -> bool {
        failed.any && self.form(&failed.path) + 1 < FORMS
    }

    pub fn learn(&mut self, failed: Failed) {
        if self.has_another_form(&failed) {
            *self.forms.entry(failed.path).or_default() += 1;
        } else {
            let known = if failed.any { json!({}) } else { failed.schema };
            self.left_out.insert(failed.path, known);
        }
    }

    pub fn leave_out(&mut self, path: &str) {
        self.left_out.entry(path.to_owned()).or_insert_with(|| json!({}));
    }

    fn form(&self, path: &str) -> usize {
        self.forms.get(path).copied().unwrap_or_default()
    }
}

/// A place in the content: it writes down what it is asked for.
pub(super) struct Source<'a> {
    pub plan: &'a Plan,
    pub path: String,
    pub schema: &'a mut Json,
    pub end: &'a RefCell<Option<Failed>>,
}

#[derive(Debug)]
pub(super) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

fn note<V>(
    end: &RefCell<Option<Failed>>,
    path: &str,
    schema: &Json,
    any: bool,
    outcome: &Result<V, Refused>,
) {
    if let Err(Refused(message)) = outcome {
        let (path, message) = (path.to_owned(), message.clone());
        end.borrow_mut().get_or_insert_with(|| Failed { path, schema: schema.clone(), message, any });
    }
}

impl Source<'_> {
    /// Notes where it ended, unless a place inside did.
    fn close<V>(self, outcome: Result<V, Refused>, any: bool) -> Result<V, Refused> {
        let Source { path, schema, end, .. } = self;
        note(end, &path, schema, any, &outcome);
        outcome
    }

    /// Hands a place inside on. What its type makes of the content after it was given all of it may fail too.
    fn give<'de, T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
        name: &str,
        schema: &mut Json,
    ) -> Result<T::Value, Refused> {
        let path = format!("{}/{name}", self.path);
        let (plan, end) = (self.plan, self.end);
        let outcome = seed.deserialize(Source { plan, path: path.clone(), schema: &mut *schema, end });
        let any = *schema == json!({}) || plan.forms.contains_key(&path);
        note(end, &path, schema, any, &outcome);
        outcome
    }

    fn scalar<'de, V: Visitor<'de>>(
        self,
        kind: &str,
        visit: impl FnOnce() -> Result<V::Value, Refused>,
    ) -> Result<V::Value, Refused> {
        *self.schema = json!({ "type": kind });
        let outcome = visit();
        self.close(outcome, false)
    }

    fn list<'de, V: Visitor<'de>>(
        mut self,
        visitor: V,
        length: usize,
        any: bool,
    ) -> Result<V::Value, Refused> {
        let mut items = json!({});
        let left = if self.plan.left_out.contains_key(&format!("{}/[]", self.path)) { 0 } else { length };
        let outcome = visitor.visit_seq(Items { source: &mut self, items: &mut items, left });
        if let Some(known) = self.plan.left_out.get(&format!("{}/[]", self.path)) {
            items = known.clone();
        }
        *self.schema = json!({ "type": "array", "items": items });
        self.close(outcome, any)
    }

    /// An object of these fields, or of any where there are none.
    fn object<'de, V: Visitor<'de>>(
        mut self,
        visitor: V,
        fields: Option<&'static [&'static str]>,
        any: bool,
    ) -> Result<V::Value, Refused> {
        let mut seen = serde_json::Map::new();
        let names: Vec<&str> = fields.map_or_else(|| vec!["{}"], <[_]>::to_vec);
        let mut left = Vec::new();
        for name in names {
            match self.plan.left_out.get(&format!("{}/{name}", self.path)) {
                Some(known) => drop(seen.insert(name.to_owned(), known.clone())),
                None => left.push(name),
            }
        }
        left.reverse();
        let outcome = visitor.visit_map(Fields { source: &mut self, left, seen: &mut seen });
        *self.schema = match fields {
            Some(_) => json!({ "type": "object", "properties": seen }),
            None => {
                json!({ "type": "object", "additionalProperties": seen.remove("{}").unwrap_or_default() })
            }
        };
        self.close(outcome, any)
    }
}

macro_rules! scalars {
    ($($method:ident $kind:literal $visit:ident $value:expr;)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
            self.scalar::<V>($kind, || visitor.$visit($value))
        })*
    };
}

impl<'de> de::Deserializer<'de> for Source<'_> {
    type Error = Refused;

    scalars! {
        deserialize_bool "boolean" visit_bool true;
        deserialize_i8 "integer" visit_i64 1;
        deserialize_i16 "integer" visit_i64 1;
        deserialize_i32 "integer" visit_i64 1;
        deserialize_i64 "integer" visit_i64 1;
        deserialize_u8 "integer" visit_u64 1;
        deserialize_u16 "integer" visit_u64 1;
        deserialize_u32 "integer" visit_u64 1;
        deserialize_u64 "integer" visit_u64 1;
        deserialize_f32 "number" visit_f64 1.0;
        deserialize_f64 "number" visit_f64 1.0;
        deserialize_char "string" visit_char 'a';
        deserialize_str "string" visit_str "a";
        deserialize_string "string" visit_str "a";
        deserialize_bytes "string" visit_str "a";
        deserialize_byte_buf "string" visit_str "a";
        deserialize_identifier "string" visit_str "a";
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.plan.form(&self.path) {
            0 => {
                let outcome = visitor.visit_unit();
                self.close(outcome, true)
            }
            1 => self.list(visitor, 1, true),
            2 => {
                *self.schema = json!({ "type": "string" });
                let outcome = visitor.visit_str("a");
                self.close(outcome, true)
            }
            _ => self.object(visitor, None, true),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let Source { plan, path, schema, end } = self;
        let outcome = visitor.visit_some(Source { plan, path, schema: &mut *schema, end });
        if let Some(map) = schema.as_object_mut().filter(|map| !map.is_empty()) {
            map.insert("nullable".into(), json!(true));
        }
        outcome
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        let outcome = visitor.visit_unit();
        self.close(outcome, false)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.list(visitor, 1, false)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Refused> {
        self.list(visitor, length, false)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.list(visitor, length, false)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.object(visitor, None, false)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        self.object(visitor, Some(fields), false)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Refused> {
        *self.schema = json!({ "type": "string", "enum": variants });
        let first = variants.first().copied().unwrap_or_default();
        let outcome = visitor.visit_enum(de::value::StrDeserializer::<Refused>::new(first));
        self.close(outcome, false)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Refused> {
        self.deserialize_unit(visitor)
    }
}

struct Items<'a, 'b> {
    source: &'b mut Source<'a>,
    items: &'b mut Json,
    left: usize,
}

impl<'de> de::SeqAccess<'de> for Items<'_, '_> {
    type Error = Refused;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Refused> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.source.give(seed, "[]", self.items).map(Some)
    }
}

struct Fields<'a, 'b> {
    source: &'b mut Source<'a>,
    /// The last comes first.
    left: Vec<&'b str>,
    seen: &'b mut serde_json::Map<String, Json>,
}

impl<'de> de::MapAccess<'de> for Fields<'_, '_> {
    type Error = Refused;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Refused> {
        let Some(name) = self.left.last() else { return Ok(None) };
        seed.deserialize(de::value::StrDeserializer::<Refused>::new(name)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        let name = self.left.pop().unwrap_or_default();
        let mut schema = json!({});
        let outcome = self.source.give(seed, name, &mut schema);
        self.seen.insert(name.to_owned(), schema);
        outcome
    }
}
