//! A delivery as somebody sees it: without the secrets of its address, and without what is said by an endpoint that is not theirs.

use super::{Delivery, Kind, State};
use crate::clock::Millis;
use crate::ids::OwnerId;
use crate::{Error, Result, Scope};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value as Json};
use url::Url;

/// A delivery as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Shown {
    #[serde(flatten)]
    pub(super) delivery: Delivery,
    pub(super) state: String,
    tries: i64,
    /// When it is tried next; a try that is under way has put it off until it would be taken for lost.
    next_try_at: Option<Millis>,
    retry_until: Millis,
    /// It goes to an integration that somebody else develops.
    #[serde(skip)]
    foreign: bool,
}

pub(super) type Row = (Millis, String, String, Option<Millis>, Millis, i64, Option<String>);

pub(super) const COLUMNS: &str = "d.created_at, c.doc, d.state, d.due_at, d.retry_until, d.tries,
    (SELECT i.owner_id FROM integrations i WHERE i.id = d.source_id)
  FROM deliveries d JOIN delivery_contents c ON c.delivery_id = d.id";

impl Shown {
    pub(super) fn new(scope: &Scope, row: Row) -> Result<Self> {
        let (_, doc, state, due, retry_until, tries, developer) = row;
        let mut delivery: Delivery = serde_json::from_str(&doc)?;
        let own =
            scope.configuration().is_some() || developer.map(OwnerId::from).as_ref() == Some(scope.owner());
        let foreign = delivery.kind == Kind::Webhook && delivery.integration_id.is_some() && !own;
        // Of somebody else's address the path may be a secret too.
        let address = |url: Url| if foreign { url.origin().ascii_serialization() } else { public(url) };
        delivery.url = Url::parse(&delivery.url).map(address).unwrap_or_default();
        Ok(Self { delivery, state, tries, next_try_at: due, retry_until, foreign })
    }

    /// Whether the caller may end it, or have it sent again.
    ///
    /// # Errors
    /// 403 where it goes to somebody else's endpoint: or whoever removes an installation could keep that from its integration.
    pub(super) fn drivable(&self) -> Result<()> {
        match self.foreign {
            true => Err(Error::forbidden("Only the integration's developer may do this to what it is told")),
            false => Ok(()),
        }
    }

    /// A try as it is stored. What somebody else's endpoint answered is theirs, but for its status.
    pub(super) fn attempt(&self, doc: String) -> Result<Box<RawValue>> {
        if !self.foreign {
            return Ok(RawValue::from_string(doc)?);
        }
        let mut made: Map<String, Json> = serde_json::from_str(&doc)?;
        made.shift_remove("response");
        Ok(serde_json::value::to_raw_value(&made)?)
    }

    pub(super) fn is_pending(&self) -> bool {
        self.state == State::Pending.as_str()
    }
}

/// An address without what may be a credential in it.
pub(crate) fn public(mut url: Url) -> String {
    url.set_query(None);
    url.set_fragment(None);
    // They fail where a URL cannot have them, so has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let cases = [
            ("https://example.com/hook", "https://example.com/hook"),
            ("https://example.com/hook?token=s3cret&a#top", "https://example.com/hook"),
            ("https://s3cret@example.com/hook", "https://example.com/hook"),
            ("https://u:s3cret@example.com:8443/?k", "https://example.com:8443/"),
            ("syslog+tls://logs.example.com:6514", "syslog+tls://logs.example.com:6514"),
        ];
        for (address, shown) in cases {
            assert_eq!(public(Url::parse(address).unwrap()), shown);
        }
    }
}
