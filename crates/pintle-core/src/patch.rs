//! Fields of a PATCH body: absent, `null`, or set.

use crate::{Error, Result};
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

/// A field that can be set but not cleared.
impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Patch::Absent, Patch::Set)
    }
}

impl<T> Patch<T> {
    /// The value that it sets.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Patch::Set(value) => Some(value),
            Patch::Absent | Patch::Null => None,
        }
    }

    /// Changes an optional field as the patch says.
    pub fn apply(self, field: &mut Option<T>) {
        match self {
            Patch::Absent => {}
            Patch::Null => *field = None,
            Patch::Set(value) => *field = Some(value),
        }
    }

    /// Changes a field that cannot be cleared; `name` and `kind` (`string`, `array`, …) are for the message.
    ///
    /// # Errors
    /// 400 where the patch says `null`.
    pub fn replace(self, name: &str, kind: &str, field: &mut T) -> Result<()> {
        match self {
            Patch::Absent => {}
            Patch::Null => return Err(Error::invalid(format_args!("`{name}` should be {kind}."))),
            Patch::Set(value) => *field = value,
        }
        Ok(())
    }
}
