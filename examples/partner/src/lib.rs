//! A small partner for Pintle's marketplace: it sells databases that do not exist, and does everything else as a partner should.
//!
//! What Pintle asks of a partner is in `installations`, `resources`, `repl` and `plans`; what it asks with is checked in `tokens`. What a partner
//! asks of Pintle is in `pintle`, and who uses it in `billing`, `resources` (rotation) and `sso`. Its state is in memory.
//! docs/partners.md goes through it.

mod billing;
mod broken;
mod installations;
mod pintle;
mod plans;
mod refusal;
mod repl;
mod resources;
mod sso;
mod store;
mod tokens;
mod webhook;

pub use broken::Broken;

use axum::Router;
use axum::routing::{get, post};
use clap::Parser;
use parking_lot::Mutex;
use pintle::Pintle;
use std::process::ExitCode;
use std::sync::Arc;
use store::Store;
use tokens::Keys;
use tokio::net::TcpListener;

/// A small partner for Pintle's marketplace.
#[derive(Debug, Parser)]
#[command(name = "partner-example", version, about, args_override_self = true)]
pub struct Options {
    /// The address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:4500")]
    listen: String,

    /// Where Pintle is. Tokens must be issued by it, too
    #[arg(long, env = "PINTLE_URL", value_name = "URL", default_value = "http://127.0.0.1:4400")]
    pintle: String,

    /// Who issues the tokens, where that is not the same as --pintle
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,

    /// The integration's id, as its registration answered it: oac_…
    #[arg(long, env = "CLIENT_ID", value_name = "ID")]
    client_id: String,

    /// The integration's secret
    #[arg(long, env = "CLIENT_SECRET", hide_env_values = true, value_name = "SECRET")]
    client_secret: String,

    /// The slug of the product that is sold
    #[arg(long, value_name = "SLUG", default_value = "database")]
    product: String,

    /// Send a last invoice when an installation is removed, instead of ending it at once
    #[arg(long)]
    final_invoice: bool,

    /// Do these things wrong, to see what `pintle check-partner` says
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    broken: Vec<Broken>,
}

/// All that the handlers need.
struct Partner {
    options: Options,
    keys: Keys,
    pintle: Pintle,
    store: Mutex<Store>,
}

type App = Arc<Partner>;

impl Partner {
    fn new(mut options: Options) -> App {
        options.pintle = options.pintle.trim_end_matches('/').to_owned();
        let issuer = options.issuer.as_ref().unwrap_or(&options.pintle).trim_end_matches('/').to_owned();
        let (keys, pintle) = (Keys::new(issuer), Pintle::new(options.pintle.clone()));
        Arc::new(Self { options, keys, pintle, store: Mutex::default() })
    }

    fn is(&self, broken: Broken) -> bool {
        self.options.broken.contains(&broken)
    }
}

fn routes(partner: App) -> Router {
    let installation = get(installations::show)
        .put(installations::install)
        .patch(installations::change_plan)
        .delete(installations::remove);
    let resource = get(resources::show).patch(resources::update).delete(resources::remove);
    Router::new()
        .route("/v1/installations/{installation}", installation)
        .route("/v1/installations/{installation}/plans", get(plans::of_installation))
        .route("/v1/installations/{installation}/billing/provision", post(billing::provision))
        .route("/v1/installations/{installation}/resources", post(resources::provision))
        .route("/v1/installations/{installation}/resources/{resource}", resource)
        .route("/v1/installations/{installation}/resources/{resource}/plans", get(plans::of_resource))
        .route(
            "/v1/installations/{installation}/resources/{resource}/secrets/rotate",
            post(resources::rotate),
        )
        .route("/v1/installations/{installation}/resources/{resource}/repl", post(repl::query))
        .route("/v1/products/{product}/plans", get(plans::of_product))
        .route("/sso", get(sso::sign_in))
        .route("/", get(sso::home))
        .route("/webhook", post(webhook::receive))
        .with_state(partner)
}

/// Serves until it is ended.
///
/// # Errors
/// Where the listener fails.
pub async fn serve(options: Options, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, routes(Partner::new(options))).await
}

/// The whole program.
pub fn main() -> ExitCode {
    let options = Options::parse();
    let run = async {
        let listener = TcpListener::bind(&options.listen).await?;
        println!("http://{}", listener.local_addr()?);
        serve(options, listener).await
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    match runtime.and_then(|runtime| runtime.block_on(run)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("partner-example: {error}");
            ExitCode::FAILURE
        }
    }
}
