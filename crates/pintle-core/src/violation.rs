//! What is wrong with a value that does not fit its type, in the contract's words (semantics.md 8.2).

/// serde's message about the value at `path` in Ajv's words.
pub fn of(path: &str, message: &str) -> String {
    let message = without_place(message);
    // An error inside a union carries its own place (pintle-core's `union`).
    if let Some((place, inner)) = message.strip_prefix("at `").and_then(|rest| rest.split_once("`: ")) {
        return of(&nested(path, place), inner);
    }
    let field = if path == "." { String::new() } else { format!("`{path}` ") };
    if let Some(name) = quoted(message, "missing field `") {
        return format!("missing required property `{}`.", nested(path, name));
    }
    if let Some(name) = quoted(message, "unknown field `") {
        let object = parent(path, name);
        let object = if object.is_empty() { String::new() } else { format!("`{object}` ") };
        return format!("{object}should NOT have additional property `{name}`.");
    }
    if message.starts_with("unknown variant `") {
        let allowed = message.split_once(", expected ").map_or("", |(_, list)| list);
        let allowed: Vec<&str> = allowed.split('`').skip(1).step_by(2).collect();
        return format!("{field}should be equal to one of the allowed values \"{}\".", allowed.join(", "));
    }
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{field}should be {}.", ajv_type(expected)),
        None => format!("{field}{message}."),
    }
}

/// serde_json appends where in the text it was: ` at line 1 column 2`. The same words inside a value are left, since what stands before
/// them would be no message but a piece of the value.
fn without_place(message: &str) -> &str {
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_place = |(_, place): &(&str, &str)| {
        place.split_once(" column ").is_some_and(|(line, column)| number(line) && number(column))
    };
    message.rsplit_once(" at line ").filter(is_place).map_or(message, |(text, _)| text)
}

fn nested(path: &str, place: &str) -> String {
    match (path, place) {
        (_, "") => path.to_owned(),
        (".", _) => place.to_owned(),
        _ if place.starts_with('[') => format!("{path}{place}"),
        _ => format!("{path}.{place}"),
    }
}

fn quoted<'a>(message: &'a str, before: &str) -> Option<&'a str> {
    message.strip_prefix(before).and_then(|rest| rest.split('`').next())
}

/// The path of the object that has a field too many. serde_path_to_error names the field itself.
fn parent<'a>(path: &'a str, name: &str) -> &'a str {
    let path = path.strip_suffix(name).and_then(|p| p.strip_suffix('.')).unwrap_or(path);
    if path == "." || path == name { "" } else { path }
}

fn ajv_type(expected: &str) -> &str {
    let expected = expected.strip_prefix("a ").or_else(|| expected.strip_prefix("an ")).unwrap_or(expected);
    match expected {
        "string" | "borrowed string" => "string",
        "boolean" => "boolean",
        "sequence" => "array",
        "map" => "object",
        _ if expected.starts_with("struct") || expected.starts_with("internally tagged") => "object",
        _ if ["i64", "u64", "i32", "u32", "u16", "f64", "usize"].contains(&expected) => "number",
        _ => expected,
    }
}
