//! The consent page: sign in, choose an account and projects, install or not, come back. Works without scripts: every choice is a
//! form.

use super::message;
use super::page::{self, Choice};
use super::session::Session;
use super::start::Start;
use crate::call::Call;
use crate::query::Query;
use crate::reply::Reply;
use axum::http::{StatusCode, header};
use pintle_core::configurations::choice::{self, Account};
use pintle_core::configurations::install::{self, Consent};
use pintle_core::configurations::{Projects, exchange};
use pintle_core::ids::ProjectId;
use pintle_core::integrations::{self, Integration};
use pintle_core::marketplace::installations::install::{self as native, Purchase};
use pintle_core::{Core, Error, Kind, Result, clock};

/// `GET /integrations/{slug}/new`
pub(super) async fn show(call: Call) -> Result<Reply> {
    as_page(async {
        let app = find(&call).await?;
        let start = Start::of(&call.query)?;
        match Session::of(&call).await? {
            Some(session) => offer(&call.core, &app, &session, &start, Form::default()).await,
            None => Ok(page::sign_in(StatusCode::OK, &app, &start, None)),
        }
    })
    .await
}

/// `POST /integrations/{slug}/sign-in`
pub(super) async fn sign_in(call: Call) -> Result<Reply> {
    as_page(async {
        let app = find(&call).await?;
        let form = form(&call);
        let start = Start::of(&form)?;
        if !super::credentials::from_own_page(&call.headers, &call.origin()) {
            return Err(Error::forbidden("This form was sent from another site's page"));
        }
        let token = form.get("token").unwrap_or_default().trim();
        match Session::sign_in(&call, token).await {
            Ok(cookie) => {
                Ok(Reply::see_other(&start.after_sign_in(&app.slug))?.with(header::SET_COOKIE, cookie))
            }
            Err(error) if error.kind == Kind::Forbidden => {
                Ok(page::sign_in(StatusCode::FORBIDDEN, &app, &start, Some(refusal(&error))))
            }
            Err(error) => Err(error),
        }
    })
    .await
}

/// Why a token does not do to sign in with.
fn refusal(error: &Error) -> &str {
    let unknown = error.details.iter().any(|(key, _)| key == "invalidToken");
    if unknown { "This token is unknown, expired or revoked." } else { &error.message }
}

/// `POST /integrations/{slug}/sign-out`
pub(super) async fn sign_out(call: Call) -> Result<Reply> {
    as_page(async {
        let app = find(&call).await?;
        let form = form(&call);
        if let Some(session) = Session::of(&call).await? {
            session.check_form(&call, form.get("csrf"))?;
        }
        let path = Start::of(&form)?.path(&app.slug, "new");
        Ok(Reply::see_other(&path)?.with(header::SET_COOKIE, Session::sign_out(&call)?))
    })
    .await
}

/// `POST /integrations/{slug}/new`
pub(super) async fn give(call: Call) -> Result<Reply> {
    as_page(async {
        let app = find(&call).await?;
        let form = form(&call);
        let start = Start::of(&form)?;
        let Some(session) = Session::of(&call).await? else {
            let text = Some("Your session has ended: sign in again.");
            return Ok(page::sign_in(StatusCode::FORBIDDEN, &app, &start, text));
        };
        session.check_form(&call, form.get("csrf"))?;
        match form.get("action") {
            Some("cancel") => Ok(message::cancelled(&app)),
            action => {
                install(&call, &app, &session, &start, Form::of(&form, action == Some("continue"))).await
            }
        }
    })
    .await
}

/// `GET /integrations/{slug}/complete`: the `next` of the redirect.
pub(super) async fn complete(call: Call) -> Result<Reply> {
    as_page(async {
        let app = find(&call).await?;
        let id = call.query.get("configurationId").unwrap_or_default();
        exchange::complete(&call.core, &app.slug, id).await?;
        Ok(message::complete(&app))
    })
    .await
}

/// What was chosen on the page.
#[derive(Default)]
struct Form {
    /// Absent: nothing was sent yet.
    projects: Option<Projects>,
    /// Go on with the installation that exists.
    again: bool,
    /// The policies that were accepted.
    policies: Vec<String>,
    problem: Option<&'static str>,
}

impl Form {
    fn of(form: &Query, again: bool) -> Self {
        let projects = match form.get("selection") {
            Some("selected") => Projects::Selected(form.all("project").map(ProjectId::from).collect()),
            _ => Projects::All,
        };
        let policies = form.all("policy").map(str::to_owned).collect();
        Self { projects: Some(projects), again, policies, problem: None }
    }
}

pub(super) async fn find(call: &Call) -> Result<Integration> {
    let slug = call.param("slug");
    let found = integrations::find(&call.core.db.read().await?, slug).await?;
    found.ok_or_else(|| {
        Error::new(Kind::NotFound, "not_found", format!("There is no integration `{slug}` here"))
    })
}

fn form(call: &Call) -> Query {
    Query::parse(&String::from_utf8_lossy(&call.body))
}

/// The account that the page is about: the one that was named, else the person's default, else the first that will do.
fn chosen<'a>(accounts: &'a [Account], session: &Session, start: &Start) -> Result<&'a Account> {
    if let Some(named) = &start.team {
        let found = accounts.iter().find(|account| account.id.as_str() == named || account.slug == *named);
        let text = "You are not a member of this team";
        return found.ok_or_else(|| Error::forbidden(text).coded("team_unauthorized"));
    }
    let usual = accounts.iter().find(|account| account.id == *session.default.owner());
    let usual = usual.filter(|account| account.scope.is_some());
    let able = usual.or_else(|| accounts.iter().find(|account| account.scope.is_some()));
    able.or(accounts.first()).ok_or_else(|| Error::not_found("Account"))
}

/// The page that asks, or says why there is nothing to ask.
async fn offer(
    core: &Core,
    app: &Integration,
    session: &Session,
    start: &Start,
    form: Form,
) -> Result<Reply> {
    let accounts = choice::accounts(core, &session.bearer, &session.user).await?;
    let account = chosen(&accounts, session, start)?;
    let conn = core.db.read().await?;
    let developer = choice::developer(&conn, app).await?;
    let kind = start.kind(app);
    let choice = Choice { app, kind, developer: &developer, session, start, accounts: &accounts, account };
    let Some(scope) = &account.scope else { return Ok(page::not_permitted(&choice)) };
    if let Some(configuration) = install::existing(&conn, scope, app, kind).await? {
        return Ok(page::already_installed(&choice, &configuration));
    }
    let projects = choice::projects(&conn, scope).await?;
    // A deploy button is about one project: that is the least it needs, and what it starts with.
    let current = start.current_project.iter().map(ProjectId::from);
    let current: Vec<ProjectId> =
        current.filter(|current| projects.iter().any(|(id, _)| id == current)).collect();
    let (ticked, all) = match form.projects {
        Some(Projects::Selected(ids)) => (ids, false),
        Some(Projects::All) => (current, true),
        None => (current.clone(), current.is_empty()),
    };
    Ok(page::consent(&choice, &projects, &ticked, all, form.problem))
}

async fn install(
    call: &Call,
    app: &Integration,
    session: &Session,
    start: &Start,
    form: Form,
) -> Result<Reply> {
    let accounts = choice::accounts(&call.core, &session.bearer, &session.user).await?;
    let account = chosen(&accounts, session, start)?;
    let Some(scope) = &account.scope else {
        return offer(&call.core, app, session, start, form).await;
    };
    let projects = form.projects.clone().unwrap_or_default();
    if !form.again && matches!(&projects, Projects::Selected(ids) if ids.is_empty()) {
        let problem = Some("Choose at least one project, or all of them.");
        return offer(&call.core, app, session, start, Form { problem, ..form }).await;
    }
    if start.kind(app) == integrations::Kind::Marketplace {
        return buy(call, app, session, start, account, projects, form).await;
    }
    let consent = Consent {
        projects: if form.again { Projects::All } else { projects },
        source: start.source,
        state: start.state.clone(),
        current_project: start.current_project.as_deref().map(ProjectId::from),
        external_id: start.external_id.clone(),
        again: form.again,
        origin: call.origin(),
    };
    match install::install(&call.core, scope, app.id.as_str(), consent).await {
        Ok(installed) => match &installed.redirect_url {
            Some(url) => Reply::see_other(url),
            None => Ok(message::installed(app, account, &installed.configuration)),
        },
        // Somebody else was quicker, or the button was pressed twice: the page says so and offers to go on.
        Err(error) if error.code == "integration_already_installed" => {
            offer(&call.core, app, session, start, form).await
        }
        Err(error) => Err(error),
    }
}

/// Installs natively: the partner is told, and nobody is sent anywhere.
async fn buy(
    call: &Call,
    app: &Integration,
    session: &Session,
    start: &Start,
    account: &Account,
    projects: Projects,
    form: Form,
) -> Result<Reply> {
    let Some(scope) = &account.scope else {
        return offer(&call.core, app, session, start, form).await;
    };
    let now = clock::text(call.core.clock.now());
    let purchase = Purchase {
        accepted_policies: form.policies.iter().map(|id| (id.clone(), now.clone())).collect(),
        source: start.source,
        projects,
        billing_plan_id: None,
    };
    match native::install(&call.core, scope, app.id.as_str(), purchase).await {
        Ok(configuration) => Ok(message::installed(app, account, &configuration)),
        Err(error) if error.code == "integration_already_installed" => {
            offer(&call.core, app, session, start, form).await
        }
        Err(error) => Err(error),
    }
}

/// A person reads the answer: what went wrong is a page too.
pub(super) async fn as_page(answer: impl Future<Output = Result<Reply>>) -> Result<Reply> {
    let error = match answer.await {
        Ok(reply) => return Ok(reply),
        Err(error) => error,
    };
    let (status, text) = match error.kind {
        Kind::Internal => {
            tracing::error!(error = %error.message, "unexpected, on a consent page");
            (StatusCode::INTERNAL_SERVER_ERROR, "Something unexpected happened; the server's log has it")
        }
        _ => (crate::failure::status(&error), error.message.as_str()),
    };
    Ok(message::failure(status, text))
}
