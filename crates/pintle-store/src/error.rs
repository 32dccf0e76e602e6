//! What can go wrong in the database, in words that both engines share.

use std::fmt;

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// A unique constraint was violated. The name is `table_column_column_key`, or `table_pkey`, on both engines.
    Unique(String),
    /// A row referred to a parent that does not exist, or a parent that is still referred to was deleted.
    ForeignKey,
    /// A statement that must find one row found none.
    NoRow,
    /// A text has a character that the database does not take: NUL (PostgreSQL only).
    NotText,
    /// The database lost a race; the transaction can be tried again (PostgreSQL only).
    Retry,
    /// The schema was made by a newer program.
    Newer { database: i64, program: i64 },
    /// Anything else: the engine's own text.
    Fault(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unique(name) => write!(f, "unique constraint {name} violated"),
            Error::ForeignKey => write!(f, "foreign key constraint violated"),
            Error::NoRow => write!(f, "no row where one was expected"),
            Error::NotText => write!(f, "a text with a character that cannot be stored"),
            Error::Retry => write!(f, "the transaction lost a race"),
            Error::Newer { database, program } => write!(
                f,
                "the database has schema version {database}, but this program knows only {program}: start a newer pintle"
            ),
            Error::Fault(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{
            SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
        };
        match &error {
            rusqlite::Error::QueryReturnedNoRows => Error::NoRow,
            rusqlite::Error::SqliteFailure(code, text) => match code.extended_code {
                SQLITE_CONSTRAINT_UNIQUE => {
                    Error::Unique(columns(text.as_deref().unwrap_or_default()).join("_") + "_key")
                }
                SQLITE_CONSTRAINT_PRIMARYKEY => {
                    Error::Unique(format!("{}_pkey", columns(text.as_deref().unwrap_or_default())[0]))
                }
                SQLITE_CONSTRAINT_FOREIGNKEY => Error::ForeignKey,
                _ => Error::Fault(error.to_string()),
            },
            _ => Error::Fault(error.to_string()),
        }
    }
}

/// Of `UNIQUE constraint failed: projects.owner_id, projects.name` the table and the columns: joined, they are the name that
/// PostgreSQL gives to the same constraint, `projects_owner_id_name_key`.
fn columns(text: &str) -> Vec<&str> {
    let list = text.rsplit(": ").next().unwrap_or_default();
    let mut names = vec![list.split('.').next().unwrap_or_default()];
    names.extend(list.split(", ").filter_map(|column| Some(column.split_once('.')?.1)));
    names
}

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let Some(db) = error.as_db_error() else { return Error::Fault(with_causes(&error)) };
        let code = db.code();
        if *code == SqlState::UNIQUE_VIOLATION {
            Error::Unique(db.constraint().unwrap_or_default().to_owned())
        } else if *code == SqlState::FOREIGN_KEY_VIOLATION {
            Error::ForeignKey
        } else if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
            Error::Retry
        } else if *code == SqlState::CHARACTER_NOT_IN_REPERTOIRE {
            Error::NotText
        } else {
            Error::Fault(format!("{} ({})", db.message(), code.code()))
        }
    }
}

/// The driver's errors name the cause only in their source.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl From<deadpool_postgres::PoolError> for Error {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        match error {
            deadpool_postgres::PoolError::Backend(error) => error.into(),
            other => Error::Fault(format!("no database connection: {other}")),
        }
    }
}
