//! Rows become tuples: `let (id, at): (String, i64) = …`.

use crate::{Error, Result};

/// A row of either engine, borrowed while it is read.
pub enum Row<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

/// A value that can stand in a column.
pub trait FromValue: Sized {
    fn from_value(row: &Row<'_>, index: usize) -> Result<Self>;
}

macro_rules! from_value {
    ($($ty:ty),*) => {$(
        impl FromValue for $ty {
            fn from_value(row: &Row<'_>, index: usize) -> Result<Self> {
                match row {
                    Row::Sqlite(row) => Ok(row.get(index)?),
                    Row::Postgres(row) => Ok(row.try_get(index)?),
                }
            }
        }
    )*};
}

from_value!(i64, String, Vec<u8>, Option<i64>, Option<String>, Option<Vec<u8>>);

/// Booleans are stored as 0 and 1, which both engines and every tool can read.
impl FromValue for bool {
    fn from_value(row: &Row<'_>, index: usize) -> Result<Self> {
        Ok(i64::from_value(row, index)? != 0)
    }
}

/// What a whole row becomes.
pub trait FromRow: Sized {
    fn from_row(row: &Row<'_>) -> Result<Self>;
}

macro_rules! from_row {
    ($($name:ident $index:tt),+) => {
        impl<$($name: FromValue),+> FromRow for ($($name,)+) {
            fn from_row(row: &Row<'_>) -> Result<Self> {
                Ok(($($name::from_value(row, $index)?,)+))
            }
        }
    };
}

from_row!(A 0);
from_row!(A 0, B 1);
from_row!(A 0, B 1, C 2);
from_row!(A 0, B 1, C 2, D 3);
from_row!(A 0, B 1, C 2, D 3, E 4);
from_row!(A 0, B 1, C 2, D 3, E 4, F 5);
from_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6);
from_row!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);

impl From<std::str::Utf8Error> for Error {
    fn from(error: std::str::Utf8Error) -> Self {
        Error::Fault(error.to_string())
    }
}
