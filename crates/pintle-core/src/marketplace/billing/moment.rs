//! Dates in a partner's bodies: ISO 8601, unlike the rest of the API (semantics.md 8.7).

use crate::clock::{self, Millis};
use crate::{Error, Result};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment as the format `date-time` has it: with a date, a time and an offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub Millis);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&clock::text(self.0))
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let moment = clock::parse(&text).filter(|_| text.contains(['T', 't']));
        moment.map(Self).ok_or_else(|| D::Error::custom("should match format \"date-time\""))
    }
}

/// A billing cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub start: Moment,
    pub end: Moment,
}

impl Period {
    pub fn holds(&self, moment: Moment) -> bool {
        self.start <= moment && moment <= self.end
    }

    /// # Errors
    /// 400 where it does not last.
    pub fn check(&self, field: &str) -> Result<()> {
        match self.start < self.end {
            true => Ok(()),
            false => Err(Error::invalid(format_args!("`{field}.end` should be after `{field}.start`."))),
        }
    }
}
