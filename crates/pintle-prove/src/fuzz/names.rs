//! What a name in a path, a body or an answer stands for: a kind of thing, whichever of its names it is called by.

/// Kinds that have several names.
const ALIASES: [(&str, &str); 18] = [
    ("client", "integration"),
    ("configurationinstallation", "configuration"),
    ("customenvironment", "environment"),
    ("edgeconfigbackupversion", "backup"),
    ("externalresource", "resource"),
    ("globalconfig", "edgeconfig"),
    ("install", "configuration"),
    ("installation", "configuration"),
    ("integrationconfiguration", "configuration"),
    ("integrationproduct", "product"),
    ("invitecode", "invitation"),
    ("logdrain", "drain"),
    ("member", "user"),
    ("resourcetransfer", "transfer"),
    ("requester", "user"),
    ("emailinvitecode", "invite"),
    ("version", "backup"),
    ("experimentationitem", "item"),
];

/// Lower case, letters and digits alone.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

fn singular(name: &str) -> String {
    let name = plain(name);
    match (name.strip_suffix("ies"), name.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) if !stem.ends_with('s') => stem.to_owned(),
        _ => name,
    }
}

fn one_name(kind: String) -> String {
    ALIASES.iter().find(|(alias, _)| *alias == kind).map_or(kind, |(_, name)| (*name).to_owned())
}

/// The kind that a field or parameter of this name stands for, where it belongs to a thing of the kind `of`.
pub fn kind(name: &str, of: &str) -> String {
    let plain = plain(name);
    let stem =
        ["idorslug", "idorname", "slugorid", "ids", "id"].iter().find_map(|end| plain.strip_suffix(end));
    match (plain.as_str(), stem) {
        ("uid", _) => "user".to_owned(),
        (_, Some("")) => of.to_owned(),
        (_, Some(stem)) => one_name(stem.to_owned()),
        ("slug" | "code", _) => format!("{of}{plain}"),
        (_, None) => one_name(plain),
    }
}

/// The kind of what is in an object or a list under this name.
pub fn of_what(name: &str) -> String {
    one_name(singular(name))
}

/// The kind of what is under this name in a thing of the kind `of`: some names say only that there is something.
pub fn inside(name: &str, of: &str) -> String {
    match name {
        "data" | "created" | "updated" | "result" => of.to_owned(),
        _ => of_what(name),
    }
}

/// The kind of each parameter of a path.
pub fn parameters(path: &str) -> Vec<String> {
    let mut before = String::new();
    let mut kinds = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => kinds.push(kind(name, &before)),
            // A store is found under what it is of.
            None if before == "store" && part == "integration" => {}
            None => before = of_what(part),
        }
    }
    kinds
}

/// The kind of what a path's answer is.
pub fn answered(path: &str) -> String {
    let mut parts = path.split('/').filter(|part| !part.is_empty() && !part.starts_with('{'));
    of_what(parts.next_back().unwrap_or_default())
}
