//! `pintle faults`: what goes wrong on purpose at a server in development.

use crate::failure::{Failure, Result};
use crate::options::{FaultsArgs, FaultsCommand};
use crate::server::{Server, encode};
use pintle_core::faults::Fault;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use std::io::{Write, stdout};
use ureq::http::Method;

const PATH: &str = "/pintle/v1/faults";

pub fn run(args: FaultsArgs) -> Result<()> {
    let server = Server::new(&args.server);
    let mut out = stdout().lock();
    match args.command {
        None => {
            let mut listed = server.get(PATH)?;
            let faults: Vec<Fault> = read(listed["faults"].take())?;
            if faults.is_empty() {
                writeln!(out, "no faults")?;
            }
            for fault in faults {
                writeln!(out, "{fault}")?;
            }
        }
        Some(FaultsCommand::Add { order }) => {
            let fault: Fault = read(server.post(PATH, &Json::Object(parse(&order)?))?)?;
            writeln!(out, "{fault}")?;
        }
        Some(FaultsCommand::Clear { id }) => {
            let path = id.map_or(PATH.to_owned(), |id| format!("{PATH}/{}", encode(&id)));
            server.call(Method::DELETE, &path, None)?;
        }
    }
    Ok(())
}

fn read<T: DeserializeOwned>(json: Json) -> Result<T> {
    serde_json::from_value(json)
        .map_err(|error| Failure::failed(format_args!("an answer that says: {error}")))
}

/// Keys and values, as the server knows them; `dropAnswer` alone is true.
fn parse(order: &[String]) -> Result<Map<String, Json>> {
    let mut body = Map::new();
    for text in order {
        let (key, value) = text.split_once('=').unwrap_or((text, "true"));
        if key.is_empty() {
            return Err(Failure::usage(format_args!("`{text}` is not KEY=VALUE, such as status=503")));
        }
        body.insert(key.to_owned(), serde_json::from_str(value).unwrap_or_else(|_| json!(value)));
    }
    Ok(body)
}
