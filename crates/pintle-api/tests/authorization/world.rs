//! A team with a member of every role, and the things that paths name.

use crate::{cases, edge_config};
use axum::http::Method;
use pintle_api::Route;
use pintle_core::ids::OwnerId;
use pintle_core::permissions::{ProjectRole, Role};
use pintle_core::teams;
use pintle_store::params;
use pintle_testing::{Answer, Caller, Installed, Partner, Pintle};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What the parameters of a path name.
#[derive(Clone, Copy, PartialEq)]
pub enum Thing {
    /// No parameters.
    Nowhere,
    Configuration,
    /// One whose integration asks for one more scope.
    AskingConfiguration,
    ConfigurationProject,
    Removal,
    /// Of a native installation, whose partner has not taken note.
    ClosingRemoval,
    /// A native installation that is removed and not closed.
    ClosingInstallation,
    /// A native integration that anybody may install.
    NativeOffer,
    Integration,
    /// One that anybody may install.
    AnyIntegration,
    NativeIntegration,
    /// Of a native integration.
    Product,
    /// One that anybody may ask its partner about.
    PlannedProduct,
    Webhook,
    /// One that waits, to a webhook.
    Delivery,
    LogDrain,
    AccountLogDrain,
    Drain,
    EdgeConfig,
    EdgeConfigItem,
    EdgeConfigSchema,
    EdgeConfigToken,
    /// The same, named in the body.
    EdgeConfigTokens,
    EdgeConfigBackup,
    Project,
    /// The same where the path calls it `projectId`.
    ProjectById,
    /// One that is connected to a repository.
    LinkedProject,
    /// One that another team offers, by its code.
    OfferedProject,
    /// A project's domain.
    Domain,
    /// The same, and another project of the team.
    MovableDomain,
    /// One that the query names.
    FedProject,
    LogKey,
    /// One that has logged.
    Deployment,
    Env,
    SharedEnv,
    /// One that the body changes, or names.
    ChangedSharedEnv,
    UnwantedSharedEnv,
    /// The same with a project that it is linked to.
    LinkedSharedEnv,
    CustomEnvironment,
    /// A project and a target.
    PulledEnvironment,
    /// The same with a branch.
    PulledBranch,
    Team,
    Member,
    /// An address that was invited to the team.
    Invite,
    /// Another team, with its invite code.
    TeamToJoin,
    /// Another team.
    ForeignTeam,
    /// Another team that the caller has asked to let it in, with the caller.
    RequestedTeam,
    /// The same without.
    RequestedTeamOnly,
    /// A team that would be left without an owner.
    LastOwner,
    /// A team that the caller has deleted.
    DeletedTeam,
    /// A project, and a member of the team that the body names.
    ProjectAndMember,
    ProjectMembersToAdd,
    /// A member who has a role in the project.
    ProjectMember,
    ProjectMembersToChange,
    ProjectMembersToRemove,
    AccessGroup,
    /// A group, and a project that the body names.
    AccessGroupAndProject,
    /// A group with a role in a project.
    AccessGroupProject,
    /// A token of the caller's.
    OwnToken,
    /// A fault of the server's.
    Fault,
    Listener,
    /// A marketplace installation, as its partner names it.
    Installation,
    /// The same, with a page to sign in on.
    InstallationWithLogin,
    /// One of its resources that nobody owns, as its team names it.
    Sandbox,
    /// The installation with the owner of its team.
    InstallationMember,
    /// One of its resources, by its partner's id.
    Resource,
    /// The same, with the product that it is of.
    ResourceOfProduct,
    /// The same with a deployment and an action that its product declares.
    ResourceOfDeployment,
    /// A deployment, of which nothing need be known.
    DeploymentName,
    /// A resource as its team names it, with a project `site` to connect it to.
    Store,
    /// The same with its installation.
    StoreOfInstallation,
    /// The same with its connection to a project.
    StoreConnection,
    /// One whose partner answers.
    AskableStore,
    /// An installation whose partner answers, which the body names.
    ProvisioningInstallation,
    /// An installation whose client secret the body names.
    InstallationWithSecret,
    /// A flag of a resource.
    ExperimentationItem,
    /// A trial of the partner's, to be paid.
    Invoice,
    /// The same, paid.
    PaidInvoice,
    /// A marketplace installation, as its team names it.
    NativeConfiguration,
    /// The same, and another team that every member of this one is a member of.
    MovableConfiguration,
    /// A store, with its installation, that can be given away.
    OfferableStore,
    /// One that is on offer, with its installation.
    OfferedStore,
    /// One that another team offers to an installation.
    StoreToTake,
    /// A product of it.
    ProvisioningProduct,
}

/// The values of a path's parameters, and of the body's where the name begins with `IN_BODY`.
pub type Params = Vec<(&'static str, String)>;
const IN_BODY: &str = "body:";

pub struct World<'a> {
    pub pintle: &'a Pintle,
    pub owner: Caller,
    /// One member of each role.
    pub members: Vec<(Role, Caller)>,
    /// They serve for as long as the world is there.
    partners: Mutex<Vec<Partner>>,
}

/// A number that nothing else has.
pub fn next() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl<'a> World<'a> {
    /// A new team, in which each of these users is a member of the role beside it.
    pub async fn new(pintle: &'a Pintle, users: &[(Role, Caller)]) -> World<'a> {
        let owner = pintle.team(&format!("team-{}", next())).await;
        let team: OwnerId = owner.team.clone().unwrap();
        let mut members = Vec::new();
        for (role, user) in users {
            teams::add_member(&pintle.core, &team, &user.user, *role).await.unwrap();
            members.push((*role, user.for_team(team.as_str())));
        }
        World { pintle, owner, members, partners: Mutex::default() }
    }

    /// The team's id.
    pub fn team(&self) -> String {
        self.owner.team.clone().unwrap().to_string()
    }

    /// A new project of the team.
    pub async fn project(&self) -> String {
        self.owner.project(&format!("project-{}", next())).await
    }

    /// Installs a new integration with these scopes.
    pub async fn install(&self, scopes: &[&str]) -> Installed {
        self.owner.install_with(&format!("app-{}", next()), scopes, json!({})).await
    }

    /// Installs a new native integration of the marketplace.
    pub async fn install_native(&self) -> Installed {
        self.owner.install_native(&format!("native-{}", next())).await
    }

    /// Gives a member a role in the projects that these parameters name: itself, or with an access group.
    pub async fn give(&self, member: &Caller, role: ProjectRole, by_group: bool, params: &Params) {
        let named = |(name, _): &&(&str, String)| ["idOrName", "projectId", "body:projectId"].contains(name);
        for (_, project) in params.iter().filter(named) {
            if by_group {
                let group = self.access_group(&[(project, role)]).await;
                let body = json!({ "membersToAdd": [member.user] });
                self.owner.post(&format!("/v1/access-groups/{group}"), body).await.ok(200);
            } else {
                let body = json!({ "uid": member.user, "role": role });
                self.owner.post(&format!("/v1/projects/{project}/members"), body).await.ok(200);
            }
        }
    }

    /// Gives a member an extended permission.
    pub async fn extend(&self, member: &Caller, permission: &'static str) {
        let (team, user) = (member.team.clone().unwrap(), member.user.clone());
        let write = self.pintle.core.db.write(async move |tx| {
            let sql = "UPDATE members SET permissions = $3 WHERE team_id = $1 AND user_id = $2";
            tx.execute(sql, &params![team.as_str(), user.as_str(), permission]).await.map(drop)
        });
        write.await.unwrap();
    }

    /// Makes a new thing: an installation's own where `by` is one, and it can.
    pub async fn make(&self, thing: Thing, by: &Caller, installed: Option<&Installed>) -> Params {
        let owner = &self.owner;
        let id = |answer: Answer| text(&answer.ok(200)["id"]);
        match thing {
            Thing::Nowhere => vec![],
            Thing::Configuration => vec![("id", self.configuration(installed).await)],
            Thing::AskingConfiguration => {
                let installed = self.install(&["read:team"]).await;
                let app = format!("/pintle/v1/integrations/{}", installed.integration);
                owner.patch(&app, json!({ "scopes": ["read:team", "read:user"] })).await.ok(200);
                vec![("id", installed.id)]
            }
            Thing::ConfigurationProject => {
                vec![("id", self.configuration(installed).await), ("projectId", self.project().await)]
            }
            Thing::Removal => {
                let removed = self.install(&[]).await.id;
                owner.delete(&format!("/v1/integrations/configuration/{removed}")).await.ok(204);
                vec![("configurationId", removed)]
            }
            Thing::ClosingRemoval => vec![("configurationId", self.closing(None).await)],
            Thing::ClosingInstallation => vec![("integrationConfigurationId", self.closing(installed).await)],
            Thing::NativeOffer => {
                let app = owner.register_native(&format!("native-{}", next())).await;
                vec![("integrationIdOrSlug", text(&app["slug"]))]
            }
            Thing::Integration | Thing::AnyIntegration => {
                let app = json!({ "name": format!("app-{}", next()), "redirectUrl": "https://example.com" });
                vec![("idOrSlug", text(&owner.post("/pintle/v1/integrations", app).await.ok(201)["id"]))]
            }
            Thing::NativeIntegration => vec![("idOrSlug", self.native_app().await)],
            Thing::Product => {
                let app = self.native_app().await;
                let path = format!("/pintle/v1/integrations/{app}/products");
                let made = owner.post(&path, json!({ "name": "Thing" })).await.ok(201);
                vec![("idOrSlug", app), ("productIdOrSlug", text(&made["id"]))]
            }
            Thing::PlannedProduct => {
                let app = self.askable().await.integration;
                vec![("integrationIdOrSlug", app), ("productIdOrSlug", "db".to_owned())]
            }
            Thing::Webhook => vec![("id", id(by.post("/v1/webhooks", cases::webhook(0)).await))],
            Thing::Delivery => {
                let webhook = id(by.post("/v1/webhooks", cases::webhook(0)).await);
                self.project().await;
                let path = format!("/pintle/v1/deliveries?webhookId={webhook}");
                vec![("id", text(&owner.get(&path).await.ok(200)["deliveries"][0]["id"]))]
            }
            Thing::Drain => vec![("id", id(by.post("/v1/drains", cases::drain(0)).await))],
            Thing::LogDrain => {
                let body = cases::log_drain(0);
                match installed {
                    Some(own) => vec![("id", id(own.caller.post("/v2/integrations/log-drains", body).await))],
                    None => {
                        let own = self.install(&["read-write:log-drain"]).await;
                        vec![("id", id(own.caller.post("/v2/integrations/log-drains", body).await))]
                    }
                }
            }
            Thing::EdgeConfig
            | Thing::EdgeConfigItem
            | Thing::EdgeConfigSchema
            | Thing::EdgeConfigToken
            | Thing::EdgeConfigTokens
            | Thing::EdgeConfigBackup => edge_config::make(thing, by).await,
            Thing::AccountLogDrain => {
                by.post("/v1/log-drains", cases::log_drain(0)).await.ok(200);
                let drains = by.get("/v1/log-drains").await.ok(200);
                vec![("id", text(&drains.get("drains").unwrap_or(&drains)[0]["id"]))]
            }
            Thing::Project => vec![("idOrName", self.project().await)],
            Thing::LinkedProject => {
                let project = self.project().await;
                let repository = json!({ "type": "github", "repo": "acme/site" });
                owner.post(&format!("/v9/projects/{project}/link"), repository).await.ok(200);
                vec![("idOrName", project)]
            }
            Thing::ProjectById => vec![("projectId", self.project().await)],
            Thing::OfferedProject => {
                let giver = self.pintle.team(&format!("giver-{}", next())).await;
                let project = giver.project(&format!("given-{}", next())).await;
                let path = format!("/projects/{project}/transfer-request");
                vec![("code", text(&giver.post(&path, json!({})).await.ok(200)["code"]))]
            }
            Thing::Domain => self.domain().await,
            Thing::MovableDomain => {
                let mut params = self.domain().await;
                params.push(("body:projectId", self.project().await));
                params
            }
            Thing::FedProject => vec![("projectId", self.project().await)],
            Thing::Deployment => {
                let project = self.project().await;
                let line = json!({ "deploymentId": "dpl_one", "message": "hello" });
                owner.post(&format!("/pintle/v1/logs?projectId={project}"), line).await.ok(200);
                vec![("projectId", project), ("deploymentId", "dpl_one".to_owned())]
            }
            Thing::LogKey => {
                let project = self.project().await;
                let path = format!("/pintle/v1/projects/{project}/log-keys");
                let made = owner.post(&path, json!({ "name": "made" })).await.ok(201);
                vec![("idOrName", project), ("id", text(&made["id"]))]
            }
            Thing::Env => {
                let project = self.project().await;
                let made = by.post(&format!("/v10/projects/{project}/env"), cases::env(next())).await;
                vec![("idOrName", project), ("id", text(&made.ok(201)["created"]["id"]))]
            }
            Thing::SharedEnv => vec![("id", self.shared_env(json!([])).await)],
            Thing::ChangedSharedEnv => {
                let updates = json!({ self.shared_env(json!([])).await: { "value": "changed" } });
                vec![("body:updates", updates.to_string())]
            }
            Thing::UnwantedSharedEnv => {
                vec![("body:ids", json!([self.shared_env(json!([])).await]).to_string())]
            }
            Thing::LinkedSharedEnv => {
                let project = self.project().await;
                vec![("id", self.shared_env(json!([project])).await), ("projectId", project)]
            }
            Thing::CustomEnvironment => {
                let project = self.project().await;
                let path = format!("/v9/projects/{project}/custom-environments");
                owner.post(&path, json!({ "slug": "staging" })).await.ok(201);
                vec![("idOrName", project), ("environmentSlugOrId", "staging".to_owned())]
            }
            Thing::PulledEnvironment => {
                vec![("projectId", self.project().await), ("target", "preview".to_owned())]
            }
            Thing::PulledBranch => {
                let (target, branch) = ("preview".to_owned(), "main".to_owned());
                vec![("projectId", self.project().await), ("target", target), ("gitBranch", branch)]
            }
            Thing::Team => vec![("teamId", self.team())],
            Thing::Member => {
                vec![("teamId", self.team()), ("uid", self.member().await)]
            }
            Thing::Invite => {
                let path = format!("/v1/teams/{}/members", self.team());
                let body = json!({ "email": format!("invited-{}@example.com", next()) });
                let invited = owner.post(&path, body).await.ok(200);
                vec![("teamId", self.team()), ("inviteId", text(&invited["uid"]))]
            }
            Thing::TeamToJoin => {
                let other = self.pintle.team(&format!("other-{}", next())).await;
                let id = other.team.clone().unwrap();
                let code = text(&other.get(&format!("/v2/teams/{id}")).await.ok(200)["inviteCode"]);
                vec![("teamId", id.to_string()), ("body:inviteCode", code)]
            }
            Thing::ForeignTeam => vec![("teamId", self.foreign_team().await)],
            Thing::RequestedTeam | Thing::RequestedTeamOnly => {
                let team = self.foreign_team().await;
                let body = json!({ "joinedFrom": { "origin": "teams" } });
                by.post(&format!("/v1/teams/{team}/request"), body).await.ok(200);
                let user = (thing == Thing::RequestedTeam).then(|| ("userId", by.user.to_string()));
                [("teamId", team)].into_iter().chain(user).collect()
            }
            Thing::LastOwner => {
                self.team_of(by).await;
                vec![]
            }
            Thing::DeletedTeam => {
                let team = self.team_of(by).await;
                by.without_team().delete(&format!("/v1/teams/{team}")).await.ok(200);
                vec![("ownerId", team)]
            }
            Thing::ProjectAndMember => {
                vec![("idOrName", self.project().await), ("body:uid", self.member().await)]
            }
            Thing::ProjectMembersToAdd => {
                let members = json!([{ "uid": self.member().await, "role": "PROJECT_VIEWER" }]);
                vec![("idOrName", self.project().await), ("body:members", members.to_string())]
            }
            Thing::ProjectMember => {
                let (project, uid) = self.project_member().await;
                vec![("idOrName", project), ("uid", uid)]
            }
            Thing::ProjectMembersToChange => {
                let (project, uid) = self.project_member().await;
                let members = json!([{ "uid": uid, "role": "ADMIN" }]);
                vec![("idOrName", project), ("body:members", members.to_string())]
            }
            Thing::ProjectMembersToRemove => {
                let (project, uid) = self.project_member().await;
                vec![("idOrName", project), ("body:members", json!([uid]).to_string())]
            }
            Thing::AccessGroup => vec![("idOrName", self.access_group(&[]).await)],
            Thing::AccessGroupAndProject => {
                let project = self.project().await;
                vec![("accessGroupIdOrName", self.access_group(&[]).await), ("body:projectId", project)]
            }
            Thing::AccessGroupProject => {
                let project = self.project().await;
                let group = self.access_group(&[(&project, ProjectRole::ProjectViewer)]).await;
                vec![("accessGroupIdOrName", group), ("projectId", project)]
            }
            Thing::Listener => {
                let listener = json!({ "forwardTo": "http://localhost:3000/hook" });
                vec![("id", text(&owner.post("/pintle/v1/listeners", listener).await.ok(201)["id"]))]
            }
            Thing::Fault => {
                let fault = json!({ "target": "https://example.com/none", "status": 500 });
                vec![("id", text(&owner.post("/pintle/v1/faults", fault).await.ok(201)["id"]))]
            }
            Thing::OwnToken => {
                let made = by.post("/v3/user/tokens", json!({ "name": "made" })).await.ok(200);
                vec![("tokenId", text(&made["token"]["id"]))]
            }
            Thing::Installation => vec![self.installation(installed).await],
            Thing::InstallationWithLogin => {
                let installed = self.install_native().await;
                self.with_pages(&installed).await;
                vec![("configurationId", installed.id)]
            }
            Thing::Sandbox => {
                let native = self.native(None).await;
                self.with_pages(&native).await;
                let store = native.import("res-1", json!([])).await;
                let sandbox = json!({ "ownership": "sandbox" });
                native.caller.patch(&native.resource("res-1"), sandbox).await.ok(200);
                vec![("integrationConfigurationId", native.id), ("resourceId", store)]
            }
            Thing::InstallationWithSecret => {
                let native = self.native(installed).await;
                vec![("integrationConfigurationId", native.id), ("body:client_secret", native.client_secret)]
            }
            Thing::ExperimentationItem => {
                let native = self.native(installed).await;
                native.import("res-1", json!([])).await;
                let path = format!("{}/experimentation/items", native.resource("res-1"));
                native.caller.post(&path, cases::experimentation(0)).await.ok(204);
                let item = ("itemId", "flag-1".to_owned());
                vec![("integrationConfigurationId", native.id), ("resourceId", "res-1".to_owned()), item]
            }
            Thing::InstallationMember => {
                vec![self.installation(installed).await, ("memberId", owner.user.to_string())]
            }
            Thing::Resource => {
                let native = self.native(installed).await;
                native.import("res-1", json!([])).await;
                vec![("integrationConfigurationId", native.id), ("resourceId", "res-1".to_owned())]
            }
            Thing::ResourceOfProduct => {
                let native = self.native(installed).await;
                native.import("res-1", json!([])).await;
                let product = ("integrationProductIdOrSlug", "db".to_owned());
                vec![("integrationConfigurationId", native.id), product, ("resourceId", "res-1".to_owned())]
            }
            Thing::ResourceOfDeployment => {
                let native = self.native(installed).await;
                native.import("res-1", json!([])).await;
                let product = format!("/pintle/v1/integrations/{}/products/db", native.integration);
                let declared = json!({ "deploymentActions": [{ "slug": "branch", "name": "Branch" }] });
                owner.patch(&product, declared).await.ok(200);
                vec![
                    ("integrationConfigurationId", native.id),
                    ("resourceId", "res-1".to_owned()),
                    ("deploymentId", "dpl_1".to_owned()),
                    ("action", "branch".to_owned()),
                ]
            }
            Thing::DeploymentName => vec![("deploymentId", "dpl_1".to_owned())],
            Thing::Store => vec![("id", self.store().await.1)],
            Thing::AskableStore => {
                let native = self.askable().await;
                let body = cases::provision(next(), &native.id);
                let made = owner.post("/v1/storage/stores/integration/direct", body).await.ok(200);
                vec![("id", text(&made["store"]["id"]))]
            }
            Thing::ProvisioningProduct => {
                let native = self.askable().await;
                vec![("idOrSlug", native.integration), ("productIdOrSlug", "db".to_owned())]
            }
            Thing::ProvisioningInstallation => {
                vec![("body:integrationConfigurationId", self.askable().await.id)]
            }
            Thing::StoreOfInstallation => {
                let (installation, store) = self.store().await;
                vec![("integrationConfigurationId", installation), ("resourceId", store)]
            }
            Thing::StoreConnection => {
                let (_, store) = self.store().await;
                let path = format!("/v1/storage/stores/{store}/connections");
                let made = owner.post(&path, json!({ "projectId": "site" })).await.ok(201);
                vec![("id", store), ("connectionId", text(&made["id"]))]
            }
            Thing::Invoice => self.invoice(installed).await,
            Thing::PaidInvoice => {
                let params = self.invoice(installed).await;
                let pay = format!("/pintle/v1/invoices/{}/pay", params[1].1);
                owner.post(&pay, json!({})).await.ok(200);
                params
            }
            Thing::MovableConfiguration => {
                let other = self.pintle.team(&format!("other-{}", next())).await.team.unwrap();
                for member in self.members.iter().map(|(_, member)| member).chain([owner]) {
                    teams::add_member(&self.pintle.core, &other, &member.user, Role::Member).await.unwrap();
                }
                vec![("id", self.install_native().await.id), ("body:teamId", other.to_string())]
            }
            Thing::OfferableStore => {
                let native = self.askable().await;
                let store = native.import(&format!("res-{}", next()), json!([])).await;
                vec![("id", native.id), ("body:storeIds", json!([store]).to_string())]
            }
            Thing::OfferedStore => {
                let (id, offered) = self.offered(self.askable().await, owner).await;
                vec![("id", id), ("transferId", text(&offered["id"]))]
            }
            Thing::StoreToTake => {
                let giver = self.pintle.team(&format!("giver-{}", next())).await;
                let app = owner.register_native(&format!("native-{}", next())).await;
                let from = giver.install_native_app(&app).await;
                let to = owner.install_native_app(&app).await;
                self.pintle.product(&from, "db").await;
                let partner = self.pintle.partner_of(&from).await;
                partner.know(&to.id);
                self.partners.lock().unwrap().push(partner);
                let (_, offered) = self.offered(from, &giver).await;
                vec![("id", to.id), ("body:code", text(&offered["code"]))]
            }
            Thing::NativeConfiguration => vec![("id", self.installation(installed).await.1)],
        }
    }

    /// A new project with a domain.
    async fn domain(&self) -> Params {
        let (project, name) = (self.project().await, format!("domain-{}.example", next()));
        let path = format!("/v10/projects/{project}/domains");
        self.owner.post(&path, json!({ "name": name })).await.ok(200);
        vec![("idOrName", project), ("domain", name)]
    }

    /// A new shared variable, linked to these projects.
    async fn shared_env(&self, projects: Value) -> String {
        let mut body = cases::shared_env(next());
        body["projectId"] = projects;
        text(&self.owner.post("/v1/env", body).await.ok(201)["created"][0]["id"])
    }

    /// A new team of a caller's own.
    async fn team_of(&self, caller: &Caller) -> String {
        let team = json!({ "slug": format!("own-{}", next()) });
        text(&caller.without_team().post("/v1/teams", team).await.ok(200)["id"])
    }

    /// A new team of somebody else's.
    async fn foreign_team(&self) -> String {
        self.pintle.team(&format!("other-{}", next())).await.team.unwrap().to_string()
    }

    /// A new member of the team.
    async fn member(&self) -> String {
        let member = self.pintle.member(&self.owner, &format!("member-{}", next()), Role::Viewer).await;
        member.user.to_string()
    }

    /// A new project, and a new member of the team with a role in it.
    async fn project_member(&self) -> (String, String) {
        let (project, uid) = (self.project().await, self.member().await);
        let body = json!({ "uid": uid, "role": "PROJECT_VIEWER" });
        self.owner.post(&format!("/v1/projects/{project}/members"), body).await.ok(200);
        (project, uid)
    }

    /// A new access group with these projects.
    async fn access_group(&self, projects: &[(&str, ProjectRole)]) -> String {
        let projects: Vec<_> =
            projects.iter().map(|(id, role)| json!({ "projectId": id, "role": role })).collect();
        let group = json!({ "name": format!("group-{}", next()), "projects": projects });
        text(&self.owner.post("/v1/access-groups", group).await.ok(200)["accessGroupId"])
    }

    /// The integration of a native installation gets pages of its own.
    async fn with_pages(&self, native: &Installed) {
        let pages = json!({
            "redirectLoginUrl": "https://example.com/login", "importResourceUrl": "https://example.com/import",
        });
        let app = format!("/pintle/v1/integrations/{}", native.integration);
        self.owner.patch(&app, pages).await.ok(200);
    }

    /// A marketplace installation with the product `db`.
    async fn native(&self, installed: Option<&Installed>) -> Installed {
        let native = match installed {
            Some(installed) => installed.clone(),
            None => self.install_native().await,
        };
        self.pintle.product(&native, "db").await;
        native
    }

    /// A marketplace installation with the product `db`, whose partner answers.
    async fn askable(&self) -> Installed {
        let native = self.native(None).await;
        let partner = self.pintle.partner_of(&native).await;
        self.partners.lock().unwrap().push(partner);
        native
    }

    /// Imports a resource and offers it; answers the installation's id and the offer.
    async fn offered(&self, native: Installed, by: &Caller) -> (String, Value) {
        let store = native.import(&format!("res-{}", next()), json!([])).await;
        let path = format!("/pintle/v1/integrations/configurations/{}/resource-transfers", native.id);
        (native.id, by.post(&path, json!({ "storeIds": [store] })).await.ok(201))
    }

    /// A new installation of the team, and its store.
    async fn store(&self) -> (String, String) {
        let native = self.native(None).await;
        if self.owner.get("/v9/projects/site").await.status == 404 {
            self.owner.project("site").await;
        }
        let store = native.import(&format!("res-{}", next()), json!([])).await;
        (native.id, store)
    }

    async fn installation(&self, installed: Option<&Installed>) -> (&'static str, String) {
        let id = match installed {
            Some(installed) => installed.id.clone(),
            None => self.install_native().await.id,
        };
        ("integrationConfigurationId", id)
    }

    /// A native integration of the team's, by its slug.
    async fn native_app(&self) -> String {
        let app = json!({ "name": format!("app-{}", next()), "kind": "marketplace" });
        text(&self.owner.post("/pintle/v1/integrations", app).await.ok(201)["slug"])
    }

    async fn invoice(&self, installed: Option<&Installed>) -> Params {
        let partner = match installed {
            Some(installed) => installed.clone(),
            None => self.install_native().await,
        };
        let path = format!("/v1/installations/{}/billing/invoices", partner.id);
        let made = partner.caller.post(&path, cases::invoice()).await.ok(200);
        vec![("integrationConfigurationId", partner.id), ("invoiceId", text(&made["invoiceId"]))]
    }

    /// Removes a native installation; its partner cannot be reached, so it is not closed.
    async fn closing(&self, installed: Option<&Installed>) -> String {
        let id = match installed {
            Some(installed) => installed.id.clone(),
            None => self.install_native().await.id,
        };
        self.owner.delete(&format!("/v1/integrations/configuration/{id}")).await.ok(204);
        id
    }

    async fn configuration(&self, installed: Option<&Installed>) -> String {
        match installed {
            Some(installed) => installed.id.clone(),
            None => self.install(&[]).await.id,
        }
    }
}

pub fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// Sends a route's request.
pub async fn send(route: &Route, caller: &Caller, params: &Params, mut body: Value) -> Answer {
    let mut path = route.path.to_owned();
    for (name, value) in params {
        if let Some(name) = name.strip_prefix(IN_BODY) {
            body[name] = serde_json::from_str(value).unwrap_or_else(|_| json!(value));
            continue;
        }
        let in_path = format!("{{{name}}}");
        match path.contains(&in_path) {
            // What else a thing is known by says nothing to this route.
            false if *name == "integrationConfigurationId" => {}
            true => path = path.replace(&in_path, value),
            false => path.push_str(&format!("?{name}={value}")),
        }
    }
    assert!(!path.contains('{'), "{}: the case fills not all of {path}", route.id);
    if route.id == "getConfigurations" {
        path.push_str("?view=account");
    }
    if route.id == "getRuntimeLogs" {
        path.push_str("?follow=false");
    }
    let method: Method = route.method.as_str().parse().unwrap();
    let mut answer = caller.request(method, &path, (!body.is_null()).then_some(body)).await;
    // OTLP has errors of its own shape, in which the code stands elsewhere.
    let detail = &answer.json()["details"][0];
    if let Some(reason) = detail["reason"].as_str() {
        let mut error = json!({ "code": reason });
        for (key, value) in detail["metadata"].as_object().into_iter().flatten() {
            error[key] = serde_json::from_str(value.as_str().unwrap()).unwrap();
        }
        answer.text = json!({ "error": error }).to_string();
    }
    answer
}
