//! Who calls: users in teams, installations.

use crate::{Answer, Pintle, contract};
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt;
use pintle_api::Api;
use pintle_core::configurations::Projects;
use pintle_core::ids::{OwnerId, UserId};
use pintle_core::marketplace::rehearsal;
use pintle_core::permissions::Role;
use pintle_core::scope::Principal;
use pintle_core::teams::{self, NewTeam};
use pintle_core::tokens::{self, NewToken};
use pintle_core::users::{self, NewUser, User};
use pintle_core::{Scope, integrations};
use pintle_store::params;
use serde_json::{Value, json};

/// A token, and the team that its requests name. With an empty token, its requests carry none.
#[derive(Clone)]
pub struct Caller {
    api: Api,
    pub token: String,
    pub user: UserId,
    pub team: Option<OwnerId>,
}

/// An installation: its ids, and its own token as a caller.
#[derive(Clone)]
pub struct Installed {
    pub id: String,
    pub integration: String,
    pub client_secret: String,
    pub caller: Caller,
}

impl Pintle {
    /// A new user with a token of the whole account, acting for the personal account.
    pub async fn user(&self, username: &str) -> Caller {
        let email = format!("{username}@example.com");
        let input = NewUser { email, username: username.to_owned(), name: None };
        let user: User = users::create(&self.core, input).await.expect("a new user");
        let token = NewToken { name: "test".into(), ..NewToken::default() };
        let issued = tokens::issue(&self.core, &user.id, token).await.expect("a new token");
        Caller { api: self.api.clone(), token: issued.bearer_token, user: user.id, team: None }
    }

    /// A new team with this slug, as its owner `<slug>-owner`.
    pub async fn team(&self, slug: &str) -> Caller {
        let owner = self.user(&format!("{slug}-owner")).await;
        let input = NewTeam { slug: slug.to_owned(), name: None };
        let team = teams::create(&self.core, &owner.user, input).await.expect("a new team");
        Caller { team: Some(team.id), ..owner }
    }

    /// A new member of a caller's team.
    pub async fn member(&self, team: &Caller, username: &str, role: Role) -> Caller {
        let member = self.user(username).await;
        let id = team.team.clone().expect("a caller with a team");
        teams::add_member(&self.core, &id, &member.user, role).await.expect("a new member");
        Caller { team: Some(id), ..member }
    }

    /// Gives a member extended permissions, parted by spaces.
    pub async fn extend(&self, member: &Caller, permissions: &str) {
        let (team, user) = (member.team.clone().expect("a caller with a team"), member.user.clone());
        let permissions = permissions.to_owned();
        let sql = "UPDATE members SET permissions = $3 WHERE team_id = $1 AND user_id = $2";
        let change = self.core.db.write(async move |tx| {
            tx.execute(sql, &params![&team, &user, &permissions]).await?;
            Ok::<_, pintle_core::Error>(())
        });
        change.await.expect("a changed member");
    }

    /// Sends a request through the whole API.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        send(&self.api, request).await
    }
}

async fn send(api: &Api, request: Request<Body>) -> Answer {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let (parts, body) = api.answer(request).await.into_parts();
    let body = body.collect().await.expect("a whole body").to_bytes();
    let text = String::from_utf8(body.to_vec()).expect("a text body");
    let request = format!("{method} {uri}");
    let answer = Answer { request, status: parts.status.as_u16(), headers: parts.headers, text };
    contract::check(&method, uri.path(), &answer);
    answer
}

impl Caller {
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.request(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.request(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.request(Method::DELETE, path, None).await
    }

    /// Any request with this caller's token and team.
    pub async fn request(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        let joiner = if path.contains('?') { '&' } else { '?' };
        let path = match &self.team {
            Some(team) => format!("{path}{joiner}teamId={team}"),
            None => path.to_owned(),
        };
        let mut request = Request::builder().method(method).uri(path).header("host", "pintle.test");
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        let request = request
            .header("content-type", "application/json")
            .body(body.map_or(Body::empty(), |body| Body::from(body.to_string())))
            .expect("a request");
        send(&self.api, request).await
    }

    /// The same token without a team.
    pub fn without_team(&self) -> Caller {
        Caller { team: None, ..self.clone() }
    }

    /// Another token for the same team.
    pub fn with_token(&self, token: impl Into<String>) -> Caller {
        Caller { token: token.into(), ..self.clone() }
    }

    /// The same token for another team, by id.
    pub fn for_team(&self, team: impl Into<String>) -> Caller {
        Caller { team: Some(OwnerId::from(team)), ..self.clone() }
    }

    /// The same caller at another server.
    pub fn at(&self, pintle: &Pintle) -> Caller {
        Caller { api: pintle.api.clone(), ..self.clone() }
    }

    /// The same token, naming another caller's team.
    pub fn naming_team_of(&self, other: &Caller) -> Caller {
        Caller { team: other.team.clone(), ..self.clone() }
    }

    /// Creates a project and answers its id.
    pub async fn project(&self, name: &str) -> String {
        let project = self.post("/v11/projects", json!({ "name": name })).await.ok(200);
        project["id"].as_str().expect("an id").to_owned()
    }

    /// Registers an integration with this slug and every scope that an installation can use, and installs it for this caller's team.
    pub async fn install(&self, slug: &str) -> Installed {
        let scopes = [
            "read-write:integration-configuration",
            "read-write:project",
            "read-write:project-env-vars",
            "read-write:log-drain",
            "read-write:drain",
            "read:team",
            "read:user",
        ];
        self.install_with(slug, &scopes, json!({})).await
    }

    /// Registers a native integration of the marketplace with this slug, and installs it for this caller's team: the caller of the
    /// answer is its partner, which names no team.
    pub async fn install_native(&self, slug: &str) -> Installed {
        let app = self.register_native(slug).await;
        self.install_native_app(&app).await
    }

    /// Registers a native integration of the marketplace; answers what the registration did.
    pub async fn register_native(&self, slug: &str) -> Value {
        let app = json!({
            "name": slug, "slug": slug, "kind": "marketplace", "redirectUrl": "https://example.com/callback",
            "baseUrl": "http://127.0.0.1:1", "webhookUrl": "https://example.com/hook", "events": [
                "marketplace.member.changed", "marketplace.invoice.created", "marketplace.invoice.paid",
                "marketplace.invoice.notpaid", "marketplace.invoice.overdue", "marketplace.invoice.refunded",
            ],
        });
        self.post("/pintle/v1/integrations", app).await.ok(201)
    }

    /// Installs a registered native integration, given as the answer to its registration.
    pub async fn install_native_app(&self, app: &Value) -> Installed {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let core = self.api.core();
        let found = integrations::find(&core.db.read().await.expect("a connection"), &text(&app["id"])).await;
        let found = found.expect("a query").expect("an integration");
        let owner = self.team.clone().unwrap_or_else(|| self.user.as_owner());
        let mut scope = Scope::system(owner, self.team.is_none());
        scope.principal = Principal::User { id: self.user.clone(), username: String::new() };
        let made = rehearsal::install(core, &scope, &found, Projects::All).await;
        let (id, token) = made.expect("an installation");
        let caller = self.with_token(token).without_team();
        Installed {
            id: id.to_string(),
            integration: text(&app["id"]),
            client_secret: text(&app["clientSecret"]),
            caller,
        }
    }

    /// The same as `install` with chosen scopes, and the body of the installation.
    pub async fn install_with(&self, slug: &str, scopes: &[&str], body: Value) -> Installed {
        let app = json!({
            "name": slug, "slug": slug, "scopes": scopes, "redirectUrl": "https://example.com/callback",
            "webhookUrl": "https://example.com/hook",
        });
        let app = self.post("/pintle/v1/integrations", app).await.ok(201);
        self.install_app(&app, body).await
    }

    /// Installs a registered integration, given as the answer to its registration.
    pub async fn install_app(&self, app: &Value, body: Value) -> Installed {
        let slug = app["slug"].as_str().expect("a slug");
        let made = self.post(&format!("/pintle/v1/integrations/{slug}/install"), body).await.ok(201);
        let exchange = json!({
            "client_id": app["id"], "client_secret": app["clientSecret"], "code": made["code"],
            "redirect_uri": "https://example.com/callback",
        });
        let token = self.post("/v2/oauth/access_token", exchange).await.ok(200);
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let caller = Caller { token: text(&token["access_token"]), ..self.clone() };
        let (id, integration) = (text(&made["configuration"]["id"]), text(&app["id"]));
        Installed { id, integration, client_secret: text(&app["clientSecret"]), caller }
    }
}
