//! The engines that a proof runs on.

use pintle_store::Engine;

/// An engine, and the PostgreSQL server where it is that.
#[derive(Clone, Copy)]
pub struct On<'a> {
    pub engine: Engine,
    pub url: Option<&'a str>,
}

/// Runs a proof on SQLite, then on the PostgreSQL server that `PINTLE_TEST_POSTGRES` names; says so where something was `wanted` there
/// and it names none.
///
/// # Errors
/// The first failure of the proof.
pub fn on_each(wanted: bool, prove: impl Fn(On<'_>) -> Result<(), String>) -> Result<(), String> {
    prove(On { engine: Engine::Sqlite, url: None })?;
    match std::env::var("PINTLE_TEST_POSTGRES") {
        Ok(url) => prove(On { engine: Engine::Postgres, url: Some(&url) }),
        Err(_) => {
            if wanted {
                println!("NOT proven on PostgreSQL: PINTLE_TEST_POSTGRES names no server");
            }
            Ok(())
        }
    }
}

impl On<'_> {
    /// What of two belongs to this engine.
    pub fn of<T>(self, sqlite: T, postgres: T) -> T {
        match self.engine {
            Engine::Sqlite => sqlite,
            Engine::Postgres => postgres,
        }
    }
}
