//! From a secret's name to a variable's (semantics.md 4.3).

use crate::{Error, Result};

/// Variables with this are readable in browsers, by their name alone: so it stays in front.
const PUBLIC: &str = "NEXT_PUBLIC_";

/// The name of a secret's variable: `PREFIX_NAME`, with the user's prefix rather than the provider's. Hyphens and spaces become
/// underscores; a name that has the prefix already is not given it again; a leading `NEXT_PUBLIC_` stays first.
///
/// # Errors
/// 400 where what comes out does not begin with a letter, or has something else than letters, digits and underscores.
pub fn variable_name(secret: &str, providers: Option<&str>, users: Option<&str>) -> Result<String> {
    let plain = |text: &str| text.replace(['-', ' '], "_");
    let name = plain(secret);
    let given =
        |prefix: Option<&str>| prefix.map(plain).filter(|prefix| !prefix.trim_matches('_').is_empty());
    let prefix = given(users).or_else(|| given(providers)).unwrap_or_default();

    let (public, name) = unpublished(&name);
    let (published, prefix) = unpublished(&prefix);
    let prefix = prefix.trim_end_matches('_');
    let has_it = name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    let joined = if prefix.is_empty() || has_it { name.to_owned() } else { format!("{prefix}_{name}") };
    let joined = if public || published { format!("{PUBLIC}{joined}") } else { joined };

    let begins = joined.starts_with(|c: char| c.is_ascii_alphabetic());
    match begins && joined.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        true => Ok(joined),
        false => {
            let text = format!(
                "The secret `{secret}` would be the variable `{joined}`, which is not a letter followed by letters, digits and underscores"
            );
            Err(Error::bad_request(text))
        }
    }
}

/// Whether a name or a prefix begins as public ones do, and the rest.
fn unpublished(text: &str) -> (bool, &str) {
    match text.strip_prefix(PUBLIC) {
        Some(rest) => (true, rest),
        None if text == PUBLIC.trim_end_matches('_') => (true, ""),
        None => (false, text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rule() {
        // The secret, the provider's prefix, the user's, the variable.
        let cases = [
            ("URL", "", "", "URL"),
            ("URL", "ACME", "", "ACME_URL"),
            ("URL", "ACME_", "", "ACME_URL"),
            ("URL", "ACME", "MINE", "MINE_URL"),
            ("URL", "ACME", "MINE_", "MINE_URL"),
            ("URL", "", "MINE", "MINE_URL"),
            ("api-key", "", "", "api_key"),
            ("api key", "my db", "", "my_db_api_key"),
            ("ACME_URL", "ACME", "", "ACME_URL"),
            ("ACME-URL", "ACME", "", "ACME_URL"),
            ("ACME", "ACME", "", "ACME"),
            ("ACMEURL", "ACME", "", "ACME_ACMEURL"),
            ("ACME_URL", "ACME", "MINE", "MINE_ACME_URL"),
            ("NEXT_PUBLIC_URL", "", "", "NEXT_PUBLIC_URL"),
            ("NEXT_PUBLIC_URL", "ACME", "", "NEXT_PUBLIC_ACME_URL"),
            ("NEXT_PUBLIC_ACME_URL", "ACME", "", "NEXT_PUBLIC_ACME_URL"),
            ("NEXT_PUBLIC_URL", "ACME", "MINE", "NEXT_PUBLIC_MINE_URL"),
            ("URL", "NEXT_PUBLIC_ACME", "", "NEXT_PUBLIC_ACME_URL"),
            ("URL", "", "NEXT_PUBLIC", "NEXT_PUBLIC_URL"),
            ("NEXT_PUBLIC_URL", "", "NEXT_PUBLIC_", "NEXT_PUBLIC_URL"),
            ("9TH", "ACME", "", "ACME_9TH"),
            ("URL", "___", "", "URL"),
        ];
        for (secret, providers, users, variable) in cases {
            let name = variable_name(secret, Some(providers), Some(users)).unwrap();
            assert_eq!(name, variable, "{secret} with {providers} and {users}");
        }
        for (secret, prefix) in [("9TH", ""), ("_URL", ""), ("URL", "9"), ("", ""), ("ÜRL", ""), ("A.B", "")]
        {
            let error = variable_name(secret, None, Some(prefix)).unwrap_err();
            assert_eq!(error.code, "bad_request", "{secret} with {prefix}");
        }
    }
}
