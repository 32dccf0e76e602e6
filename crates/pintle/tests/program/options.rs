//! Options that say something wrong: one line, exit code 2, nothing changed.

use crate::place::Place;

#[test]
fn bad_options_are_one_line_and_change_nothing() {
    let cases: &[(&[&str], &str)] = &[
        (&[], "expected a command: see pintle --help"),
        (&["serv"], "unrecognized subcommand 'serv' (see pintle --help)"),
        (&["serve", "--prot", "1"], "unexpected argument '--prot' found (see pintle --help)"),
        (&["serve", "here"], "unexpected argument 'here' found (see pintle --help)"),
        (
            &["serve", "--listen", "4400"],
            "invalid value '4400' for '--listen <ADDR>': expected HOST:PORT, such as 127.0.0.1:4400 (see pintle --help)",
        ),
        (
            &["serve", "--listen", "localhost:70000"],
            "invalid value 'localhost:70000' for '--listen <ADDR>': expected HOST:PORT, such as 127.0.0.1:4400 (see pintle --help)",
        ),
        (
            &["serve", "--database", "mysql://localhost/x"],
            "invalid value 'mysql://localhost/x' for '--database <URL>': expected sqlite:PATH or postgres://USER@HOST/NAME (see pintle --help)",
        ),
        (
            &["serve", "--rate-limit", "0"],
            "invalid value '0' for '--rate-limit <N>': 0 is not in 1..9223372036854775807 (see pintle --help)",
        ),
        (
            &["serve", "--body-limit", "many"],
            "invalid value 'many' for '--body-limit <BYTES>': invalid digit found in string (see pintle --help)",
        ),
        (
            &["serve", "--allow-egress", "10.0.0.0/8,home"],
            "invalid value 'home' for '--allow-egress <CIDR>': expected ADDRESS/LENGTH, such as 10.1.0.0/16 or fd12::/32 (see pintle --help)",
        ),
        (
            &["serve", "--dns", "ns.example"],
            "invalid value 'ns.example' for '--dns <ADDR>': expected ADDRESS:PORT, such as 127.0.0.1:53, or none (see pintle --help)",
        ),
        (
            &["serve", "--issuer", "https://pintle.example.com/"],
            "invalid value 'https://pintle.example.com/' for '--issuer <URL>': expected an address without a slash at its end, such as https://pintle.example.com (see pintle --help)",
        ),
        (
            &["serve", "--dev=perhaps"],
            "invalid value 'perhaps' for '--dev[=<BOOL>]': value was not a boolean (see pintle --help)",
        ),
        (
            &["serve", "--config", "none.yaml"],
            "none.yaml: cannot read it: No such file or directory (os error 2)",
        ),
        (
            &["remove", "icfg_x"],
            "the following required arguments were not provided: --token <TOKEN> (see pintle --help)",
        ),
        (
            &["remove", "--token", "t"],
            "the following required arguments were not provided: <ID> (see pintle --help)",
        ),
        (
            &["remove", "x", "--token", "t", "--url", "https://localhost"],
            "this command speaks no TLS: give the server's own http:// address",
        ),
        (
            &["remove", "x", "--token", "t", "--url", "nowhere"],
            "nowhere is not a URL that can be used: invalid format",
        ),
    ];
    for (args, line) in cases {
        let place = Place::new();
        place.run(args).fails(2, line);
        assert!(!place.path("data").exists(), "{args:?}");
    }
}

#[test]
fn help_explains_every_option() {
    let place = Place::new();
    let all = place.run(&["--help"]).succeeds();
    for command in ["serve", "remove", "doctor"] {
        assert!(all.contains(command), "{all}");
    }
    let serve = place.run(&["serve", "--help"]).succeeds();
    let variables = [
        "DEV",
        "DATA",
        "DATABASE",
        "CONFIG",
        "LISTEN",
        "JSON",
        "RATE_LIMIT",
        "BODY_LIMIT",
        "STRICT_TEAM_SCOPE",
        "CORS",
        "LOG",
        "MASTER_KEY",
    ];
    for variable in variables {
        assert!(serve.contains(&format!("PINTLE_{variable}")), "{variable} in {serve}");
    }
    // Each option is followed by what it does.
    let lines: Vec<&str> = serve.lines().collect();
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("--")) {
        assert!(lines[at + 1].trim().len() > 20, "{line}");
    }
    let version = place.run(&["--version"]).succeeds();
    assert_eq!(version, format!("pintle {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn secrets_of_the_environment_do_not_show_in_the_help() {
    let place = Place::new();
    let mut command = place.command(&["serve", "--help"]);
    command.env("PINTLE_DATABASE", "postgres://user:hunter2@host/db").env("PINTLE_TOKEN", "hunter2");
    assert!(!crate::place::finish(&mut command).succeeds().contains("hunter2"));
}
