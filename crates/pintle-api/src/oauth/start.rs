//! How an installation was started: the parameters of the consent page's address, which travel along until it is given.

use crate::query::Query;
use form_urlencoded::Serializer;
use pintle_core::configurations::Source;
use pintle_core::integrations::{Integration, Kind};
use pintle_core::{Error, Result};

#[derive(Debug, Clone, Default)]
pub(super) struct Start {
    /// Which of its two ways, where an integration has both.
    pub installation_type: Option<Kind>,
    pub source: Option<Source>,
    pub state: Option<String>,
    pub current_project: Option<String>,
    pub external_id: Option<String>,
    /// The chosen account or team, by id or slug.
    pub team: Option<String>,
    /// Not an installation at all: the page that leads on to the partner.
    pub jump: Option<String>,
}

impl Start {
    /// # Errors
    /// 400 for a source or a type that is not known.
    pub(super) fn of(query: &Query) -> Result<Self> {
        let source = query.get("source").map(|text| {
            Source::parse(text).ok_or_else(|| Error::bad_request(format!("`source` cannot be `{text}`")))
        });
        let kind = query.one_of("installationType", &["external", "marketplace"])?;
        Ok(Self {
            installation_type: kind
                .map(|kind| if kind == "external" { Kind::External } else { Kind::Marketplace }),
            source: source.transpose()?,
            state: query.text("state"),
            current_project: query.text("currentProjectId"),
            external_id: query.text("external-id"),
            team: query.text("teamId"),
            // Only to a page of Pintle's own.
            jump: query.text("jump").filter(|path| path.starts_with("/integrations/")),
        })
    }

    /// How it is installed: a native integration that sends its users on is a connectable account, unless the start says otherwise.
    pub(super) fn kind(&self, app: &Integration) -> Kind {
        self.installation_type.unwrap_or(match app.redirect_url {
            Some(_) => Kind::External,
            None => app.kind,
        })
    }

    /// All but the team, as fields of a form.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let fields = [
            ("jump", self.jump.as_deref()),
            ("installationType", self.installation_type.map(Kind::as_str)),
            ("source", self.source.map(Source::as_str)),
            ("state", self.state.as_deref()),
            ("currentProjectId", self.current_project.as_deref()),
            ("external-id", self.external_id.as_deref()),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }

    /// Where a person goes who has signed in.
    pub(super) fn after_sign_in(&self, slug: &str) -> String {
        self.jump.clone().unwrap_or_else(|| self.path(slug, "new"))
    }

    /// The address of a consent page of this start.
    pub(super) fn path(&self, slug: &str, page: &str) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(self.fields()).extend_pairs(self.team.iter().map(|team| ("teamId", team)));
        match query.finish() {
            query if query.is_empty() => format!("/integrations/{slug}/{page}"),
            query => format!("/integrations/{slug}/{page}?{query}"),
        }
    }
}
