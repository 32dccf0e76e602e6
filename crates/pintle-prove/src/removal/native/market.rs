//! A vendor's native integrations, their partner, and the installations that the tenants of a world buy and furnish.

use super::super::build::text;
use super::super::world::World;
use super::Tally;
use crate::partner::{Mood, Partner, secrets};
use axum::http::Method;
use pintle_testing::{Caller, Pintle};
use serde_json::{Value, json};

pub struct Market {
    pub partner: Partner,
    apps: Vec<String>,
    pub homes: Vec<Home>,
    pub tally: Tally,
}

/// A native installation.
#[derive(Clone)]
pub struct Home {
    pub id: String,
    pub tenant: usize,
    pub token: Caller,
    pub stores: Vec<Store>,
    /// An invoice that is not paid.
    pub invoice: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Store {
    pub id: String,
    /// The partner's id.
    pub resource: String,
    pub connections: usize,
}

// The same names everywhere, so that neighbours have them too.
const NAMES: [&str; 3] = ["main", "cache", "files"];

impl Market {
    /// The vendor is nobody's tenant.
    pub async fn open(world: &mut World) -> Self {
        let partner = Partner::start().await;
        let vendor = world.pintle.team("vendor").await;
        let mut apps = Vec::new();
        for number in 0..world.dice.between(1, 2) {
            apps.push(format!("stores-{number}"));
            register(&vendor, &partner, &apps[number]).await;
        }
        Self { partner, apps, homes: Vec::new(), tally: Tally { worlds: 1, ..Tally::default() } }
    }

    /// Most tenants buy most of them, and have resources.
    pub async fn furnish(&mut self, world: &mut World) {
        for tenant in 0..world.tenants.len() {
            for app in 0..self.apps.len() {
                if (tenant, app) != (0, 0) && world.dice.chance(35) {
                    continue;
                }
                let mut home = self.buy(world, tenant, app).await;
                if world.dice.chance(25) {
                    self.abandon(world, &home).await;
                }
                for _ in 0..world.dice.between(0, 3) {
                    self.stock(world, &mut home).await;
                }
                if world.dice.chance(20) {
                    self.bill(&world.pintle, &mut home).await;
                }
                self.homes.push(home);
            }
        }
    }

    pub async fn buy(&mut self, world: &mut World, tenant: usize, app: usize) -> Home {
        let moods: [&[Mood]; 4] = [
            &[Mood::Behaves],
            &[Mood::Behaves],
            &[Mood::Unheard, Mood::Behaves],
            &[Mood::Fails, Mood::Fails, Mood::Unheard, Mood::Behaves],
        ];
        let (moods, buyer) = (*world.dice.pick(&moods), world.editor(tenant));
        let path = format!("/v2/integrations/integration/{}/marketplace/install", self.apps[app]);
        self.partner.feels(moods);
        let made = buyer.post(&path, json!({})).await.ok(200);
        if moods.len() > 2 {
            self.pass(&world.pintle, 1).await;
        }
        self.partner.feels(&[Mood::Behaves]);
        self.tally.bought += 1;
        let id = text(&made["id"]);
        let token = self.partner.memory().installations[&id].token.clone();
        let token = world.tenants[tenant].owner.with_token(token).without_team();
        Home { id, tenant, token, stores: Vec::new(), invoice: None }
    }

    /// A resource, made by the partner for the team or imported by it, and projects that use it.
    async fn stock(&mut self, world: &mut World, home: &mut Home) {
        let name = *world.dice.pick(&NAMES);
        let made = match world.dice.between(0, 2) {
            0 => Some(self.import(world, home, name).await),
            _ => self.provision(world, home, name).await,
        };
        let Some(mut store) = made else { return };
        let projects = world.tenants[home.tenant].project_ids();
        for project in world.dice.some(&projects, 0) {
            let body = json!({ "projectId": project, "envVarPrefix": name.to_uppercase() });
            let path = format!("/v1/storage/stores/{}/connections", store.id);
            let answer = world.editor(home.tenant).post(&path, body).await;
            // Where another resource of the name is connected, its variables are in the way.
            assert!(matches!(answer.status, 201 | 409), "{} answered {}", answer.request, answer.text);
            store.connections += usize::from(answer.status == 201);
        }
        if world.dice.chance(30) {
            self.renew(world, home, &store).await;
        }
        home.stores.push(store);
    }

    async fn provision(&self, world: &mut World, home: &Home, name: &str) -> Option<Store> {
        let moods: [&[Mood]; 3] =
            [&[Mood::Behaves], &[Mood::Unheard, Mood::Behaves], &[Mood::Unheard, Mood::Fails, Mood::Behaves]];
        let (moods, buyer) = (*world.dice.pick(&moods), world.editor(home.tenant));
        self.partner.feels(moods);
        let answer = buyer.post("/v1/storage/stores/integration/direct", provision(&home.id, name)).await;
        if moods.len() > 2 {
            self.pass(&world.pintle, 1).await;
        }
        self.partner.feels(&[Mood::Behaves]);
        if answer.status == 409 {
            return None;
        }
        let id = text(&answer.ok(200)["store"]["id"]);
        let store = buyer.get(&format!("/v1/storage/stores/{id}")).await.ok(200);
        Some(Store { id, resource: text(&store["store"]["externalResourceId"]), connections: 0 })
    }

    /// A resource that the partner makes without being heard, and that the team takes back before it knows.
    async fn abandon(&self, world: &mut World, home: &Home) {
        self.partner.feels(&[Mood::Unheard, Mood::Unheard, Mood::Fails, Mood::Behaves]);
        let buyer = world.editor(home.tenant);
        let body = provision(&home.id, "abandoned");
        let made = buyer.post("/v1/storage/stores/integration/direct", body).await.ok(200);
        assert_eq!(made["store"]["status"], "initializing", "{made}");
        let id = text(&made["store"]["id"]);
        buyer.delete(&format!("/v1/storage/stores/integration/{id}")).await.ok(204);
        self.pass(&world.pintle, 1).await;
        self.partner.feels(&[Mood::Behaves]);
        buyer.get(&format!("/v1/storage/stores/{id}")).await.fails(404, "not_found");
    }

    /// One that the partner has already: the team is on its way to the import page, and the partner imports it. The state of that
    /// way stays behind, where nobody comes back.
    async fn import(&self, world: &mut World, home: &Home, name: &str) -> Store {
        let begin = format!("/pintle/v1/integrations/configurations/{}/imports", home.id);
        world.editor(home.tenant).post(&begin, json!({})).await.ok(201);
        let linked = world.dice.chance(50);
        let resource = self.partner.memory().add(&home.id, name, linked);
        let path = format!("/v1/installations/{}/resources/{resource}", home.id);
        let ownership = if linked { "linked" } else { *world.dice.pick(&["owned", "sandbox"]) };
        let body = import(&resource, name, ownership);
        let answer = home.token.request(Method::PUT, &path, Some(body)).await.ok(200);
        if let Some(there) = self.partner.memory().resource(&home.id, &resource) {
            there.name = text(&answer["name"]);
        }
        let id = text(&home.token.get(&path).await.ok(200)["internalId"]);
        Store { id, resource, connections: 0 }
    }

    /// New secrets, by the team's wish or by the partner's own.
    async fn renew(&self, world: &mut World, home: &Home, store: &Store) {
        if world.dice.chance(50) {
            let path = format!("/v1/storage/stores/{}/secrets/rotate", store.id);
            world.editor(home.tenant).post(&path, json!({})).await.ok(200);
            return;
        }
        let generation = {
            let mut memory = self.partner.memory();
            let there = memory.resource(&home.id, &store.resource).expect("a resource");
            there.generation += 1;
            there.generation
        };
        let path = format!("/v1/installations/{}/resources/{}/secrets", home.id, store.resource);
        let body = json!({ "secrets": secrets(&store.resource, generation) });
        home.token.request(Method::PUT, &path, Some(body)).await.ok(201);
    }

    /// The partner bills the installation's plan.
    async fn bill(&mut self, pintle: &Pintle, home: &mut Home) {
        let at = format!("/v1/installations/{}", home.id);
        let plan = json!({ "billingPlan": { "id": "pro", "type": "subscription", "name": "pro" } });
        home.token.patch(&at, plan).await.ok(204);
        let day = |ahead: i64| pintle_core::clock::text(pintle.clock.now() + ahead * pintle_core::clock::DAY);
        let invoice = json!({
            "externalId": "last", "invoiceDate": day(0), "period": { "start": day(-1), "end": day(29) },
            "items": [{
                "billingPlanId": "pro", "name": "Pro", "price": "20", "quantity": 1, "units": "month", "total": "20.00",
            }],
        });
        let made = home.token.post(&format!("{at}/billing/invoices"), invoice).await.ok(200);
        home.invoice = Some(text(&made["invoiceId"]));
        self.tally.invoices += 1;
    }
}

pub async fn register(vendor: &Caller, partner: &Partner, slug: &str) {
    let app = json!({
        "name": slug, "slug": slug, "kind": "marketplace", "baseUrl": partner.url,
        "webhookUrl": "https://app.example.com/hook", "importResourceUrl": "https://app.example.com/import",
        "scopes": ["read-write:integration-configuration"],
    });
    vendor.post("/pintle/v1/integrations", app).await.ok(201);
    let product = json!({ "name": "Db", "slug": "db" });
    vendor.post(&format!("/pintle/v1/integrations/{slug}/products"), product).await.ok(201);
}

pub fn provision(installation: &str, name: &str) -> Value {
    json!({
        "name": name, "integrationConfigurationId": installation, "integrationProductIdOrSlug": "db", "metadata": {},
        "billingPlanId": "free",
    })
}

pub fn import(resource: &str, name: &str, ownership: &str) -> Value {
    json!({
        "productId": "db", "name": name, "status": "ready", "ownership": ownership, "secrets": secrets(resource, 1),
    })
}
