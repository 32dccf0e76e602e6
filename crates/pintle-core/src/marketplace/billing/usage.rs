//! What a partner tells of usage, and of what it will cost so far (submitBillingData).

use super::lines::{Discount, Item};
use super::moment::{Moment, Period};
use crate::clock::DAY;
use crate::ids::ConfigurationId;
use crate::{Core, Error, Result, Scope, configurations, union};
use pintle_store::params;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Number, Value as Json};

/// The body, and what is stored of it: all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BillingData {
    /// By the partner's clock: of two reports of a day the later one counts.
    pub timestamp: Moment,
    /// When the day ends that it is about.
    pub eod: Moment,
    pub period: Period,
    #[serde(deserialize_with = "bill")]
    pub billing: Bill,
    pub usage: Vec<Usage>,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bill {
    pub items: Vec<Item>,
    #[serde(default)]
    pub discounts: Vec<Discount>,
}

/// Items alone, or items with discounts.
fn bill<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bill, D::Error> {
    let value = Json::deserialize(deserializer)?;
    match value.is_array() {
        true => Ok(Bill { items: union::read(value)?, ..Bill::default() }),
        false => union::read(value),
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Usage {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    pub name: String,
    #[serde(rename = "type")]
    pub metric: Metric,
    pub units: String,
    pub day_value: Number,
    pub period_value: Number,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan_value: Option<Number>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// A measured total, such as the size of a database.
    Total,
    /// Used during the period, such as a number of queries.
    Interval,
    /// Per time, such as requests a second.
    Rate,
}

impl BillingData {
    /// # Errors
    /// 400 for a period that ended more than a day ago, and a day that did or is not within the period.
    fn check(&self, now: Moment) -> Result<()> {
        self.period.check("period")?;
        let day_ago = Moment(now.0 - DAY);
        for (field, end) in [("period.end", self.period.end), ("eod", self.eod)] {
            if end < day_ago {
                return Err(Error::invalid(format_args!("`{field}` should NOT be older than 24 hours.")));
            }
        }
        match self.period.holds(self.eod) {
            true => Ok(()),
            false => Err(Error::invalid("`eod` should be within the period.")),
        }
    }
}

/// submitBillingData: the newest report of a day is kept, by the partner's clock.
///
/// # Errors
/// 400 for a report that is too old; 404 where the installation is gone.
pub async fn submit(core: &Core, scope: &Scope, data: BillingData) -> Result<()> {
    data.check(Moment(core.clock.now()))?;
    let id = scope.partner()?.clone();
    core.db
        .write(async move |tx| {
            super::require(tx, &id).await?;
            let sql = "INSERT INTO billing_data (installation_id, day, told_at, doc) VALUES ($1, $2, $3, $4)
              ON CONFLICT (installation_id, day) DO UPDATE SET told_at = excluded.told_at, doc = excluded.doc
              WHERE billing_data.told_at <= excluded.told_at";
            let doc = serde_json::to_string(&data)?;
            // A partner that says 23:59:59 in one report and midnight in the next means the same day.
            let day = (data.eod.0 + DAY - 1).div_euclid(DAY);
            tx.execute(sql, &params![&id, day, data.timestamp.0, doc]).await?;
            Ok(())
        })
        .await
}

/// What was told of an installation of the scope's owner, the newest day first.
///
/// # Errors
/// 404 for another's.
pub async fn list(core: &Core, scope: &Scope, id: &ConfigurationId) -> Result<Vec<BillingData>> {
    let conn = core.db.read().await?;
    let owned = "SELECT id FROM installations WHERE id = $1 AND owner_id = $2";
    let owned: Option<(String,)> = conn.opt(owned, &params![id, scope.owner()]).await?;
    owned.ok_or_else(configurations::not_found)?;
    let sql = "SELECT doc FROM billing_data WHERE installation_id = $1 ORDER BY day DESC LIMIT 366";
    let rows: Vec<(String,)> = conn.all(sql, &params![id]).await?;
    rows.iter().map(|(doc,)| Ok(serde_json::from_str(doc)?)).collect()
}
