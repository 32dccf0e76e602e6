//! What the server is killed at: one request each, that changes something on both sides or on one.

use crate::client::{Answer, Client};
use crate::partner::{Memory, secrets};
use crate::stage::{Stage, Store};
use pintle_core::marketplace::calls::Operation;
use serde_json::{Value, json};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A call to the partner.
    Call(Operation),
    Connect,
    Disconnect,
    /// The partner's part: it comes again with what was not answered.
    Import,
    UpdateSecrets,
    /// The window of a removed installation passes.
    Close,
}

/// The steps of a call, and of a transaction.
const CALL: [&str; 5] = ["intending", "intended", "asked", "settling", "settled"];
const WRITE: [&str; 2] = ["writing", "written"];

impl Act {
    /// Whether the partner asks for it, who comes again until it is answered.
    pub fn is_partners(self) -> bool {
        use Operation::{ReadInstallation, ReadResource};
        matches!(self, Act::Import | Act::UpdateSecrets | Act::Call(ReadInstallation | ReadResource))
    }

    pub fn all() -> impl Iterator<Item = Act> {
        let own = [Act::Connect, Act::Disconnect, Act::Import, Act::UpdateSecrets, Act::Close];
        Operation::ALL.into_iter().map(Act::Call).chain(own)
    }

    fn name(self) -> String {
        match self {
            Act::Call(operation) => json!(operation).as_str().unwrap_or_default().to_owned(),
            Act::Connect => "connect".into(),
            Act::Disconnect => "disconnect".into(),
            Act::Import => "import".into(),
            Act::UpdateSecrets => "update-secrets".into(),
            Act::Close => "close".into(),
        }
    }

    /// The points that it comes by, in their order.
    pub fn points(self) -> Vec<Point> {
        let steps = match self {
            Act::Call(_) => CALL.as_slice(),
            Act::Close => &WRITE[..1],
            _ => WRITE.as_slice(),
        };
        let point = |step: &&'static str| Point { act: self, step, name: format!("{}.{step}", self.name()) };
        steps.iter().map(point).collect()
    }
}

/// A point at which the server is killed.
pub struct Point {
    pub act: Act,
    step: &'static str,
    pub name: String,
}

impl Point {
    /// How often it is passed before the background comes to it, where the partner fails at both tries of a request.
    pub fn passed_by_request(&self) -> Option<usize> {
        match (self.act, self.step) {
            (Act::Call(_), "intended" | "asked" | "settled") => Some(2),
            (Act::Call(_), "settling") => Some(1),
            _ => None,
        }
    }

    /// Whether the change outlives a kill there. A partner that is not answered comes again, and the clock goes on.
    pub fn outlives(&self) -> bool {
        self.act.is_partners() || self.act == Act::Close || !matches!(self.step, "intending" | "writing")
    }
}

/// Whether something was carried out, by the partner's memory and by what Pintle shows.
type Happened = Box<dyn Fn(&Memory, &Client) -> bool + Sync>;

/// A request that waits to be sent, and how to see whether it was carried out: exactly once.
pub struct Order {
    /// As the user, or with the token of the installation.
    token: Option<String>,
    /// Where it is not the user's first team.
    team: Option<String>,
    method: &'static str,
    path: String,
    body: Value,
    happened: Happened,
}

impl Order {
    pub fn send(&self, client: &Client) -> Option<Answer> {
        let client = &self.team.as_ref().map_or(client.clone(), |team| client.for_team(team));
        match &self.token {
            Some(token) => client.send_as(token, self.method, &self.path, Some(&self.body)),
            None => client.send(self.method, &self.path, Some(&self.body)),
        }
    }

    pub fn happened(&self, memory: &Memory, client: &Client) -> bool {
        (self.happened)(memory, client)
    }
}

impl Stage {
    /// Makes what the act needs, and says how it is asked for.
    pub fn order(&mut self, act: Act) -> Order {
        match act {
            Act::Call(Operation::Install) => self.install_order(),
            Act::Call(Operation::ChangePlan) => self.plan_order(),
            Act::Call(Operation::DeleteInstallation) => self.removal_order(),
            Act::Call(Operation::Provision) => self.provision_order(),
            Act::Call(Operation::UpdateResource) => self.rename_order(),
            Act::Call(Operation::DeleteResource) => self.delete_order(),
            Act::Call(Operation::RotateSecrets) => self.rotate_order(),
            Act::Call(Operation::OfferResources) => self.offer_order(),
            Act::Call(Operation::AcceptResources) => self.accept_order(),
            Act::Call(Operation::ProvisionCredits) => self.credits_order(),
            Act::Call(Operation::ReadInstallation) => self.plan_notice(),
            Act::Call(Operation::ReadResource) => self.resource_notice(),
            Act::Connect => self.connect_order(),
            Act::Disconnect => self.disconnect_order(),
            Act::Import => self.import_order(),
            Act::UpdateSecrets => self.secrets_order(),
            Act::Close => self.close_order(),
        }
    }

    fn user(
        method: &'static str,
        path: String,
        body: Value,
        happened: impl Fn(&Memory, &Client) -> bool + Sync + 'static,
    ) -> Order {
        Order { token: None, team: None, method, path, body, happened: Box::new(happened) }
    }

    fn install_order(&mut self) -> Order {
        self.remove();
        let before = self.partner.memory().served().count();
        Self::user("POST", self.install_path(), json!({}), move |memory, _| {
            memory.served().count() == before + 1
        })
    }

    fn plan_order(&mut self) -> Order {
        let id = self.installed();
        let plan = self.name("plan");
        let path = format!("/v1/integrations/configuration/{id}");
        let body = json!({ "billingPlanId": plan });
        Self::user("PATCH", path.clone(), body, move |memory, client| {
            let there = memory.installations[&id].plan.as_deref() == Some(plan.as_str());
            assert_eq!(client.get(&path)["billingPlan"]["id"] == plan.as_str(), there, "the plan of {id}");
            there
        })
    }

    /// A removal of an installation that has a connected resource, another, and a linked one.
    fn removal_order(&mut self) -> Order {
        let id = self.installed();
        let store = self.store();
        self.connect(&store);
        self.store();
        let token = self.partner.memory().installations[&id].token.clone();
        let path = format!("/v1/integrations/configuration/{id}");
        let gone = id.clone();
        let order = Self::user("DELETE", path, Value::Null, move |memory, client| {
            let gone_there = memory.installations[&gone].gone;
            let receipt = client.send("GET", &format!("/pintle/v1/removals/{gone}"), None);
            let receipt = receipt.expect("a running server");
            assert_eq!(receipt.status == 200, gone_there, "{}", receipt.unexpected());
            if gone_there {
                let named = |field: &str| receipt.body["removed"][field].as_array().map_or(0, Vec::len);
                assert!(named("resources") >= 2 && named("connections") >= 1, "{}", receipt.body);
            }
            gone_there
        });
        Order { token: self.dice.chance(50).then_some(token), ..order }
    }

    fn provision_order(&mut self) -> Order {
        let id = self.installed();
        let name = self.name("store");
        let body = self.provision_body(&name);
        Self::user("POST", "/v1/storage/stores/integration/direct".into(), body, move |memory, _| {
            let all = memory.installations[&id].resources.values();
            let count = all.filter(|resource| resource.name == name).count();
            assert!(count < 2, "{count} resources were made of one request");
            count == 1
        })
    }

    fn rename_order(&mut self) -> Order {
        let store = self.store();
        let name = self.name("renamed");
        let body = json!({ "name": name });
        let path = format!("/v1/storage/stores/{}", store.id);
        Self::user("PATCH", path, body, move |memory, _| {
            store.there(memory).is_some_and(|there| there.name == name)
        })
    }

    fn delete_order(&mut self) -> Order {
        let store = self.store();
        let path = format!("/v1/storage/stores/integration/{}", store.id);
        Self::user("DELETE", path, Value::Null, move |memory, _| store.there(memory).is_none())
    }

    fn rotate_order(&mut self) -> Order {
        let store = self.store();
        self.connect(&store);
        let path = format!("/v1/storage/stores/{}/secrets/rotate", store.id);
        Self::user("POST", path, json!({}), move |memory, _| {
            let generation = store.there(memory).map_or(0, |there| there.generation);
            assert!(generation < 3, "the secrets were rotated {} times", generation - 1);
            generation == 2
        })
    }

    fn offer_order(&mut self) -> Order {
        let store = self.store();
        let path =
            format!("/pintle/v1/integrations/configurations/{}/resource-transfers", store.installation);
        Self::user("POST", path, json!({ "storeIds": [store.id] }), move |memory, _| {
            let offers = memory.claims.values().filter(|(_, resources)| resources.contains(&store.resource));
            let count = offers.count();
            assert!(count < 2, "{count} claims were made of one request");
            count == 1
        })
    }

    /// Another team takes a resource that is offered.
    fn accept_order(&mut self) -> Order {
        let store = self.store();
        let code = self.offer(&store);
        let (team, guest) = self.guest();
        let path = format!("/pintle/v1/integrations/configurations/{guest}/resource-transfers/accept");
        let order = Self::user("POST", path, json!({ "code": code }), move |memory, _| {
            memory.installations[&guest].resources.contains_key(&store.resource)
        });
        Order { team: Some(team), ..order }
    }

    /// Credits are paid for.
    fn credits_order(&mut self) -> Order {
        let id = self.installed();
        let invoice = self.bought_credits(&id);
        let before = self.partner.memory().installations[&id].credits;
        let path = format!("/pintle/v1/invoices/{invoice}/pay");
        Self::user("POST", path, json!({}), move |memory, _| {
            let now = memory.installations[&id].credits;
            assert!(now <= before + 1, "credits were handed out {} times", now - before);
            now == before + 1
        })
    }

    fn connect_order(&mut self) -> Order {
        let store = self.store();
        let body = self.connection();
        let path = format!("/v1/storage/stores/{}/connections", store.id);
        Self::user("POST", path, body, move |_, client| store.connections(client) == 1)
    }

    fn disconnect_order(&mut self) -> Order {
        let store = self.store();
        self.connect(&store);
        let path = format!("/v1/storage/stores/{}/connections", store.id);
        Self::user("DELETE", path, Value::Null, move |_, client| store.connections(client) == 0)
    }

    /// What the partner asks for, with the token of the installation.
    fn partners(
        &self,
        installation: &str,
        path: String,
        body: Value,
        happened: impl Fn(&Memory, &Client) -> bool + Sync + 'static,
    ) -> Order {
        let token = self.partner.memory().installations[installation].token.clone();
        Order { token: Some(token), team: None, method: "PUT", path, body, happened: Box::new(happened) }
    }

    /// The partner says that the plan is another.
    fn plan_notice(&mut self) -> Order {
        let id = self.installed();
        let plan = self.name("plan");
        if let Some(there) = self.partner.memory().installations.get_mut(&id) {
            there.plan = Some(plan.clone());
        }
        let body = json!({ "event": { "type": "installation.updated" } });
        let path = format!("/v1/integrations/configuration/{id}");
        let order = self.partners(&id, format!("/v1/installations/{id}/events"), body, move |_, client| {
            client.get(&path)["billingPlan"]["id"] == plan.as_str()
        });
        Order { method: "POST", ..order }
    }

    fn resource_notice(&mut self) -> Order {
        let Store { id, installation, resource } = self.store();
        let plan = self.name("plan");
        if let Some(there) = self.partner.memory().resource(&installation, &resource) {
            there.plan = Some(plan.clone());
        }
        let body =
            json!({ "event": { "type": "resource.updated", "resourceId": resource, "productId": "db" } });
        let path = format!("/v1/installations/{installation}/events");
        let order = self.partners(&installation, path, body, move |_, client| {
            client.get(&format!("/v1/storage/stores/{id}"))["store"]["billingPlan"]["id"] == plan.as_str()
        });
        Order { method: "POST", ..order }
    }

    fn import_order(&mut self) -> Order {
        let id = self.installed();
        let name = self.name("import");
        let resource = self.partner.memory().add(&id, &name, self.dice.chance(50));
        let ownership = if self.partner.memory().installations[&id].resources[&resource].linked {
            "linked"
        } else {
            "owned"
        };
        let body = json!({
            "productId": "db", "name": name, "status": "ready", "ownership": ownership, "secrets": secrets(&resource, 1),
        });
        let path = format!("/v1/installations/{id}/resources/{resource}");
        let list = format!("/v1/storage/stores?integrationConfigurationId={id}");
        self.partners(&id, path, body, move |_, client| {
            let stores = client.get(&list)["stores"].take();
            let mut stores = stores.as_array().into_iter().flatten();
            stores.any(|store| store["externalResourceId"] == resource.as_str())
        })
    }

    fn secrets_order(&mut self) -> Order {
        let store = self.store();
        self.connect(&store);
        let Store { id, installation, resource } = store;
        let generation = {
            let mut memory = self.partner.memory();
            let there = memory.resource(&installation, &resource).expect("a resource");
            there.generation += 1;
            there.generation
        };
        let path = format!("/v1/installations/{installation}/resources/{resource}/secrets");
        let body = json!({ "secrets": secrets(&resource, generation) });
        // Which values the projects have is held against the partner for every store.
        self.partners(&installation, path, body, move |_, client| {
            client.get(&format!("/v1/storage/stores/{id}"))["store"]["status"] == "available"
        })
    }

    /// A removal that leaves something to settle; then a day passes.
    fn close_order(&mut self) -> Order {
        // Nothing is left to pay.
        self.remove();
        let id = self.installed();
        self.partner.memory().keeps_bills = true;
        self.remove();
        self.partner.memory().keeps_bills = false;
        let path = format!("/pintle/v1/removals/{id}");
        Self::user("POST", "/pintle/v1/clock".into(), json!({ "advance": "25h" }), move |_, client| {
            client.get(&path)["closing"]["state"] == "closed"
        })
    }
}
