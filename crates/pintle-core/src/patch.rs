//! Fields of a PATCH body: absent, `null`, or set.

use serde::{Deserialize, Deserializer};

/// Needs `#[serde(default)]` beside it, so that an absent field is `Absent`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Patch<T> {
    /// Leave it as it is.
    #[default]
    Absent,
    /// Clear it.
    Null,
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Patch::Null, Patch::Set))
    }
}

impl<T> Patch<T> {
    /// Changes an optional field as the patch says.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Patch::Absent => {}
            Patch::Null => *field = None,
            Patch::Set(value) => *field = Some(value),
        }
    }
}
