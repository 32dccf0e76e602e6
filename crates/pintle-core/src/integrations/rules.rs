//! What an integration may be (semantics.md 1.2, 1.3 and 5.5).

use super::{Integration, Kind};
use crate::permissions::Scopes;
use crate::{Error, Result, validate, webhooks};

/// First segments of the API's own paths below `/integrations`: a consent page there would never be reached.
const RESERVED: &[&str] = &[
    "configuration",
    "configurations",
    "deploy",
    "git-namespaces",
    "installations",
    "integration",
    "log-drains",
    "search-repo",
    "sso",
    "transfer",
    "webhooks",
];

/// What the events have to do with that an integration can ask for: an installation, and the projects it may reach. Those of an
/// account alone, such as its budget or its firewall, are for account webhooks.
const EVENT_GROUPS: &[&str] = &[
    "deployment.",
    "domain.",
    "edge-config.",
    "integration-configuration.",
    "integration-resource.",
    "project.",
];

impl Integration {
    /// Puts scopes and events in order, and checks every field.
    ///
    /// # Errors
    /// 400, naming the first field that breaks its rule.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.events = unique(std::mem::take(&mut self.events));
        self.scopes = unique(std::mem::take(&mut self.scopes));
        let writes = Scopes::join(&self.scopes);
        self.scopes.retain(|scope| !scope.strip_prefix("read:").is_some_and(|stem| writes.can_write(stem)));
        self.check_texts()?;
        self.check_native()?;
        self.events.iter().try_for_each(|event| check_event(event, self.kind))?;
        self.scopes.iter().try_for_each(|scope| check_scope(scope))
    }

    fn check_texts(&self) -> Result<()> {
        validate::length("name", &self.name, 64)?;
        validate::slug("slug", &self.slug, 32)?;
        if RESERVED.contains(&self.slug.as_str()) {
            return Err(Error::invalid(format_args!(
                "`slug` should not be the reserved word `{}`.",
                self.slug
            )));
        }
        validate::at_most("icon", &self.icon, 2_048)?;
        self.description.as_ref().map_or(Ok(()), |text| validate::at_most("description", text, 768))?;
        let urls = [
            ("redirectUrl", &self.redirect_url),
            ("webhookUrl", &self.webhook_url),
            ("configurationUrl", &self.configuration_url),
            ("website", &self.website),
            ("baseUrl", &self.base_url),
            ("redirectLoginUrl", &self.redirect_login_url),
            ("importResourceUrl", &self.import_resource_url),
            ("eulaUrl", &self.eula_url),
            ("privacyUrl", &self.privacy_url),
        ];
        for (field, url) in urls.into_iter().filter_map(|(field, url)| Some((field, url.as_ref()?))) {
            validate::at_most(field, url, 2_048)?;
            validate::http_url(field, url)?;
        }
        Ok(())
    }
}

fn unique(list: Vec<String>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::with_capacity(list.len());
    for item in list {
        if !kept.contains(&item) {
            kept.push(item);
        }
    }
    kept
}

fn check_event(event: &str, kind: Kind) -> Result<()> {
    let market = kind == Kind::Marketplace && event.starts_with("marketplace.");
    let selectable = market || EVENT_GROUPS.iter().any(|group| event.starts_with(group));
    if selectable && webhooks::EVENTS.contains(&event) {
        return Ok(());
    }
    let text = format!("`events` should hold events that an integration can receive, not `{event}`.");
    Err(Error::invalid(text))
}

fn check_scope(scope: &str) -> Result<()> {
    if Scopes::is_known(scope) {
        return Ok(());
    }
    let stems = Scopes::STEMS.join(", ");
    let text =
        format!("`scopes` should hold `read:X` or `read-write:X` with X one of \"{stems}\", not `{scope}`.");
    Err(Error::invalid(text))
}
