//! `pintle check-partner`: grades a partner's server.

use crate::failure::{Failure, Result};
use crate::file;
use crate::options::CheckPartnerArgs;
use crate::ready;
use pintle_check::report::{self, Report};
use pintle_check::{Product, Settings};
use serde_json::{Map, Value as Json};
use std::io::{Write, stdout};
use std::time::Duration;
use tokio::net::TcpListener;
use url::Url;

pub fn run(args: CheckPartnerArgs) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let junit = args.junit.clone();
    let report = runtime.block_on(check(args))?;
    write!(stdout(), "{report}")?;
    if let Some(path) = junit {
        let cannot = |error| Failure::failed(format_args!("cannot write {}: {error}", path.display()));
        std::fs::write(&path, report::junit(&report)).map_err(cannot)?;
    }
    match report.counts().failed {
        0 => Ok(()),
        failed => Err(Failure::failed(format_args!("{failed} of the cases failed"))),
    }
}

async fn check(args: CheckPartnerArgs) -> Result<Report> {
    let (address, issuer) = (args.listen.clone(), args.issuer.clone());
    let mut settings = settings(args)?;
    let cannot = |error| {
        Failure::failed(format_args!(
            "cannot listen on {address}: {error}. Is pintle serve running there? Stop it, or give another address with --listen"
        ))
    };
    let listener = TcpListener::bind(&address.0).await.map_err(cannot)?;
    settings.issuer = match issuer {
        Some(issuer) => issuer.0,
        None => ready::url(listener.local_addr().map_err(cannot)?),
    };
    writeln!(stdout(), "checking {} as {}\n", settings.url, settings.issuer)?;
    // Each grade shows as soon as it is there.
    let print = |grade: &report::Grade| {
        let _ = write!(stdout(), "{grade}").and_then(|()| stdout().flush());
    };
    Ok(pintle_check::check(settings, listener, print).await?)
}

/// All but the issuer.
fn settings(args: CheckPartnerArgs) -> Result<Settings> {
    let metadata = metadata(&args.metadata)?;
    Ok(Settings {
        url: url(&args.url)?.as_str().trim_end_matches('/').to_owned(),
        client_id: args.client_id,
        client_secret: args.client_secret,
        webhook_url: args.webhook_url.as_deref().map(url).transpose()?,
        redirect_login_url: args.redirect_login_url.as_deref().map(url).transpose()?,
        product: args.product.map(|slug| Product { slug, metadata, plan: args.plan }),
        query: args.query,
        patience: Duration::from_secs(args.patience),
        egress: args.egress.policy(&file::Settings::default(), true),
        issuer: String::new(),
    })
}

fn url(text: &str) -> Result<Url> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| Failure::usage(format_args!("{text} is not a URL, such as http://127.0.0.1:4500")))
}

fn metadata(text: &str) -> Result<Map<String, Json>> {
    serde_json::from_str(text)
        .map_err(|error| Failure::usage(format_args!("--metadata is not an object of JSON: {error}")))
}
