//! What the partner asked of Pintle by itself.

use super::cases;
use crate::expect::{Verdict, failed};
use crate::inbox::Asked;
use crate::world::World;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

cases! { pub(super) CASES:
    "callbacks", "tells Pintle nothing that it refuses",
        "an invoice that Pintle does not take is not paid, and secrets that it does not take reach no project" => callbacks;
}

/// How long it must be quiet before it counts as over.
const QUIET: Duration = Duration::from_millis(500);

async fn callbacks(world: &mut World) -> Verdict {
    let (inbox, began) = (world.stage.inbox.clone(), Instant::now());
    loop {
        let asked = inbox.since(0);
        let wrong = refused(&asked, &world.there.ended);
        let over = began.elapsed() > world.settings.patience;
        let more = inbox.wait(asked.len(), QUIET, |_| true).await.is_some();
        match wrong {
            _ if more && !over => {}
            // Partners try again.
            Some(_) if !over => {}
            Some(Asked { method, path, status, answer, .. }) => {
                return failed(format!(
                    "a request that Pintle takes; it answered {status} to {method} {path}: {answer}"
                ));
            }
            None => return Ok(format!("{} requests", asked.iter().filter(|asked| is_own(asked)).count())),
        }
    }
}

/// A question that is answered 404 is no refusal.
fn is_own(asked: &Asked) -> bool {
    asked.method != "GET" && asked.path.starts_with("/v1/installations/")
}

/// One that was refused, and not taken later. After its removal an installation's token is good for billing only; what a partner still
/// tried then counts neither way.
fn refused<'a>(asked: &'a [Asked], ended: &BTreeMap<String, usize>) -> Option<&'a Asked> {
    let mut last: BTreeMap<(&str, &str, &str), &Asked> = BTreeMap::new();
    for (at, asked) in asked.iter().enumerate().filter(|(_, asked)| is_own(asked)) {
        let key = (asked.method.as_str(), asked.path.as_str(), asked.body.as_str());
        let id = asked.path.split('/').nth(3).unwrap_or_default();
        match ended.get(id).is_some_and(|end| at >= *end) && !asked.path.contains("/billing") {
            true => last.remove(&key),
            false => last.insert(key, asked),
        };
    }
    last.into_values().find(|asked| asked.status >= 400)
}
