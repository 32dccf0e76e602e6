//! What a variable may be, whatever else its project has (semantics.md 7.1). The codes are in upper case, as clients know them.

use super::{Kind, Target, Variable};
use crate::{Error, Kind as Failure, Result, validate};
use serde_json::json;

/// Bytes of one value; all values of a deployment together are held to the same when it is made.
const VALUE: usize = 64 << 10;
const KEY: usize = 256;
const BRANCH: usize = 250;
/// The contract says 500, newer clients send up to 1000.
const COMMENT: usize = 1000;

/// Variables of one environment of a project.
pub(super) const PER_ENVIRONMENT: i64 = 1000;

/// Names that the platform's own runtime needs.
const RESERVED: [&str; 11] = [
    "AWS_SECRET_KEY",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "NOW_REGION",
    "TZ",
    "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
];

/// A failure of one variable: 400 with a code of its own.
pub(super) fn failure(code: &'static str, message: impl Into<String>) -> Error {
    Error::new(Failure::BadRequest, code, message)
}

/// The lengths that the contract's schema says, so that they fail the whole body; `at` is where the variable stands in it.
///
/// # Errors
/// 400 `bad_request`.
pub(super) fn lengths(at: &str, git_branch: Option<&str>, comment: Option<&str>) -> Result<()> {
    validate::at_most(&format!("{at}gitBranch"), git_branch.unwrap_or_default(), BRANCH)?;
    validate::at_most(&format!("{at}comment"), comment.unwrap_or_default(), COMMENT)
}

/// # Errors
/// 400 with the code of the first rule that is broken, and the variable's key.
pub(super) fn check(variable: &Variable, value: &str) -> Result<()> {
    let broken = first_broken(variable, value);
    broken.map_or(Ok(()), |error| Err(error.with("key", json!(variable.key))))
}

fn first_broken(variable: &Variable, value: &str) -> Option<Error> {
    content(&variable.key, variable.kind, value).or_else(|| environments(variable))
}

/// What a name and a value may be, wherever the variable is.
pub(super) fn content(key: &str, kind: Kind, value: &str) -> Option<Error> {
    if key.is_empty() || key.len() > KEY {
        let text = format!("The name of an environment variable has 1 to {KEY} characters");
        return Some(failure("KEY_INVALID_LENGTH", text));
    }
    let begins = key.starts_with(|c: char| c.is_ascii_alphabetic());
    if !begins || !key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        let text = format!("The name `{key}` is not a letter followed by letters, digits and underscores");
        return Some(failure("KEY_INVALID_CHARACTERS", text));
    }
    if RESERVED.contains(&key) {
        return Some(failure("RESERVED_ENV_VARIABLE", format!("The name `{key}` is reserved")));
    }
    if value.len() > VALUE {
        let text = format!("The value of `{key}` is longer than {VALUE} bytes");
        return Some(failure("VALUE_INVALID_LENGTH", text));
    }
    if kind == Kind::System && !value.is_empty() {
        let text = format!("`{key}` is a system environment variable, which has no value of its own");
        return Some(failure("SYSTEM_ENV_WITH_VALUE", text));
    }
    None
}

fn environments(variable: &Variable) -> Option<Error> {
    let key = &variable.key;
    if variable.target.is_empty() && variable.custom_environment_ids.is_empty() {
        return Some(no_target(key));
    }
    if variable.kind == Kind::Sensitive && variable.target.contains(&Target::Development) {
        return Some(sensitive_in_development(key));
    }
    let only_preview = variable.target == [Target::Preview] && variable.custom_environment_ids.is_empty();
    if variable.git_branch.is_some() && !only_preview {
        let text = format!("`{key}` has a git branch, which needs `preview` as its only target");
        return Some(failure("BAD_REQUEST", text));
    }
    None
}

pub(super) fn no_target(key: &str) -> Error {
    failure("MISSING_TARGET", format!("`{key}` needs a target or a custom environment"))
}

pub(super) fn sensitive_in_development(key: &str) -> Error {
    let text = format!("`{key}` is sensitive, and a sensitive variable cannot target development");
    failure("BAD_REQUEST", text)
}

/// The project has no custom environment of this id.
pub(super) fn no_environment(id: &str, variable: &Variable) -> Error {
    let text = format!("There is no custom environment `{id}`");
    failure("ID_NOT_FOUND", text).with("key", variable.key.as_str())
}
