//! What the clients asked for, and what they were answered.

use std::collections::BTreeMap;

/// How far a change got, as its client saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fate {
    #[default]
    Never,
    /// Sent; the server died before it answered, or has not answered yet.
    Asked,
    /// Answered with success.
    Done,
    /// Answered that it cannot be.
    Refused,
}

/// The kinds of things that are attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Webhook,
    LogDrain,
    Drain,
    Variable,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Webhook, Kind::LogDrain, Kind::Drain, Kind::Variable];

    pub fn create(self, project: &str) -> String {
        match self {
            Kind::Webhook => "/v1/webhooks".into(),
            Kind::LogDrain => "/v2/integrations/log-drains".into(),
            Kind::Drain => "/v1/drains".into(),
            Kind::Variable => format!("/v10/projects/{project}/env"),
        }
    }

    pub fn item(self, project: &str, id: &str) -> String {
        match self {
            Kind::Webhook => format!("/v1/webhooks/{id}"),
            Kind::LogDrain | Kind::Drain => format!("/v1/drains/{id}"),
            Kind::Variable => format!("/v9/projects/{project}/env/{id}"),
        }
    }

    /// Under which field a receipt lists it.
    pub fn receipt(self) -> &'static str {
        match self {
            Kind::Webhook => "webhooks",
            Kind::LogDrain | Kind::Drain => "drains",
            Kind::Variable => "environmentVariables",
        }
    }
}

/// A thing, under a name that no other ever has.
#[derive(Debug, Clone)]
pub struct Thing {
    pub kind: Kind,
    pub name: String,
    pub project: String,
    /// Known once its creation was answered, or the thing was found after a restart.
    pub id: Option<String>,
    /// The client that made it, which alone deletes and edits it.
    pub lane: usize,
    /// Things of one request: all of them came to be, or none.
    pub request: usize,
    pub created: Fate,
    pub deleted: Fate,
    /// What was written into it last, and what was sent to be.
    pub comment: Option<String>,
    pub next_comment: Option<String>,
}

impl Thing {
    /// Whether it may be there, and whether it must, unless its owner was removed.
    pub fn may_be(&self) -> bool {
        matches!(self.created, Fate::Asked | Fate::Done) && self.deleted != Fate::Done
    }

    pub fn must_be(&self) -> bool {
        self.created == Fate::Done && matches!(self.deleted, Fate::Never | Fate::Refused)
    }
}

/// An installation.
#[derive(Debug, Clone)]
pub struct Installation {
    pub lane: usize,
    pub id: String,
    pub token: Option<String>,
    /// Code exchanges that were sent, and that were answered.
    pub exchanges: (usize, usize),
    pub removal: Fate,
    pub things: Vec<Thing>,
}

/// An integration; each client has one, and installs it again after each removal.
#[derive(Debug, Clone)]
pub struct App {
    pub id: String,
    pub slug: String,
    pub client_secret: String,
    pub project: String,
    /// An installation was asked for and not answered.
    pub installing: bool,
}

#[derive(Default)]
pub struct Ledger {
    pub apps: Vec<App>,
    pub installations: Vec<Installation>,
    /// The user's own.
    pub own: Vec<Thing>,
    /// For names and requests.
    pub serial: usize,
    pub tally: Tally,
}

/// What was counted, over all rounds.
#[derive(Debug, Default, Clone)]
pub struct Tally {
    pub rounds: usize,
    pub answered: usize,
    pub unanswered: usize,
    /// Unanswered changes that were found done.
    pub found: usize,
    pub removals: usize,
    pub removals_unanswered: usize,
    pub checked: BTreeMap<&'static str, usize>,
}

impl Tally {
    pub fn add(&mut self, other: &Tally) {
        self.rounds += other.rounds;
        self.answered += other.answered;
        self.unanswered += other.unanswered;
        self.found += other.found;
        self.removals += other.removals;
        self.removals_unanswered += other.removals_unanswered;
        for (what, count) in &other.checked {
            *self.checked.entry(what).or_default() += count;
        }
    }
}

impl Ledger {
    pub fn next(&mut self) -> usize {
        self.serial += 1;
        self.serial
    }

    /// The things of an installation, or the user's own.
    pub fn things(&mut self, owner: Option<&str>) -> Option<&mut Vec<Thing>> {
        match owner {
            None => Some(&mut self.own),
            Some(id) => self.installation(id).map(|installation| &mut installation.things),
        }
    }

    pub fn installation(&mut self, id: &str) -> Option<&mut Installation> {
        self.installations.iter_mut().find(|installation| installation.id == id)
    }

    pub fn thing(&mut self, owner: Option<&str>, name: &str) -> Option<&mut Thing> {
        self.things(owner)?.iter_mut().find(|thing| thing.name == name)
    }

    /// Whether a refusal is right: the installation's removal was asked for.
    pub fn is_ending(&mut self, owner: Option<&str>) -> bool {
        owner.and_then(|id| self.installation(id)).is_some_and(|i| i.removal != Fate::Never)
    }
}
