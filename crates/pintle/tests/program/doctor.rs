//! `pintle doctor`.

use crate::place::Place;
use pintle_core::migrations::MIGRATIONS;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

#[test]
fn a_sound_database_is_said_to_be_sound_beside_a_server_and_after_it() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let beside = place.run(&["doctor"]).succeeds();
        assert!(beside.starts_with("sound: schema "), "{beside}");
        assert_eq!(server.get("/v2/user")["user"]["id"], server.ready["userId"]);
        server.stop();
        let files = files(&place.path("data"));
        assert_eq!(place.run(&["doctor"]).succeeds(), beside);
        assert_eq!(self::files(&place.path("data")), files);
    }
}

/// The files with their contents, and when they were written; but not SQLite's empty companions, which a reader makes.
fn files(folder: &Path) -> BTreeMap<String, (Vec<u8>, SystemTime)> {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    let read = |entry: std::fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, (std::fs::read(entry.path()).unwrap(), entry.metadata().unwrap().modified().unwrap()))
    };
    let companion = |name: &str| name.ends_with("-shm") || name.ends_with("-wal");
    entries.map(read).filter(|(name, _)| !companion(name)).collect()
}

const OTHER: &str = "icfg_000000000000000000000000";

/// What is done to a database that has the installation `id` of the team `team` and its webhook `hook`, and what is then found.
fn damages(id: &str, team: &str, hook: &str) -> Vec<(String, Vec<String>)> {
    let set =
        |column: &str, value: &str| format!("UPDATE webhooks SET {column} = {value} WHERE id = '{hook}'");
    let named = format!("replace(doc, '\"url\"', '\"configurationId\":\"{OTHER}\",\"url\"')");
    let orphans = |table: &str, count: usize, id: &str| {
        format!("{table}: {count} with configuration_id {id}, which is not in configurations")
    };
    vec![
        (set("configuration_id", &format!("'{OTHER}'")), vec![orphans("webhooks", 1, OTHER)]),
        (
            format!("DELETE FROM configurations WHERE id = '{id}'"),
            [("drains", 2), ("envs", 5), ("tokens", 1), ("webhooks", 2)]
                .map(|(table, count)| orphans(table, count, id))
                .to_vec(),
        ),
        (
            "UPDATE owners SET default_team_id = 'team_gone' WHERE kind = 'user'".into(),
            vec!["owners: 1 with default_team_id team_gone, which is not in owners".into()],
        ),
        (
            set("doc", &named),
            vec![
                format!("webhooks {hook}: its document speaks of {OTHER}, which does not exist"),
                format!("webhooks {hook}: it belongs to {id}, but its document says {OTHER}"),
            ],
        ),
        (
            set("doc", "'nothing'"),
            vec![format!("webhooks {hook}: its document is not JSON: expected ident at line 1 column 2")],
        ),
        (
            format!("UPDATE owners SET doc = replace(doc, '{team}', 'other') WHERE id = '{team}'"),
            vec![format!("owners {team}: its document is of other")],
        ),
        (
            set("secret", "substr(secret, 2)"),
            vec![format!("webhooks {hook}: its secret does not open with the master key")],
        ),
        (
            "UPDATE meta SET value = substr(value, 2) WHERE key = 'demo'".into(),
            vec!["meta demo: it does not open with the master key".into()],
        ),
        (
            "DELETE FROM schema_migrations".into(),
            vec![format!(
                "its schema has version 0, and this program looks only into version {}",
                MIGRATIONS.len()
            )],
        ),
    ]
}

#[test]
fn what_cannot_be_is_found() {
    for case in 0..damages("", "", "").len() {
        for place in Place::each() {
            let server = place.serve(&["--dev"]);
            let (id, team) = (server.text("configurationId").to_owned(), server.text("teamId").to_owned());
            let hooks = server.get("/v1/webhooks");
            let own = |hook: &&serde_json::Value| hook["url"] == "https://log-bridge.example/bye";
            let hook = hooks.as_array().unwrap().iter().find(own).unwrap()["id"].as_str().unwrap();
            server.stop();
            let (sql, expected) = damages(&id, &team, hook).swap_remove(case);
            place.damage(&sql);
            let ended = place.run(&["doctor"]);
            let found: Vec<&str> = ended.out.lines().collect();
            for line in &expected {
                assert!(found.contains(&line.as_str()), "{sql}: {line} in {}", ended.out);
            }
            let plural = if found.len() == 1 { "problem" } else { "problems" };
            assert_eq!(
                (ended.code, ended.err),
                (1, format!("pintle: {} {plural} found\n", found.len())),
                "{sql}"
            );
        }
    }
}

#[test]
fn what_signs_a_pending_delivery_must_open() {
    let place = Place::new();
    let server = place.serve(&["--dev"]);
    let path = format!("/v1/integrations/configuration/{}", server.text("configurationId"));
    assert_eq!(server.call(server.text("token"), "DELETE", &path, None).0, 204);
    server.stop();
    assert!(place.run(&["doctor"]).succeeds().starts_with("sound"));
    place.damage("UPDATE deliveries SET state = 'pending'");
    place.damage("UPDATE delivery_contents SET secret = substr(secret, 2)");
    let ended = place.run(&["doctor"]);
    assert!(ended.out.ends_with(": its secret does not open with the master key\n"), "{}", ended.out);
    assert_eq!(ended.code, 1);
}

#[test]
fn damage_of_the_file_itself_is_found() {
    let place = Place::new();
    place.serve(&["--dev"]).stop();
    let path = place.path("data/pintle.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let ended = place.run(&["doctor"]);
    assert_eq!(ended.code, 1, "{}", ended.out);
    assert!(ended.err.ends_with(" found\n") || ended.err.contains("malformed"), "{}", ended.err);
}

#[test]
fn a_missing_database_is_not_made() {
    let place = Place::new();
    place.run(&["doctor"]).fails(1, "there is no database data/pintle.db");
    assert!(!place.path("data").exists());
}

#[test]
fn a_missing_or_wrong_key_is_a_finding() {
    for place in Place::each() {
        place.serve(&["--dev"]).stop();
        std::fs::remove_file(place.path("data/master.key")).unwrap();
        let ended = place.run(&["doctor"]);
        assert!(
            ended.out.starts_with("the database was made with a master key, but data/master.key is missing")
        );
        assert_eq!(ended.code, 1);
        let mut command = place.command(&["doctor"]);
        command.env("PINTLE_MASTER_KEY", "ab".repeat(32));
        let ended = crate::place::finish(&mut command);
        assert_eq!(ended.out, "the master key is not the one that this database was made with\n");
    }
}
