//! The master key.

use crate::place::{Place, Server, finish};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn the_first_start_makes_a_key_that_only_its_owner_reads() {
    for place in Place::each() {
        place.serve(&[]).stop();
        let mode = fs::metadata(place.path("data/master.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let mode = fs::metadata(place.path("data")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        let names: Vec<_> =
            fs::read_dir(place.path("data")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(names.iter().all(|name| !name.to_string_lossy().starts_with("master.key.")), "{names:?}");
    }
}

#[test]
fn a_key_that_others_can_read_is_refused() {
    let place = Place::new();
    place.serve(&[]).stop();
    fs::set_permissions(place.path("data/master.key"), fs::Permissions::from_mode(0o640)).unwrap();
    let text = "data/master.key can be read by others (mode 640): run chmod 600 data/master.key, and think of replacing what it protects";
    place.run(&["serve"]).fails(1, text);
    fs::set_permissions(place.path("data/master.key"), fs::Permissions::from_mode(0o600)).unwrap();
    place.serve(&[]).stop();
}

#[test]
fn a_key_that_is_missing_is_not_made_again() {
    for place in Place::each() {
        place.serve(&["--dev"]).stop();
        fs::rename(place.path("data/master.key"), place.path("kept")).unwrap();
        let text = "the database was made with a master key, but data/master.key is missing and PINTLE_MASTER_KEY is not set";
        place.run(&["serve"]).fails(1, text);
        assert!(!place.path("data/master.key").exists());
        fs::rename(place.path("kept"), place.path("data/master.key")).unwrap();
        place.serve(&["--dev"]).stop();
    }
}

#[test]
fn the_key_may_come_from_the_environment() {
    for place in Place::each() {
        let key = "0123456789abcdef".repeat(4);
        let with = |key: &str, args: &[&str]| {
            let mut command = place.command(args);
            command.env("PINTLE_MASTER_KEY", key);
            command
        };
        let server = Server::start(&mut with(&key, &["serve", "--json", "--dev"]));
        let token = server.text("token").to_owned();
        server.stop();
        assert!(!place.path("data/master.key").exists());
        let again = Server::start(&mut with(&key, &["serve", "--json", "--dev"]));
        assert_eq!(again.text("token"), token);
        again.stop();
        let wrong = finish(&mut with(&key.replace('0', "1"), &["serve"]));
        wrong.fails(1, "the master key is not the one that this database was made with");
        finish(&mut with("short", &["serve"])).fails(2, "PINTLE_MASTER_KEY is not 32 bytes in base64 or hex");
    }
}

#[test]
fn a_file_that_is_no_key_is_refused() {
    let place = Place::new();
    fs::create_dir(place.path("data")).unwrap();
    place.write("data/master.key", "");
    fs::set_permissions(place.path("data/master.key"), fs::Permissions::from_mode(0o600)).unwrap();
    place.run(&["serve"]).fails(1, "data/master.key is not a master key: 32 bytes in base64 or hex");
}
