//! What the partner asked of Pintle by itself.

use super::cases;
use crate::expect::{Verdict, failed};
use crate::inbox::Asked;
use crate::world::World;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

cases! { pub(super) CASES:
    "callbacks", "asks nothing of Pintle that is refused",
        "an invoice that Pintle does not take is not paid, and secrets that it does not take reach no project" => callbacks;
}

/// How long it must be quiet before it counts as over.
const QUIET: Duration = Duration::from_millis(500);

async fn callbacks(world: &mut World) -> Verdict {
    let (inbox, began) = (world.stage.inbox.clone(), Instant::now());
    loop {
        let asked = inbox.since(0);
        let wrong = refused(&asked);
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

fn is_own(asked: &Asked) -> bool {
    asked.path.starts_with("/v1/installations/")
}

/// One that was refused, and not taken later.
fn refused(asked: &[Asked]) -> Option<&Asked> {
    let mut last: BTreeMap<(&str, &str, &str), &Asked> = BTreeMap::new();
    for asked in asked.iter().filter(|asked| is_own(asked)) {
        last.insert((&asked.method, &asked.path, &asked.body), asked);
    }
    last.into_values().find(|asked| asked.status >= 400)
}
