//! `pintle serve`: from the options to a server, and to its orderly end.

use crate::egress::Doors;
use crate::failure::{Failure, Result};
use crate::file::{self, File};
use crate::options::{Issuer, Listen, ServeArgs};
use crate::ready::{self, Ready};
use crate::storage::Storage;
use pintle_api::{Api, Options};
use pintle_core::clock::{self, Clock, Millis};
use pintle_core::configurations::lifecycle;
use pintle_core::deliveries;
use pintle_core::drains::verification::Verification;
use pintle_core::entropy::Entropy;
use pintle_core::logs::retention::{self, Retention};
use pintle_core::marketplace::billing::settle;
use pintle_core::marketplace::installations::closing;
use pintle_core::marketplace::resources::transfers;
use pintle_core::projects;
use pintle_core::seed::demo::{self, Demo};
use pintle_core::seed::{self, Applied};
use pintle_core::{Core, Given, faults};
use pintle_egress::{Egress, Policy};
use pintle_relay::Relay;
use pintle_store::FolderLock;
use std::io::{IsTerminal, Write};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing::level_filters::LevelFilter;

/// How long requests and deliveries that are under way may take to finish after the signal to end.
const GRACE: Duration = Duration::from_secs(10);
/// Between two rounds of the background job.
const SWEEP: Millis = clock::MINUTE;

/// What an operator decided, from all sources.
struct Settings {
    dev: bool,
    json: bool,
    storage: Storage,
    listen: Listen,
    options: Options,
    relay: pintle_relay::Settings,
    strict_team_scope: bool,
    verify_drains: Verification,
    /// Who signs what partners are shown; absent: the server's own address.
    issuer: Option<Issuer>,
    retention: Retention,
    egress: Policy,
    log: LevelFilter,
    file: Option<File>,
}

impl Settings {
    /// From the options and the environment, else from the file, else the defaults.
    fn new(args: ServeArgs) -> Result<Self> {
        let file = File::find(args.storage.config.clone())?;
        let none = file::Settings::default();
        let given = file.as_ref().map_or(&none, |file| &file.settings);
        let defaults = Options::default();
        let timeout = args.delivery_timeout.or(given.delivery_timeout).map(Duration::from_secs);
        let body_limit = args.body_limit.or(given.body_limit).map(|bytes| bytes as usize);
        let dev = args.dev.or(given.dev).unwrap_or(false);
        Ok(Self {
            dev,
            json: args.json.unwrap_or(false),
            storage: Storage::new(args.storage, given)?,
            listen: args.listen.or(given.listen.clone()).unwrap_or_else(|| Listen("127.0.0.1:4400".into())),
            options: Options {
                rate_limit: args.rate_limit.or(given.rate_limit).unwrap_or(defaults.rate_limit),
                body_limit: body_limit.unwrap_or(defaults.body_limit),
                body_time: defaults.body_time,
                cors: args.cors.or(given.cors).unwrap_or(defaults.cors),
                log_room: args.logs.room(given).unwrap_or(defaults.log_room),
                dev,
            },
            relay: pintle_relay::Settings {
                timeout: timeout.unwrap_or(pintle_relay::Settings::default().timeout),
            },
            strict_team_scope: args.strict_team_scope.or(given.strict_team_scope).unwrap_or(false),
            verify_drains: args.verify_drains.or(given.verify_drains).unwrap_or_default(),
            issuer: args.issuer.or(given.issuer.clone()),
            retention: args.logs.retention(given),
            egress: args.egress.policy(given, dev),
            log: args.log.or(given.log).unwrap_or(LevelFilter::INFO),
            file,
        })
    }
}

/// Serves until it is told to end.
pub fn run(args: ServeArgs) -> Result<()> {
    let settings = Settings::new(args)?;
    tracing_subscriber::fmt()
        .with_max_level(settings.log)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format_args!("cannot start: {error}")))?;
    // The lock outlives the runtime, and the runtime's tasks the database: the last of them to let go of it closes it.
    let lock = runtime.block_on(serve(settings))?;
    drop(runtime);
    drop(lock);
    Ok(())
}

async fn serve(settings: Settings) -> Result<Option<FolderLock>> {
    let mut stop = Stop::new()?;
    let Started { lock, listener, url, core, demo } = tokio::select! {
        started = start(&settings) => started?,
        // A database that does not answer must not hold the end.
        () = stop.asked() => return Ok(None),
    };
    let empty = demo.is_none() && seed::is_empty(&core).await?;
    let sweeper = tokio::spawn(sweep(core.clone()));
    let relay = Relay::start(&core, settings.relay).await?;
    let faults = core.faults.list();
    let api = Api::new(core, settings.options);
    let (ask, asked) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(pintle_api::serve(api, listener, async { drop(asked.await) }));
    let egress = Doors::of(&settings.egress);
    announce(&Ready { url: &url, egress, demo: demo.as_ref(), faults, empty }, settings.json)?;
    stop.asked().await;
    tracing::info!("ending: requests and deliveries that are under way are finished first");
    drop(ask);
    sweeper.abort();
    finish(server, relay, &mut stop).await;
    Ok(lock)
}

/// All that must have worked before the server is ready.
struct Started {
    lock: Option<FolderLock>,
    listener: TcpListener,
    url: String,
    core: Core,
    demo: Option<Demo>,
}

async fn start(settings: &Settings) -> Result<Started> {
    let mut lock = settings.storage.lock()?;
    if let Some(lock) = &mut lock {
        describe(lock, "it is starting")?;
    }
    let cannot = |error| Failure::failed(format_args!("cannot listen on {}: {error}", settings.listen));
    let listener = TcpListener::bind(&settings.listen.0).await.map_err(cannot)?;
    let url = ready::url(listener.local_addr().map_err(cannot)?);
    if let Some(lock) = &mut lock {
        describe(lock, &url)?;
    }
    let core = open(settings, &url).await?;
    if settings.dev {
        clock::restore(&core).await?;
        faults::restore(&core).await?;
    } else if clock::left_ahead(&core).await? > 0 {
        tracing::warn!(
            "the time of this database was moved forward with --dev: what was written then lies in the future, and is late without --dev"
        );
    }
    if let Some(file) = &settings.file {
        apply(&core, file).await?;
    }
    let demo = if settings.dev { Some(demo::ensure(&core).await?) } else { None };
    Ok(Started { lock, listener, url, core, demo })
}

fn describe(lock: &mut FolderLock, what: &str) -> Result<()> {
    let text = format!("process {}, {what}", std::process::id());
    lock.describe(&text).map_err(|error| Failure::failed(format_args!("cannot write the lock file: {error}")))
}

async fn open(settings: &Settings, url: &str) -> Result<Core> {
    let entropy =
        Entropy::system().map_err(|error| Failure::failed(format_args!("no randomness: {error}")))?;
    let db = settings.storage.open().await?;
    let master = settings.storage.master_key(&db, &entropy).await?;
    let egress = Egress::new(settings.egress.clone());
    let given = Given {
        issuer: settings.issuer.as_ref().map_or(url, |issuer| &issuer.0).to_owned(),
        clock: Clock::default(),
        entropy,
        egress,
        retention: settings.retention,
        strict_team_scope: settings.strict_team_scope,
        drain_verification: settings.verify_drains,
    };
    Ok(Core::open(db, &master, given).await?)
}

/// Brings the database to what the file declares, at every start.
async fn apply(core: &Core, file: &File) -> Result<()> {
    let Applied { made, changed } =
        seed::apply(core, &file.seed).await.map_err(|problem| file.blame(problem))?;
    if made + changed > 0 {
        tracing::info!(file = %file.path().display(), made, changed, "applied the file");
    }
    Ok(())
}

fn announce(ready: &Ready<'_>, json: bool) -> Result<()> {
    let text = match json {
        true => ready.json().map(|line| line + "\n").map_err(Failure::failed)?,
        false => ready.text(),
    };
    let mut out = std::io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Failure::failed(format_args!("cannot print: {error}")))
}

/// The background job, once a minute and whenever the clock was moved; an error is logged and the next round tries again.
async fn sweep(core: Core) {
    let mut moves = core.clock.moves();
    loop {
        match lifecycle::sweep(&core).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "removed installations that had been disabled for 30 days"),
            Err(error) => tracing::error!(%error, "the background job failed"),
        }
        match closing::sweep(&core).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "closed removed installations whose window has passed"),
            Err(error) => tracing::error!(%error, "removed installations could not be closed"),
        }
        if let Err(error) = transfers::sweep(&core).await {
            tracing::error!(%error, "offers of resources that have expired could not be forgotten");
        }
        if let Err(error) = projects::transfers::sweep(&core).await {
            tracing::error!(%error, "offers of projects that have expired could not be forgotten");
        }
        match retention::sweep(&core).await {
            Ok(0) => {}
            Ok(bytes) => tracing::info!(bytes, "forgot logs that were old enough"),
            Err(error) => tracing::error!(%error, "old logs could not be forgotten"),
        }
        if let Err(error) = settle::sweep(&core).await {
            tracing::error!(%error, "invoices could not be moved on");
        }
        if let Err(error) = deliveries::sweep(&core).await {
            tracing::error!(%error, "old deliveries could not be forgotten");
        }
        tokio::select! {
            () = core.clock.until(core.clock.now() + SWEEP) => {}
            _ = moves.changed() => {}
        }
    }
}

/// Waits for the end of the server and the relay, and so for what is under way, for so long; a second signal ends the wait.
async fn finish(server: Server, relay: Relay, stop: &mut Stop) {
    let abort = server.abort_handle();
    let requests = async {
        match tokio::time::timeout(GRACE, server).await {
            Ok(Ok(Ok(()))) => {}
            Ok(Ok(Err(error))) => tracing::error!(%error, "the listener failed"),
            Ok(Err(error)) => tracing::error!(%error, "the server failed"),
            Err(_) => tracing::warn!("some requests did not finish in time"),
        }
    };
    let deliveries = async {
        if !relay.finish(GRACE).await {
            tracing::warn!("some deliveries did not end in time: they are sent again at the next start");
        }
    };
    tokio::select! {
        _ = async { tokio::join!(requests, deliveries) } => {}
        () = stop.asked() => tracing::warn!("a second signal: ending at once"),
    }
    abort.abort();
}

/// The listener's task.
type Server = tokio::task::JoinHandle<std::io::Result<()>>;

/// The signals to end.
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    pub fn new() -> Result<Self> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::failed(format_args!("no signals: {error}")));
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
