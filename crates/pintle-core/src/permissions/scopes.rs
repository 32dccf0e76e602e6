//! What an installation's token may: its scopes.

/// What an installation's token must hold to use a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenNeeds {
    /// Not for installations at all.
    User,
    /// Nothing but being valid.
    Nothing,
    Read(&'static str),
    Write(&'static str),
    /// Either of two scopes with write access.
    WriteEither(&'static str, &'static str),
    /// Both of them.
    WriteBoth(&'static str, &'static str),
}

/// The scopes of an installation: `read:X` and `read-write:X`, parted by spaces as stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(String);

impl Scopes {
    /// The stems that Pintle knows (semantics.md 1.3).
    pub const STEMS: [&'static str; 15] = [
        "integration-configuration",
        "deployment",
        "deployment-check",
        "edge-config",
        "project",
        "project-env-vars",
        "global-project-env-vars",
        "team",
        "user",
        "log-drain",
        "drain",
        "domain",
        "billing",
        "otel-endpoint",
        "monitoring",
    ];

    pub fn stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    pub fn join(list: &[String]) -> Self {
        Self(list.join(" "))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn list(&self) -> Vec<String> {
        self.0.split(' ').filter(|s| !s.is_empty()).map(str::to_owned).collect()
    }

    pub fn can_read(&self, stem: &str) -> bool {
        self.0
            .split(' ')
            .any(|s| s.strip_prefix("read:") == Some(stem) || s.strip_prefix("read-write:") == Some(stem))
    }

    pub fn can_write(&self, stem: &str) -> bool {
        self.0.split(' ').any(|s| s.strip_prefix("read-write:") == Some(stem))
    }

    pub fn allow(&self, needs: TokenNeeds) -> bool {
        match needs {
            TokenNeeds::User => false,
            TokenNeeds::Nothing => true,
            TokenNeeds::Read(stem) => self.can_read(stem),
            TokenNeeds::Write(stem) => self.can_write(stem),
            TokenNeeds::WriteEither(one, other) => self.can_write(one) || self.can_write(other),
            TokenNeeds::WriteBoth(one, other) => self.can_write(one) && self.can_write(other),
        }
    }

    /// Whether a text is a scope that Pintle knows.
    pub fn is_known(scope: &str) -> bool {
        let stem = scope.strip_prefix("read:").or_else(|| scope.strip_prefix("read-write:"));
        stem.is_some_and(|stem| Self::STEMS.contains(&stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_write_includes_read() {
        let scopes = Scopes::stored("read-write:project read:team");
        assert!(scopes.can_read("project") && scopes.can_write("project"));
        assert!(scopes.can_read("team") && !scopes.can_write("team"));
        assert!(!scopes.can_read("proj"));
    }
}
