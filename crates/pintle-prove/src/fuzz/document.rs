//! The server's document, as far as requests are made of it.

use crate::server::Server;
use serde_json::Value as Json;

pub struct Operation {
    pub id: String,
    /// In upper case.
    pub method: String,
    /// With its parameters in braces.
    pub path: String,
    /// Names and schemas.
    pub query: Vec<(String, Json)>,
    pub body: Option<Json>,
}

impl Operation {
    /// The path's segments that are parameters, by their place.
    pub fn parameters(&self) -> usize {
        self.path.split('/').filter(|part| part.starts_with('{')).count()
    }
}

/// Every operation but those that are left out.
pub fn operations(server: &Server) -> Vec<Operation> {
    let mut response = ureq::get(format!("{}/openapi.json", server.url)).call().expect("the document");
    let text = response.body_mut().read_to_string().expect("a text");
    let document: Json = serde_json::from_str(&text).expect("JSON");
    let paths = document["paths"].as_object().expect("paths").iter();
    let all = paths.flat_map(|(path, item)| {
        let methods = item.as_object().expect("methods").iter();
        methods.map(move |(method, operation)| of(path, method, operation))
    });
    let operations: Vec<Operation> = all.filter(|operation| !super::is_left_out(operation)).collect();
    assert!(operations.len() > 150, "the document has only {} operations", operations.len());
    operations
}

fn of(path: &str, method: &str, operation: &Json) -> Operation {
    let parameters = operation["parameters"].as_array().expect("parameters").iter();
    let query = parameters.filter(|parameter| parameter["in"] == "query");
    let named = |parameter: &Json| {
        (parameter["name"].as_str().expect("a name").to_owned(), parameter["schema"].clone())
    };
    Operation {
        id: operation["operationId"].as_str().expect("an id").to_owned(),
        method: method.to_uppercase(),
        path: path.to_owned(),
        query: query.map(named).collect(),
        body: operation.pointer("/requestBody/content/application~1json/schema").cloned(),
    }
}
