//! What bodies say of a product, and its rules.

use super::{DeploymentAction, Guide, Link, MetadataSchema, Product, Protocol, Protocols, Snippet};
use crate::clock::Millis;
use crate::ids::{IntegrationId, ProductId};
use crate::patch::Patch;
use crate::{Error, Result, validate};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

/// The body of a creation or an update, and a product in an operator's file: what is absent stays, `null` clears.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductBody {
    #[serde(default)]
    pub name: Patch<String>,
    #[serde(default)]
    pub slug: Patch<String>,
    #[serde(default)]
    pub short_description: Patch<String>,
    #[serde(default)]
    pub plans_description: Patch<String>,
    /// Replaces all of them.
    #[serde(default)]
    pub protocols: Patch<Protocols>,
    #[serde(default)]
    pub primary_protocol: Patch<Protocol>,
    #[serde(default)]
    pub metadata_schema: Patch<Map<String, Json>>,
    #[serde(default)]
    pub logo: Patch<String>,
    #[serde(default)]
    pub tags: Patch<Vec<String>>,
    #[serde(default)]
    pub guides: Patch<Vec<Guide>>,
    #[serde(default)]
    pub resource_links: Patch<Vec<Link>>,
    #[serde(default)]
    pub snippets: Patch<Vec<Snippet>>,
    #[serde(default)]
    pub deployment_actions: Patch<Vec<DeploymentAction>>,
}

impl ProductBody {
    /// Its slug, else one made of its name.
    pub(crate) fn slug(&self) -> String {
        let of_name = || self.name.as_set().map(|name| validate::slugify(name));
        self.slug.as_set().cloned().or_else(of_name).unwrap_or_default()
    }

    /// A record that is not stored yet.
    ///
    /// # Errors
    /// 400 for the first field that breaks its rule.
    pub(crate) fn into_product(
        self,
        id: ProductId,
        integration_id: IntegrationId,
        now: Millis,
    ) -> Result<Product> {
        if self.name == Patch::Absent {
            return Err(Error::invalid("missing required property `name`."));
        }
        let mut product = Product {
            id,
            integration_id,
            slug: self.slug(),
            name: String::new(),
            short_description: None,
            plans_description: None,
            protocols: Protocols::default(),
            primary_protocol: None,
            metadata_schema: MetadataSchema::default(),
            logo: None,
            tags: Vec::new(),
            guides: Vec::new(),
            resource_links: Vec::new(),
            snippets: Vec::new(),
            deployment_actions: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        self.apply(&mut product)?;
        Ok(product)
    }

    pub(crate) fn apply(self, product: &mut Product) -> Result<()> {
        self.name.replace("name", "string", &mut product.name)?;
        self.slug.replace("slug", "string", &mut product.slug)?;
        self.protocols.replace("protocols", "object", &mut product.protocols)?;
        self.tags.replace("tags", "array", &mut product.tags)?;
        self.guides.replace("guides", "array", &mut product.guides)?;
        self.resource_links.replace("resourceLinks", "array", &mut product.resource_links)?;
        self.snippets.replace("snippets", "array", &mut product.snippets)?;
        self.deployment_actions.replace("deploymentActions", "array", &mut product.deployment_actions)?;
        self.short_description.apply(&mut product.short_description);
        self.plans_description.apply(&mut product.plans_description);
        self.primary_protocol.apply(&mut product.primary_protocol);
        self.logo.apply(&mut product.logo);
        match self.metadata_schema {
            Patch::Absent => {}
            Patch::Null => product.metadata_schema = MetadataSchema::default(),
            Patch::Set(schema) => product.metadata_schema = MetadataSchema::read(schema)?,
        }
        product.check()
    }
}

impl Product {
    fn check(&self) -> Result<()> {
        validate::length("name", &self.name, 64)?;
        slug("slug", &self.slug)?;
        let texts = [
            ("shortDescription", &self.short_description, 256),
            ("plansDescription", &self.plans_description, 29),
            ("logo", &self.logo, 2_048),
        ];
        for (field, text, max) in texts {
            text.as_ref().map_or(Ok(()), |text| validate::length(field, text, max))?;
        }
        self.logo.as_ref().map_or(Ok(()), |url| validate::http_url("logo", url))?;
        self.protocols.check(self.primary_protocol)?;
        validate::items("tags", &self.tags, 0, 20)?;
        validate::unique("tags", &self.tags)?;
        each("tags", &self.tags, |field, tag| validate::length(field, tag, 64))?;
        self.check_guides()?;
        validate::items("deploymentActions", &self.deployment_actions, 0, 20)?;
        let slugs: Vec<&str> = self.deployment_actions.iter().map(|action| action.slug.as_str()).collect();
        validate::unique("deploymentActions", &slugs)?;
        each("deploymentActions", &self.deployment_actions, |field, action| {
            slug(&format!("{field}.slug"), &action.slug)?;
            validate::length(&format!("{field}.name"), &action.name, 64)
        })
    }

    fn check_guides(&self) -> Result<()> {
        validate::items("guides", &self.guides, 0, 20)?;
        each("guides", &self.guides, |field, guide| {
            validate::length(&format!("{field}.framework"), &guide.framework, 64)?;
            validate::length(&format!("{field}.title"), &guide.title, 128)?;
            validate::items(&format!("{field}.steps"), &guide.steps, 1, 30)?;
            each(&format!("{field}.steps"), &guide.steps, |field, step| {
                validate::length(&format!("{field}.title"), &step.title, 128)?;
                validate::at_most(&format!("{field}.content"), &step.content, 10_000)
            })
        })?;
        validate::items("resourceLinks", &self.resource_links, 0, 20)?;
        each("resourceLinks", &self.resource_links, |field, link| {
            validate::length(&format!("{field}.title"), &link.title, 128)?;
            validate::at_most(&format!("{field}.href"), &link.href, 2_048)?;
            validate::http_url(&format!("{field}.href"), &link.href)
        })?;
        validate::items("snippets", &self.snippets, 0, 6)?;
        each("snippets", &self.snippets, |field, snippet| {
            validate::length(&format!("{field}.name"), &snippet.name, 128)?;
            validate::length(&format!("{field}.language"), &snippet.language, 32)?;
            validate::length(&format!("{field}.content"), &snippet.content, 10_000)
        })
    }
}

fn each<T>(list: &str, items: &[T], check: impl Fn(&str, &T) -> Result<()>) -> Result<()> {
    items.iter().enumerate().try_for_each(|(at, item)| check(&format!("{list}[{at}]"), item))
}

/// Unlike that of an integration it has no underscores.
fn slug(field: &str, text: &str) -> Result<()> {
    validate::slug(field, text, 64)?;
    match text.contains('_') {
        true => Err(Error::invalid(format_args!("`{field}` should match pattern \"^[a-z0-9-]+$\"."))),
        false => Ok(()),
    }
}
