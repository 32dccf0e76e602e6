//! `pintle check-partner`, against the reference partner: as it should be, and broken in every way that it knows.

use crate::place::{Ended, Place, finish};
use clap::{Parser, ValueEnum};
use partner_example::{Broken, Options};
use std::net::TcpListener;
use std::sync::atomic::{AtomicU8, Ordering};

const ID: &str = "oac_theReferencePartner00000";
const SECRET: &str = "the secret of the reference partner";

/// Which cases a partner must fail that is broken so.
const RIGHT: &[(&str, &[&str])] = &[
    (
        "accepts-any-token",
        &[
            "no-token",
            "garbage-token",
            "tampered-token",
            "unsigned-token",
            "expired-token",
            "wrong-audience",
            "wrong-issuer",
            "foreign-token",
        ],
    ),
    ("ignores-signature", &["tampered-token", "expired-token", "wrong-audience", "wrong-issuer"]),
    ("ignores-audience", &["wrong-audience"]),
    ("ignores-issuer", &["wrong-issuer"]),
    ("ignores-expiry", &["expired-token"]),
    ("ignores-installation", &["foreign-token"]),
    ("install-not-idempotent", &["install-again", "install-repair"]),
    ("forgets-idempotency", &["provision-again"]),
    (
        "no-validation",
        &[
            "install-invalid",
            "unknown-plan-of-installation",
            "provision-invalid",
            "unknown-product",
            "unknown-plan",
        ],
    ),
    (
        "bare-errors",
        &[
            "install-invalid",
            "unknown-plan-of-installation",
            "provision-invalid",
            "unknown-product",
            "unknown-plan",
        ],
    ),
    ("shows-secrets", &["show-resource"]),
    ("rotation-changes-nothing", &["rotate", "rotate-with-delay"]),
    ("rotation-never-comes", &["rotate-with-delay"]),
    ("repl-without-blocks", &["repl"]),
    ("fails-second-delete", &["delete-resource-again"]),
    ("fails-second-removal", &["remove-again"]),
    ("ignores-cascade", &["remove-with-cascade"]),
    ("keeps-names", &["free-name", "reinstall"]),
    ("wrong-plans", &["product-plans", "installation-plans", "resource-plans"]),
    ("sso-trusts-anything", &["sso-wrong-code", "sso-used-code"]),
    ("accepts-bad-signature", &["webhook-wrong-signature", "webhook-unsigned"]),
];

/// The reference partner, and where it looks for its Pintle.
struct Partner {
    url: String,
    pintle: String,
    _runtime: tokio::runtime::Runtime,
}

impl Partner {
    fn start(options: &[&str]) -> Self {
        let pintle = address();
        let url = format!("http://{pintle}");
        let args = ["partner-example", "--client-id", ID, "--client-secret", SECRET, "--pintle", &url];
        let options = Options::try_parse_from(args.iter().chain(options)).unwrap();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        runtime.spawn(partner_example::serve(options, listener));
        Self { url, pintle, _runtime: runtime }
    }

    fn check(&self, place: &Place, more: &[&str]) -> Ended {
        let (hook, login) = (format!("{}/webhook", self.url), format!("{}/sso", self.url));
        let mut args = vec!["check-partner", &self.url, "--client-id", ID, "--client-secret", SECRET];
        args.extend([
            "--product",
            "database",
            "--metadata",
            r#"{"region":"eu"}"#,
            "--patience",
            "3",
            "--query",
            "status",
        ]);
        args.extend(["--webhook-url", &hook, "--redirect-login-url", &login, "--listen", &self.pintle]);
        args.extend(more);
        finish(&mut place.command(&args))
    }
}

/// A place of this test's own on this machine: the partner must know it before anybody listens there.
fn address() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., high, low] = std::process::id().to_be_bytes();
    format!("127.{high}.{low}.{}:4400", NEXT.fetch_add(1, Ordering::Relaxed))
}

/// The cases that ended so.
fn cases<'a>(out: &'a str, mark: &str) -> Vec<&'a str> {
    out.lines().filter_map(|line| line.strip_prefix(mark)?.split_whitespace().next()).collect()
}

#[test]
fn the_reference_partner_passes_every_case() {
    let place = Place::new();
    for options in [&[][..], &["--final-invoice"]] {
        let out =
            Partner::start(options).check(&place, &["--plan", "pro", "--junit", "junit.xml"]).succeeds();
        let passed = cases(&out, "pass  ").len();
        assert!(out.ends_with(&format!("\n{passed} passed, 0 failed, 0 skipped\n")), "{out}");
        assert!(passed > 40, "{out}");
        let junit = std::fs::read_to_string(place.path("junit.xml")).unwrap();
        assert!(
            junit.contains(&format!(
                "<testsuites tests=\"{passed}\" failures=\"0\" errors=\"0\" skipped=\"0\""
            ))
        );
        assert_eq!(junit.matches("<testcase ").count(), passed);
    }
}

#[test]
fn a_broken_partner_fails_the_right_cases() {
    let named: Vec<&str> = RIGHT.iter().map(|(broken, _)| *broken).collect();
    for broken in Broken::value_variants() {
        let name = broken.to_possible_value().unwrap();
        assert!(named.contains(&name.get_name()), "no case for {}", name.get_name());
    }
    // Most of the time is waiting, for keys and for a rotation that never comes.
    std::thread::scope(|scope| {
        for half in RIGHT.chunks(RIGHT.len().div_ceil(3)) {
            scope.spawn(|| half.iter().for_each(|(broken, right)| fails(broken, right)));
        }
    });
}

fn fails(broken: &str, right: &[&str]) {
    let place = Place::new();
    let ended = Partner::start(&["--broken", broken]).check(&place, &["--junit", "junit.xml"]);
    assert_eq!(cases(&ended.out, "FAIL  "), right, "{broken}: {}", ended.out);
    let count = right.len();
    assert_eq!((ended.code, ended.err), (1, format!("pintle: {count} of the cases failed\n")), "{broken}");
    let junit = std::fs::read_to_string(place.path("junit.xml")).unwrap();
    assert_eq!(junit.matches("<failure message=").count(), count, "{broken}");
}

#[test]
fn a_failure_shows_what_it_takes_to_mend_it() {
    let ended = Partner::start(&["--broken", "ignores-audience"]).check(&Place::new(), &[]);
    let failure: Vec<&str> = ended.out.lines().skip_while(|line| !line.starts_with("FAIL")).take(6).collect();
    let begins = [
        "FAIL  wrong-audience",
        "      sent      GET http://127.0.0.1:",
        "                Authorization: a system's token of icfg_",
    ];
    for (line, begin) in failure.iter().zip(begins) {
        assert!(line.starts_with(begin), "{failure:#?}");
    }
    assert!(failure[3].starts_with("      came      200 {\"billingPlan\":"), "{failure:#?}");
    assert_eq!(failure[4], "      expected  401 or 403");
    assert!(
        failure[5].starts_with("      because   another partner gets tokens of the same issuer"),
        "{failure:#?}"
    );
    assert!(!ended.out.contains(SECRET));
}

#[test]
fn a_partner_with_another_pintle_is_told_so() {
    let ended = Partner::start(&["--issuer", "http://127.0.0.1:1"]).check(&Place::new(), &[]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.out.contains("The partner never fetched the keys that sign this checker's tokens"),
        "{}",
        ended.out
    );
    let ended = Partner::start(&["--client-id", "oac_another"]).check(&Place::new(), &[]);
    assert!(ended.out.contains(&format!("and `aud` {ID}")), "{}", ended.out);
}

#[test]
fn what_cannot_be_checked_is_said() {
    let place = Place::new();
    place.run(&["check-partner", "http://127.0.0.1:1"]).fails(
        2,
        "the following required arguments were not provided: --client-id <ID> --client-secret <SECRET> (see pintle --help)",
    );
    let args = |url| ["check-partner", url, "--client-id", ID, "--client-secret", SECRET];
    place.run(&args("localhost:4500")).fails(2, "localhost:4500 is not a URL, such as http://127.0.0.1:4500");
    let metadata = [&args("http://127.0.0.1:1")[..], &["--metadata", "[]"]].concat();
    let said =
        "--metadata is not an object of JSON: invalid type: sequence, expected a map at line 1 column 0";
    place.run(&metadata).fails(2, said);
    let holder = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = holder.local_addr().unwrap().to_string();
    let ended = place.run(&[&args("http://127.0.0.1:1")[..], &["--listen", &taken]].concat());
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("Is pintle serve running there?"), "{}", ended.err);
    let nobody = [&args("http://127.0.0.1:1")[..], &["--listen", "127.0.0.1:0"]].concat();
    let ended = place.run(&nobody);
    assert_eq!(ended.code, 1);
    assert!(ended.out.contains("came      nothing: no connection"), "{}", ended.out);
    let hint = "Nothing answered at http://127.0.0.1:1. Is the partner running there?";
    assert!(ended.out.contains(hint) && !ended.out.contains("must take"), "{}", ended.out);
}
