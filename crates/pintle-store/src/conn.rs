//! One connection, inside a transaction or reading.

use crate::{Error, FromRow, Result, Row, Value, planted};
use parking_lot::Mutex;
use std::sync::Arc;
use tokio_postgres::types::ToSql;

/// A connection that can run statements. Cheap to clone; clones are the same connection.
///
/// On SQLite every method is ready at once: nothing is awaited.
#[derive(Clone)]
pub enum Conn {
    Sqlite(Arc<Mutex<rusqlite::Connection>>),
    Postgres(Arc<deadpool_postgres::Client>),
}

impl Conn {
    /// The rows that the statement gives, in its order.
    pub async fn all<T: FromRow>(&self, sql: &str, params: &[Value]) -> Result<Vec<T>> {
        match self {
            Conn::Sqlite(conn) => {
                let conn = conn.lock();
                let mut statement = conn.prepare_cached(planted::statement(sql))?;
                bind(&mut statement, params)?;
                let mut rows = statement.raw_query();
                let mut out = Vec::new();
                while let Some(row) = rows.next()? {
                    out.push(T::from_row(&Row::Sqlite(row))?);
                }
                Ok(out)
            }
            Conn::Postgres(client) => {
                let statement = client.prepare_cached(planted::statement(sql)).await?;
                let rows = client.query(&statement, &refs(params)).await?;
                rows.iter().map(|row| T::from_row(&Row::Postgres(row))).collect()
            }
        }
    }

    /// The first row, if there is one.
    pub async fn opt<T: FromRow>(&self, sql: &str, params: &[Value]) -> Result<Option<T>> {
        match self {
            Conn::Sqlite(conn) => {
                let conn = conn.lock();
                let mut statement = conn.prepare_cached(planted::statement(sql))?;
                bind(&mut statement, params)?;
                let mut rows = statement.raw_query();
                rows.next()?.map(|row| T::from_row(&Row::Sqlite(row))).transpose()
            }
            Conn::Postgres(client) => {
                let statement = client.prepare_cached(planted::statement(sql)).await?;
                let row = client.query_opt(&statement, &refs(params)).await?;
                row.as_ref().map(|row| T::from_row(&Row::Postgres(row))).transpose()
            }
        }
    }

    /// The one row of a statement that always has one, such as a count.
    pub async fn one<T: FromRow>(&self, sql: &str, params: &[Value]) -> Result<T> {
        self.opt(sql, params).await?.ok_or(Error::NoRow)
    }

    /// Runs a statement; answers how many rows it changed.
    pub async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64> {
        match self {
            Conn::Sqlite(conn) => {
                let conn = conn.lock();
                let mut statement = conn.prepare_cached(planted::statement(sql))?;
                bind(&mut statement, params)?;
                Ok(statement.raw_execute()? as u64)
            }
            Conn::Postgres(client) => {
                let statement = client.prepare_cached(planted::statement(sql)).await?;
                Ok(client.execute(&statement, &refs(params)).await?)
            }
        }
    }

    /// Lets nobody else write to a table, or make a row that refers to one of it, until this transaction ends. It must come before
    /// everything else in the transaction, which then sees all that was committed before. On SQLite there is one writer anyway.
    pub async fn lock(&self, table: &str) -> Result<()> {
        match self {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(_) => self.batch(&format!("LOCK TABLE {table} IN EXCLUSIVE MODE")).await,
        }
    }

    /// Runs several statements without parameters: migrations and transaction control.
    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        match self {
            Conn::Sqlite(conn) => Ok(conn.lock().execute_batch(sql)?),
            Conn::Postgres(client) => Ok(client.batch_execute(sql).await?),
        }
    }
}

/// SQLite numbers `$1` by first appearance, PostgreSQL by its digits. So bind by the digits.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> Result<()> {
    for index in 1..=statement.parameter_count() {
        let number = statement.parameter_name(index).and_then(|name| name[1..].parse::<usize>().ok());
        let value = number.and_then(|n| params.get(n.wrapping_sub(1)));
        let value = value.ok_or_else(|| Error::Fault(format!("no value for parameter {index}")))?;
        statement.raw_bind_parameter(index, value)?;
    }
    Ok(())
}

fn refs(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params.iter().map(|p| p as &(dyn ToSql + Sync)).collect()
}
