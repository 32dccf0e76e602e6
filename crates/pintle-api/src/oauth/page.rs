//! What the browser is sent. Everything that somebody chose (names, URLs, texts) goes through the template's escaping; the only
//! texts that do not are constants of this program.

use super::native::{bring_over, other_way, policies};
use super::session::Session;
use super::start::Start;
use super::words;
use crate::reply::Reply;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pintle_core::configurations::Configuration;
use pintle_core::configurations::choice::Account;
use pintle_core::ids::ProjectId;
use pintle_core::integrations::{Integration, Kind};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");
/// A window that a script opened can be closed by one; any other stays, and says that it can be closed.
pub(super) const CLOSE: &str = "window.close()";

static STYLE_HASH: LazyLock<String> = LazyLock::new(|| hash(STYLE));
static CLOSE_HASH: LazyLock<String> = LazyLock::new(|| hash(CLOSE));

fn hash(text: &str) -> String {
    format!("'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

/// What a page's policy allows beside its style.
#[derive(Clone, Copy)]
pub(super) enum Allow {
    /// Forms that lead to Pintle itself.
    OwnForms,
    /// Any form: browsers hold every redirect after one against `form-action`, to the integration's redirect URL, and from there
    /// to wherever that leads, which nobody can list.
    Forms,
    /// The script that closes the window.
    Close,
}

impl Allow {
    fn policy(self) -> String {
        let base =
            format!("default-src 'none'; style-src {}; base-uri 'none'; frame-ancestors 'none'", *STYLE_HASH);
        match self {
            Allow::OwnForms => base + "; form-action 'self'",
            Allow::Forms => base,
            Allow::Close => format!("{base}; form-action 'none'; script-src {}", *CLOSE_HASH),
        }
    }
}

/// What a page for choosing is about.
pub(super) struct Choice<'a> {
    pub app: &'a Integration,
    pub kind: Kind,
    pub developer: &'a str,
    pub session: &'a Session,
    pub start: &'a Start,
    pub accounts: &'a [Account],
    pub account: &'a Account,
}

pub(super) fn document(status: StatusCode, title: &str, allow: Allow, main: Markup, footer: Markup) -> Reply {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex";
                title { (title) " · Pintle" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { (main) }
                footer { (footer) span { "Pintle" } }
            }
        }
    };
    let policy =
        HeaderValue::from_str(&allow.policy()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let fixed = [
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        // Not `no-referrer`: then a browser would hide where a form comes from, which Pintle checks.
        ("referrer-policy", "same-origin"),
        // The page that opened this one as a popup keeps hold of it.
        ("cross-origin-opener-policy", "unsafe-none"),
        ("cache-control", "no-store"),
    ];
    let reply = Reply::html(status, page.into_string()).with(header::CONTENT_SECURITY_POLICY, policy);
    fixed.into_iter().fold(reply, |reply, (name, value)| {
        reply.with(HeaderName::from_static(name), HeaderValue::from_static(value))
    })
}

/// What can be done with an installation that there is.
pub(super) fn onward(app: &Integration, configuration: &Configuration) -> Markup {
    html! { (configure(app, configuration)) (bring_over(app, configuration)) }
}

fn configure(app: &Integration, configuration: &Configuration) -> Markup {
    let mut url = app.configuration_url.as_deref().and_then(|text| url::Url::parse(text).ok());
    if let Some(url) = &mut url {
        url.query_pairs_mut().append_pair("configurationId", configuration.id.as_str());
    }
    html! { @if let Some(url) = url { p { a href=(url) rel="noopener noreferrer" { "Configure " (app.name) } } } }
}

fn app_header(app: &Integration, title: &str, developer: Option<&str>) -> Markup {
    let initial = app.name.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    html! {
        header {
            div.mark aria-hidden="true" { (initial) }
            div {
                h1 { (title) }
                @if let Some(developer) = developer {
                    p.by {
                        "by " (developer)
                        @if let Some(site) = &app.website {
                            " · " a href=(site) rel="noopener noreferrer nofollow" target="_blank" { (host(site)) }
                        }
                    }
                }
            }
        }
    }
}

/// The part of a URL that tells a person where it leads.
fn host(text: &str) -> String {
    let host = url::Url::parse(text).ok().and_then(|url| {
        let host = url.host_str()?.to_owned();
        Some(url.port().map_or(host.clone(), |port| format!("{host}:{port}")))
    });
    host.unwrap_or_else(|| text.to_owned())
}

fn hidden(start: &Start) -> Markup {
    html! { @for (name, value) in start.fields() { input type="hidden" name=(name) value=(value); } }
}

pub(super) fn sign_in(status: StatusCode, app: &Integration, start: &Start, problem: Option<&str>) -> Reply {
    let purpose = if start.jump.is_some() { "go on to" } else { "install" };
    let title = format!("Sign in to {purpose} {}", app.name);
    // Browsers hold the redirects after a form against its policy, and these lead to the partner.
    let allow = if start.jump.is_some() { Allow::Forms } else { Allow::OwnForms };
    let main = html! {
        (app_header(app, &title, None))
        form method="post" action={ "/integrations/" (app.slug) "/sign-in" } {
            (hidden(start))
            @if let Some(team) = &start.team { input type="hidden" name="teamId" value=(team); }
            div.ask {
                @if let Some(problem) = problem { p.problem #problem role="alert" { (problem) } }
                label.label for="token" { "Your access token" }
                input #token type="password" name="token" required autofocus autocomplete="off" spellcheck="false"
                    aria-describedby={ "help" @if problem.is_some() { " problem" } };
                p.note #help { "The one that you call the API with. It stays sealed in this browser for twelve hours, and is used for these pages only." }
            }
            div.actions { button.primary { "Sign in" } }
        }
    };
    document(status, &title, allow, main, html! { span {} })
}

/// Who is signed in, and the way out.
fn signed_in(choice: &Choice<'_>) -> Markup {
    html! {
        span {
            "Signed in as " strong { (choice.session.username) } " · "
            form method="post" action={ "/integrations/" (choice.app.slug) "/sign-out" } {
                input type="hidden" name="csrf" value=(choice.session.csrf);
                (hidden(choice.start))
                button { "Sign out" }
            }
        }
    }
}

/// Which account the page is about. Another one loads the page anew, since its projects are others.
fn account_form(choice: &Choice<'_>) -> Markup {
    let &Choice { app, accounts, account, start, .. } = choice;
    html! {
        form.ask method="get" action={ "/integrations/" (app.slug) "/new" } {
            (hidden(start))
            @if accounts.len() == 1 { span.label { "Install for" } } @else { label.label for="team" { "Install for" } }
            @if accounts.len() == 1 { strong { (account.name) } } @else {
                div.row {
                    select #team name="teamId" {
                        @for other in accounts {
                            @let here = other.id == account.id;
                            option value=(other.id.as_str()) selected[here] disabled[other.scope.is_none() && !here] {
                                (other.name)
                                @if other.scope.is_none() { " (you are " (words::role(other.role)) ")" }
                            }
                        }
                    }
                    button { "Change" }
                }
            }
        }
    }
}

pub(super) fn not_permitted(choice: &Choice<'_>) -> Reply {
    let &Choice { app, account, .. } = choice;
    let title = format!("Install {}", app.name);
    let main = html! {
        (app_header(app, &title, Some(choice.developer)))
        (account_form(choice))
        section {
            p.problem role="alert" {
                "You are " strong { (words::role(account.role)) } " of " (account.name) ". To install an integration there, it takes an owner or a member, or the permission IntegrationManager."
            }
            p.note { "Ask an owner of " (account.name) " to install it, or to give you that permission." }
        }
    };
    document(StatusCode::FORBIDDEN, &title, Allow::OwnForms, main, signed_in(choice))
}

pub(super) fn already_installed(choice: &Choice<'_>, configuration: &Configuration) -> Reply {
    let &Choice { app, account, .. } = choice;
    let title = format!("{} is already installed", app.name);
    let disabled = configuration.disabled_at.is_some();
    let main = html! {
        (app_header(app, &title, Some(choice.developer)))
        (account_form(choice))
        section {
            p { (account.name) " has it, as " code { (configuration.id.as_str()) } "." }
            @if disabled {
                p.hint { "The installation is disabled. An owner of " (account.name) " can take it over, which enables it again." }
            }
            (onward(app, configuration))
        }
        (other_way(choice))
        @if let (Some(url), Kind::External, false) = (&app.redirect_url, choice.kind, disabled) {
            (post(choice, html! {
                div.actions {
                    button.primary name="action" value="continue" { "Continue to " (host(url)) }
                    button name="action" value="cancel" { "Cancel" }
                }
            }))
        }
    };
    document(StatusCode::OK, &title, Allow::Forms, main, signed_in(choice))
}

/// A form that changes something, for the chosen account.
fn post(choice: &Choice<'_>, fields: Markup) -> Markup {
    html! {
        form method="post" action={ "/integrations/" (choice.app.slug) "/new" } {
            input type="hidden" name="csrf" value=(choice.session.csrf);
            input type="hidden" name="teamId" value=(choice.account.id.as_str());
            (hidden(choice.start))
            (fields)
        }
    }
}

pub(super) fn consent(
    choice: &Choice<'_>,
    projects: &[(ProjectId, String)],
    ticked: &[ProjectId],
    all: bool,
    problem: Option<&str>,
) -> Reply {
    let app = choice.app;
    let title = format!("Install {}", app.name);
    let status = if problem.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let fields = html! {
        (project_fields(projects, ticked, all, problem))
        (scope_list(app))
        @if choice.kind == Kind::Marketplace { (policies(app)) }
        div.actions {
            button.primary name="action" value="install" { "Install" }
            button name="action" value="cancel" { "Cancel" }
            @if let (Some(url), Kind::External) = (&app.redirect_url, choice.kind) {
                p.note { "Then you go on to " (host(url)) "." }
            }
        }
    };
    let main = html! {
        (app_header(app, &title, Some(choice.developer)))
        @if let Some(description) = &app.description { section { p { (description) } } }
        (account_form(choice))
        (other_way(choice))
        (post(choice, fields))
    };
    document(status, &title, Allow::Forms, main, signed_in(choice))
}

fn project_fields(
    projects: &[(ProjectId, String)],
    ticked: &[ProjectId],
    all: bool,
    problem: Option<&str>,
) -> Markup {
    html! {
        div.ask { fieldset {
            legend { "Projects it may reach" }
            @if let Some(problem) = problem { p.problem role="alert" { (problem) } }
            label.pick {
                input #all type="radio" name="selection" value="all" checked[all];
                span { "All projects, including future ones" }
            }
            @if projects.is_empty() {
                p.note { "There are no projects yet." }
            } @else {
                label.pick {
                    input #selected type="radio" name="selection" value="selected" checked[!all];
                    span { "Only these projects" }
                }
                ul.projects aria-label="Projects" {
                    @for (id, name) in projects {
                        li { label.pick {
                            input type="checkbox" name="project" value=(id.as_str()) checked[ticked.contains(id)];
                            span { (name) }
                        } }
                    }
                }
            }
        } }
    }
}

fn scope_list(app: &Integration) -> Markup {
    html! {
        section aria-labelledby="scopes" {
            h2 #scopes { "It will be able to" }
            @if app.scopes.is_empty() { p { "Nothing through the API: it asks for no access." } }
            ul.scopes {
                @for scope in &app.scopes {
                    @let meaning = words::of_scope(scope);
                    li.far[meaning.far] {
                        (icon(meaning.far))
                        span { (meaning.text) code { (scope) } }
                    }
                }
            }
        }
    }
}

/// A tick, or a triangle for what reaches far.
fn icon(far: bool) -> Markup {
    let path = if far { "M8 1.5 15 14H1L8 1.5Zm0 4.2v4.1m0 2v.1" } else { "M2.5 8.5 6.2 12 13.5 4" };
    html! {
        svg viewBox="0 0 16 16" fill="none" stroke="currentColor" stroke-width="1.8" stroke-linecap="round"
            stroke-linejoin="round" role="img" aria-label=(if far { "Reaches far" } else { "Usual" }) {
            path d=(path) {}
        }
    }
}
