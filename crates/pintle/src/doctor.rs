//! `pintle doctor`: what `pintle_core::doctor` finds, in words.

use crate::failure::{Failure, Result};
use crate::options::DoctorArgs;
use crate::storage::Storage;
use pintle_core::doctor::{self, Report};
use pintle_core::vault::{self, Vault};
use std::io::Write;

pub fn run(args: DoctorArgs) -> Result<()> {
    let storage = Storage::find(args.storage)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(examine(&storage))?;
    let mut out = std::io::stdout().lock();
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    let Report { schema, documents, opened, problems } = &report;
    if problems.is_empty() {
        writeln!(out, "sound: schema {schema}, {documents} documents, {opened} secrets")?;
        return Ok(());
    }
    let plural = if problems.len() == 1 { "problem" } else { "problems" };
    Err(Failure::failed(format_args!("{} {plural} found", problems.len())))
}

/// A missing or wrong key is a finding like others; the rest is looked at all the same.
async fn examine(storage: &Storage) -> Result<Report> {
    let db = storage.look().await?;
    let vault = match storage.known_master_key() {
        Ok(Some(key)) => Vault::existing(&db, &key).await.map_err(Failure::from),
        Ok(None) if vault::exists(&db).await? => Err(Failure::failed(storage.key_is_missing())),
        Ok(None) => Ok(None),
        Err(failure) => Err(failure),
    };
    let (vault, problem) = match vault {
        Ok(vault) => (vault, None),
        Err(failure) => (None, Some(failure.message)),
    };
    let mut report = doctor::examine(&db, vault.as_ref()).await?;
    report.problems.extend(problem);
    Ok(report)
}
