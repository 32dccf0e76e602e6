//! Secrets at rest: sealed with AES-256-GCM under a data key, which is itself sealed under the master key.

use crate::entropy::Entropy;
use crate::{Error, Result, planted};
use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use hmac::{Hmac, Mac};
use pintle_store::{Conn, Db, params};
use sha2::Sha256;

/// Stands first in every sealed value, so that a later format can be told from this one.
const FORMAT: u8 = 1;
const NONCE: usize = 12;

/// What the data key is sealed for, and its key in `meta`.
const DATA_KEY: &str = "data key";
const META: &str = "data_key";

/// 32 bytes that open everything; kept in a file beside the data or in the environment, never in the database.
pub struct MasterKey(pub [u8; 32]);

pub struct Vault {
    cipher: Aes256Gcm,
    /// What is derived is derived from this.
    root: Hmac<Sha256>,
}

impl Vault {
    /// Opens the database's data key with the master key; the first start makes it.
    ///
    /// # Errors
    /// Where the master key is not the one that the database was made with.
    pub async fn open(db: &Db, master: &MasterKey, entropy: &Entropy) -> Result<Self> {
        let wrapped = match wrapped(&db.read().await?).await? {
            Some(wrapped) => wrapped,
            None => {
                let fresh = Vault::keyed(&master.0)?.seal(DATA_KEY, &entropy.bytes::<32>(), entropy)?;
                db.write(async move |tx| {
                    let sql = "INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
                    tx.execute(sql, &params![META, fresh.clone()]).await?;
                    wrapped(tx).await?.ok_or_else(|| Error::internal("the data key was not kept"))
                })
                .await?
            }
        };
        Self::unwrap(&wrapped, master)
    }

    /// Opens the data key of a database that has one; `None` where it has not. Writes nothing.
    ///
    /// # Errors
    /// Where the master key is not the one that the database was made with.
    pub async fn existing(db: &Db, master: &MasterKey) -> Result<Option<Self>> {
        if !db.tables().await?.iter().any(|table| table == "meta") {
            return Ok(None);
        }
        wrapped(&db.read().await?).await?.map(|wrapped| Self::unwrap(&wrapped, master)).transpose()
    }

    fn unwrap(wrapped: &[u8], master: &MasterKey) -> Result<Self> {
        let wrong = || Error::internal("the master key is not the one that this database was made with");
        let key = Vault::keyed(&master.0)?.open_bytes(DATA_KEY, wrapped).map_err(|_| wrong())?;
        Vault::keyed(&key)
    }

    fn keyed(key: &[u8]) -> Result<Self> {
        let bad = || Error::internal("a key is not 32 bytes long");
        let cipher = Aes256Gcm::new_from_slice(key).map_err(|_| bad())?;
        let root = Hmac::new_from_slice(key).map_err(|_| bad())?;
        Ok(Self { cipher, root })
    }

    /// Bytes that follow from the data key, for one purpose and one record; they tell nothing of the key.
    pub fn derive(&self, purpose: &str, id: &str) -> [u8; 32] {
        let mut mac = self.root.clone();
        // A purpose has no line breaks, so that no two pairs are the same text.
        mac.update(format!("{purpose}\n{id}").as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// Seals `plain` so that it opens only for the record `id`.
    pub fn seal(&self, id: &str, plain: &[u8], entropy: &Entropy) -> Result<Vec<u8>> {
        let nonce: [u8; NONCE] = entropy.bytes();
        if planted::on("nothing-sealed") {
            return Ok([&[FORMAT][..], &nonce, plain].concat());
        }
        let payload = Payload { msg: plain, aad: id.as_bytes() };
        let sealed =
            self.cipher.encrypt(&Nonce::from(nonce), payload).map_err(|_| Error::internal("cannot seal"))?;
        Ok([&[FORMAT][..], &nonce, &sealed].concat())
    }

    fn open_bytes(&self, id: &str, sealed: &[u8]) -> Result<Vec<u8>> {
        let broken = || Error::internal(format!("the sealed value of {id} does not open"));
        let (head, body) = sealed.split_at_checked(1 + NONCE).ok_or_else(broken)?;
        let nonce: [u8; NONCE] = head[1..].try_into().map_err(|_| broken())?;
        if head[0] != FORMAT {
            return Err(broken());
        }
        if planted::on("nothing-sealed") {
            return Ok(body.to_vec());
        }
        self.cipher
            .decrypt(&Nonce::from(nonce), Payload { msg: body, aad: id.as_bytes() })
            .map_err(|_| broken())
    }

    /// Opens what was sealed for the record `id`.
    pub fn open_text(&self, id: &str, sealed: &[u8]) -> Result<String> {
        String::from_utf8(self.open_bytes(id, sealed)?)
            .map_err(|_| Error::internal("a sealed value is not text"))
    }
}

/// Whether the database has secrets already, so that only its own master key will do.
pub async fn exists(db: &Db) -> Result<bool> {
    if !db.tables().await?.iter().any(|table| table == "meta") {
        return Ok(false);
    }
    Ok(wrapped(&db.read().await?).await?.is_some())
}

async fn wrapped(conn: &Conn) -> Result<Option<Vec<u8>>> {
    let row: Option<(Vec<u8>,)> = conn.opt("SELECT value FROM meta WHERE key = $1", &params![META]).await?;
    Ok(row.map(|(wrapped,)| wrapped))
}
