//! All rows of all tables, before and after.

use pintle_core::deletions::KINDS;
use pintle_store::Db;
use serde_json::Value;

pub struct Dump(Vec<(String, Vec<String>)>);

/// Tables in which a removed configuration is spoken of for ever.
const HISTORY: [&str; 4] = ["events", "removals", "deliveries", "delivery_contents"];

/// Tables in which a native installation lives on until its partner has settled it.
const OUTLIVES: [&str; 7] = [
    "installations",
    "closing_tokens",
    "partner_calls",
    "delivery_tries",
    "plan_terms",
    "invoices",
    "invoice_items",
];

/// What a removal must take: rows of these tables, so many, each with one of these ids in it.
pub struct Gone {
    pub configurations: Vec<String>,
    pub children: Vec<String>,
    pub counts: Vec<(&'static str, usize)>,
}

impl Dump {
    pub async fn take(db: &Db, tables: &[String]) -> Self {
        let mut dump = Vec::new();
        for table in tables {
            dump.push((table.clone(), db.rows(table).await.expect("the rows of a table")));
        }
        Self(dump)
    }

    /// Nothing happened.
    pub fn assert_same(&self, after: &Dump, what: &str) {
        for (before, after) in self.0.iter().zip(&after.0) {
            assert!(before == after, "{what} changed {}: {:?} became {:?}", before.0, before.1, after.1);
        }
    }

    /// What was to go went, nothing speaks of it but history, and all else is the same to the byte.
    pub fn assert_removed(&self, after: &Dump, gone: &Gone) {
        for ((table, before), (_, after)) in self.0.iter().zip(&after.0) {
            let (lost, added) = difference(before, after);
            if HISTORY.contains(&table.as_str()) {
                assert!(lost.is_empty(), "the removal changed {table}: {lost:?}");
                gone.assert_history(table, &added);
                continue;
            }
            assert!(added.is_empty(), "the removal wrote to {table}: {added:?} (and took {lost:?})");
            for row in &lost {
                assert!(
                    gone.named_in(row).is_some(),
                    "the removal took a row of {table} that is not its own: {row}"
                );
            }
            if let Some((_, count)) = gone.counts.iter().find(|(name, _)| name == table) {
                assert_eq!(lost.len(), *count, "rows that the removal took from {table}: {lost:?}");
            }
        }
        for id in &gone.configurations {
            after.assert_no_mention(id, gone.children.iter().map(String::as_str));
        }
    }

    /// Nothing happened but that the partner was asked.
    pub fn assert_kept(&self, after: &Dump, what: &str) {
        let asked =
            |table: &str| HISTORY.contains(&table) || ["partner_calls", "delivery_tries"].contains(&table);
        for (before, after) in self.0.iter().zip(&after.0).filter(|(before, _)| !asked(&before.0)) {
            assert!(before == after, "{what} changed {}: {:?} became {:?}", before.0, before.1, after.1);
        }
    }

    /// A native installation was removed, with what the plan lists: so many rows went, each of them its own; what was written speaks of
    /// it; all else is the same to the byte.
    pub fn assert_taken(&self, after: &Dump, id: &str, plan: &Value) {
        let listed = |field: &str| plan[field].as_array().map(Vec::as_slice).unwrap_or_default();
        let fields = [
            "webhooks",
            "drains",
            "environmentVariables",
            "protectionBypasses",
            "resources",
            "connections",
            "edgeConfigs",
            "edgeConfigTokens",
        ];
        let children = fields.iter().flat_map(|field| listed(field)).filter_map(|item| item["id"].as_str());
        let own: Vec<&str> = children.chain([id]).collect();
        let counts = [
            ("configurations", 1),
            ("resources", listed("resources").len()),
            ("resource_connections", listed("connections").len()),
            ("envs", listed("environmentVariables").len()),
            ("protection_bypasses", listed("protectionBypasses").len()),
            ("tokens", plan["tokens"].as_u64().unwrap_or_default() as usize),
        ];
        for ((table, before), (_, after)) in self.0.iter().zip(&after.0) {
            let (lost, added) = difference(before, after);
            let outlives = HISTORY.contains(&table.as_str()) || OUTLIVES.contains(&table.as_str());
            assert!(outlives || added.is_empty(), "the removal wrote to {table}: {added:?}");
            // What a delivery says stands in its contents.
            let speaks = !["deliveries", "delivery_tries"].contains(&table.as_str());
            for row in lost.iter().chain(&added).filter(|_| speaks) {
                assert!(
                    own.iter().any(|id| row.contains(id)),
                    "the removal changed in {table} what is not its own: {row}"
                );
            }
            let due = counts.iter().find(|(name, _)| name == table).map(|(_, count)| *count);
            assert!(
                due.is_none_or(|due| due == lost.len()),
                "rows that went from {table}, not {due:?}: {lost:?}"
            );
            let mention = after.iter().find(|row| !outlives && own.iter().any(|id| row.contains(id)));
            assert!(mention.is_none(), "a row of {table} still mentions {id}: {mention:?}");
        }
    }

    /// A whole tenant ended: what went is its own, and no more than the receipts say; nothing speaks of it but history, and all else is the
    /// same to the byte.
    pub fn assert_ended(&self, after: &Dump, ended: &Ended) {
        for ((table, before), (_, after)) in self.0.iter().zip(&after.0) {
            let (lost, added) = difference(before, after);
            let history = HISTORY.contains(&table.as_str()) || table == "deletions";
            // What its native installations leave for their partners to settle.
            let outlives = history || OUTLIVES.contains(&table.as_str());
            assert!(outlives || added.is_empty(), "the deletion wrote to {table}: {added:?}");
            assert!(!history || lost.is_empty(), "the deletion changed {table}: {lost:?}");
            // What a delivery says stands in its contents.
            let speaks = !["deliveries", "delivery_tries"].contains(&table.as_str());
            for row in lost.iter().chain(&added).filter(|_| speaks) {
                let own = ended.ids.iter().any(|id| row.contains(id.as_str()));
                assert!(own, "the deletion changed in {table} what is not its own: {row}");
            }
            if let Some((_, count)) = ended.counts.iter().find(|(name, _)| name == table) {
                assert_eq!(lost.len(), *count, "rows that went from {table}: {lost:?}");
            }
            let mention = after.iter().find(|row| ended.ids.iter().any(|id| row.contains(id.as_str())));
            assert!(
                outlives || mention.is_none(),
                "a row of {table} still mentions what is gone: {mention:?}"
            );
        }
    }

    /// As many rows as before.
    pub fn assert_same_size(&self, after: &Dump) {
        for ((table, before), (_, after)) in self.0.iter().zip(&after.0) {
            assert!(before.len() == after.len(), "{table} had {} rows and has {after:?}", before.len());
        }
    }

    /// No row but history's mentions any of these ids.
    pub fn assert_no_mention<'a>(&self, id: &'a str, children: impl Iterator<Item = &'a str>) {
        let ids: Vec<&str> = children.chain([id]).collect();
        for (table, rows) in self.0.iter().filter(|(table, _)| !HISTORY.contains(&table.as_str())) {
            for row in rows {
                let named = ids.iter().find(|id| row.contains(**id));
                assert!(named.is_none(), "a row of {table} still mentions {}: {row}", named.unwrap_or(&""));
            }
        }
    }

    /// The marker of secrets is in no row, neither as text nor as bytes.
    pub fn assert_sealed(&self, marker: &str) {
        let bytes: String = marker.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (table, rows) in &self.0 {
            for row in rows {
                assert!(
                    !row.contains(marker) && !row.contains(&bytes),
                    "a row of {table} has a secret in clear: {row}"
                );
            }
        }
    }
}

/// A tenant that was deleted: every id that its receipts name, and how many rows they say that tables have lost.
pub struct Ended {
    ids: Vec<String>,
    counts: Vec<(&'static str, usize)>,
}

impl Ended {
    pub fn new(owner: String, receipt: &Value, removals: &[Value]) -> Self {
        let mut counts = vec![("configurations", removals.len())];
        let mut ids = vec![owner];
        ids.extend(
            removals.iter().filter_map(|removal| removal["configurationId"].as_str()).map(str::to_owned),
        );
        for kind in KINDS {
            let told = removals.iter().map(|removal| &removal["removed"][kind.name]);
            let told: Vec<&Value> = told.chain([&receipt["deleted"][kind.name]]).collect();
            if told.iter().any(|told| told.is_number()) {
                continue;
            }
            // The projects that an installation was given are ids, and not its own.
            let things =
                told.iter().filter_map(|told| told.as_array()).flatten().filter(|item| item.is_object());
            let things: Vec<&str> = things.map(|item| item["id"].as_str().expect("an id")).collect();
            counts.push((kind.table, things.len()));
            // Users outlive their teams.
            if !["members", "accessRequests"].contains(&kind.name) {
                ids.extend(things.into_iter().map(str::to_owned));
            }
        }
        Self { ids, counts }
    }
}

impl Gone {
    fn named_in(&self, row: &str) -> Option<&str> {
        self.configurations
            .iter()
            .chain(&self.children)
            .find(|id| row.contains(id.as_str()))
            .map(String::as_str)
    }

    /// One new row for each configuration; and a delivery to everybody who is told.
    fn assert_history(&self, table: &str, added: &[&String]) {
        // What a delivery tells of stands in its contents.
        if table == "deliveries" {
            return;
        }
        if table == "delivery_contents" {
            for row in added {
                let of_it = self.configurations.iter().any(|id| row.contains(id.as_str()));
                assert!(of_it, "a delivery of the removals that tells of no removal: {row}");
            }
            return;
        }
        let count = self.configurations.len();
        assert_eq!(added.len(), count, "rows that {count} removals wrote to {table}: {added:?}");
        for id in &self.configurations {
            let of_it = added.iter().filter(|row| row.contains(id.as_str())).count();
            assert_eq!(of_it, 1, "rows of {table} that speak of the removal of {id}: {added:?}");
        }
    }
}

/// What is only in the one and only in the other of two sorted lists.
fn difference<'a>(before: &'a [String], after: &'a [String]) -> (Vec<&'a String>, Vec<&'a String>) {
    let (mut lost, mut added) = (Vec::new(), Vec::new());
    let (mut i, mut j) = (0, 0);
    while i < before.len() || j < after.len() {
        match (before.get(i), after.get(j)) {
            (Some(old), Some(new)) if old == new => (i, j) = (i + 1, j + 1),
            (Some(old), Some(new)) if old < new => {
                lost.push(old);
                i += 1;
            }
            (Some(old), None) => {
                lost.push(old);
                i += 1;
            }
            (_, Some(new)) => {
                added.push(new);
                j += 1;
            }
            (None, None) => break,
        }
    }
    (lost, added)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_counts_equal_rows() {
        let list = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
        let (before, after) = (list("aabd"), list("abbc"));
        let (lost, added) = difference(&before, &after);
        assert_eq!((lost, added), (vec![&before[0], &before[3]], vec![&after[1], &after[3]]));
    }
}
