//! A customer comes from Pintle and is signed in at the partner.

use super::cases;
use crate::ask::Answer;
use crate::expect::{Miss, Verdict, failed, fine, skipped};
use crate::world::World;
use pintle_core::Error;
use pintle_core::marketplace::sso::Destination;
use url::Url;

cases! { pub(super) CASES:
    "sso", "signs in a customer who comes with a good code",
        "the partner learns from Pintle, not from the browser, who has come" => good;
    "sso-wrong-code", "signs in nobody with a code that Pintle does not know",
        "anybody can open that address with any code" => wrong;
    "sso-used-code", "signs in nobody with a code that was used",
        "codes stay behind in histories and logs" => used;
}

async fn good(world: &mut World) -> Verdict {
    require_page(world)?;
    let installation = world.first()?;
    let resource_id = world.there.resource.as_ref().map(|resource| resource.id.clone());
    let to = Destination { resource_id, ..Destination::default() };
    let jump = world.stage.cast.jump(&world.stage.core, &installation, to).await?;
    let url = Url::parse(&jump).map_err(Error::internal)?;
    let answer = world.visit(&url).await?;
    let code = code(&url);
    if !exchanges(world).iter().any(|(sent, status)| *sent == code && *status == 200) {
        return failed(format!(
            "an exchange of the code at {}/v1/integrations/sso/token, with the client's id and secret",
            world.settings.issuer
        ));
    }
    match answer.status {
        200..=399 => {
            world.there.visit = Some((url, answer));
            fine()
        }
        _ => failed("a page (2xx), or a redirect to one (3xx)"),
    }
}

fn require_page(world: &World) -> Result<(), Miss> {
    match world.settings.redirect_login_url {
        Some(_) => Ok(()),
        None => skipped("give --redirect-login-url"),
    }
}

fn code(url: &Url) -> String {
    url.query_pairs().find(|(key, _)| key == "code").map(|(_, code)| code.into_owned()).unwrap_or_default()
}

/// The codes that the partner exchanged during this case, and what it was answered.
fn exchanges(world: &World) -> Vec<(String, u16)> {
    let asked = world.stage.inbox.since(world.began());
    let exchanges = asked.iter().filter(|asked| asked.is("POST", "/v1/integrations/sso/token"));
    exchanges.map(|asked| (code_of(&asked.body), asked.status)).collect()
}

/// From JSON or a form.
fn code_of(body: &str) -> String {
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(body) {
        return json["code"].as_str().unwrap_or_default().to_owned();
    }
    let mut pairs = url::form_urlencoded::parse(body.as_bytes());
    pairs.find(|(key, _)| key == "code").map(|(_, code)| code.into_owned()).unwrap_or_default()
}

async fn wrong(world: &mut World) -> Verdict {
    let (mut url, good) = signed_in(world)?;
    let code = world.stage.core.entropy.base62(32);
    let pairs: Vec<_> = url.query_pairs().into_owned().collect();
    let other = |(key, value): (String, String)| {
        let value = if key == "code" { code.clone() } else { value };
        (key, value)
    };
    url.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(other));
    refused(world, &url, &good).await
}

async fn used(world: &mut World) -> Verdict {
    let (url, good) = signed_in(world)?;
    refused(world, &url, &good).await
}

fn signed_in(world: &World) -> Result<(Url, Answer), Miss> {
    require_page(world)?;
    let visit = world.there.visit.clone();
    visit.map_or_else(|| skipped("nobody was signed in, so there is nothing to tell it from"), Ok)
}

/// A visit that must not end as the good one did.
async fn refused(world: &mut World, url: &Url, good: &Answer) -> Verdict {
    match is_signed_in(&world.visit(url).await?, good) {
        true => failed("anything else than what a good code leads to: best a page with 403"),
        false => fine(),
    }
}

/// Whether an answer looks as the good one: the same status and place, and the same cookies.
fn is_signed_in(answer: &Answer, good: &Answer) -> bool {
    (answer.status, place(answer), cookies(answer)) == (good.status, place(good), cookies(good))
}

fn place(answer: &Answer) -> String {
    let location = answer.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    location.split('?').next().unwrap_or_default().to_owned()
}

fn cookies(answer: &Answer) -> Vec<String> {
    let cookies = answer.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok());
    let mut names: Vec<String> =
        cookies.filter_map(|cookie| Some(cookie.split_once('=')?.0.to_owned())).collect();
    names.sort();
    names
}
