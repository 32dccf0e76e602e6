//! Scopes and roles in plain words.

use pintle_core::permissions::Role;

/// What a scope lets an integration do, and whether it reaches further than most people expect.
pub(super) struct Meaning {
    pub text: &'static str,
    pub far: bool,
}

pub(super) fn of_scope(scope: &str) -> Meaning {
    let (access, stem) = scope.split_once(':').unwrap_or(("", scope));
    let (read, write) = match stem {
        "integration-configuration" => {
            ("See its own installation", "Manage its own installation: add webhooks, or remove itself")
        }
        "deployment" => {
            ("See deployments, their files and build logs", "Create, cancel and delete deployments")
        }
        "deployment-check" => {
            ("See the checks of deployments", "Run checks on deployments, and hold them back")
        }
        "edge-config" => ("Read Edge Configs and their items", "Create, change and delete Edge Configs"),
        "project" => {
            ("See projects and their domains", "Create, change and delete projects and their domains")
        }
        "project-env-vars" => {
            ("See its own environment variables", "Add, change and delete environment variables of its own")
        }
        "global-project-env-vars" => (
            "Read all environment variables, yours included",
            "Read, change and delete all environment variables, yours included",
        ),
        "team" => ("See the team and its members", "See and change the team"),
        "user" => ("See your name and e-mail address", "See and change your account"),
        "log-drain" => ("See its own log drains", "Add log drains, which send it the logs of projects"),
        "drain" => ("See its own drains", "Add drains, which send it logs, traces and analytics of projects"),
        "domain" => {
            ("See domains, DNS records and certificates", "Change domains, DNS records and certificates")
        }
        "billing" => ("See charges and contracts", "See and change charges and contracts"),
        "otel-endpoint" => ("See OpenTelemetry endpoints", "Receive traces over OpenTelemetry"),
        "monitoring" => ("See monitoring data", "See and change monitoring"),
        _ => ("Something that this page has no words for", "Something that this page has no words for"),
    };
    let writes = access == "read-write";
    let far =
        stem == "global-project-env-vars" || writes && matches!(stem, "project" | "deployment" | "domain");
    Meaning { text: if writes { write } else { read }, far }
}

pub(super) fn role(role: Role) -> &'static str {
    match role {
        Role::Owner => "owner",
        Role::Member => "member",
        Role::Developer => "developer",
        Role::Security => "security",
        Role::Billing => "billing",
        Role::Viewer => "viewer",
        Role::ViewerForPlus => "viewer (Plus)",
        Role::Contributor => "contributor",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_core::permissions::Scopes;

    #[test]
    fn every_scope_has_words() {
        for stem in Scopes::STEMS {
            for access in ["read", "read-write"] {
                let text = of_scope(&format!("{access}:{stem}")).text;
                assert!(!text.contains("no words"), "{access}:{stem}");
            }
        }
    }
}
