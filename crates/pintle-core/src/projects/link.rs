//! The Git repository that a project is connected to.

use crate::clock::Millis;
use crate::{Error, Result, credential};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};

/// What is stored, and what the wire shows: the common part typed, what differs by provider in `rest`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    #[serde(rename = "type")]
    pub provider: Provider,
    pub production_branch: String,
    pub git_credential_id: String,
    pub deploy_hooks: Vec<Json>,
    pub sourceless: bool,
    pub created_at: Millis,
    pub updated_at: Millis,
    #[serde(flatten)]
    pub rest: Map<String, Json>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    Github,
    GithubLimited,
    Gitlab,
    Bitbucket,
}

/// `gitRepository` of a body.
#[derive(Debug, Clone, Deserialize)]
pub struct GitRepository {
    #[serde(rename = "type")]
    pub provider: Provider,
    /// `owner/name`; at GitLab the owner may be a path.
    pub repo: String,
}

impl Link {
    /// Pintle asks no provider, so what only the provider knows is derived from the name. `field` is where the name stands in the body.
    ///
    /// # Errors
    /// 400 where `repo` is not `owner/name`.
    pub fn new(field: &str, repository: &GitRepository, now: Millis) -> Result<Self> {
        let parts =
            repository.repo.rsplit_once('/').filter(|(owner, name)| !owner.is_empty() && !name.is_empty());
        let Some((owner, name)) = parts else {
            return Err(Error::invalid(format_args!("`{field}` should be in the form \"owner/name\".")));
        };
        let rest = match repository.provider {
            Provider::Github | Provider::GithubLimited => json!({ "org": owner, "repo": name }),
            Provider::Gitlab => json!({
                "projectId": number(&repository.repo).to_string(), "projectName": name, "projectNameWithNamespace": repository.repo,
                "projectNamespace": owner, "projectUrl": format!("https://gitlab.com/{}", repository.repo),
            }),
            Provider::Bitbucket => json!({
                "owner": owner, "slug": name, "name": name, "uuid": repository.repo, "workspaceUuid": owner,
            }),
        };
        Ok(Self {
            provider: repository.provider,
            production_branch: "main".into(),
            git_credential_id: String::new(),
            deploy_hooks: Vec::new(),
            sourceless: false,
            created_at: now,
            updated_at: now,
            rest: rest.as_object().cloned().unwrap_or_default(),
        })
    }

    fn text(&self, name: &str) -> &str {
        self.rest.get(name).and_then(Json::as_str).unwrap_or_default()
    }

    /// `owner/name`.
    pub fn repo(&self) -> String {
        match self.provider {
            Provider::Github | Provider::GithubLimited => {
                format!("{}/{}", self.text("org"), self.text("repo"))
            }
            Provider::Gitlab => self.text("projectNameWithNamespace").to_owned(),
            Provider::Bitbucket => format!("{}/{}", self.text("owner"), self.text("slug")),
        }
    }

    pub fn url(&self) -> String {
        let host = match self.provider {
            Provider::Github | Provider::GithubLimited => "github.com",
            Provider::Gitlab => "gitlab.com",
            Provider::Bitbucket => "bitbucket.org",
        };
        format!("https://{host}/{}", self.repo())
    }

    /// The provider's own id of the repository, where it is known.
    pub fn repo_id(&self) -> Option<String> {
        ["repoId", "projectId", "uuid"].into_iter().find_map(|name| match self.rest.get(name)? {
            Json::String(text) => Some(text.clone()),
            Json::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }
}

/// A number that stands for the repository: clients read GitLab's id as one.
fn number(repo: &str) -> u64 {
    let hash = credential::hash(repo);
    hash.as_str().get(..8).and_then(|digits| u64::from_str_radix(digits, 16).ok()).unwrap_or_default()
}
