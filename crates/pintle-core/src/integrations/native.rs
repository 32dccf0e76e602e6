//! What a native integration has beside: its partner's server, its terms, and how it is shown (semantics.md 1.2).

use super::{Integration, Kind};
use crate::{Error, Result, validate};
use serde::{Deserialize, Serialize};
use url::Url;

/// How the catalogue shows an integration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listing {
    /// Every team finds it in the catalogue. Without that it is found by its slug only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub listed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub developer_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub short_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_information: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<String>,
    /// An e-mail address or a URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub support: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documentation_url: Option<String>,
    /// A slug.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// URLs of pictures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub media: Vec<String>,
}

/// What whoever installs a native integration accepts: `acceptedPolicies` of the partner protocol has its `id` as the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub id: String,
    pub name: String,
    pub url: String,
}

impl Listing {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn check(&self) -> Result<()> {
        let texts = [
            ("listing.developerName", &self.developer_name, 64),
            ("listing.shortDescription", &self.short_description, 40),
            ("listing.additionalInformation", &self.additional_information, 1_024),
            ("listing.contactEmail", &self.contact_email, 256),
            ("listing.support", &self.support, 2_048),
            ("listing.documentationUrl", &self.documentation_url, 2_048),
        ];
        for (field, text, max) in texts {
            text.as_ref().map_or(Ok(()), |text| validate::length(field, text, max))?;
        }
        if let Some(email) = &self.contact_email {
            validate::email("listing.contactEmail", email)?;
        }
        match &self.support {
            Some(text) if !text.contains('@') => validate::http_url("listing.support", text)?,
            Some(email) => validate::email("listing.support", email)?,
            None => {}
        }
        if let Some(url) = &self.documentation_url {
            validate::http_url("listing.documentationUrl", url)?;
        }
        if let Some(category) = &self.category {
            validate::slug("listing.category", category, 32)?;
        }
        validate::items("listing.media", &self.media, 0, 5)?;
        self.media.iter().enumerate().try_for_each(|(at, url)| {
            let field = format!("listing.media[{at}]");
            validate::at_most(&field, url, 2_048)?;
            validate::http_url(&field, url)
        })
    }
}

impl Integration {
    /// The rules of the fields that only a native integration has.
    pub(super) fn check_native(&self) -> Result<()> {
        self.listing.check()?;
        let own = [
            ("baseUrl", self.base_url.is_some()),
            ("redirectLoginUrl", self.redirect_login_url.is_some()),
            ("importResourceUrl", self.import_resource_url.is_some()),
            ("installationLevelBillingPlans", self.installation_level_billing_plans),
        ];
        let misplaced = own.into_iter().find(|(_, is_set)| *is_set && self.kind != Kind::Marketplace);
        if let Some((field, _)) = misplaced {
            return Err(Error::invalid(format_args!("`{field}` is for integrations of kind `marketplace`.")));
        }
        let parsed = self.base_url.as_deref().and_then(|url| Url::parse(url).ok());
        if parsed.is_some_and(|url| url.query().or(url.fragment()).is_some()) {
            return Err(Error::invalid("`baseUrl` should have neither a query nor a fragment."));
        }
        Ok(())
    }

    /// Where its partner is, without a slash at the end.
    ///
    /// # Errors
    /// 409 `not_native` for a connectable account, `base_url_missing` where it was not registered yet: nobody could be asked.
    pub fn partner_url(&self) -> Result<&str> {
        if self.kind != Kind::Marketplace {
            let text = format!("{} is a connectable account: it has no partner to provision at", self.name);
            return Err(Error::conflict("not_native", text));
        }
        let missing = || {
            let text =
                format!("{} has no `baseUrl` yet: it can be installed natively once it has one", self.name);
            Error::conflict("base_url_missing", text)
        };
        self.base_url.as_deref().map(|url| url.trim_end_matches('/')).ok_or_else(missing)
    }

    /// What its installation needs to be accepted.
    pub fn policies(&self) -> Vec<Policy> {
        let known =
            [("privacy", "Privacy Policy", &self.privacy_url), ("eula", "Terms of Service", &self.eula_url)];
        let given = known.into_iter().filter_map(|(id, name, url)| Some((id, name, url.as_ref()?)));
        given.map(|(id, name, url)| Policy { id: id.into(), name: name.into(), url: url.clone() }).collect()
    }
}
