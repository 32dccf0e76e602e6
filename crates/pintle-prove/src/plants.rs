//! The proofs against themselves: each must fail on every bug that it is meant to find (pintle_store::planted).

use std::process::Command;

/// A proof, and the bugs that it must catch.
pub struct Suite {
    pub name: &'static str,
    /// Counts that meet each of the bugs many times over: a proof ends at the first failure, so only a bug that is missed takes so long.
    /// (The hardest to meet shows itself in about one of twelve worlds.)
    arguments: &'static str,
    /// It starts a server: this program is that server too.
    is_server: bool,
    bugs: &'static [&'static str],
}

pub const REMOVAL: Suite = Suite {
    name: "removal",
    arguments: "--worlds 240 --postgres 0 --native 0 --postgres-native 0 \
        --races 150 --postgres-races 0 --native-races 0 --postgres-native-races 0",
    is_server: false,
    bugs: &[
        "orphan-variables",
        "orphan-webhooks",
        "orphan-drains",
        "orphan-bypasses",
        "orphan-tokens",
        "takes-account-webhooks",
        "takes-account-drains",
        "takes-projects-bypasses",
        "takes-equal-keys",
        "takes-other-installations",
        "touches-projects",
        "edit-takes-ownership",
        "take-over-forgets-tokens",
        "born-after-removal",
        "second-removal-succeeds",
        "removal-without-receipt",
        "receipt-with-secret",
        "receipt-forgets-variables",
        "removal-without-event",
        "removal-event-twice",
        "removal-told-to-nobody",
        "removal-told-to-the-account-only",
        "removal-told-to-others",
        "swept-too-early",
        "deletion-without-receipt",
        "deletion-receipt-forgets-projects",
        "deletion-takes-others-drains",
        "nothing-sealed",
    ],
};

pub const NATIVE: Suite = Suite {
    name: "removal",
    arguments: "--worlds 0 --postgres 0 --native 600 --postgres-native 0 \
        --races 0 --postgres-races 0 --native-races 0 --postgres-native-races 0",
    is_server: false,
    bugs: &[
        "connection-variables-kept",
        "takes-equal-resources",
        "takes-projects-connections",
        "receipt-forgets-resources",
        "partner-not-told",
        "told-without-cascade",
        "refusal-removes",
        "closing-token-reads",
        "closing-tokens-kept",
        "closed-with-open-invoices",
        "window-never-passes",
        "orphan-forgotten",
        "key-made-anew",
    ],
};

pub const CRASH: Suite = Suite {
    name: "crash",
    arguments: "--rounds 24 --postgres 0 --points 0 --postgres-points 0",
    is_server: true,
    bugs: &["answer-before-commit", "removal-in-two-transactions", "cut-off-start-forgotten"],
};

pub const POINTS: Suite = Suite {
    name: "crash",
    arguments: "--rounds 0 --postgres 0 --points 2 --postgres-points 0",
    is_server: false,
    bugs: &[
        "key-made-anew",
        "intent-forgotten-at-restart",
        "settled-in-two-transactions",
        "projects-keep-old-secrets",
    ],
};

pub const EGRESS: Suite = Suite {
    name: "egress",
    arguments: "--spellings 0 --created 0 --delivered 4",
    is_server: true,
    bugs: &["address-unchecked-at-connect", "name-unchecked-at-connect"],
};

pub const LANES: Suite =
    Suite { name: "lanes", arguments: "--events 60", is_server: true, bugs: &["one-lane-for-all"] };

pub const DELIVERY: Suite = Suite {
    name: "delivery",
    arguments: "--events 3000 --postgres 0 --life 150",
    is_server: true,
    bugs: &["answer-before-commit", "failure-without-next-try", "signature-over-other-bytes"],
};

pub const FUZZ: Suite = Suite {
    name: "fuzz",
    arguments: "--requests 40000 --postgres 0 --patience 5",
    is_server: true,
    bugs: &[
        "taken-names-unchecked",
        "cut-within-a-letter",
        "rest-of-body-awaited",
        "signing-secret-cut-short",
    ],
};

#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Only the planted bugs, without the proof.
    #[arg(long)]
    only_plants: bool,
    /// Only the proof, without the planted bugs.
    #[arg(long, conflicts_with = "only_plants")]
    no_plants: bool,
}

impl Choice {
    /// Whether the proof itself is wanted.
    pub fn proof(&self) -> bool {
        !self.only_plants
    }

    /// Runs the suite against each of its bugs, where they are compiled in.
    ///
    /// # Errors
    /// The bugs that it did not catch.
    pub fn run(&self, suite: &Suite) -> Result<(), String> {
        if self.no_plants {
            return Ok(());
        }
        if !cfg!(feature = "planted") {
            println!("{}: no bugs are planted in this build (--features planted)", suite.name);
            return Ok(());
        }
        suite.run()
    }
}

impl Suite {
    pub fn run(&self) -> Result<(), String> {
        let mut missed = Vec::new();
        for bug in self.bugs {
            match self.catches(bug)? {
                Some(why) => println!("  {bug}: caught: {why}"),
                None => {
                    println!("  {bug}: MISSED");
                    missed.push(*bug);
                }
            }
        }
        println!(
            "{}: caught {} of {} planted bugs",
            self.name,
            self.bugs.len() - missed.len(),
            self.bugs.len()
        );
        if missed.is_empty() {
            Ok(())
        } else {
            Err(format!("{} does not catch {}", self.name, missed.join(", ")))
        }
    }

    /// Runs the proof with the bug in it; answers why it failed.
    fn catches(&self, bug: &str) -> Result<Option<String>, String> {
        let itself = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut proof = Command::new(&itself);
        proof
            .arg(self.name)
            .args(self.arguments.split_whitespace())
            .arg("--no-plants")
            .env("PINTLE_PLANT", bug);
        if self.is_server {
            proof.arg("--server").arg(&itself);
        }
        let output = proof.output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stderr);
        let why = said.split_once("FAILED: ").and_then(|(_, why)| why.lines().next());
        match (output.status.code(), why) {
            (Some(0), _) => Ok(None),
            (Some(1), Some(why)) => Ok(Some(why.chars().take(150).collect())),
            (code, _) => Err(format!("{} ended with {code:?} under {bug}: {said}", self.name)),
        }
    }
}
