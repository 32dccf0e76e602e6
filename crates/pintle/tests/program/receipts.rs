//! `pintle receipts`.

use crate::place::Place;
use serde_json::{Value, json};

#[test]
fn an_operator_reads_the_receipts_of_whoever_is_gone() {
    for place in Place::each() {
        let server = place.serve(&["--dev"]);
        let (token, team) = (server.text("token"), server.text("teamId"));
        let (user, installation) = (server.text("userId"), server.text("configurationId"));
        assert_eq!(place.run(&["receipts", "list"]).succeeds(), "");
        let path = format!("/v1/teams/{team}");
        assert_eq!(server.call(token, "DELETE", &path, None).0, 200);
        let of_team = server.get(&format!("/pintle/v1/deletions/{team}"));
        let of_installation = server.get(&format!("/pintle/v1/removals/{installation}"));
        let (status, gone) = server.call(token, "DELETE", "/v1/user", None);
        assert_eq!((status, &gone["receipt"]["id"]), (202, &json!(user)));

        // Beside a server and after it.
        let show = |id: &str| -> Value {
            serde_json::from_str(&place.run(&["receipts", "show", id]).succeeds()).unwrap()
        };
        assert_eq!(show(user), gone["receipt"]);
        let (team, user) = (team.to_owned(), user.to_owned());
        let installation = installation.to_owned();
        let (slug, name) =
            (server.text("teamSlug").to_owned(), gone["receipt"]["slug"].as_str().unwrap().to_owned());
        server.stop();
        assert_eq!(show(&user), gone["receipt"]);
        assert_eq!(show(&team), of_team);
        assert_eq!(show(&installation), of_installation);
        let list = place.run(&["receipts", "list"]).succeeds();
        let mut lines: Vec<Vec<&str>> = list.lines().map(|line| line.split("  ").skip(1).collect()).collect();
        let by = format!("deleted by {name}");
        let from = format!("removed from {team} by {name}");
        let app = of_installation["slug"].as_str().unwrap();
        // Some of it in one millisecond.
        lines.sort_unstable();
        let expected = [
            ["installation", &installation, app, &from],
            ["team", &team, &slug, &by],
            ["user", &user, &name, &by],
        ];
        assert_eq!(lines, expected);
        let times: Vec<&str> = list.lines().map(|line| &line[..24]).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{list}");
    }
}

#[test]
fn what_is_not_there_is_said() {
    let place = Place::new();
    place.run(&["receipts", "list"]).fails(1, "there is no database data/pintle.db");
    place.serve(&["--dev"]).stop();
    place.run(&["receipts", "show", "nobody"]).fails(1, "there is no receipt of nobody");
    place.run(&["receipts"]).fails(2, "expected a command: see pintle --help");
}
