//! The keys that sign what Pintle shows to partners (semantics.md 4.1).
//!
//! One key signs at a time. The first is made when it is first needed, since that takes a tenth of a second, which a start has not. A
//! rotation makes a new one and forgets the private half of the old one at once; its public half stays in the JWKS until whatever it
//! signed has long expired.

use crate::clock::{DAY, Millis};
use crate::entropy::Entropy;
use crate::ids::SigningKeyId;
use crate::{Core, Error, Result};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD as BASE64, BASE64_URL_SAFE_NO_PAD as BASE64_URL};
use pintle_store::{Conn, params};
use rand::SeedableRng;
use rand::rngs::StdRng;
use rsa::PrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::traits::PublicKeyParts;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use sha2::Sha256;

/// How long a key that signs no more stays in the JWKS.
pub const OVERLAP: Millis = DAY;

/// What every verifier of RS256 takes; larger ones make signing slower.
const BITS: usize = 2048;

/// A public key as partners see it (RFC 7517).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Jwk {
    pub kid: SigningKeyId,
    kty: String,
    alg: String,
    r#use: String,
    /// Modulus and exponent, big-endian, in base64 for URLs.
    n: String,
    e: String,
}

impl Jwk {
    fn of(kid: SigningKeyId, key: &PrivateKey) -> Self {
        let number = |bytes: &[u8]| BASE64_URL.encode(bytes);
        let (n, e) = (number(&key.n_bytes()), number(&key.e_bytes()));
        Self { kid, kty: "RSA".into(), alg: "RS256".into(), r#use: "sig".into(), n, e }
    }
}

/// A key pair that is not stored yet.
struct Fresh {
    jwk: Jwk,
    /// PKCS #8 in base64, sealed for the key's id.
    sealed: Vec<u8>,
}

/// Makes a key pair, which takes a tenth of a second and more.
async fn generate(core: &Core) -> Result<Fresh> {
    let mut random = random(&core.entropy);
    let made = tokio::task::spawn_blocking(move || PrivateKey::new(&mut random, BITS)).await;
    let key = made.map_err(Error::internal)?.map_err(Error::internal)?;
    let der = key.to_pkcs8_der().map_err(Error::internal)?;
    let jwk = Jwk::of(SigningKeyId::new(&core.entropy), &key);
    let sealed =
        core.vault.seal(jwk.kid.as_str(), BASE64.encode(der.as_bytes()).as_bytes(), &core.entropy)?;
    Ok(Fresh { jwk, sealed })
}

fn random(entropy: &Entropy) -> StdRng {
    StdRng::from_seed(entropy.bytes())
}

async fn insert(tx: &Conn, fresh: &Fresh, now: Millis) -> Result<()> {
    let Fresh { jwk, sealed } = fresh;
    tx.execute(
        "INSERT INTO signing_keys (id, created_at, private, doc) VALUES ($1, $2, $3, $4)",
        &params![&jwk.kid, now, sealed.as_slice(), serde_json::to_string(jwk)?],
    )
    .await?;
    Ok(())
}

/// Id and sealed private half of the key that signs.
async fn signing(conn: &Conn) -> Result<Option<(String, Vec<u8>)>> {
    let sql = "SELECT id, private FROM signing_keys WHERE private IS NOT NULL AND retires_at IS NULL
      ORDER BY created_at DESC, id DESC LIMIT 1";
    Ok(conn.opt(sql, &[]).await?)
}

/// The same; where there is none it is made now, and of several servers that do so at once one makes it.
async fn ensured(core: &Core) -> Result<(String, Vec<u8>)> {
    if let Some(found) = signing(&core.db.read().await?).await? {
        return Ok(found);
    }
    let (fresh, now) = (generate(core).await?, core.clock.now());
    core.db
        .write(async move |tx| {
            if let Some(found) = signing(tx).await? {
                return Ok(found);
            }
            insert(tx, &fresh, now).await?;
            Ok((fresh.jwk.kid.to_string(), fresh.sealed.clone()))
        })
        .await
}

/// Replaces the key that signs. Answers the new one's id.
pub async fn rotate(core: &Core) -> Result<SigningKeyId> {
    let (fresh, now) = (generate(core).await?, core.clock.now());
    core.db
        .write(async move |tx| {
            tx.execute("DELETE FROM signing_keys WHERE retires_at <= $1", &params![now]).await?;
            let retire = "UPDATE signing_keys SET retires_at = $1, private = NULL WHERE retires_at IS NULL";
            tx.execute(retire, &params![now + OVERLAP]).await?;
            insert(tx, &fresh, now).await?;
            Ok(fresh.jwk.kid.clone())
        })
        .await
}

/// `{keys}`: the public keys, the one that signs first.
pub async fn jwks(core: &Core) -> Result<Json> {
    ensured(core).await?;
    let sql = "SELECT doc FROM signing_keys WHERE retires_at IS NULL OR retires_at > $1
      ORDER BY created_at DESC, id DESC";
    let docs: Vec<(String,)> = core.db.read().await?.all(sql, &params![core.clock.now()]).await?;
    let keys = docs.iter().map(|(doc,)| Ok(serde_json::from_str::<Jwk>(doc)?)).collect::<Result<Vec<_>>>()?;
    Ok(json!({ "keys": keys }))
}

/// A JWT of these claims (RFC 7519), signed with RS256.
pub async fn jwt(core: &Core, claims: &impl Serialize) -> Result<String> {
    let (kid, sealed) = ensured(core).await?;
    let der = BASE64.decode(core.vault.open_text(&kid, &sealed)?).map_err(Error::internal)?;
    let key = PrivateKey::from_pkcs8_der(&der).map_err(Error::internal)?;
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": kid }).to_string();
    let claims = serde_json::to_vec(claims)?;
    let signed = format!("{}.{}", BASE64_URL.encode(header), BASE64_URL.encode(claims));
    // Randomness blinds the signing, so that its time tells nothing of the key.
    let signature = SigningKey::<Sha256>::new(key)
        .try_sign_with_rng(&mut random(&core.entropy), signed.as_bytes())
        .map_err(Error::internal)?;
    Ok(format!("{signed}.{}", BASE64_URL.encode(signature.to_bytes())))
}

/// The OpenID Connect discovery document (OpenID Connect Discovery 1.0, section 3).
pub fn discovery(core: &Core) -> Json {
    let issuer = core.issuer.trim_end_matches('/');
    json!({
        "issuer": core.issuer,
        "jwks_uri": format!("{issuer}/.well-known/jwks"),
        "token_endpoint": format!("{issuer}/v1/integrations/sso/token"),
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "scopes_supported": ["openid"],
        "claims_supported": [
            "iss", "aud", "sub", "iat", "exp", "account_id", "installation_id", "user_id", "user_role", "user_email", "user_name",
        ],
    })
}
