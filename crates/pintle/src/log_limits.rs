//! How much of logs is kept, and held at a time: what the options say.

use crate::file;
use clap::Args;
use pintle_core::clock::HOUR;
use pintle_core::logs::retention::Retention;

#[derive(Debug, Args)]
pub struct LogArgs {
    /// Hours for which what projects log is kept [default: 72]
    #[arg(long, env = "PINTLE_LOG_RETENTION_HOURS", hide_env_values = true, value_name = "HOURS", value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub log_retention_hours: Option<i64>,

    /// Bytes that the logs of one team may take, packed; then the oldest go [default: 1073741824]
    #[arg(long, env = "PINTLE_LOG_RETENTION_BYTES", hide_env_values = true, value_name = "BYTES", value_parser = clap::value_parser!(i64).range(1..))]
    pub log_retention_bytes: Option<i64>,

    /// Bytes of logs that all requests together may hold in memory; what finds no room is answered 429 [default: 67108864]
    #[arg(long, env = "PINTLE_LOG_ROOM", hide_env_values = true, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..))]
    pub log_room: Option<u64>,
}

impl LogArgs {
    /// From the options and the environment, else from the file, else the default.
    pub fn retention(&self, file: &file::Settings) -> Retention {
        let default = Retention::default();
        let hours = self.log_retention_hours.or(file.log_retention_hours);
        let bytes = self.log_retention_bytes.or(file.log_retention_bytes);
        Retention {
            age: hours.map_or(default.age, |hours| hours.saturating_mul(HOUR)),
            bytes: bytes.unwrap_or(default.bytes),
        }
    }

    /// The same for the room.
    pub fn room(&self, file: &file::Settings) -> Option<usize> {
        self.log_room.or(file.log_room).map(|bytes| bytes as usize)
    }
}
