//! Requests that read.

use crate::bare::Answer;
use crate::load::{Measured, Wrk, median};
use crate::server::Server;
use crate::{Outcome, runtime, world};

pub fn run(seconds: u64, rounds: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let world = runtime()?.block_on(world::make(folder.path()))?;
    let (token, path) = (
        world.token,
        format!("/v1/integrations/configuration/{}?teamId={}", world.configuration, world.team),
    );
    drop(world.core);
    let pintle = Server::of_this_program(&["serve", &folder.path().to_string_lossy()])?;
    let answer = ask(&pintle, &token, &path)?;
    let answers = folder.path().join("answers.json");
    std::fs::write(&answers, serde_json::to_vec(&[answer])?)?;
    let bare = Server::of_this_program(&["bare", &answers.to_string_lossy()])?;
    let wrk = Wrk::new(folder.path())?;
    let mut ratios = Vec::new();
    for round in 0..rounds {
        let c0 = pintle.processor_seconds()?;
        let ours = wrk.run(&format!("{}{path}", pintle.url), seconds, &token, &["get"])?;
        let c1 = pintle.processor_seconds()?;
        let d0 = bare.processor_seconds()?;
        let theirs = wrk.run(&format!("{}{path}", bare.url), seconds, &token, &["get"])?;
        let d1 = bare.processor_seconds()?;
        let (c, d) = (
            (c1 - c0) / ours.requests_per_second / seconds as f64 * 1e6,
            (d1 - d0) / theirs.requests_per_second / seconds as f64 * 1e6,
        );
        println!("cpu us per request: {c:.2} {d:.2} {:.3}", d / c);
        let ratio = ours.requests_per_second / theirs.requests_per_second;
        println!("{round}: pintle {}, bare {}, ratio {ratio:.3}", show(ours), show(theirs));
        ratios.push(ratio);
    }
    println!("getConfiguration: {:.3} of the bare server; rss {}", median(ratios), pintle.resident()?);
    Ok(())
}

fn show(m: Measured) -> String {
    format!("{:.0}/s p99 {:.2} ms errors {}", m.requests_per_second, m.p99_ms, m.errors)
}

fn ask(server: &Server, token: &str, path: &str) -> Outcome<Answer> {
    let url = format!("{}{path}", server.url);
    let mut response = ureq::get(url).header("authorization", format!("Bearer {token}")).call()?;
    let headers =
        response.headers().iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap_or_default().to_owned()));
    Ok(Answer {
        method: "GET".into(),
        route: "/v1/integrations/configuration/{id}".into(),
        status: response.status().as_u16(),
        headers: headers.collect(),
        body: response.body_mut().read_to_string()?,
    })
}

pub fn keep(folder: &std::path::Path) -> Outcome<()> {
    std::fs::create_dir_all(folder.join("data"))?;
    let data = folder.join("data");
    let world = runtime()?.block_on(world::make(&data))?;
    let (token, path) = (
        world.token,
        format!("/v1/integrations/configuration/{}?teamId={}", world.configuration, world.team),
    );
    drop(world.core);
    drop(world.scope);
    let pintle = Server::of_this_program(&["serve", &data.to_string_lossy()])?;
    let answer = ask(&pintle, &token, &path)?;
    std::fs::write(folder.join("answers.json"), serde_json::to_vec(&[answer])?)?;
    std::fs::write(
        folder.join("info.json"),
        serde_json::to_vec(&serde_json::json!({"token": token, "path": path, "team": world.team}))?,
    )?;
    Ok(())
}
