//! Which plans a partner may bill for: those that the installation, or one of its resources, was on at the time. The resource may be gone
//! when its last invoice comes.

use super::lines::Subject;
use super::rules::{Ground, Objection, broken};
use crate::Result;
use crate::clock::Millis;
use crate::ids::ConfigurationId;
use pintle_store::{Conn, params};
use serde_json::Value as Json;

/// Notes the plan that an installation, or with the partner's id one of its resources, is on from now on. It is called wherever the
/// plan is written down, and changes nothing while that stays the same.
pub(crate) async fn note(
    tx: &Conn,
    installation: &ConfigurationId,
    resource: Option<&str>,
    plan: Option<&Json>,
    now: Millis,
) -> Result<()> {
    let resource = resource.unwrap_or_default();
    let plan = plan.and_then(|plan| Some((plan["id"].as_str()?, kind(plan))));
    let current =
        "SELECT plan, kind FROM plan_terms WHERE installation_id = $1 AND resource = $2 AND ends_at IS NULL";
    let current: Option<(String, String)> = tx.opt(current, &params![installation, resource]).await?;
    if current.as_ref().map(|(id, kind)| (id.as_str(), kind.as_str())) == plan {
        return Ok(());
    }
    if current.is_some() {
        let end = "UPDATE plan_terms SET ends_at = $3 WHERE installation_id = $1 AND resource = $2 AND ends_at IS NULL";
        tx.execute(end, &params![installation, resource, now]).await?;
    }
    if let Some((id, kind)) = plan {
        let begin = "INSERT INTO plan_terms (installation_id, resource, plan, kind, starts_at) VALUES ($1, $2, $3, $4, $5)";
        tx.execute(begin, &params![installation, resource, id, kind, now]).await?;
    }
    Ok(())
}

fn kind(plan: &Json) -> &str {
    plan["type"].as_str().unwrap_or("subscription")
}

/// What can be billed.
pub struct Terms {
    terms: Vec<Term>,
    /// The resources that there are, by the partner's ids.
    resources: Vec<String>,
}

struct Term {
    resource: String,
    plan: String,
    prepaid: bool,
    starts_at: Millis,
    ends_at: Option<Millis>,
}

impl Terms {
    pub async fn of(conn: &Conn, installation: &ConfigurationId) -> Result<Self> {
        let sql =
            "SELECT resource, plan, kind, starts_at, ends_at FROM plan_terms WHERE installation_id = $1";
        let rows: Vec<(String, String, String, Millis, Option<Millis>)> =
            conn.all(sql, &params![installation]).await?;
        let term = |(resource, plan, kind, starts_at, ends_at)| Term {
            resource,
            plan,
            prepaid: kind == "prepayment",
            starts_at,
            ends_at,
        };
        let sql = "SELECT partner_id FROM resources WHERE configuration_id = $1 AND partner_id IS NOT NULL";
        let resources: Vec<(String,)> = conn.all(sql, &params![installation]).await?;
        Ok(Self {
            terms: rows.into_iter().map(term).collect(),
            resources: resources.into_iter().map(|(id,)| id).collect(),
        })
    }

    /// What is wrong with billing this, if something is. An installation's plan is good for its resources too.
    pub fn objection(&self, subject: &Subject<'_>) -> Option<Objection> {
        let Subject { resource, plan, period } = subject;
        let of_plan =
            |term: &&Term| term.plan == *plan && (term.resource == *resource || term.resource.is_empty());
        let during = |term: &&Term| {
            term.starts_at < period.end.0 && term.ends_at.is_none_or(|end| end > period.start.0)
        };
        let whose =
            if resource.is_empty() { "the installation".into() } else { format!("resource {resource}") };
        match self.terms.iter().filter(of_plan).find(during) {
            Some(term) if term.prepaid => {
                Some(broken(format!("Plan {plan} of {whose} is not a subscription")))
            }
            Some(_) => None,
            None if !self.knows(resource) => {
                let text = format!("Resource {resource} not found");
                Some(Objection { text, ground: Ground::Unknown })
            }
            None => Some(broken(format!("Plan {plan} was not active for {whose} during the period"))),
        }
    }

    /// Whether a resource is there, or was. The empty name is the installation's.
    fn knows(&self, resource: &str) -> bool {
        let ended = self.terms.iter().any(|term| term.resource == resource);
        resource.is_empty() || ended || self.resources.iter().any(|known| known == resource)
    }
}
