//! Who may do what, one line for each operation: written down from semantics.md 9 and 1.3, independently of `pintle_core::permissions`.

use crate::world::Thing;
use pintle_core::clock::{self, Clock, HOUR};
use pintle_core::permissions::{ProjectRole, Role};
use serde_json::{Value, json};

/// The team roles that may.
pub struct Roles {
    pub may: &'static [Role],
    /// The project roles with which a contributor may, where the operation is on one project.
    pub in_project: Option<&'static [ProjectRole]>,
}

/// What an installation's token must hold.
#[derive(Clone, Copy, PartialEq)]
pub enum Needs {
    /// No installation may.
    User,
    /// Every installation may.
    Nothing,
    Read(&'static str),
    Write(&'static str),
    WriteEither(&'static str, &'static str),
    WriteBoth(&'static str, &'static str),
    /// The token of the marketplace installation that the path names, whatever its scopes. No user may.
    Partner,
}

pub struct Case {
    pub id: &'static str,
    /// What the path names.
    pub at: Thing,
    pub roles: Roles,
    pub needs: Needs,
    /// Of a number that no other request has.
    pub body: fn(usize) -> Value,
}

/// The operations that need no token, and why.
pub const PUBLIC: &[(&str, &str)] = &[
    ("exchangeCode", "the code and the client secret stand for a token"),
    ("showConsent", "a page for a browser, which signs in on it"),
    ("signInToConsent", "the form carries the token"),
    ("signOutOfConsent", "it ends only the browser's own session"),
    ("giveConsent", "the browser's session stands for a token"),
    ("completeInstallation", "the browser comes back here from the integration's own site"),
    ("exchange-sso-token", "the code and the client secret stand for a token"),
    ("enterPartner", "it leads on to a page, which asks who it is"),
    ("goToPartner", "a page for a browser, which signs in on it"),
    ("goToImport", "a page for a browser, which signs in on it"),
    (
        "returnFromImport",
        "the browser comes back here from the partner's own site, with a state that is good once",
    ),
    ("readEdgeConfigItem", "the edge config's own token, which is good for nothing else"),
    ("readEdgeConfigItems", "the edge config's own token, which is good for nothing else"),
    ("readEdgeConfigDigest", "the edge config's own token, which is good for nothing else"),
    ("getOpenIdConfiguration", "anybody may know where the keys are"),
    ("getOpenApiDocument", "it says nothing of anybody"),
    ("getSigningKeys", "public keys"),
    ("getSigningKeysAsFile", "public keys"),
];

/// Operations that every role may call and that are answered 400 all the same: one is for installations only, and nobody can be deleted
/// who is the last owner of a team, as the callers are made here.
pub const REFUSED: &[&str] = &["createLogDrain", "requestDelete"];

/// Operations that answer 400 for what is not there: the contract says so.
pub const UNFOUND_IS_BAD: &[&str] = &["pauseProject", "unpauseProject"];

const EVERYONE: Roles = team(&Role::ALL);
const MEMBERS: Roles = team(&[Role::Owner, Role::Member]);
const DEVELOPERS: Roles = team(&[Role::Owner, Role::Member, Role::Developer]);
const OWNERS: Roles = team(&[Role::Owner]);
const BILLING: Roles = team(&[Role::Owner, Role::Billing]);
const NOBODY: Roles = team(&[]);
const PROJECT_READERS: Roles = Roles {
    may: &[
        Role::Owner,
        Role::Member,
        Role::Developer,
        Role::Security,
        Role::Billing,
        Role::Viewer,
        Role::ViewerForPlus,
    ],
    in_project: Some(&[ProjectRole::Admin, ProjectRole::ProjectDeveloper, ProjectRole::ProjectViewer]),
};
const PROJECT_WRITERS: Roles = Roles { in_project: Some(&[ProjectRole::Admin]), ..MEMBERS };
const PROJECT_MEMBER_WRITERS: Roles = Roles { in_project: Some(&[ProjectRole::Admin]), ..OWNERS };
const NO_CONTRIBUTORS: Roles = Roles { in_project: None, ..PROJECT_READERS };
const ENV_USERS: Roles =
    Roles { in_project: Some(&[ProjectRole::Admin, ProjectRole::ProjectDeveloper]), ..DEVELOPERS };
const SHARED_ENV_USERS: Roles = DEVELOPERS;
const LOG_FEEDERS: Roles = ENV_USERS;
const LOG_READERS: Roles =
    Roles { may: &[Role::Owner, Role::Member, Role::Developer, Role::Security], ..ENV_USERS };

const fn team(may: &'static [Role]) -> Roles {
    Roles { may, in_project: None }
}

const CONFIGURATION: &str = "integration-configuration";
const DOMAINS: Needs = Needs::WriteBoth("project", "domain");
const ENVS: Needs = Needs::WriteEither("project-env-vars", "global-project-env-vars");

pub const CASES: &[Case] = {
    use Needs::*;
    use Thing::*;
    &[
        case("getConfigurations", Nowhere, EVERYONE, Read(CONFIGURATION), none),
        case("getConfiguration", Configuration, EVERYONE, Read(CONFIGURATION), none),
        case("deleteConfiguration", Configuration, MEMBERS, Write(CONFIGURATION), none),
        case("uninstallConfiguration", Configuration, MEMBERS, Write(CONFIGURATION), none),
        case("updateConfiguration", Configuration, MEMBERS, User, |_| json!({ "projects": "all" })),
        case("getConfigurationProject", ConfigurationProject, MEMBERS, User, none),
        case("setConfigurationProject", ConfigurationProject, MEMBERS, User, |_| json!({ "allowed": true })),
        case("planRemoval", Configuration, EVERYONE, Read(CONFIGURATION), none),
        case("listRemovals", Nowhere, EVERYONE, Read(CONFIGURATION), none),
        case("getRemoval", Removal, EVERYONE, Read(CONFIGURATION), none),
        case("endRemoval", ClosingRemoval, OWNERS, User, none),
        case("installNativeIntegration", NativeOffer, MEMBERS, User, |_| json!({})),
        case("disableConfiguration", Configuration, OWNERS, User, none),
        case("importAtPartner", InstallationWithLogin, MEMBERS, User, |_| json!({})),
        case("signOnAtPartner", InstallationWithLogin, EVERYONE, User, none),
        case("takeOverConfiguration", Configuration, OWNERS, User, none),
        case("transferConfiguration", MovableConfiguration, MEMBERS, User, |_| json!({})),
        case("offerResources", OfferableStore, MEMBERS, User, none),
        case("listResourceTransfers", NativeConfiguration, MEMBERS, User, none),
        case("withdrawResourceTransfer", OfferedStore, MEMBERS, User, none),
        case("verifyResourceTransfer", StoreToTake, MEMBERS, User, none),
        case("acceptResourceTransfer", StoreToTake, MEMBERS, User, none),
        case("confirmScopes", AskingConfiguration, OWNERS, User, none),
        case("installIntegration", AnyIntegration, MEMBERS, User, none),
        case("createIntegration", Nowhere, MEMBERS, User, |n| json!({ "name": format!("made-{n}") })),
        case("listIntegrations", Nowhere, MEMBERS, User, none),
        case("getIntegration", Integration, MEMBERS, User, none),
        case("updateIntegration", Integration, MEMBERS, User, |_| json!({ "name": "Renamed" })),
        case("deleteIntegration", Integration, MEMBERS, User, none),
        case("rotateIntegrationSecret", Integration, MEMBERS, User, none),
        case("getCatalogueIntegration", AnyIntegration, EVERYONE, Read(CONFIGURATION), none),
        case("listCatalogue", Nowhere, EVERYONE, Read(CONFIGURATION), none),
        case("listCategories", Nowhere, EVERYONE, Read(CONFIGURATION), none),
        case("createProduct", NativeIntegration, MEMBERS, User, |n| json!({ "name": format!("made-{n}") })),
        case("listProducts", NativeIntegration, MEMBERS, User, none),
        case("getProduct", Product, MEMBERS, User, none),
        case("updateProduct", Product, MEMBERS, User, |_| json!({ "name": "Renamed" })),
        case("deleteProduct", Product, MEMBERS, User, none),
        case("getBillingPlans", PlannedProduct, EVERYONE, Read(CONFIGURATION), none),
        case("getConfigurationProducts", Configuration, EVERYONE, Read(CONFIGURATION), none),
        case("createWebhook", Nowhere, MEMBERS, Write(CONFIGURATION), webhook),
        case("getWebhooks", Nowhere, MEMBERS, Read(CONFIGURATION), none),
        case("getWebhook", Webhook, MEMBERS, Read(CONFIGURATION), none),
        case("deleteWebhook", Webhook, MEMBERS, Write(CONFIGURATION), none),
        case("listDeliveries", Nowhere, MEMBERS, Read(CONFIGURATION), none),
        case("getDelivery", Delivery, MEMBERS, Read(CONFIGURATION), none),
        case("redeliver", Delivery, MEMBERS, Write(CONFIGURATION), none),
        case("cancelDelivery", Delivery, MEMBERS, Write(CONFIGURATION), none),
        case("createLogDrain", Nowhere, MEMBERS, Write("log-drain"), log_drain),
        case("getIntegrationLogDrains", Nowhere, MEMBERS, Write("log-drain"), none),
        case("deleteIntegrationLogDrain", LogDrain, MEMBERS, Write("log-drain"), none),
        case("createConfigurableLogDrain", Nowhere, MEMBERS, User, log_drain),
        case("getAllLogDrains", Nowhere, MEMBERS, User, none),
        case("getConfigurableLogDrain", AccountLogDrain, MEMBERS, User, none),
        case("deleteConfigurableLogDrain", AccountLogDrain, MEMBERS, User, none),
        case("getEdgeConfigs", Nowhere, EVERYONE, Read("edge-config"), none),
        case("createEdgeConfig", Nowhere, MEMBERS, Write("edge-config"), |_| json!({ "slug": "made" })),
        case("getEdgeConfig", EdgeConfig, EVERYONE, Read("edge-config"), none),
        case("updateEdgeConfig", EdgeConfig, MEMBERS, Write("edge-config"), |_| json!({ "slug": "renamed" })),
        case("deleteEdgeConfig", EdgeConfig, MEMBERS, Write("edge-config"), none),
        case("getEdgeConfigItems", EdgeConfig, EVERYONE, Read("edge-config"), none),
        case("patchEdgeConfigItems", EdgeConfig, MEMBERS, Write("edge-config"), |_| json!({ "items": [] })),
        case("getEdgeConfigItem", EdgeConfigItem, EVERYONE, Read("edge-config"), none),
        case("getEdgeConfigSchema", EdgeConfigSchema, EVERYONE, Read("edge-config"), none),
        case(
            "patchEdgeConfigSchema",
            EdgeConfig,
            MEMBERS,
            Write("edge-config"),
            |_| json!({ "definition": {} }),
        ),
        case("deleteEdgeConfigSchema", EdgeConfigSchema, MEMBERS, Write("edge-config"), none),
        case("getEdgeConfigTokens", EdgeConfigToken, EVERYONE, Read("edge-config"), none),
        case("listGlobalConfigTokens", EdgeConfigToken, EVERYONE, Read("edge-config"), none),
        case("getEdgeConfigToken", EdgeConfigToken, EVERYONE, Read("edge-config"), none),
        case(
            "createEdgeConfigToken",
            EdgeConfig,
            MEMBERS,
            Write("edge-config"),
            |_| json!({ "label": "made" }),
        ),
        case("deleteEdgeConfigTokens", EdgeConfigTokens, MEMBERS, Write("edge-config"), |_| json!({})),
        case("getEdgeConfigBackups", EdgeConfig, EVERYONE, Read("edge-config"), none),
        case("getEdgeConfigBackup", EdgeConfigBackup, EVERYONE, Read("edge-config"), none),
        case("restoreEdgeConfigBackup", EdgeConfigBackup, MEMBERS, Write("edge-config"), |_| json!({})),
        case("createDrain", Nowhere, MEMBERS, Write("drain"), drain),
        case("getDrains", Nowhere, MEMBERS, Write("drain"), none),
        case("testDrain", Nowhere, MEMBERS, Write("drain"), trial),
        case("getDrainVerification", Nowhere, MEMBERS, Write("drain"), none),
        case("getDrain", Drain, MEMBERS, Write("drain"), none),
        case("updateDrain", Drain, MEMBERS, Write("drain"), |_| json!({ "name": "Renamed" })),
        case("deleteDrain", Drain, MEMBERS, Write("drain"), none),
        case(
            "createProject",
            Nowhere,
            DEVELOPERS,
            Write("project"),
            |n| json!({ "name": format!("made-{n}") }),
        ),
        case("getProjects", Nowhere, EVERYONE, Read("project"), none),
        case("getProject", Project, PROJECT_READERS, Read("project"), none),
        case(
            "updateProject",
            Project,
            PROJECT_WRITERS,
            Write("project"),
            |_| json!({ "framework": "nextjs" }),
        ),
        case("deleteProject", Project, PROJECT_WRITERS, Write("project"), none),
        case(
            "connectProjectRepository",
            Project,
            PROJECT_WRITERS,
            Write("project"),
            |_| json!({ "type": "github", "repo": "acme/site" }),
        ),
        case("disconnectProjectRepository", Project, PROJECT_WRITERS, Write("project"), none),
        case(
            "updateProjectBranch",
            LinkedProject,
            PROJECT_WRITERS,
            Write("project"),
            |_| json!({ "branch": "next" }),
        ),
        case("pauseProject", ProjectById, PROJECT_WRITERS, Write("project"), none),
        case("unpauseProject", ProjectById, PROJECT_WRITERS, Write("project"), none),
        case("updateProjectDataCache", ProjectById, PROJECT_WRITERS, Write("project"), none),
        case("updateProjectProtectionBypass", Project, PROJECT_WRITERS, Write("project"), none),
        case(
            "uploadProjectClientCert",
            Project,
            PROJECT_WRITERS,
            Write("project"),
            |_| json!({ "cert": "c", "key": "k", "ca": "a", "skipValidation": true }),
        ),
        case("getProjectClientCerts", Project, PROJECT_READERS, Read("project"), none),
        case("createProjectTransferRequest", Project, team(&[Role::Owner]), User, none),
        case("acceptProjectTransferRequest", OfferedProject, DEVELOPERS, Write("project"), none),
        case("getProjectDomains", Project, PROJECT_READERS, Read("project"), none),
        case(
            "addProjectDomain",
            Project,
            PROJECT_WRITERS,
            DOMAINS,
            |n| json!({ "name": format!("new-{n}.example") }),
        ),
        case("getProjectDomain", Domain, PROJECT_READERS, Read("project"), none),
        case("updateProjectDomain", Domain, PROJECT_WRITERS, DOMAINS, |_| json!({ "gitBranch": "next" })),
        case("removeProjectDomain", Domain, PROJECT_WRITERS, DOMAINS, none),
        case("moveProjectDomain", MovableDomain, PROJECT_WRITERS, DOMAINS, none),
        case("verifyProjectDomain", Domain, PROJECT_WRITERS, DOMAINS, none),
        case("filterProjectEnvs", Project, ENV_USERS, ENVS, none),
        case("createProjectEnv", Project, ENV_USERS, ENVS, env),
        case("getProjectEnv", Env, ENV_USERS, ENVS, none),
        case("editProjectEnv", Env, ENV_USERS, ENVS, |_| json!({ "value": "changed" })),
        case("removeProjectEnv", Env, ENV_USERS, ENVS, none),
        case("batchRemoveProjectEnv", Project, ENV_USERS, ENVS, |_| json!({ "ids": ["unknown"] })),
        case("createSharedEnvVariable", Nowhere, SHARED_ENV_USERS, User, shared_env),
        case("listSharedEnvVariable", Nowhere, SHARED_ENV_USERS, User, none),
        case("listAllSharedEnvVariables", Nowhere, SHARED_ENV_USERS, User, none),
        case("updateSharedEnvVariable", ChangedSharedEnv, SHARED_ENV_USERS, User, none),
        case("deleteSharedEnvVariable", UnwantedSharedEnv, SHARED_ENV_USERS, User, none),
        case("getSharedEnvVar", SharedEnv, SHARED_ENV_USERS, User, none),
        case("unlinkSharedEnvVariable", LinkedSharedEnv, SHARED_ENV_USERS, User, none),
        case("createCustomEnvironment", Project, PROJECT_WRITERS, Write("project"), environment),
        case("listCustomEnvironments", Project, PROJECT_READERS, Read("project"), none),
        case("getCustomEnvironment", CustomEnvironment, PROJECT_READERS, Read("project"), none),
        case("updateCustomEnvironment", CustomEnvironment, PROJECT_WRITERS, Write("project"), environment),
        case("removeCustomEnvironment", CustomEnvironment, PROJECT_WRITERS, Write("project"), none),
        case("pullEnv", PulledEnvironment, ENV_USERS, ENVS, none),
        case("pullEnvOfDevelopment", ProjectById, ENV_USERS, ENVS, none),
        case("pullEnvOfBranch", PulledBranch, ENV_USERS, ENVS, none),
        case("getProjectMembers", Project, PROJECT_READERS, User, none),
        case(
            "addProjectMember",
            ProjectAndMember,
            PROJECT_MEMBER_WRITERS,
            User,
            |_| json!({ "role": "PROJECT_VIEWER" }),
        ),
        case("addProjectMembers", ProjectMembersToAdd, PROJECT_MEMBER_WRITERS, User, none),
        case("updateProjectMembers", ProjectMembersToChange, PROJECT_MEMBER_WRITERS, User, none),
        case("removeProjectMember", ProjectMember, PROJECT_MEMBER_WRITERS, User, none),
        case("removeProjectMembers", ProjectMembersToRemove, PROJECT_MEMBER_WRITERS, User, none),
        case("getProjectsOfMember", Member, EVERYONE, Read("team"), none),
        case("listAccessGroups", Nowhere, NO_CONTRIBUTORS, User, none),
        case("createAccessGroup", Nowhere, OWNERS, User, |n| json!({ "name": format!("made-{n}") })),
        case("readAccessGroup", AccessGroup, NO_CONTRIBUTORS, User, none),
        case("updateAccessGroup", AccessGroup, OWNERS, User, |n| json!({ "name": format!("renamed-{n}") })),
        case("deleteAccessGroup", AccessGroup, OWNERS, User, none),
        case("listAccessGroupMembers", AccessGroup, NO_CONTRIBUTORS, User, none),
        case("listAccessGroupProjects", AccessGroup, NO_CONTRIBUTORS, User, none),
        case(
            "createAccessGroupProject",
            AccessGroupAndProject,
            OWNERS,
            User,
            |_| json!({ "role": "PROJECT_VIEWER" }),
        ),
        case("readAccessGroupProject", AccessGroupProject, NO_CONTRIBUTORS, User, none),
        case("updateAccessGroupProject", AccessGroupProject, OWNERS, User, |_| json!({ "role": "ADMIN" })),
        case("deleteAccessGroupProject", AccessGroupProject, OWNERS, User, none),
        case("getTeams", Nowhere, EVERYONE, Read("team"), none),
        case("createTeam", Nowhere, EVERYONE, User, |n| json!({ "slug": format!("made-{n}") })),
        case("getTeam", Team, EVERYONE, Read("team"), none),
        case("patchTeam", Team, OWNERS, User, |_| json!({ "description": "Changed" })),
        case("deleteTeam", Team, OWNERS, User, none),
        case("getTeamMembers", Team, EVERYONE, Read("team"), none),
        case(
            "inviteUserToTeam",
            Team,
            OWNERS,
            User,
            |n| json!({ "email": format!("invited-{n}@example.com") }),
        ),
        case("deleteTeamInviteCode", Invite, OWNERS, User, none),
        case("joinTeam", TeamToJoin, EVERYONE, User, none),
        case(
            "requestAccessToTeam",
            ForeignTeam,
            EVERYONE,
            User,
            |_| json!({ "joinedFrom": { "origin": "teams" } }),
        ),
        case("getTeamAccessRequest", RequestedTeam, EVERYONE, User, none),
        case("getOwnTeamAccessRequest", RequestedTeamOnly, EVERYONE, User, none),
        case("updateTeamMember", Member, OWNERS, User, |_| json!({ "role": "MEMBER" })),
        case("removeTeamMember", Member, OWNERS, User, none),
        case("getAuthUser", Nowhere, EVERYONE, Nothing, none),
        case("requestDelete", LastOwner, EVERYONE, User, none),
        case("listDeletions", Nowhere, EVERYONE, User, none),
        case("getDeletion", DeletedTeam, EVERYONE, User, none),
        case("listUserEvents", Nowhere, EVERYONE, User, none),
        case("triggerEvent", Nowhere, MEMBERS, User, |_| json!({ "type": "test-webhook" })),
        case(
            "createListener",
            Nowhere,
            MEMBERS,
            User,
            |_| json!({ "forwardTo": "http://localhost:3000/hook" }),
        ),
        case("streamListener", Listener, MEMBERS, User, none),
        case(
            "reportDelivery",
            Listener,
            MEMBERS,
            User,
            |_| json!({ "deliveryId": "dlv_none", "durationMs": 1, "status": 200 }),
        ),
        case("deleteListener", Listener, MEMBERS, User, none),
        case("getClock", Nowhere, EVERYONE, User, none),
        case("advanceClock", Nowhere, EVERYONE, User, |_| json!({ "advanceMs": 1 })),
        case("listFaults", Nowhere, EVERYONE, User, none),
        case(
            "createFault",
            Nowhere,
            EVERYONE,
            User,
            |_| json!({ "target": "https://example.com/none", "status": 500 }),
        ),
        case("deleteFault", Fault, EVERYONE, User, none),
        case("deleteFaults", Nowhere, EVERYONE, User, none),
        case("listAuthTokens", Nowhere, EVERYONE, User, none),
        case("createAuthToken", Nowhere, EVERYONE, User, |_| json!({ "name": "made" })),
        case("getAuthToken", OwnToken, EVERYONE, User, none),
        case("deleteAuthToken", OwnToken, EVERYONE, User, none),
        case("ingestLogs", FedProject, LOG_FEEDERS, Write("deployment"), |_| json!({ "message": "hello" })),
        case("ingestOtlpLogs", FedProject, LOG_FEEDERS, Write("deployment"), |_| json!({})),
        case("ingestOtlpTraces", FedProject, LOG_FEEDERS, Write("deployment"), |_| json!({})),
        case("tailLogs", FedProject, LOG_READERS, Read("deployment"), none),
        case("getRuntimeLogs", Deployment, LOG_READERS, Read("deployment"), none),
        case("createLogKey", Project, PROJECT_WRITERS, User, |_| json!({ "name": "made" })),
        case("listLogKeys", Project, PROJECT_WRITERS, User, none),
        case("deleteLogKey", LogKey, PROJECT_WRITERS, User, none),
        case("update-installation", Installation, NOBODY, Partner, |_| json!({ "status": "ready" })),
        case("get-account-info", Installation, NOBODY, Partner, none),
        case("get-member", InstallationMember, NOBODY, Partner, none),
        case(
            "create-event",
            Installation,
            NOBODY,
            Partner,
            |_| json!({ "event": { "type": "installation.updated" } }),
        ),
        case("rotateInstallationCredential", InstallationWithSecret, NOBODY, Partner, |_| json!({})),
        case(
            "revokeInstallationCredential",
            InstallationWithSecret,
            NOBODY,
            Partner,
            |_| json!({ "token": "vca_unknown" }),
        ),
        case("createExperimentationItems", Resource, NOBODY, Partner, experimentation),
        case(
            "updateExperimentationItem",
            ExperimentationItem,
            NOBODY,
            Partner,
            |_| json!({ "slug": "dark", "origin": "x" }),
        ),
        case("deleteExperimentationItem", ExperimentationItem, NOBODY, Partner, none),
        case("getExperimentationEdgeConfig", Resource, NOBODY, Partner, none),
        case(
            "pushExperimentationEdgeConfig",
            Resource,
            NOBODY,
            Partner,
            |_| json!({ "data": { "dark": true } }),
        ),
        case("getExperimentationGlobalConfig", Resource, NOBODY, Partner, none),
        case(
            "pushExperimentationGlobalConfig",
            Resource,
            NOBODY,
            Partner,
            |_| json!({ "data": { "dark": true } }),
        ),
        case("listExperimentationItems", Store, MEMBERS, User, none),
        case("get-integration-resources", Installation, NOBODY, Partner, none),
        case("get-integration-resource", Resource, NOBODY, Partner, none),
        case("import-resource", Resource, NOBODY, Partner, imported),
        case("update-resource", Resource, NOBODY, Partner, |_| json!({ "name": "renamed" })),
        case("delete-integration-resource", Resource, NOBODY, Partner, none),
        case("update-resource-secrets-by-id", Resource, NOBODY, Partner, |_| json!({ "secrets": [] })),
        case("update-resource-secrets", ResourceOfProduct, NOBODY, Partner, |_| json!({ "secrets": [] })),
        case("listStores", Nowhere, EVERYONE, Read(CONFIGURATION), none),
        case("getStore", Store, EVERYONE, Read(CONFIGURATION), none),
        case("createIntegrationStoreDirect", ProvisioningInstallation, MEMBERS, User, |n| provision(n, "")),
        case("autoProvision", ProvisioningProduct, MEMBERS, User, |n| json!({ "name": format!("made-{n}") })),
        case("updateStore", AskableStore, MEMBERS, User, |n| json!({ "name": format!("renamed-{n}") })),
        case("deleteIntegrationStore", AskableStore, MEMBERS, User, none),
        case("rotateStoreSecrets", AskableStore, MEMBERS, User, none),
        case("createSandboxClaimUrl", Sandbox, MEMBERS, User, |_| json!({ "source": "cli" })),
        case("queryStore", AskableStore, MEMBERS, User, |_| json!({ "input": "select 1" })),
        case("setStoreProductionOnly", Store, MEMBERS, User, |_| json!({ "enabled": true })),
        case("listDeploymentActions", DeploymentName, EVERYONE, Read(CONFIGURATION), none),
        case("update-integration-deployment-action", ResourceOfDeployment, NOBODY, Partner, none),
        case("connectStore", Store, MEMBERS, User, to_site),
        case("disconnectStore", StoreConnection, MEMBERS, User, none),
        case("disconnectStores", Store, MEMBERS, User, none),
        case("connectIntegrationResourceToProject", StoreOfInstallation, MEMBERS, User, to_site),
        case("submit-billing-data", Installation, NOBODY, Partner, usage),
        case("finalize-billing", ClosingInstallation, NOBODY, Partner, none),
        case("submit-invoice", Installation, NOBODY, Partner, |_| invoice()),
        case("get-invoice", Invoice, NOBODY, Partner, none),
        case(
            "update-invoice",
            PaidInvoice,
            NOBODY,
            Partner,
            |_| json!({ "action": "refund", "reason": "By mistake", "total": "1.00" }),
        ),
        case("submit-prepayment-balances", Installation, NOBODY, Partner, balances),
        case("listInvoices", Nowhere, BILLING, User, none),
        case("showInvoice", Invoice, BILLING, User, none),
        case("payInvoice", Invoice, BILLING, User, none),
        case("failInvoice", Invoice, BILLING, User, none),
        case("listBillingData", NativeConfiguration, BILLING, User, none),
        case("getBalances", NativeConfiguration, MEMBERS, User, none),
        case(
            "buyCredits",
            NativeConfiguration,
            BILLING,
            User,
            |_| json!({ "billingPlanId": "credits", "amount": "10.00" }),
        ),
        case("setThreshold", StoreOfInstallation, MEMBERS, User, |_| threshold()),
        case("setInstallationThreshold", NativeConfiguration, MEMBERS, User, |_| json!([threshold()])),
    ]
};

/// Operations that an extended permission opens to a member of any role.
pub const LIFTED: &[(&str, &[&str])] = &[
    (
        "IntegrationManager",
        &[
            "installIntegration",
            "updateConfiguration",
            "deleteConfiguration",
            "uninstallConfiguration",
            "transferConfiguration",
            "getBalances",
            "setThreshold",
            "listExperimentationItems",
            "createEdgeConfig",
            "updateEdgeConfig",
            "patchEdgeConfigItems",
            "createEdgeConfigToken",
            "setInstallationThreshold",
        ],
    ),
    ("CreateProject", &["createProject", "acceptProjectTransferRequest"]),
    (
        "EnvVariableManager",
        &[
            "filterProjectEnvs",
            "createProjectEnv",
            "getProjectEnv",
            "removeProjectEnv",
            "pullEnv",
            "pullEnvOfDevelopment",
            "listSharedEnvVariable",
            "createSharedEnvVariable",
            "updateSharedEnvVariable",
            "unlinkSharedEnvVariable",
        ],
    ),
    (
        "EnvironmentManager",
        &["createCustomEnvironment", "updateCustomEnvironment", "removeCustomEnvironment"],
    ),
];

const fn case(id: &'static str, at: Thing, roles: Roles, needs: Needs, body: fn(usize) -> Value) -> Case {
    Case { id, at, roles, needs, body }
}

fn none(_: usize) -> Value {
    Value::Null
}

fn imported(_: usize) -> Value {
    json!({ "productId": "db", "name": "made", "status": "ready" })
}

/// Of an installation.
pub fn provision(n: usize, installation: &str) -> Value {
    json!({
        "name": format!("made-{n}"), "integrationConfigurationId": installation, "integrationProductIdOrSlug": "db",
    })
}

fn to_site(_: usize) -> Value {
    json!({ "projectId": "site" })
}

pub fn webhook(_: usize) -> Value {
    json!({ "url": "https://example.com/hook", "events": ["project.created"] })
}

pub fn log_drain(_: usize) -> Value {
    json!({ "name": "drain", "url": "https://example.com/in", "deliveryFormat": "json", "sources": ["lambda"] })
}

/// Nobody listens there, which is an answer too.
fn trial(_: usize) -> Value {
    let delivery =
        json!({ "type": "http", "endpoint": "http://127.0.0.1:1/", "encoding": "json", "headers": {} });
    json!({ "schemas": { "log": { "version": "v1" } }, "delivery": delivery })
}

pub fn drain(_: usize) -> Value {
    let delivery =
        json!({ "type": "http", "endpoint": "https://example.com/in", "encoding": "json", "headers": {} });
    json!({ "name": "drain", "projects": "all", "schemas": { "log": { "version": "v1" } }, "delivery": delivery })
}

fn hours(ahead: i64) -> String {
    clock::text(Clock::default().now() + ahead * HOUR)
}

/// A trial, which no other can get in the way of.
pub fn invoice() -> Value {
    let item = json!({
        "billingPlanId": "pro", "name": "Pro", "price": "20.00", "quantity": 1, "units": "month", "total": "20.00",
    });
    json!({
        "invoiceDate": hours(0), "period": { "start": hours(-1), "end": hours(24) }, "items": [item], "test": {},
    })
}

/// One item, `flag-1`.
pub fn experimentation(_: usize) -> Value {
    json!({ "items": [{ "id": "flag-1", "slug": "dark", "origin": "https://example.com" }] })
}

fn usage(_: usize) -> Value {
    json!({
        "timestamp": hours(0), "eod": hours(1), "period": { "start": hours(-1), "end": hours(24) }, "billing": [],
        "usage": [],
    })
}

fn balances(_: usize) -> Value {
    json!({ "timestamp": hours(0), "balances": [{ "currencyValueInCents": 100 }] })
}

fn threshold() -> Value {
    json!({ "billingPlanId": "credits", "minimumAmountInCents": 100, "purchaseAmountInCents": 200 })
}

fn environment(n: usize) -> Value {
    json!({ "slug": format!("made-{n}") })
}

/// Not for production, as below.
pub fn shared_env(n: usize) -> Value {
    json!({ "evs": [{ "key": format!("KEY_{n}"), "value": "value" }], "target": ["preview"] })
}

/// Not for production: that is more than a developer may.
pub fn env(n: usize) -> Value {
    json!({ "key": format!("KEY_{n}"), "value": "value", "type": "encrypted", "target": ["preview"] })
}
