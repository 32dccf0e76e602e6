//! What is printed when the server is ready.

use crate::egress::Doors;
use pintle_core::faults::Fault;
use pintle_core::seed::demo::Demo;
use serde::Serialize;
use std::net::SocketAddr;

/// The address as a client reaches it from this machine.
pub fn url(address: SocketAddr) -> String {
    let host = match address.ip() {
        ip if ip.is_unspecified() && ip.is_ipv4() => "127.0.0.1".to_owned(),
        ip if ip.is_unspecified() => "[::1]".to_owned(),
        ip if ip.is_ipv6() => format!("[{ip}]"),
        ip => ip.to_string(),
    };
    format!("http://{host}:{}", address.port())
}

#[derive(Serialize)]
pub struct Ready<'a> {
    pub url: &'a str,
    pub egress: Doors,
    #[serde(flatten)]
    pub demo: Option<&'a Demo>,
    /// Those of `--dev` that an earlier start left on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<Fault>,
    /// There is nobody who could call.
    #[serde(skip)]
    pub empty: bool,
}

impl Ready<'_> {
    /// One line of JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(self)
    }

    /// For a person: the address, and with `--dev` what to try.
    pub fn text(&self) -> String {
        let mut text = format!("Pintle {} is ready at {}\n", env!("CARGO_PKG_VERSION"), self.url);
        text.push_str(&self.egress.to_string());
        if let Some(demo) = self.demo {
            text.push_str(&facts(demo));
            text.push_str(&match &demo.configuration_id {
                Some(configuration) => removal(self.url, demo, configuration.as_str()),
                None => reinstall(self.url, demo),
            });
            text.push_str(&listening(self.url, demo));
            if let Some(key) = &demo.log_key {
                text.push_str(&logging(self.url, demo, key));
            }
        }
        if !self.faults.is_empty() {
            let lines: Vec<String> = self.faults.iter().map(|fault| format!("\n  {fault}")).collect();
            text.push_str(&format!("\nFaults are on:\n{}\n", lines.concat()));
        }
        if self.empty {
            text.push_str("\nIt has no users yet: declare some in pintle.yaml (see docs/configuration.md), or start it with --dev.\n");
        }
        text
    }
}

fn facts(demo: &Demo) -> String {
    let projects: Vec<&str> = demo.project_ids.iter().map(|id| id.as_str()).collect();
    format!(
        "\n  token         {}\n  team          {} ({})\n  projects      {}\n  integration   {}\n  installation  {}\n",
        demo.token,
        demo.team_slug,
        demo.team_id,
        projects.join(", "),
        demo.integration_id,
        demo.configuration_id.as_ref().map_or("removed", |id| id.as_str()),
    )
}

/// The two commands that remove the demo installation. The second is the snippet of the operation's documentation page.
fn removal(url: &str, demo: &Demo, configuration: &str) -> String {
    let Demo { token, team_id, team_slug, .. } = demo;
    format!(
        r#"
Remove the installation, with everything that it attached:

curl -i -X DELETE -H "Authorization: Bearer {token}" "{url}/v1/integrations/configuration/{configuration}?teamId={team_id}"

Or with the SDK, where "npm install @vercel/sdk" was run:

node --input-type=module <<'END'
import {{ Vercel }} from "@vercel/sdk";

const vercel = new Vercel({{ bearerToken: "{token}", serverURL: "{url}" }});

await vercel.integrations.deleteConfiguration({{
  id: "{configuration}",
  teamId: "{team_id}",
  slug: "{team_slug}",
}});
END
"#
    )
}

/// Events that come to a shell.
fn listening(url: &str, demo: &Demo) -> String {
    let token = &demo.token;
    format!(
        r#"
See what it tells you: forward its events to a server of your own, and send one:

export PINTLE_URL={url} PINTLE_TOKEN={token}
pintle listen --forward-to http://localhost:3000/api/webhook
pintle trigger deployment.ready
"#
    )
}

/// The key feeds one of the projects.
fn logging(url: &str, demo: &Demo, key: &str) -> String {
    let Demo { token, team_id, .. } = demo;
    format!(
        r#"
Log something, and read it:

curl -H "Authorization: Bearer {key}" "{url}/pintle/v1/logs" -d '{{"message":"hello"}}'
curl -H "Authorization: Bearer {token}" "{url}/pintle/v1/logs?teamId={team_id}"
"#
    )
}

fn reinstall(url: &str, demo: &Demo) -> String {
    let Demo { token, team_id, integration_id, .. } = demo;
    format!(
        r#"
The demo installation was removed. Install it again:

curl -X POST -H "Authorization: Bearer {token}" "{url}/pintle/v1/integrations/{integration_id}/install?teamId={team_id}"
"#
    )
}
