//! A SELECT that grows by what a request filters by: each condition brings its values along.

use pintle_store::Value;

pub(crate) struct Select {
    /// Ends inside the WHERE clause.
    pub sql: String,
    pub params: Vec<Value>,
}

impl Select {
    pub fn new(sql: impl Into<String>, params: Vec<Value>) -> Self {
        Self { sql: sql.into(), params }
    }

    /// Adds a condition in which `$?` stands for the value, if there is one.
    pub fn and<V: Into<Value>>(&mut self, condition: &str, value: Option<V>) {
        if let Some(value) = value {
            self.params.push(value.into());
            let condition = condition.replace("$?", &format!("${}", self.params.len()));
            self.sql.push_str(&format!(" AND {condition}"));
        }
    }

    /// Wants the column to have one of these values, if there are any.
    pub fn among(&mut self, column: &str, values: impl IntoIterator<Item: Into<Value>>) {
        self.list(&format!("{column} IN"), values);
    }

    /// Wants the column to have none of these values.
    pub fn except(&mut self, column: &str, values: impl IntoIterator<Item: Into<Value>>) {
        self.list(&format!("{column} NOT IN"), values);
    }

    fn list(&mut self, condition: &str, values: impl IntoIterator<Item: Into<Value>>) {
        let before = self.params.len();
        self.params.extend(values.into_iter().map(Into::into));
        let count = self.params.len() - before;
        if count > 0 {
            self.sql.push_str(&format!(" AND {condition} ({})", marks(before + 1, count)));
        }
    }
}

/// `$n, $n+1, …`, for an `IN` of so many values.
pub(crate) fn marks(from: usize, count: usize) -> String {
    (from..from + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// The LIKE pattern for lower-case text that has this somewhere in it; `!` escapes what LIKE would interpret.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern + "%"
}
