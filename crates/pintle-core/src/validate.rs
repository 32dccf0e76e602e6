//! Checks of single fields, with the contract's messages (semantics.md 8.2). Each names the field as it stands in the body.

use crate::{Core, Error, Result, planted};
use pintle_egress::Failure;
use url::Url;

/// An absolute `http://` or `https://` URL.
pub fn http_url(field: &str, text: &str) -> Result<()> {
    let good = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let pattern = text.starts_with("http://") || text.starts_with("https://");
    match good && pattern {
        true => Ok(()),
        false if pattern => Err(not_a_uri(field)),
        false => Err(Error::invalid(format_args!("`{field}` should match pattern \"^https?://\"."))),
    }
}

/// That Pintle may send to a URL, as far as can be told now; each try asks again.
pub async fn admitted(core: &Core, field: &str, text: &str) -> Result<()> {
    let url = Url::parse(text).map_err(|_| not_a_uri(field))?;
    core.egress.admit(&url).await.map_err(|why| refused(field, &why))
}

/// The same for what is no web address; its port counts for nothing.
pub async fn admitted_host(core: &Core, field: &str, host: &str) -> Result<()> {
    core.egress.admit_host(host).await.map_err(|why| refused(field, &why))
}

fn refused(field: &str, why: &Failure) -> Error {
    Error::invalid(format_args!("`{field}` is {why}."))
}

fn not_a_uri(field: &str) -> Error {
    Error::invalid(format_args!("`{field}` should match format \"uri\"."))
}

/// At least one character and at most `max`.
pub fn length(field: &str, text: &str, max: usize) -> Result<()> {
    not_empty(field, text)?;
    at_most(field, text, max)
}

pub fn not_empty(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Err(Error::invalid(format_args!("`{field}` should NOT be shorter than 1 characters.")));
    }
    Ok(())
}

pub fn at_most(field: &str, text: &str, max: usize) -> Result<()> {
    if planted::on("cut-within-a-letter") {
        let _ = text.split_at(text.len().min(1));
    }
    if text.chars().count() > max {
        return Err(Error::invalid(format_args!("`{field}` should NOT be longer than {max} characters.")));
    }
    Ok(())
}

/// Between `min` and `max` items.
pub fn items<T>(field: &str, list: &[T], min: usize, max: usize) -> Result<()> {
    if list.len() < min {
        return Err(Error::invalid(format_args!("`{field}` should NOT have fewer than {min} items.")));
    }
    if list.len() > max {
        return Err(Error::invalid(format_args!("`{field}` should NOT have more than {max} items.")));
    }
    Ok(())
}

/// No item twice.
pub fn unique<T: PartialEq>(field: &str, list: &[T]) -> Result<()> {
    for (later, item) in list.iter().enumerate() {
        if let Some(earlier) = list[..later].iter().position(|other| other == item) {
            return Err(Error::invalid(format_args!(
                "`{field}` should NOT have duplicate items (items ## {earlier} and {later} are identical)."
            )));
        }
    }
    Ok(())
}

/// A number between `min` and `max`, both allowed.
pub fn within(field: &str, number: f64, min: f64, max: f64) -> Result<()> {
    if number < min {
        return Err(Error::invalid(format_args!("`{field}` should be >= {min}.")));
    }
    if number > max {
        return Err(Error::invalid(format_args!("`{field}` should be <= {max}.")));
    }
    Ok(())
}

/// Every character passes `allowed`; `pattern` is what the message shows.
pub fn pattern(field: &str, text: &str, pattern: &str, allowed: impl Fn(char) -> bool) -> Result<()> {
    if text.is_empty() || !text.chars().all(allowed) {
        return Err(Error::invalid(format_args!("`{field}` should match pattern \"{pattern}\".")));
    }
    Ok(())
}

/// Letters, digits, `_` and `-`.
pub fn word(field: &str, text: &str) -> Result<()> {
    pattern(field, text, r"^[\w-]+$", |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
}

/// One of a closed list.
pub fn one_of(field: &str, text: &str, allowed: &[&str]) -> Result<()> {
    if allowed.contains(&text) {
        return Ok(());
    }
    let list = allowed.join(", ");
    Err(Error::invalid(format_args!("`{field}` should be equal to one of the allowed values \"{list}\".")))
}

/// An e-mail address, as far as its form tells.
pub fn email(field: &str, text: &str) -> Result<()> {
    let parts = text.split_once('@');
    if parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !text.contains(' ')) {
        return Ok(());
    }
    Err(Error::invalid(format_args!("`{field}` should match format \"email\".")))
}

/// A host name: labels of letters, digits and inner hyphens, parted by dots.
pub fn hostname(field: &str, text: &str) -> Result<()> {
    let label = |label: &str| {
        let inside = label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        (1..=63).contains(&label.len()) && inside && !label.starts_with('-') && !label.ends_with('-')
    };
    match text.len() <= 253 && text.split('.').all(label) {
        true => Ok(()),
        false => Err(Error::invalid(format_args!("`{field}` should match format \"hostname\"."))),
    }
}

/// A slug: lower-case letters, digits and single hyphens inside.
pub fn slug(field: &str, text: &str, max: usize) -> Result<()> {
    length(field, text, max)?;
    let good = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if !good || text.starts_with('-') || text.ends_with('-') {
        return Err(Error::invalid(format_args!(
            "`{field}` should match pattern \"^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$\"."
        )));
    }
    Ok(())
}

/// Text as a slug: what is not a letter or digit becomes a hyphen.
pub fn slugify(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}
