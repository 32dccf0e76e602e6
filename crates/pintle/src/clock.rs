//! `pintle clock`: the time of a server in development.

use crate::failure::{Failure, Result};
use crate::options::{ClockArgs, ClockCommand};
use crate::server::Server;
use pintle_core::clock::{self, DAY, HOUR, MINUTE, Millis, SECOND};
use serde_json::json;
use std::io::{Write, stdout};

const PATH: &str = "/pintle/v1/clock";

pub fn run(args: ClockArgs) -> Result<()> {
    let server = Server::new(&args.server);
    let shown = match args.command {
        None => server.get(PATH)?,
        Some(ClockCommand::Advance { by }) => {
            let by = clock::length(&by).ok_or_else(|| {
                Failure::usage(format_args!(
                    "`{by}` is not a whole number and a unit (ms, s, m, h, d), such as 24h; time only goes forward"
                ))
            })?;
            server.post(PATH, &json!({ "advanceMs": by }))?
        }
    };
    let millis = |key: &str| shown[key].as_i64().unwrap_or_default();
    writeln!(stdout(), "{}  {} ahead", clock::text(millis("now")), length(millis("aheadMs")))?;
    Ok(())
}

/// A length in its largest units: `1d 2h`.
fn length(millis: Millis) -> String {
    let mut rest = millis;
    let mut parts = Vec::new();
    for (unit, name) in [(DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (1, "ms")] {
        if rest >= unit {
            parts.push(format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}
