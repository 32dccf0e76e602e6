//! The place where everything happens: a native integration, its partner, a project, and an installation where one is needed.

use crate::client::{Answer, Client};
use crate::dice::Dice;
use crate::partner::{Memory, Partner, Resource};
use serde_json::{Value, json};

pub struct Stage {
    pub client: Client,
    pub partner: Partner,
    pub dice: Dice,
    project: String,
    /// Another team of the user, and its installation once it has one.
    guest: (String, Option<String>),
    serial: usize,
}

/// The integration.
pub const SLUG: &str = "native";

/// A resource that both sides have.
#[derive(Debug, Clone)]
pub struct Store {
    pub id: String,
    pub installation: String,
    /// The partner's id.
    pub resource: String,
}

impl Store {
    pub fn there<'a>(&self, memory: &'a Memory) -> Option<&'a Resource> {
        memory.installations[&self.installation].resources.get(&self.resource)
    }

    pub fn connections(&self, client: &Client) -> u64 {
        let store = client.get(&format!("/v1/storage/stores/{}", self.id));
        store["store"]["totalConnectedProjects"].as_u64().expect("a number")
    }
}

impl Stage {
    pub fn set(client: Client, partner: Partner, dice: Dice) -> Self {
        let app = json!({
            "name": "Native", "slug": SLUG, "kind": "marketplace", "baseUrl": partner.url,
            "scopes": ["read-write:integration-configuration"],
        });
        let mut stage =
            Self { client, partner, dice, project: String::new(), guest: (String::new(), None), serial: 0 };
        stage.good("POST", "/pintle/v1/integrations", app);
        stage.good(
            "POST",
            &format!("/pintle/v1/integrations/{SLUG}/products"),
            json!({ "name": "Db", "slug": "db" }),
        );
        let project = stage.good("POST", "/v11/projects", json!({ "name": "points" }));
        stage.project = text(&project["id"]);
        stage.guest.0 = text(&stage.good("POST", "/v1/teams", json!({ "slug": "points-guest" }))["id"]);
        stage
    }

    /// A request that must succeed, with a partner that behaves.
    pub fn good(&self, method: &str, path: &str, body: Value) -> Value {
        let answer = self.client.send(method, path, Some(&body)).expect("a running server");
        assert!(answer.is_good(), "{}", answer.unexpected());
        answer.body
    }

    /// A name that nothing else has.
    pub fn name(&mut self, what: &str) -> String {
        self.serial += 1;
        format!("{what}-{}", self.serial)
    }

    pub fn install_path(&self) -> String {
        format!("/v2/integrations/integration/{SLUG}/marketplace/install")
    }

    fn installation(&self) -> Option<String> {
        let memory = self.partner.memory();
        let own = memory.served().map(|(id, _)| id).find(|id| self.guest.1.as_ref() != Some(*id));
        own.cloned()
    }

    /// The id of the installation that there is, or a new one.
    pub fn installed(&self) -> String {
        match self.installation() {
            Some(id) => id,
            None => text(&self.good("POST", &self.install_path(), json!({}))["id"]),
        }
    }

    /// Removes the installation, where there is one.
    pub fn remove(&self) {
        if let Some(id) = self.installation() {
            self.good("DELETE", &format!("/v1/integrations/configuration/{id}"), Value::Null);
        }
    }

    pub fn provision_body(&self, name: &str) -> Value {
        json!({
            "name": name, "integrationConfigurationId": self.installed(), "integrationProductIdOrSlug": "db",
            "metadata": {}, "billingPlanId": "free",
        })
    }

    /// A new resource.
    pub fn store(&mut self) -> Store {
        let installation = self.installed();
        let name = self.name("store");
        let made = self.good("POST", "/v1/storage/stores/integration/direct", self.provision_body(&name));
        let store = &made["store"];
        Store { id: text(&store["id"]), installation, resource: text(&store["externalResourceId"]) }
    }

    /// Another team's id and its installation.
    pub fn guest(&mut self) -> (String, String) {
        let (team, installed) = self.guest.clone();
        let id = installed.unwrap_or_else(|| {
            let client = self.client.for_team(&team);
            let made = client.send("POST", &self.install_path(), Some(&json!({}))).expect("a running server");
            assert!(made.is_good(), "{}", made.unexpected());
            text(&made.body["id"])
        });
        self.guest.1 = Some(id.clone());
        (team, id)
    }

    /// Offers a resource; answers the code.
    pub fn offer(&self, store: &Store) -> String {
        let path =
            format!("/pintle/v1/integrations/configurations/{}/resource-transfers", store.installation);
        text(&self.good("POST", &path, json!({ "storeIds": [store.id] }))["code"])
    }

    /// An invoice for credits, which is not paid.
    pub fn bought_credits(&self, installation: &str) -> String {
        let path = format!("/pintle/v1/integrations/installations/{installation}/credits");
        let made = self.good("POST", &path, json!({ "billingPlanId": "pro", "amount": "5.00" }));
        text(&made["invoiceId"])
    }

    /// A connection to the project, under a prefix that no other has.
    pub fn connection(&mut self) -> Value {
        let prefix = self.name("S").replace('-', "_");
        json!({ "projectId": self.project, "envVarPrefix": prefix })
    }

    pub fn connect(&mut self, store: &Store) {
        let body = self.connection();
        self.good("POST", &format!("/v1/storage/stores/{}/connections", store.id), body);
    }

    /// The project's variables of resources have the values that the partner has now. Answers how many there are.
    pub fn assert_values(&self) -> usize {
        let envs = self.client.get(&format!("/v10/projects/{}/env?decrypt=true", self.project));
        let memory = self.partner.memory().clone();
        let mut count = 0;
        for env in envs["envs"].as_array().expect("a list") {
            let Some(store) = env["contentHint"]["storeId"].as_str() else { continue };
            let shown = self.client.get(&format!("/v1/storage/stores/{store}"));
            let [id, product] = ["externalResourceId", "product"].map(|name| shown["store"][name].clone());
            let installation = text(&product["integrationConfigurationId"]);
            let id = text(&id);
            let resource = memory.installations[&installation].resources.get(&id);
            let resource = resource.unwrap_or_else(|| panic!("a variable of {id}, which is gone: {env}"));
            let now = crate::partner::secrets(&id, resource.generation);
            let mut values = now.as_array().into_iter().flatten().map(|secret| &secret["value"]);
            assert!(values.any(|value| *value == env["value"]), "{env} is none of {now}");
            count += 1;
        }
        count
    }

    /// Lets time pass; `None` where the server is gone.
    pub fn pass(&self, time: &str) -> Option<Answer> {
        self.client.send("POST", "/pintle/v1/clock", Some(&json!({ "advance": time })))
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}
