//! Faults that a developer orders, to see how a client takes them: for one of Pintle's own operations, or for the requests that Pintle
//! sends to a target. They live in this process; `meta` keeps them over a restart.

use crate::clock::Millis;
use crate::ids::FaultId;
use crate::{Core, Error, Result, meta, validate};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use url::Url;

/// Its key in `meta`: the list as JSON.
const META: &str = "faults";
/// More would not fit into a header.
const LIMIT: usize = 20;
/// How long a target may be, in bytes, for the same reason.
const TARGET: usize = 200;
/// The largest latency, in milliseconds.
const LONGEST: u64 = 600_000;

/// What is ordered; the body of a POST.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewFault {
    /// An operation's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
    /// What the URL of an outbound request begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The answer, in place of the real one: nothing is done, nothing is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What that answer says in `Retry-After`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u32>,
    /// Waits before anything else, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_ms: Option<u64>,
    /// All is done, committed or sent; then the connection ends without an answer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop_answer: bool,
    /// How many requests it is for; without it, all until it is taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    pub id: FaultId,
    /// `times` is how many requests are left.
    #[serde(flatten)]
    pub order: NewFault,
    /// How many requests it has met.
    pub met: u32,
    pub created_at: Millis,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let NewFault { route, target, status, retry_after, latency_ms, drop_answer, times } = &self.order;
        let place = route.as_deref().or(target.as_deref()).unwrap_or_default();
        write!(f, "{place} id={}", self.id)?;
        if let Some(status) = status {
            write!(f, " status={status}")?;
        }
        if let Some(seconds) = retry_after {
            write!(f, " retryAfter={seconds}")?;
        }
        if let Some(latency) = latency_ms {
            write!(f, " latencyMs={latency}")?;
        }
        if *drop_answer {
            write!(f, " dropAnswer")?;
        }
        times.map_or(Ok(()), |times| write!(f, " times={times}"))
    }
}

/// Those that are on.
#[derive(Debug, Default)]
pub struct Faults {
    /// Whether there are any, so that a request without faults costs one look.
    any: AtomicBool,
    list: Mutex<Vec<Fault>>,
}

impl Faults {
    pub fn any(&self) -> bool {
        self.any.load(Ordering::Relaxed)
    }

    /// In the order in which they were made.
    pub fn list(&self) -> Vec<Fault> {
        if self.any() { self.list.lock().clone() } else { Vec::new() }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Vec<Fault>) -> T) -> T {
        let mut list = self.list.lock();
        let done = change(&mut list);
        self.any.store(!list.is_empty(), Ordering::Relaxed);
        done
    }

    /// The first that fits meets one request; one that has met all of its own is gone.
    fn meet(&self, fits: impl Fn(&NewFault) -> bool) -> Option<NewFault> {
        self.change(|list| {
            let index = list.iter().position(|fault| fits(&fault.order))?;
            let fault = &mut list[index];
            let order = fault.order.clone();
            fault.met += 1;
            if let Some(times) = &mut fault.order.times {
                *times -= 1;
                if *times == 0 {
                    list.remove(index);
                }
            }
            Some(order)
        })
    }
}

/// The fault that a request for an operation meets, once its latency is over.
///
/// # Errors
/// Where what is left of it cannot be kept.
pub async fn at_route(core: &Core, route: &str) -> Result<Option<NewFault>> {
    if !core.faults.any() {
        return Ok(None);
    }
    let met = core.faults.meet(|order| order.route.as_deref() == Some(route));
    let Some(order) = &met else { return Ok(None) };
    if order.times.is_some() {
        keep(core).await?;
    }
    if let Some(latency) = order.latency() {
        tokio::time::sleep(latency).await;
    }
    Ok(met)
}

/// The fault that an outbound request meets. Its latency is the caller's, who has a time limit.
pub(crate) async fn at_target(core: &Core, url: &Url) -> Option<NewFault> {
    if !core.faults.any() {
        return None;
    }
    let begins = |target: &String| url.as_str().starts_with(target.as_str());
    let order = core.faults.meet(|order| order.target.as_ref().is_some_and(begins))?;
    if order.times.is_some() {
        // A request that could not be kept in mind is a fault once more after a restart: no harm in development.
        drop(keep(core).await);
    }
    Some(order)
}

impl NewFault {
    pub(crate) fn latency(&self) -> Option<std::time::Duration> {
        self.latency_ms.map(std::time::Duration::from_millis)
    }

    /// # Errors
    /// 400 for what makes no fault.
    fn check(&self) -> Result<()> {
        let wrong = |text: &str| Err(Error::invalid(text));
        match (&self.route, &self.target) {
            (Some(_), None) => {}
            (None, Some(target)) if target.len() > TARGET => {
                return wrong(&format!("`target` should be no longer than {TARGET} characters."));
            }
            (None, Some(target)) => validate::http_url("target", target)?,
            _ => return wrong("exactly one of `route` and `target` is needed."),
        }
        if self.status.is_none() && self.latency_ms.is_none() && !self.drop_answer {
            return wrong("at least one of `status`, `latencyMs` and `dropAnswer` is needed.");
        }
        if self.status.is_some() && self.drop_answer {
            return wrong(
                "`status` answers in place of the work, `dropAnswer` does it: only one of them is possible.",
            );
        }
        if self.retry_after.is_some() && self.status.is_none() {
            return wrong("`retryAfter` is a part of the answer that `status` gives: name that too.");
        }
        let least = if self.route.is_some() { 400 } else { 200 };
        if self.status.is_some_and(|status| !(least..=599).contains(&status)) {
            return wrong(&format!("`status` should be {least} to 599."));
        }
        if self.latency_ms.is_some_and(|latency| latency > LONGEST) {
            return wrong(&format!("`latencyMs` should be <= {LONGEST}."));
        }
        if self.times == Some(0) {
            return wrong("`times` should be >= 1.");
        }
        Ok(())
    }
}

/// Orders one; that its route exists is the caller's to see.
///
/// # Errors
/// 400 for what makes no fault, or for one too many.
pub async fn create(core: &Core, order: NewFault) -> Result<Fault> {
    order.check()?;
    let fault = Fault { id: FaultId::new(&core.entropy), order, met: 0, created_at: core.clock.now() };
    core.faults.change(|list| {
        if list.len() == LIMIT {
            return Err(Error::bad_request(format!("There are {LIMIT} faults: remove one first")));
        }
        list.push(fault.clone());
        Ok(())
    })?;
    keep(core).await?;
    Ok(fault)
}

/// # Errors
/// 404 for one that is not on.
pub async fn delete(core: &Core, id: &str) -> Result<()> {
    core.faults.change(|list| {
        let index = list.iter().position(|fault| fault.id.as_str() == id);
        list.remove(index.ok_or_else(|| Error::not_found("Fault"))?);
        Ok::<_, Error>(())
    })?;
    keep(core).await
}

pub async fn delete_all(core: &Core) -> Result<()> {
    core.faults.change(Vec::clear);
    keep(core).await
}

/// Turns on what was on when the last process ended.
pub async fn restore(core: &Core) -> Result<()> {
    let kept = meta::get(&core.db.read().await?, META).await?;
    let kept: Vec<Fault> = kept.map_or(Ok(Vec::new()), |bytes| serde_json::from_slice(&bytes))?;
    core.faults.change(|list| *list = kept);
    Ok(())
}

/// What is on when the transaction runs, so that of two the later writes the newer list.
async fn keep(core: &Core) -> Result<()> {
    let inner = core.clone();
    core.db
        .write(async move |tx| {
            let list = serde_json::to_vec(&inner.faults.list())?;
            meta::put(tx, META, list).await
        })
        .await
}
