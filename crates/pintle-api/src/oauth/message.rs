//! Pages that say one thing: the end of a way, good or bad.

use super::page::{Allow, CLOSE, document, onward};
use crate::reply::Reply;
use axum::http::StatusCode;
use maud::{Markup, PreEscaped, html};
use pintle_core::configurations::choice::Account;
use pintle_core::configurations::{Configuration, Status};
use pintle_core::integrations::Integration;

fn message(status: StatusCode, allow: Allow, mark: (&str, &str), title: &str, text: Markup) -> Reply {
    let main = html! {
        header { div class={ "mark " (mark.0) } aria-hidden="true" { (mark.1) } h1 { (title) } }
        section { (text) }
    };
    document(status, title, allow, main, html! { span {} })
}

pub(super) fn failure(status: StatusCode, text: &str) -> Reply {
    let title = match status {
        StatusCode::NOT_FOUND => "Not found",
        StatusCode::FORBIDDEN => "Not allowed",
        StatusCode::BAD_REQUEST => "This address is not right",
        StatusCode::CONFLICT => "Not possible now",
        _ => "That did not work",
    };
    let text = html! { p role="alert" { (text.trim_end_matches('.')) "." } };
    message(status, Allow::OwnForms, ("bad", "!"), title, text)
}

pub(super) fn cancelled(app: &Integration) -> Reply {
    let text = html! { p { "Nothing was changed. You can close this window." } };
    message(StatusCode::OK, Allow::OwnForms, ("", "–"), &format!("{} was not installed", app.name), text)
}

pub(super) fn installed(app: &Integration, account: &Account, configuration: &Configuration) -> Reply {
    let text = html! {
        p { "For " strong { (account.name) } ". You can close this window." }
        (onward(app, configuration))
    };
    let is_pending = configuration.status == Some(Status::Pending);
    let state = if is_pending { "is being installed" } else { "is installed" };
    message(StatusCode::OK, Allow::OwnForms, ("good", "✓"), &format!("{} {state}", app.name), text)
}

pub(super) fn complete(app: &Integration) -> Reply {
    let text = html! {
        p { "You can close this window." }
        script { (PreEscaped(CLOSE)) }
    };
    message(StatusCode::OK, Allow::Close, ("good", "✓"), &format!("{} is installed", app.name), text)
}

/// The browser is back from the partner's import page.
pub(super) fn imported(app: &Integration, name: &str) -> Reply {
    let text = html! { p { strong { (name) } " came from " (app.name) ". You can close this window." } };
    message(StatusCode::OK, Allow::OwnForms, ("good", "✓"), &format!("{name} was imported"), text)
}
