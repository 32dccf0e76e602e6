//! What consent pages say of native integrations only.

use super::page::Choice;
use super::start::Start;
use maud::{Markup, html};
use pintle_core::configurations::Configuration;
use pintle_core::integrations::{Integration, Kind};

/// What a native installation needs to be accepted.
pub(super) fn policies(app: &Integration) -> Markup {
    let policies = app.policies();
    html! {
        @if !policies.is_empty() {
            div.ask { fieldset {
                legend { "Terms of the provider" }
                @for policy in &policies {
                    label.pick {
                        input type="checkbox" name="policy" value=(policy.id) required;
                        span {
                            "I accept its "
                            a href=(policy.url) rel="noopener noreferrer nofollow" target="_blank" { (policy.name) }
                        }
                    }
                }
            } }
        }
    }
}

/// The way to what a team has at the partner already.
pub(super) fn bring_over(app: &Integration, configuration: &Configuration) -> Markup {
    let native = configuration.installation_type == Kind::Marketplace && configuration.disabled_at.is_none();
    html! {
        @if native && app.import_resource_url.is_some() {
            p { a href={ "/integrations/" (app.slug) "/import/" (configuration.id.as_str()) } {
                "Bring over what you have at " (app.name) " already"
            } }
        }
    }
}

/// The page of an integration's other way to be installed, where it has two.
pub(super) fn other_way(choice: &Choice<'_>) -> Markup {
    let &Choice { app, kind, start, .. } = choice;
    let has_both = app.kind == Kind::Marketplace && app.redirect_url.is_some() && app.base_url.is_some();
    let (other, text) = match kind {
        Kind::External => (Kind::Marketplace, "Get a new account there through the marketplace instead"),
        Kind::Marketplace => (Kind::External, "Connect an account that you have there instead"),
    };
    let start = Start { installation_type: Some(other), ..start.clone() };
    html! { @if has_both { p.note { a href=(start.path(&app.slug, "new")) { (text) } } } }
}
