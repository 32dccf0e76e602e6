//! Credits that are paid ahead: what is left of them, as the partner tells, and when more is bought.

use super::moment::Moment;
use super::money::Amount;
use super::{limits, purchase};
use crate::ids::{ConfigurationId, OwnerId};
use crate::{Core, Error, Result, Scope, configurations, validate};
use pintle_store::{Conn, params};
use serde::{Deserialize, Serialize};

/// The body of submitPrepaymentBalances.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balances {
    /// By the partner's clock: the later of two reports counts.
    pub timestamp: Moment,
    pub balances: Vec<Told>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Told {
    /// The partner's id; absent: the installation's own.
    pub resource_id: Option<String>,
    /// For people, such as `2,000 Tokens`.
    pub credit: Option<String>,
    /// For people, such as `Tokens`.
    pub name_label: Option<String>,
    pub currency_value_in_cents: f64,
}

/// What is stored, and shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    pub timestamp: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_label: Option<String>,
    /// Never compared with money that is paid: partners tell parts of a cent.
    pub currency_value_in_cents: f64,
}

/// When a balance falls below `minimum`, so much more is bought, up to `maximum` in a calendar month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Threshold {
    /// The partner's id; absent: the installation's own balance. The path names it, not the body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    pub billing_plan_id: String,
    pub minimum_amount_in_cents: u32,
    pub purchase_amount_in_cents: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_amount_per_period_in_cents: Option<u32>,
    /// Opaque to Pintle: JSON as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<String>,
}

/// What the command line reads.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    pub owner_id: OwnerId,
    pub installation_id: ConfigurationId,
    pub balances: Vec<Balance>,
    pub thresholds: Vec<Threshold>,
}

/// submitPrepaymentBalances. One that is now below its threshold makes Pintle buy more.
///
/// # Errors
/// 404 where the installation is closed.
pub async fn submit(core: &Core, scope: &Scope, told: Balances) -> Result<()> {
    validate::items("balances", &told.balances, 0, 1_000)?;
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let installation = super::require(tx, scope.partner()?).await?;
            for balance in keep(tx, &installation.id, &told).await? {
                purchase::where_needed(tx, &core, &scope, &installation, &balance).await?;
            }
            Ok(())
        })
        .await
}

/// Writes down what is newer than what is known, and answers it.
pub(super) async fn keep(tx: &Conn, installation: &ConfigurationId, told: &Balances) -> Result<Vec<Balance>> {
    let sql = "INSERT INTO balances (installation_id, resource, told_at, doc) VALUES ($1, $2, $3, $4)
      ON CONFLICT (installation_id, resource) DO UPDATE SET told_at = excluded.told_at, doc = excluded.doc
      WHERE balances.told_at <= excluded.told_at";
    let mut kept = Vec::new();
    for one in told.balances.clone() {
        let balance = Balance {
            resource_id: one.resource_id,
            timestamp: told.timestamp,
            credit: one.credit,
            name_label: one.name_label,
            currency_value_in_cents: one.currency_value_in_cents,
        };
        let resource = balance.resource_id.as_deref().unwrap_or_default();
        let row = params![installation, resource, told.timestamp.0, serde_json::to_string(&balance)?];
        if tx.execute(sql, &row).await? == 1 {
            kept.push(balance);
        }
    }
    Ok(kept)
}

/// What is left of the credits of an installation, and when more is bought.
///
/// # Errors
/// 404 for one that is not the scope's owner's.
pub async fn overview(core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<Overview> {
    let conn = core.db.read().await?;
    configurations::load(&conn, scope, id).await?;
    let sql = "SELECT doc FROM balances WHERE installation_id = $1 ORDER BY resource";
    let balances: Vec<(String,)> = conn.all(sql, &params![id]).await?;
    let sql = "SELECT doc FROM thresholds WHERE configuration_id = $1 ORDER BY resource";
    let thresholds: Vec<(String,)> = conn.all(sql, &params![id]).await?;
    Ok(Overview {
        owner_id: scope.owner().clone(),
        installation_id: id.clone(),
        balances: balances.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect::<Result<_>>()?,
        thresholds: thresholds.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect::<Result<_>>()?,
    })
}

impl Threshold {
    fn check(&self) -> Result<()> {
        let Self { minimum_amount_in_cents: minimum, purchase_amount_in_cents: purchase, .. } = self;
        let limit = self.maximum_amount_per_period_in_cents;
        if *purchase < 50 {
            return Err(Error::invalid("`purchaseAmountInCents` should be >= 50."));
        }
        if minimum > purchase {
            return Err(Error::invalid("`minimumAmountInCents` should be <= `purchaseAmountInCents`."));
        }
        match limit.is_some_and(|limit| limit < *purchase) {
            true => {
                Err(Error::invalid("`maximumAmountPerPeriodInCents` should be >= `purchaseAmountInCents`."))
            }
            false => Ok(()),
        }
    }
}

/// Sets when more is bought: for a resource, by the id that the team knows it by, or for the installation's own balance. Of several the last
/// one counts; one that contradicts itself keeps all from counting.
///
/// # Errors
/// 404 for what is not the scope's owner's; 400 for amounts that contradict each other, and for a purchase that its plan does not take.
pub async fn set_threshold(
    core: &Core,
    scope: &Scope,
    id: ConfigurationId,
    store: Option<String>,
    thresholds: Vec<Threshold>,
) -> Result<()> {
    thresholds.iter().try_for_each(Threshold::check)?;
    let scope = scope.clone();
    core.db
        .write(async move |tx| {
            configurations::load(tx, &scope, &id).await?;
            let resource = match &store {
                Some(store) => Some(partner_id(tx, &id, store).await?),
                None => None,
            };
            for threshold in &thresholds {
                let bought = ("purchaseAmountInCents", Amount::of_cents(threshold.purchase_amount_in_cents));
                let plan = &threshold.billing_plan_id;
                limits::check_by_id(tx, &id, resource.as_deref(), plan, bought).await?;
            }
            let sql = "INSERT INTO thresholds (configuration_id, resource, doc) VALUES ($1, $2, $3)
              ON CONFLICT (configuration_id, resource) DO UPDATE SET doc = excluded.doc";
            let Some(last) = thresholds.last() else { return Ok(()) };
            let key = resource.clone().unwrap_or_default();
            let doc = serde_json::to_string(&Threshold { resource_id: resource, ..last.clone() })?;
            tx.execute(sql, &params![&id, key, doc]).await?;
            Ok(())
        })
        .await
}

/// The partner's id of a resource, which balances go by.
pub(super) async fn partner_id(conn: &Conn, id: &ConfigurationId, store: &str) -> Result<String> {
    let sql =
        "SELECT partner_id FROM resources WHERE configuration_id = $1 AND id = $2 AND partner_id IS NOT NULL";
    let row: Option<(String,)> = conn.opt(sql, &params![id, store]).await?;
    row.map(|(partner_id,)| partner_id).ok_or_else(|| Error::not_found("Store"))
}

/// What is left of a resource's credits goes with it to another installation, unless its partner has told of it there already. When more
/// is bought is for the other team to say.
pub(crate) async fn follow(
    tx: &Conn,
    from: &ConfigurationId,
    to: &ConfigurationId,
    resource: &str,
) -> Result<()> {
    let sql = "UPDATE balances SET installation_id = $2 WHERE installation_id = $1 AND resource = $3
      AND NOT EXISTS (SELECT 1 FROM balances b WHERE b.installation_id = $2 AND b.resource = $3)";
    tx.execute(sql, &params![from, to, resource]).await?;
    let sql = "DELETE FROM balances WHERE installation_id = $1 AND resource = $2";
    tx.execute(sql, &params![from, resource]).await?;
    let sql = "DELETE FROM thresholds WHERE configuration_id = $1 AND resource = $2";
    tx.execute(sql, &params![from, resource]).await?;
    Ok(())
}

/// The threshold of a balance, where there is one.
pub(super) async fn threshold_of(
    conn: &Conn,
    id: &ConfigurationId,
    resource: Option<&str>,
) -> Result<Option<Threshold>> {
    let sql = "SELECT doc FROM thresholds WHERE configuration_id = $1 AND resource = $2";
    let row: Option<(String,)> = conn.opt(sql, &params![id, resource.unwrap_or_default()]).await?;
    Ok(row.map(|(doc,)| serde_json::from_str(&doc)).transpose()?)
}
