//! The master key: from the environment, or from a file beside the data that only its owner can read.

use crate::failure::{Failure, Result};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use pintle_core::entropy::Entropy;
use pintle_core::vault::MasterKey;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// The environment variable that holds it.
pub const VARIABLE: &str = "PINTLE_MASTER_KEY";
/// The file in the data folder that holds it otherwise.
pub const FILE: &str = "master.key";

/// The key of the environment, if it is there.
///
/// # Errors
/// Exit code 2 where it is not 32 bytes in base64 or hex.
pub fn from_environment() -> Result<Option<MasterKey>> {
    let Some(text) = std::env::var_os(VARIABLE).filter(|text| !text.is_empty()) else { return Ok(None) };
    let key = text.to_str().and_then(decode);
    let wrong = || Failure::usage(format_args!("{VARIABLE} is not 32 bytes in base64 or hex"));
    key.map(|key| Some(MasterKey(key))).ok_or_else(wrong)
}

/// The key in the folder's file, if there is one.
///
/// # Errors
/// Where others than its owner may read it, or it is not a key.
pub fn from_file(folder: &Path) -> Result<Option<MasterKey>> {
    let path = folder.join(FILE);
    let shown = path.display();
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Failure::failed(format_args!("cannot read {shown}: {error}"))),
    };
    let mode =
        fs::metadata(&path).map_err(|error| Failure::failed(format_args!("{shown}: {error}")))?.permissions();
    if mode.mode() & 0o077 != 0 {
        let mode = mode.mode() & 0o777;
        return Err(Failure::failed(format_args!(
            "{shown} can be read by others (mode {mode:o}): run chmod 600 {shown}, and think of replacing what it protects"
        )));
    }
    let wrong = || Failure::failed(format_args!("{shown} is not a master key: 32 bytes in base64 or hex"));
    decode(text.trim()).map(|key| Some(MasterKey(key))).ok_or_else(wrong)
}

/// Makes a key and its file, which is on disk when this answers; another process that was quicker wins.
pub fn create(folder: &Path, entropy: &Entropy) -> Result<MasterKey> {
    let path = folder.join(FILE);
    let text = format!("{}\n", BASE64_STANDARD.encode(entropy.bytes::<32>()));
    write_whole(folder, &path, &text)
        .map_err(|error| Failure::failed(format_args!("cannot write {}: {error}", path.display())))?;
    from_file(folder)?.ok_or_else(|| Failure::failed(format_args!("{} is gone", path.display())))
}

/// The file appears with its whole content or not at all, and never replaces one.
fn write_whole(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let draft = folder.join(format!("{FILE}.{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => File::open(folder)?.sync_all(),
    }
}

fn decode(text: &str) -> Option<[u8; 32]> {
    let from_hex = || (text.len() == 64).then(|| hex(text)).flatten();
    let from_base64 = || {
        [BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD]
            .iter()
            .find_map(|alphabet| alphabet.decode(text).ok())
    };
    from_hex().or_else(from_base64)?.try_into().ok()
}

fn hex(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_base64_or_hex_of_32_bytes() {
        assert_eq!(decode(&"ab".repeat(32)), Some([0xab; 32]));
        assert_eq!(decode(&BASE64_STANDARD.encode([7; 32])), Some([7; 32]));
        assert_eq!(decode(&BASE64_URL_SAFE_NO_PAD.encode([0xff; 32])), Some([0xff; 32]));
        for wrong in ["", "ab", &"ab".repeat(31), &"zz".repeat(32), &BASE64_STANDARD.encode([7; 31])] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
