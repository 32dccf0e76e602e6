//! The ways to verify a signature that docs/operations.md prints, each run on what was really sent.

use crate::receiver::Receiver;
use crate::verify::verify;
use crate::{relay, subscribe, until};
use pintle_testing::on_each_engine;
use std::io::Write;
use std::process::{Command, Stdio};

const PAGE: &str = include_str!("../../../../docs/operations.md");

/// The one block of the section on signatures that is in this language.
fn block(language: &str) -> &'static str {
    let section = PAGE.split("\n### Verifying a signature\n").nth(1).expect("the section");
    let section = section.split("\n### ").next().expect("its end");
    let fence = format!("```{language}\n");
    let mut blocks = section.split(&fence).skip(1);
    let block = blocks.next().and_then(|block| block.split("```").next()).expect(language);
    assert!(blocks.next().is_none(), "one block of {language}");
    block
}

/// What a program says, with the body as its input; `None` where there is no such program.
fn ask(command: &mut Command, secret: &str, body: &[u8], signature: &str) -> Option<(bool, String)> {
    command.env("SECRET", secret).env("SIGNATURE", signature);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    child.stdin.take().expect("its input").write_all(body).expect("written");
    let output = child.wait_with_output().expect("its end");
    let code = output.status.code().expect("a code");
    assert!(matches!(code, 0 | 9), "it failed by itself: {code}");
    Some((code == 0, String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn node(secret: &str, body: &[u8], signature: &str) -> Option<bool> {
    let rest = "import fs from 'node:fs';
        const { SECRET, SIGNATURE } = process.env;
        process.exit(verify(SECRET, fs.readFileSync(0), SIGNATURE) ? 0 : 9)";
    let code = format!("{}{rest}", block("js"));
    Some(ask(Command::new("node").args(["--input-type=module", "-e", &code]), secret, body, signature)?.0)
}

fn python(secret: &str, body: &[u8], signature: &str) -> Option<bool> {
    let rest = "import os, sys
good = verify(os.environ['SECRET'], sys.stdin.buffer.read(), os.environ['SIGNATURE'])
sys.exit(0 if good else 9)";
    let code = format!("{}\n{rest}", block("python"));
    Some(ask(Command::new("python3").args(["-c", &code]), secret, body, signature)?.0)
}

fn openssl(secret: &str, body: &[u8], signature: &str) -> Option<bool> {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("body.json"), body).expect("written");
    let mut command = Command::new("sh");
    command.args(["-c", block("sh")]).current_dir(folder.path());
    Command::new("openssl").arg("version").stdout(Stdio::null()).status().ok()?;
    Some(ask(&mut command, secret, b"", signature)?.1.trim().ends_with(signature))
}

#[tokio::test]
async fn each_documented_way_tells_a_good_signature_from_a_bad_one() {
    on_each_engine(async |pintle| {
        let team = pintle.team("acme").await;
        let receiver = Receiver::new([]).await;
        let webhook = subscribe(&team, &receiver.url).await;
        let _relay = relay(pintle).await;
        team.project("site").await;
        until("it arrives", async || receiver.received().len() == 1).await;
        let sent = &receiver.received()[0];
        let secret = webhook["secret"].as_str().expect("its secret");
        let signature = sent.header("x-vercel-signature").expect("a signature");
        let mut touched = sent.body.clone();
        touched.push(b' ');
        let rust = |secret: &str, body: &[u8], signature: &str| Some(verify(secret, body, signature));
        for (name, way) in [
            ("node", node as fn(&str, &[u8], &str) -> _),
            ("python", python),
            ("openssl", openssl),
            ("rust", rust),
        ] {
            let Some(good) = way(secret, &sent.body, signature) else {
                eprintln!("skipped: there is no {name}");
                continue;
            };
            assert!(good, "{name}");
            assert_eq!(way("another", &sent.body, signature), Some(false), "{name}: another secret");
            assert_eq!(way(secret, &touched, signature), Some(false), "{name}: another body");
            for wrong in ["none", &signature[..38], &"0".repeat(40)] {
                // openssl says what the signature would be, and leaves it to the reader to compare.
                assert!(
                    name == "openssl" || way(secret, &sent.body, wrong) == Some(false),
                    "{name}: {wrong}"
                );
            }
        }
    })
    .await;
}

#[test]
fn the_documented_rust_is_what_is_run_here() {
    assert_eq!(block("rust"), include_str!("verify.rs"));
}
