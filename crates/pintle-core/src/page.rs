//! Pages of a list, as the wire has them: `limit`, `until` (older than), `since` (newer than), all by a millisecond stamp.
//!
//! The wire's cursor is a bare millisecond. So that rows which share one are never lost between two pages, a page does not
//! end inside a millisecond: it may be longer than `limit` by the rows that share its last stamp.

use crate::clock::Millis;
use crate::select::Select;
use crate::{Error, Result};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pintle_store::{Conn, FromRow, FromValue, Row, Value};
use serde::Serialize;

#[derive(Debug, Clone, Copy)]
pub struct Page {
    pub limit: i64,
    pub until: Option<Millis>,
    pub since: Option<Millis>,
    /// Newest first is the rule. Where it is not, `next` goes into `since` and `prev` into `until`.
    pub oldest_first: bool,
}

impl Page {
    pub const DEFAULT: i64 = 20;
    pub const MAX: i64 = 100;

    /// # Errors
    /// 400 where `limit` is not within 1 to 100.
    pub fn new(limit: Option<i64>, until: Option<Millis>, since: Option<Millis>) -> Result<Self> {
        let limit = limit.unwrap_or(Self::DEFAULT);
        if !(1..=Self::MAX).contains(&limit) {
            return Err(Error::invalid(format_args!("`limit` should be >= 1 and <= {}.", Self::MAX)));
        }
        Ok(Self { limit, until, since, oldest_first: false })
    }
}

/// `pagination` of the wire: `next` goes into `until`, `prev` into `since`; `null` where the list ends.
#[derive(Debug, Clone, Serialize)]
pub struct Pagination {
    pub count: usize,
    pub next: Option<Millis>,
    pub prev: Option<Millis>,
}

/// Where a page of a list with opaque cursors goes on: behind this place of it. The list is ordered by a stamp and then by an id, newest
/// first.
#[derive(Debug, Clone)]
pub struct Next {
    pub at: Millis,
    /// Empty: behind everything of that stamp.
    pub id: String,
}

impl Next {
    /// Behind everything that was updated at `at` or later.
    pub fn older_than(at: Millis) -> Self {
        Self { at, id: String::new() }
    }

    /// An opaque continuation token.
    pub fn token(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}:{}", self.at, self.id))
    }

    /// # Errors
    /// 400 for what is no token.
    pub fn parse(token: &str) -> Result<Self> {
        let plain = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let parts = plain.as_deref().and_then(|plain| plain.split_once(':'));
        let parsed = parts.and_then(|(at, id)| Some(Self { at: at.parse().ok()?, id: id.to_owned() }));
        parsed.ok_or_else(|| Error::bad_request("The continuation token is not one of this list"))
    }
}

/// A row of a list: it knows the stamp by which the list is paged.
pub trait Stamp: FromRow {
    fn at(&self) -> Millis;
}

/// A row that is its stamp and its document.
pub struct Stamped {
    pub at: Millis,
    pub doc: String,
}

impl FromRow for Stamped {
    fn from_row(row: &Row<'_>) -> pintle_store::Result<Self> {
        Ok(Self { at: i64::from_value(row, 0)?, doc: String::from_value(row, 1)? })
    }
}

impl Stamp for Stamped {
    fn at(&self) -> Millis {
        self.at
    }
}

/// A tuple that begins with its stamp.
macro_rules! stamp {
    ($($name:ident),+) => {
        impl<$($name: FromValue),+> Stamp for (Millis, $($name),+) {
            fn at(&self) -> Millis {
                self.0
            }
        }
    };
}

stamp!(A, B);
stamp!(A, B, C);
stamp!(A, B, C, D);
stamp!(A, B, C, D, E);
stamp!(A, B, C, D, E, F);

/// Reads one page of documents: see `rows`.
pub async fn read(
    conn: &Conn,
    select: &str,
    stamp: &str,
    params: &[Value],
    page: Page,
) -> Result<(Vec<Stamped>, Pagination)> {
    rows(conn, select, stamp, params, page).await
}

/// Reads one page.
///
/// `select` gives the stamp and what else a row is made of, and ends inside its WHERE clause; `stamp` is the column to page by;
/// `params` are the parameters that `select` uses.
pub async fn rows<T: Stamp>(
    conn: &Conn,
    select: &str,
    stamp: &str,
    params: &[Value],
    page: Page,
) -> Result<(Vec<T>, Pagination)> {
    let n = params.len();
    let (low, high, limit) = (n + 1, n + 2, n + 3);
    let (order, begun) = match page.oldest_first {
        true => ("ASC", page.since.is_some()),
        false => ("DESC", page.until.is_some()),
    };
    let window = format!(
        "{select} AND {stamp} > ${low} AND {stamp} < ${high} ORDER BY {stamp} {order} LIMIT ${limit}"
    );
    let since = page.since.unwrap_or(-1);
    let until = page.until.unwrap_or(i64::MAX);
    let bounds = [Value::Int(since), Value::Int(until), Value::Int(page.limit + 1)];
    let mut rows: Vec<T> = conn.all(&window, &[params, &bounds].concat()).await?;
    let more = rows.len() as i64 > page.limit;
    if more {
        let beyond = rows.pop().map(|row| row.at());
        let last = rows.last().map(|row| row.at());
        if let Some(at) = last.filter(|_| last == beyond) {
            rows.retain(|row| row.at() != at);
            let same = format!("{select} AND {stamp} = ${low}");
            rows.extend(conn.all::<T>(&same, &[params, &[Value::Int(at)]].concat()).await?);
        }
    }
    let pagination = Pagination {
        count: rows.len(),
        next: rows.last().map(|row| row.at()).filter(|_| more),
        prev: rows.first().map(|row| row.at()).filter(|_| begun),
    };
    Ok((rows, pagination))
}

/// Reads one page of a list with opaque cursors, newest first, and what leads to the next one.
///
/// `select` ends inside its WHERE clause; `stamp` and `id` are the columns that the list is ordered by, and `place` says where a row stands.
pub(crate) async fn behind<T: FromRow>(
    conn: &Conn,
    select: Select,
    (stamp, id): (&str, &str),
    limit: i64,
    from: Option<Next>,
    place: impl Fn(&T) -> Next,
) -> Result<(Vec<T>, Option<String>)> {
    let Select { mut sql, mut params } = select;
    if let Some(Next { at, id: last }) = from {
        params.extend([Value::Int(at), Value::Text(last)]);
        let (at, last) = (params.len() - 1, params.len());
        sql.push_str(&format!(" AND ({stamp}, {id}) < (${at}, ${last})"));
    }
    params.push(Value::Int(limit + 1));
    sql.push_str(&format!(" ORDER BY {stamp} DESC, {id} DESC LIMIT ${}", params.len()));
    let mut rows: Vec<T> = conn.all(&sql, &params).await?;
    let more = rows.len() as i64 > limit;
    if more {
        rows.pop();
    }
    let next = rows.last().filter(|_| more).map(|row| place(row).token());
    Ok((rows, next))
}
