//! What the partner asks of Pintle.

use crate::Partner;
use crate::refusal::{Refusal, Result};
use serde_json::Value;
use std::time::Duration;
use ureq::Agent;
use ureq::http::Request;

const TIMEOUT: Duration = Duration::from_secs(10);
/// Between tries; each pause is twice the one before.
const PAUSE: Duration = Duration::from_millis(100);
const TRIES: u32 = 9;

pub struct Pintle {
    url: String,
    agent: Agent,
}

impl Pintle {
    pub fn new(url: String) -> Self {
        let config = Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIMEOUT));
        Self { url, agent: config.build().into() }
    }

    /// What a public URL answers.
    pub async fn get(&self, url: &str) -> Result<Value> {
        let request = Request::get(url).body(String::new()).map_err(Refusal::failed)?;
        match self.send(request).await? {
            (200, body) => Ok(body),
            (status, _) => Err(Refusal::failed(format!("{url} answered {status}"))),
        }
    }

    /// Status and body of what Pintle answers at a path.
    pub async fn call(
        &self,
        token: Option<&str>,
        method: &str,
        path: &str,
        body: &Value,
    ) -> Result<(u16, Value)> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = request.header("content-type", "application/json").body(body);
        self.send(request.map_err(Refusal::failed)?).await
    }

    async fn send(&self, request: Request<String>) -> Result<(u16, Value)> {
        let agent = self.agent.clone();
        let sent = tokio::task::spawn_blocking(move || {
            let mut answer = agent.run(request)?;
            let text = answer.body_mut().read_to_string()?;
            Ok::<_, ureq::Error>((answer.status().as_u16(), text))
        });
        let (status, text) = sent.await.map_err(Refusal::failed)?.map_err(Refusal::failed)?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }
}

impl Partner {
    /// Tells Pintle something of an installation, until Pintle has taken or refused it. Pintle may not know a resource yet whose making it
    /// was just answered, so 404 is worth another try.
    pub async fn tell(&self, installation: &str, method: &str, path: &str, body: Value) -> Option<Value> {
        for nth in 0..TRIES {
            let token = self.store.lock().installations.get(installation)?.access_token.clone();
            match self.pintle.call(Some(&token), method, path, &body).await {
                Ok((200..=299, answer)) => return Some(answer),
                Ok((status @ (400..=403 | 409 | 410 | 422), answer)) => {
                    eprintln!("{method} {path} was refused ({status}): {answer}");
                    return None;
                }
                Ok((status, _)) => eprintln!("{method} {path} answered {status}: trying again"),
                Err(error) => eprintln!("{method} {path} did not get through: {error:?}"),
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(nth)).await;
        }
        None
    }
}
