//! `pintle.yaml`: settings of the server, and what its database must have.

mod lines;

use crate::egress::{Dns, Network};
use crate::failure::{Failure, Result};
use crate::options::{Database, Issuer, Listen};
use lines::Lines;
use pintle_core::drains::verification::Verification;
use pintle_core::seed::{self, Problem, Seed};
use serde::{Deserialize, Deserializer};
use serde_saphyr::{MessageFormatter, UserMessageFormatter};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use tracing::level_filters::LevelFilter;

/// The file that is read where none is named and it exists.
const DEFAULT: &str = "pintle.yaml";

/// A file that was read: every value has its form, and nothing contradicts another.
pub struct File {
    path: PathBuf,
    lines: Lines,
    pub settings: Settings,
    pub seed: Seed,
}

/// Each as the option of `pintle serve` with the same name.
#[derive(Debug, Default)]
pub struct Settings {
    pub dev: Option<bool>,
    pub data: Option<PathBuf>,
    pub listen: Option<Listen>,
    pub database: Option<Database>,
    pub rate_limit: Option<i64>,
    pub body_limit: Option<u64>,
    pub delivery_timeout: Option<u64>,
    pub strict_team_scope: Option<bool>,
    pub verify_drains: Option<Verification>,
    pub issuer: Option<Issuer>,
    pub cors: Option<bool>,
    pub allow_egress: Vec<Network>,
    pub dns: Option<Dns>,
    pub log_retention_hours: Option<i64>,
    pub log_retention_bytes: Option<i64>,
    pub log_room: Option<u64>,
    pub log: Option<LevelFilter>,
}

/// The whole file. One structure, so that a key that is none of these is refused with its line.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Content {
    dev: Option<bool>,
    data: Option<PathBuf>,
    #[serde(default, deserialize_with = "parsed")]
    listen: Option<Listen>,
    #[serde(default, deserialize_with = "parsed")]
    database: Option<Database>,
    #[serde(default, deserialize_with = "positive")]
    rate_limit: Option<i64>,
    #[serde(default, deserialize_with = "positive")]
    body_limit: Option<u64>,
    #[serde(default, deserialize_with = "seconds")]
    delivery_timeout: Option<u64>,
    strict_team_scope: Option<bool>,
    #[serde(default, deserialize_with = "parsed")]
    verify_drains: Option<Verification>,
    #[serde(default, deserialize_with = "parsed")]
    issuer: Option<Issuer>,
    cors: Option<bool>,
    #[serde(default, deserialize_with = "all_parsed")]
    allow_egress: Vec<Network>,
    #[serde(default, deserialize_with = "parsed")]
    dns: Option<Dns>,
    #[serde(default, deserialize_with = "positive")]
    log_retention_hours: Option<i64>,
    #[serde(default, deserialize_with = "positive")]
    log_retention_bytes: Option<i64>,
    #[serde(default, deserialize_with = "positive")]
    log_room: Option<u64>,
    #[serde(default, deserialize_with = "parsed")]
    log: Option<LevelFilter>,
    #[serde(default)]
    users: Vec<seed::User>,
    #[serde(default)]
    teams: Vec<seed::Team>,
    #[serde(default)]
    tokens: Vec<seed::Token>,
    #[serde(default)]
    projects: Vec<seed::Project>,
    #[serde(default)]
    integrations: Vec<seed::Integration>,
}

/// A value with a form of its own, as the option of the same name reads it.
fn parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(serde::de::Error::custom)).transpose()
}

/// The same for a list of them.
fn all_parsed<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    let texts = Vec::<String>::deserialize(deserializer)?;
    texts.iter().map(|text| text.parse().map_err(serde::de::Error::custom)).collect()
}

fn positive<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + PartialOrd + From<u8>,
{
    match Option::<T>::deserialize(deserializer)? {
        Some(number) if number < T::from(1) => Err(serde::de::Error::custom("it must be at least 1")),
        number => Ok(number),
    }
}

/// As long as an exchange may take at most.
fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match positive(deserializer)? {
        Some(seconds) if seconds > 30 => Err(serde::de::Error::custom("it must be at most 30")),
        seconds => Ok(seconds),
    }
}

impl File {
    /// Reads the file that was named, or the default one if it is there; else there is nothing to read.
    ///
    /// # Errors
    /// Exit code 2 and one line that names the file, the line and the key.
    pub fn find(named: Option<PathBuf>) -> Result<Option<Self>> {
        match named {
            Some(path) => Self::read(path).map(Some),
            None if Path::new(DEFAULT).exists() => Self::read(PathBuf::from(DEFAULT)).map(Some),
            None => Ok(None),
        }
    }

    fn read(path: PathBuf) -> Result<Self> {
        let cannot = |error| Failure::usage(format_args!("{}: cannot read it: {error}", path.display()));
        let text = std::fs::read_to_string(&path).map_err(cannot)?;
        let content = parse(&path, &text)?;
        let settings = Settings {
            dev: content.dev,
            data: content.data,
            listen: content.listen,
            database: content.database,
            rate_limit: content.rate_limit,
            body_limit: content.body_limit,
            delivery_timeout: content.delivery_timeout,
            strict_team_scope: content.strict_team_scope,
            verify_drains: content.verify_drains,
            issuer: content.issuer,
            cors: content.cors,
            allow_egress: content.allow_egress,
            dns: content.dns,
            log_retention_hours: content.log_retention_hours,
            log_retention_bytes: content.log_retention_bytes,
            log_room: content.log_room,
            log: content.log,
        };
        let seed = Seed {
            users: content.users,
            teams: content.teams,
            tokens: content.tokens,
            projects: content.projects,
            integrations: content.integrations,
        };
        let file = Self { path, lines: Lines::of(&text), settings, seed };
        file.seed.check().map_err(|problem| file.blame(problem))?;
        Ok(file)
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A problem with the line where it stands. What is not the file's fault keeps its own words.
    pub fn blame(&self, problem: Problem) -> Failure {
        if problem.path.is_empty() {
            return (*problem.error).into();
        }
        Failure::usage(format_args!(
            "{}:{}: {problem}",
            self.path.display(),
            self.lines.of_path(&problem.path)
        ))
    }
}

fn parse(path: &Path, text: &str) -> Result<Content> {
    let mut track = serde_path_to_error::Track::new();
    let options = serde_saphyr::options! { with_snippet: false };
    let read = serde_saphyr::with_deserializer_from_str_with_options(text, options, |deserializer| {
        Content::deserialize(serde_path_to_error::Deserializer::new(deserializer, &mut track))
    });
    read.map_err(|error| {
        let line = error.location().map_or(1, |location| location.line());
        let key = track.path().to_string();
        // An error of the form, not of a value, has no key.
        let key = if matches!(key.as_str(), "." | "?") { String::new() } else { format!("{key}: ") };
        let what = match UserMessageFormatter.format_message(&error) {
            number if number == "invalid i64" || number == "invalid u64" => "expected a whole number".into(),
            what => what,
        };
        Failure::usage(format_args!("{}:{line}: {key}{what}", path.display()))
    })
}
