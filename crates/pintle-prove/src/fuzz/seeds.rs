//! Bodies that an operation takes, where its schema alone does not say enough: what generated content is now and then made of.

use super::content;
use super::memory::Memory;
use crate::dice::Dice;
use pintle_core::clock::{self, Clock, DAY, Millis};
use serde_json::{Value as Json, json};

const PERIOD: &str = r#""period":{"start":"{now}","end":"{later}"}"#;
const ITEM: &str = r#"{"resourceId":"{resource}","billingPlanId":"pro","name":"Pro","price":"9.50","quantity":2,"units":"month","total":"19.00"}"#;

/// By operation. `{kind}` is the name of something of this kind, `*` a word, mostly one that nobody else has.
const SEEDS: [(&str, &str); 42] = [
    ("acceptProjectTransferRequest", r#"{"newProjectName":"n*"}"#),
    ("acceptResourceTransfer", r#"{"code":"{transfercode}"}"#),
    ("addProjectDomain", r#"{"name":"d*.example.com"}"#),
    ("addProjectMember", r#"{"uid":"{user}","role":"ADMIN"}"#),
    ("addProjectMembers", r#"{"members":[{"uid":"{user}","role":"ADMIN"}]}"#),
    ("autoProvision", r#"{"name":"n*","metadata":{},"acceptedPolicies":{},"billingPlanId":"free"}"#),
    ("buyCredits", r#"{"billingPlanId":"pro","amount":"5.00"}"#),
    ("create-event", r#"{"event":{"type":"installation.updated"}}"#),
    (
        "createExperimentationItems",
        r#"{"items":[{"id":"{item}","slug":"n*","origin":"https://example.com/flag"}]}"#,
    ),
    (
        "createIntegrationStoreDirect",
        r#"{"name":"n*","integrationConfigurationId":"{configuration}","integrationProductIdOrSlug":"db","metadata":{},"billingPlanId":"free"}"#,
    ),
    (
        "createLogDrain",
        r#"{"name":"n*","url":"https://example.com/in","deliveryFormat":"json","sources":["lambda"]}"#,
    ),
    ("createProduct", r#"{"name":"n*","slug":"n*"}"#),
    (
        "exchange-sso-token",
        r#"{"client_id":"{native}","client_secret":"{nativesecret}","code":"{url.code}","state":"{url.state}"}"#,
    ),
    (
        "exchangeCode",
        r#"{"client_id":"{external}","client_secret":"{externalsecret}","code":"{configurationcode}","redirect_uri":"{redirect}"}"#,
    ),
    (
        "import-resource",
        r#"{"productId":"db","name":"n*","status":"ready","secrets":[{"name":"DATABASE_URL","value":"v*"}]}"#,
    ),
    ("ingestLogs", r#"{"message":"hello","deploymentId":"dpl_one"}"#),
    (
        "ingestOtlpLogs",
        r#"{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}}]}]}]}"#,
    ),
    (
        "ingestOtlpTraces",
        r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"GET","traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174"}]}]}]}"#,
    ),
    ("inviteUserToTeam", r#"{"email":"n*@example.com","role":"MEMBER"}"#),
    ("joinTeam", r#"{"inviteCode":"{invitation}"}"#),
    ("patchEdgeConfigSchema", r#"{"definition":{"type":"object"}}"#),
    ("pushExperimentationEdgeConfig", r#"{"data":{"dark":{"on":true}}}"#),
    ("queryStore", r#"{"input":"SELECT 1"}"#),
    ("removeProjectMembers", r#"{"members":["{user}"]}"#),
    ("requestAccessToTeam", r#"{"joinedFrom":{"origin":"teams"}}"#),
    ("revokeInstallationCredential", r#"{"client_secret":"{nativesecret}","token":"none"}"#),
    ("rotateInstallationCredential", r#"{"client_secret":"{nativesecret}"}"#),
    (
        "setInstallationThreshold",
        r#"[{"billingPlanId":"pro","minimumAmountInCents":500,"purchaseAmountInCents":1000}]"#,
    ),
    ("setThreshold", r#"{"billingPlanId":"pro","minimumAmountInCents":500,"purchaseAmountInCents":1000}"#),
    (
        "submit-billing-data",
        r#"{"timestamp":"{now}","eod":"{now}",PERIOD,"billing":{"items":[ITEM]},"usage":[]}"#,
    ),
    ("submit-invoice", r#"{"externalId":"n*","invoiceDate":"{now}",PERIOD,"items":[ITEM],"discounts":[]}"#),
    (
        "submit-prepayment-balances",
        r#"{"timestamp":"{now}","balances":[{"credit":"5 tokens","nameLabel":"tokens","currencyValueInCents":1250}]}"#,
    ),
    (
        "testDrain",
        r#"{"schemas":{"log":{"version":"v1"}},"delivery":{"type":"http","endpoint":"https://example.com/in","encoding":"json","headers":{}}}"#,
    ),
    ("transferConfiguration", r#"{"teamId":"{team}"}"#),
    (
        "update-integration-deployment-action",
        r#"{"status":"running","statusText":"Migrating","statusUrl":"https://example.com/1"}"#,
    ),
    ("update-resource", r#"{"name":"n*","status":"ready"}"#),
    ("update-resource-secrets", r#"{"secrets":[{"name":"API_KEY","value":"v*"}]}"#),
    ("updateExperimentationItem", r#"{"slug":"n*","origin":"https://example.com/flag"}"#),
    ("updateProjectMembers", r#"{"members":[{"uid":"{user}","role":"PROJECT_VIEWER"}]}"#),
    ("updateSharedEnvVariable", r#"{"updates":{"{env}":{"value":"v*"}}}"#),
    ("updateTeamMember", r#"{"confirmed":true,"role":"VIEWER"}"#),
    ("verifyResourceTransfer", r#"{"code":"{transfercode}"}"#),
];

/// A body that this operation takes, made of what is known.
pub fn body(operation: &str, memory: &Memory, dice: &mut Dice) -> Option<Json> {
    let (_, text) = SEEDS.iter().find(|(id, _)| *id == operation)?;
    let text = text.replace("PERIOD", PERIOD).replace("ITEM", ITEM);
    let seed = serde_json::from_str(&text).expect("JSON");
    Some(filled(&seed, memory, dice))
}

fn filled(seed: &Json, memory: &Memory, dice: &mut Dice) -> Json {
    match seed {
        Json::String(text) => json!(word(text, memory, dice)),
        Json::Array(items) => items.iter().map(|item| filled(item, memory, dice)).collect(),
        Json::Object(fields) => {
            let fields = fields.iter();
            fields.map(|(key, value)| (word(key, memory, dice), filled(value, memory, dice))).collect()
        }
        other => other.clone(),
    }
}

fn word(text: &str, memory: &Memory, dice: &mut Dice) -> String {
    match text.strip_prefix('{').and_then(|kind| kind.strip_suffix('}')) {
        Some("now") => moment(0),
        Some("later") => moment(30 * DAY),
        Some(kind) => memory.name(kind, dice).unwrap_or_else(|| dice.word()),
        None => text.replace('*', &content::word(dice)),
    }
}

/// So long after now.
fn moment(after: Millis) -> String {
    clock::text(Clock::default().now() + after)
}
