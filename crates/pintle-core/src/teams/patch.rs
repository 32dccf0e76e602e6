//! patchTeam: what an owner sets for a team.

use super::{Team, check_slug, invite_code, load, members, slug_taken};
use crate::events::{self, Event};
use crate::patch::Patch;
use crate::{Core, Error, OnConstraint, Result, Scope, validate};
use pintle_store::{Conn, params};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// The body: what is absent stays, `null` clears. Beside the contract's fields it has those that newer clients send and that a
/// server without deployments can keep.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct TeamPatch {
    avatar: Patch<String>,
    description: Patch<String>,
    email_domain: Patch<String>,
    name: Patch<String>,
    preview_deployment_suffix: Patch<String>,
    regenerate_invite_code: Option<bool>,
    saml: Option<IgnoredAny>,
    slug: Option<String>,
    enable_preview_feedback: Patch<String>,
    enable_production_feedback: Patch<String>,
    sensitive_environment_variable_policy: Patch<String>,
    remote_caching: Option<RemoteCaching>,
    hide_ip_addresses: Patch<bool>,
    hide_ip_addresses_in_log_drains: Patch<bool>,
    default_deployment_protection: Option<Protection>,
    default_expiration_settings: Option<Expiration>,
    disjunctive_production_secret_policy: Patch<String>,
    dp_access_requests_mode: Option<String>,
    require_verified_commits: Option<bool>,
    disable_repository_dispatch_events: Option<bool>,
    strict_deployment_protection_settings: Option<Enabled>,
    strict_shareable_links: Option<Enabled>,
    strict_password_protection_settings: Option<Enabled>,
    strict_connectors: Option<Enabled>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoteCaching {
    #[serde(skip_serializing_if = "Option::is_none")]
    enabled: Option<bool>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Enabled {
    enabled: bool,
}

/// How new projects are protected. Each half is set, cleared or left alone.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Protection {
    password_protection: Patch<Protected>,
    sso_protection: Patch<Protected>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Protected {
    deployment_type: String,
    /// Checked and not kept: nothing here serves a deployment that it could protect, and no answer shows it.
    #[serde(default)]
    password: Option<String>,
}

/// How long deployments are kept, each as one of `PERIODS`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
struct Expiration {
    expiration: Option<String>,
    expiration_production: Option<String>,
    expiration_canceled: Option<String>,
    expiration_errored: Option<String>,
}

/// Periods as a client names them, with the days that it reads back. Those of two years and more are for deployments that work.
const PERIODS: [(&str, i64); 11] = [
    ("3y", 1095),
    ("2y", 730),
    ("1y", 365),
    ("6m", 180),
    ("3m", 90),
    ("2m", 60),
    ("1m", 30),
    ("2w", 14),
    ("1w", 7),
    ("1d", 1),
    ("unlimited", 36_500),
];

const SWITCH: [&str; 3] = ["on", "off", "default"];
const ACCESS_REQUESTS: [&str; 3] = ["all", "none", "email-domain"];
const DEPLOYMENTS: [&str; 4] =
    ["all", "preview", "prod_deployment_urls_and_all_previews", "all_except_custom_domains"];

/// patchTeam: answers the team as it is now.
///
/// # Errors
/// 400 for a field that breaks the contract, `saml`, or a slug that is taken; 404 where the scope acts for a personal account.
pub async fn patch(core: &Core, scope: &Scope, patch: TeamPatch) -> Result<Json> {
    patch.check()?;
    let now = core.clock.now();
    let (core, scope) = (core.clone(), scope.clone());
    core.clone()
        .db
        .write(async move |tx| {
            let before = load(tx, &scope).await?;
            let mut team = Team { updated_at: now, ..before.clone() };
            patch.clone().apply(&mut team)?;
            if patch.regenerate_invite_code == Some(true) {
                team.invite_code = invite_code(&core);
            }
            save(tx, &core, &scope, &before, &team).await?;
            team.view(&scope, &members::of(tx, &scope).await?)
        })
        .await
}

/// Replaces the invite code of the scope's team: with the old one nobody comes in any more.
pub(super) async fn renew_invite_code(tx: &Conn, core: &Core, scope: &Scope) -> Result<()> {
    let before = load(tx, scope).await?;
    let after = Team { invite_code: invite_code(core), updated_at: core.clock.now(), ..before.clone() };
    save(tx, core, scope, &before, &after).await
}

/// Writes what has become of a team, with the events of what has changed.
async fn save(tx: &Conn, core: &Core, scope: &Scope, before: &Team, after: &Team) -> Result<()> {
    let sql = "UPDATE owners SET slug = $2, doc = $3 WHERE id = $1";
    tx.execute(sql, &params![&after.id, &after.slug, serde_json::to_string(after)?])
        .await
        .on_unique("owners_slug_key", || slug_taken(&after.slug))?;
    for event in changes(before, after) {
        events::record(tx, core, scope, after.updated_at, event).await?;
    }
    Ok(())
}

impl TeamPatch {
    fn check(&self) -> Result<()> {
        if self.saml.is_some() {
            return Err(Error::bad_request("SAML is not supported by this server"));
        }
        if let Some(slug) = &self.slug {
            check_slug(slug)?;
        }
        set(&self.avatar, |hash| {
            validate::at_most("avatar", hash, 64)?;
            validate::pattern("avatar", hash, "^[a-zA-Z0-9]+$", |c| c.is_ascii_alphanumeric())
        })?;
        set(&self.description, |text| validate::at_most("description", text, 140))?;
        set(&self.name, |text| validate::at_most("name", text, 256))?;
        set(&self.email_domain, |text| validate::hostname("emailDomain", text))?;
        set(&self.preview_deployment_suffix, |text| validate::hostname("previewDeploymentSuffix", text))?;
        let switches = [
            ("enablePreviewFeedback", &self.enable_preview_feedback),
            ("enableProductionFeedback", &self.enable_production_feedback),
            ("sensitiveEnvironmentVariablePolicy", &self.sensitive_environment_variable_policy),
            ("disjunctiveProductionSecretPolicy", &self.disjunctive_production_secret_policy),
        ];
        for (field, switch) in switches {
            set(switch, |value| validate::one_of(field, value, &SWITCH))?;
        }
        if let Some(mode) = &self.dp_access_requests_mode {
            validate::one_of("dpAccessRequestsMode", mode, &ACCESS_REQUESTS)?;
        }
        self.default_deployment_protection.as_ref().map_or(Ok(()), Protection::check)?;
        self.default_expiration_settings.as_ref().map_or(Ok(()), Expiration::check)
    }

    fn apply(self, team: &mut Team) -> Result<()> {
        self.avatar.apply(&mut team.avatar);
        self.description.apply(&mut team.description);
        self.name.apply(&mut team.name);
        team.slug = self.slug.unwrap_or_else(|| team.slug.clone());
        let settings = &mut team.settings;
        put(settings, "emailDomain", self.email_domain)?;
        put(settings, "previewDeploymentSuffix", self.preview_deployment_suffix)?;
        put(settings, "enablePreviewFeedback", self.enable_preview_feedback)?;
        put(settings, "enableProductionFeedback", self.enable_production_feedback)?;
        put(settings, "sensitiveEnvironmentVariablePolicy", self.sensitive_environment_variable_policy)?;
        put(settings, "disjunctiveProductionSecretPolicy", self.disjunctive_production_secret_policy)?;
        put(settings, "hideIpAddresses", self.hide_ip_addresses)?;
        put(settings, "hideIpAddressesInLogDrains", self.hide_ip_addresses_in_log_drains)?;
        put(settings, "remoteCaching", self.remote_caching.into())?;
        put(settings, "dpAccessRequestsMode", self.dp_access_requests_mode.into())?;
        put(settings, "requireVerifiedCommits", self.require_verified_commits.into())?;
        put(settings, "disableRepositoryDispatchEvents", self.disable_repository_dispatch_events.into())?;
        put(
            settings,
            "strictDeploymentProtectionSettings",
            self.strict_deployment_protection_settings.into(),
        )?;
        put(settings, "strictShareableLinks", self.strict_shareable_links.into())?;
        put(settings, "strictPasswordProtectionSettings", self.strict_password_protection_settings.into())?;
        put(settings, "strictConnectors", self.strict_connectors.into())?;
        if let Some(protection) = self.default_deployment_protection {
            protection.apply(object(settings, "defaultDeploymentProtection"));
        }
        if let Some(expiration) = self.default_expiration_settings {
            expiration.apply(object(settings, "defaultExpirationSettings"));
        }
        Ok(())
    }
}

/// Checks a field that is set to something.
fn set<T>(patch: &Patch<T>, check: impl FnOnce(&T) -> Result<()>) -> Result<()> {
    if let Patch::Set(value) = patch { check(value) } else { Ok(()) }
}

/// Sets a key; `null` stays there as `null`, since a client asks whether it cleared it.
fn put<T: Serialize>(settings: &mut Map<String, Json>, key: &str, patch: Patch<T>) -> Result<()> {
    let value = match patch {
        Patch::Absent => return Ok(()),
        Patch::Null => Json::Null,
        Patch::Set(value) => serde_json::to_value(value)?,
    };
    settings.insert(key.to_owned(), value);
    Ok(())
}

/// The object under a key, made where there is none.
fn object<'a>(settings: &'a mut Map<String, Json>, key: &str) -> &'a mut Json {
    settings.entry(key).or_insert_with(|| json!({}))
}

impl Protection {
    fn check(&self) -> Result<()> {
        for (name, half) in
            [("passwordProtection", &self.password_protection), ("ssoProtection", &self.sso_protection)]
        {
            let field = format!("defaultDeploymentProtection.{name}");
            set(half, |half| {
                validate::one_of(&format!("{field}.deploymentType"), &half.deployment_type, &DEPLOYMENTS)?;
                let password = half.password.as_deref().unwrap_or_default();
                validate::at_most(&format!("{field}.password"), password, 72)
            })?;
        }
        Ok(())
    }

    fn apply(self, current: &mut Json) {
        let halves =
            [("passwordProtection", self.password_protection), ("ssoProtection", self.sso_protection)];
        for (name, half) in halves {
            match half {
                Patch::Absent => {}
                Patch::Null => drop(current.as_object_mut().map(|map| map.remove(name))),
                Patch::Set(half) => current[name] = json!({ "deploymentType": half.deployment_type }),
            }
        }
    }
}

impl Expiration {
    fn each(&self) -> [(&'static str, &'static str, &Option<String>); 4] {
        [
            ("expiration", "expirationDays", &self.expiration),
            ("expirationProduction", "expirationDaysProduction", &self.expiration_production),
            ("expirationCanceled", "expirationDaysCanceled", &self.expiration_canceled),
            ("expirationErrored", "expirationDaysErrored", &self.expiration_errored),
        ]
    }

    fn check(&self) -> Result<()> {
        let names = PERIODS.map(|(name, _)| name);
        for (field, _, period) in self.each() {
            let working = matches!(field, "expiration" | "expirationProduction");
            let allowed = if working { &names[..] } else { &names[2..] };
            if let Some(period) = period {
                validate::one_of(&format!("defaultExpirationSettings.{field}"), period, allowed)?;
            }
        }
        Ok(())
    }

    fn apply(&self, current: &mut Json) {
        for (_, days, period) in self.each() {
            let found = PERIODS.iter().find(|(name, _)| Some(*name) == period.as_deref());
            if let Some((_, count)) = found {
                current[days] = json!(count);
            }
        }
    }
}

/// One event for each change that has a name of its own in the audit log, and one for all the rest.
fn changes(before: &Team, after: &Team) -> Vec<Event> {
    let mut events = Vec::new();
    let name = |team: &Team| team.name.clone().unwrap_or_default();
    if after.slug != before.slug {
        let text = format!("changed the team's slug from {} to {}", before.slug, after.slug);
        events.push(Event::new("team-slug-update", text, json!({ "slug": after.slug })));
    }
    if after.name != before.name {
        let text = format!("renamed the team to {}", name(after));
        events.push(Event::new("team-name-update", text, json!({ "name": name(after) })));
    }
    if after.avatar != before.avatar {
        events.push(Event::new("team-avatar-update", "changed the team's avatar", json!({})));
    }
    if after.invite_code != before.invite_code {
        events.push(Event::new("team-invite-code-reset", "replaced the team's invite code", json!({})));
    }
    let named = [
        ("emailDomain", "team-email-domain-update", "changed the team's e-mail domain"),
        ("remoteCaching", "team-remote-caching-update", "changed the team's remote caching"),
        (
            "previewDeploymentSuffix",
            "preview-deployment-suffix-update",
            "changed the suffix of preview deployments",
        ),
    ];
    for (key, kind, text) in named {
        if after.settings.get(key) != before.settings.get(key) {
            events.push(Event::new(kind, text, json!({ key: after.settings.get(key) })));
        }
    }
    let rest = |key: &&String| named.iter().all(|(name, ..)| name != key);
    let changed: Vec<&String> = after
        .settings
        .keys()
        .filter(rest)
        .filter(|key| after.settings.get(*key) != before.settings.get(*key))
        .collect();
    if !changed.is_empty() || after.description != before.description {
        let text = "changed the team's settings";
        events.push(Event::new("team-collaboration-settings-updated", text, json!({ "settings": changed })));
    }
    events
}
