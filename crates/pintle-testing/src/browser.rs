//! A browser without scripts: it keeps one cookie, sends forms, and does not follow redirects by itself.

use crate::{Answer, Caller, Pintle};
use axum::body::Body;
use axum::http::{Method, Request};
use parking_lot::Mutex;

pub struct Browser<'a> {
    pintle: &'a Pintle,
    cookie: Mutex<Option<String>>,
}

impl Pintle {
    pub fn browser(&self) -> Browser<'_> {
        Browser { pintle: self, cookie: Mutex::default() }
    }
}

impl Browser<'_> {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], &[]).await
    }

    /// Sends a form from a page of Pintle's own.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.send(Method::POST, path, fields, &[("sec-fetch-site", "same-origin")]).await
    }

    /// The same with headers of the test's choice.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "pintle.test")
            .header("content-type", "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(cookie) = self.cookie() {
            request = request.header("cookie", cookie);
        }
        let answer = self.pintle.send(request.body(Body::from(body)).expect("a request")).await;
        if let Some(cookie) = answer.header("set-cookie") {
            *self.cookie.lock() = cookie.split(';').next().map(str::to_owned);
        }
        answer
    }

    pub fn cookie(&self) -> Option<String> {
        self.cookie.lock().clone()
    }

    /// Pastes the caller's token into the sign-in form of an integration's page.
    pub async fn sign_in(&self, slug: &str, caller: &Caller) -> Answer {
        let path = format!("/integrations/{slug}/sign-in");
        self.post(&path, &[("token", caller.token.as_str())]).await
    }
}

impl Answer {
    /// The value of a hidden field of the page.
    #[track_caller]
    pub fn field(&self, name: &str) -> String {
        let before = format!("name=\"{name}\" value=\"");
        let rest = self.text.split_once(&before).map(|(_, rest)| rest);
        let rest = rest.unwrap_or_else(|| panic!("no field {name} in {}", self.text));
        rest.split('"').next().unwrap_or_default().to_owned()
    }
}
