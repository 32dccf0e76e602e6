//! What becomes of what is sent.

use super::Source;
use axum::body::Body;
use axum::http::Request;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, stream};
use pintle_api::Options;
use pintle_core::logs::Batch;
use pintle_testing::{on_each_engine, on_sqlite};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

#[tokio::test]
async fn a_whole_line_is_kept_byte_for_byte() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        // Spaces, the order of keys, escapes and large numbers must stay.
        let line = source.line("caf\u{e9} \\u00e9").to_string().replacen(":", " : ", 1);
        let line = line.replacen("\"unknown\"", "\"big\":12345678901234567890123,\"unknown\"", 1);
        let body = format!("{line}\r\n\n  {line}");
        let answer = source.send(pintle, body).await.ok(200);
        assert_eq!(answer, json!({ "accepted": 2, "rejected": 0, "errors": [] }));
        let batches = source.batches(pintle).await;
        assert_eq!(String::from_utf8_lossy(&batches[0].body), format!("{line}\n{line}\n"));
        assert_eq!((batches[0].lines, batches.len()), (2, 1));
    })
    .await;
}

#[tokio::test]
async fn good_lines_are_kept_in_their_order_whatever_stands_between() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let whole = |request: usize, at: usize| source.line(&format!("{at} of {request}")).to_string();
        let bare = r#"{"message":"bare"}"#;
        let mut expected = Vec::new();
        // Three lines, each of five kinds, with a line feed at the end and without.
        for request in 0..250 {
            let kinds = [request / 50, request / 10 % 5, request / 2 % 5];
            let lines = [0, 1, 2].map(|at| match kinds[at] {
                0 => whole(request, at),
                1 => format!(" {}\r", whole(request, at)),
                2 => bare.to_owned(),
                3 => r#"{"level":"loud"}"#.to_owned(),
                _ => String::new(),
            });
            let good = lines.iter().map(|line| line.trim()).filter(|line| line.contains("message"));
            expected.extend(good.map(str::to_owned));
            let end = if request % 2 == 0 { "\n" } else { "" };
            source.send(pintle, lines.join("\n") + end).await;
        }
        let batches = source.batches(pintle).await;
        let kept = batches.iter().flat_map(Batch::each_line).map(|line| {
            let line = String::from_utf8_lossy(line).into_owned();
            // This one has been filled in.
            if line.contains("\"bare\"") { bare.to_owned() } else { line }
        });
        assert_eq!(kept.collect::<Vec<_>>(), expected);
    })
    .await;
}

#[tokio::test]
async fn what_a_line_lacks_is_filled_in() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let before = pintle.clock.now();
        let lines = [
            json!({ "message": "bare" }),
            json!({ "level": null, "host": null, "timestamp": "2023-11-14T22:13:20.123Z", "proxy": { "host": "a.example" } }),
            json!({ "timestamp": 1_700_000_000_123.75, "source": "static", "environment": "preview" }),
            json!({ "message": "\u{e9}".repeat(150_000) }),
        ];
        source.send(pintle, Value::from(lines.to_vec()).to_string()).await.ok(200);
        let kept = source.lines(pintle).await;
        let bare = &kept[0];
        let at = bare["timestamp"].as_i64().unwrap();
        assert!(at >= before && at <= pintle.clock.now());
        let id = bare["id"].as_str().unwrap();
        assert!(id.len() == 28 && id.bytes().all(|b| b.is_ascii_digit()), "{id}");
        assert_eq!(&id[..13], at.to_string());
        let deployment = source.project.replace("prj_", "dpl_");
        let facts = ["source", "host", "projectId", "level", "deploymentId"].map(|key| bare[key].as_str().unwrap());
        assert_eq!(facts, ["lambda", "shop", source.project.as_str(), "info", &deployment]);
        assert_eq!(kept[1]["timestamp"], 1_700_000_000_123_i64);
        assert_eq!((&kept[1]["level"], &kept[1]["host"]), (&json!("info"), &json!("a.example")));
        assert_eq!((&kept[2]["source"], &kept[2]["environment"]), (&json!("static"), &json!("preview")));
        assert_eq!(kept[2]["timestamp"].as_f64(), Some(1_700_000_000_123.0));
        assert_eq!(kept[3]["message"].as_str().unwrap().len(), 256 << 10, "cut at 256 KB");
        let ids: std::collections::HashSet<String> = kept.iter().map(|line| line["id"].to_string()).collect();
        assert_eq!(ids.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn bad_lines_are_told_one_by_one_and_good_ones_kept() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let good = source.line("good").to_string();
        let lines = [
            good.as_str(),
            "{\"message\":",
            "7",
            r#"{"message":7}"#,
            "",
            r#"{"level":"loud"}"#,
            r#"{"source":"elsewhere"}"#,
            r#"{"environment":"moon"}"#,
            r#"{"projectId":"prj_other"}"#,
            r#"{"timestamp":"yesterday"}"#,
            r#"{"proxy":{"path":7}}"#,
            r#"{"message":"a"} {"message":"b"}"#,
            r#"["id","dpl","lambda"]"#,
            good.as_str(),
        ];
        let mut body = lines.join("\n").into_bytes();
        body.extend(b"\n{\"message\":\"\xff\"}");
        let answer = source.send(pintle, body).await.ok(200);
        assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(2), &json!(12)));
        let told: Vec<(u64, &str)> = answer["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| (error["line"].as_u64().unwrap(), error["message"].as_str().unwrap()))
            .collect();
        let allowed = "should be equal to one of the allowed values";
        let expected = [
            (2, "it is not JSON: EOF while parsing a value at line 1 column 11"),
            (3, "should be object."),
            (4, "`message` should be string."),
            (6, &format!("`level` {allowed} \"info, warning, error, fatal\".")),
            (
                7,
                &format!("`source` {allowed} \"build, edge, lambda, static, external, firewall, redirect\"."),
            ),
            (8, &format!("`environment` {allowed} \"production, preview\".")),
            (9, "`projectId` is not the project that is fed."),
            (10, "`timestamp` should be number, or match format \"date-time\"."),
            (11, "`proxy.path` should be string."),
            (12, "it is more than one JSON value"),
            (13, "should be object."),
            (15, "it is not UTF-8"),
        ];
        assert_eq!(told, expected);
        assert_eq!(source.lines(pintle).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_request_without_a_good_line_fails_with_the_same_facts() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let body = "{\"level\":\"loud\"}\n".repeat(150);
        let error = source.send(pintle, body).await.fails(400, "bad_request");
        assert_eq!((&error["accepted"], &error["rejected"]), (&json!(0), &json!(150)));
        assert_eq!(error["errors"].as_array().unwrap().len(), 100, "the rest is only counted");
        assert_eq!(error["errors"][99]["line"], 100);
        let error = source.send(pintle, "[{\"message\":\"a\"},").await.fails(400, "bad_request");
        assert!(error["message"].as_str().unwrap().starts_with("Invalid JSON: EOF"), "{error}");
        for nothing in ["", "\n\n", "[]"] {
            let answer = source.send(pintle, nothing).await.ok(200);
            assert_eq!(answer, json!({ "accepted": 0, "rejected": 0, "errors": [] }));
        }
        assert_eq!(source.batches(pintle).await, []);
    })
    .await;
}

#[tokio::test]
async fn items_of_an_array_may_be_spread_over_lines() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let items = json!([source.line("one"), { "message": "two\nlines" }, { "level": "loud" }]);
        let body = serde_json::to_string_pretty(&items).unwrap();
        let answer = source.send(pintle, body).await.ok(200);
        assert_eq!((&answer["accepted"], &answer["errors"][0]["line"]), (&json!(2), &json!(3)));
        let kept = source.lines(pintle).await;
        assert_eq!(kept[0], source.line("one"));
        assert_eq!(kept[1]["message"], "two\nlines");
    })
    .await;
}

#[tokio::test]
async fn what_drains_could_not_read_later_is_told_at_once() {
    on_each_engine(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let with = |key: &str, value: &str| {
            source.line("odd").to_string().replacen('{', &format!("{{{}:{value},", json!(key)), 1)
        };
        let lines = [
            with("unknown1", r#""\ud800""#),
            with("unknown1", "1e999"),
            with("unknown1", &format!("{}{}", "[".repeat(200), "]".repeat(200))),
            with("unknown1", r#""\ud83d\ude00""#),
            json!({ "deploymentId": "dpl\u{0}" }).to_string(),
            json!({ "deploymentId": "d".repeat(3000) }).to_string(),
        ];
        let answer = source.send(pintle, lines.join("\n")).await.ok(200);
        assert_eq!((&answer["accepted"], &answer["rejected"]), (&json!(1), &json!(5)), "{answer}");
        assert_eq!(source.lines(pintle).await[0]["unknown1"], "\u{1f600}");
    })
    .await;
}

#[tokio::test]
async fn short_lines_make_no_more_than_a_request_may_bring() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let answer = source.send(pintle, "{}\n".repeat(250_000)).await.ok(200);
        let accepted = answer["accepted"].as_u64().unwrap();
        assert!((100_000..240_000).contains(&accepted), "{accepted}");
        assert_eq!(answer["rejected"], 250_000 - accepted);
        let kept: usize = source.batches(pintle).await.iter().map(|batch| batch.body.len()).sum();
        assert!(kept < 33 << 20, "{kept}");
    })
    .await;
}

#[tokio::test]
async fn a_body_of_zstd_may_have_many_frames() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let frame = |line: &str| {
            ruzstd::encoding::compress_to_vec(line.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest)
        };
        let skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, b'a', b'b', b'c'];
        let body = [frame("{}\n"), skipped.to_vec(), frame("{}\n{}\n"), skipped.to_vec()].concat();
        let headers = [("content-encoding", "zstd")];
        let answer = source.send_to(pintle, "/pintle/v1/logs", &headers, body.clone()).await.ok(200);
        assert_eq!(answer["accepted"], 3);
        let cut = &body[..body.len() - 1];
        source.send_to(pintle, "/pintle/v1/logs", &headers, cut).await.fails(400, "bad_request");
    })
    .await;
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_body_may_be_packed_but_not_without_bound() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let path = "/pintle/v1/logs";
        let lines = "{\"message\":\"hello\"}\n".repeat(5000);
        let zstd =
            ruzstd::encoding::compress_to_vec(lines.as_bytes(), ruzstd::encoding::CompressionLevel::Fastest);
        for (encoding, body) in [("gzip", gzip(lines.as_bytes())), ("zstd", zstd)] {
            let answer = source.send_to(pintle, path, &[("content-encoding", encoding)], body).await.ok(200);
            assert_eq!(answer["accepted"], 5000, "{encoding}");
        }
        let bomb = vec![b' '; 64 << 20];
        let zstd = ruzstd::encoding::compress_to_vec(&bomb[..], ruzstd::encoding::CompressionLevel::Fastest);
        for (encoding, body) in [("gzip", gzip(&bomb)), ("zstd", zstd)] {
            assert!(body.len() < 1 << 20);
            let answer = source.send_to(pintle, path, &[("content-encoding", encoding)], body).await;
            answer.says(413, "request_entity_too_large", "The body is larger than 8388608 bytes");
        }
        for encoding in ["gzip", "zstd"] {
            let answer = source.send_to(pintle, path, &[("content-encoding", encoding)], "not packed").await;
            answer.fails(400, "bad_request");
        }
        let answer = source.send_to(pintle, path, &[("content-encoding", "br")], "{}").await;
        let text = "The content encoding `br` is not supported: use gzip or zstd";
        answer.says(400, "bad_request", text);
    })
    .await;
}

#[tokio::test]
async fn where_there_is_no_room_the_sender_is_told_when_to_come_back() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let small = pintle.beside(Options { log_room: 1_000_000, ..Options::default() }, false).await;
        let path = "/pintle/v1/logs";
        let line = "{\"message\":\"hello\"}\n";
        source.send(&small, line.repeat(5000)).await.ok(200);
        let large = line.repeat(60_000);
        let answer = source.send(&small, large.clone()).await;
        assert_eq!(answer.header("retry-after"), Some("1"));
        answer.fails(429, "rate_limited");
        let answer =
            source.send_to(&small, path, &[("content-encoding", "gzip")], gzip(large.as_bytes())).await;
        answer.fails(429, "rate_limited");
        // The body has room, but not together with what is made of it.
        source.send(&small, "{}\n".repeat(60_000)).await.fails(429, "rate_limited");
        source.send(&small, line.repeat(5000)).await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn a_body_that_does_not_arrive_gives_its_room_back() {
    on_sqlite(async |pintle| {
        let source = Source::new(pintle, "acme").await;
        let body_time = Duration::from_secs(2);
        let options = Options { log_room: 1_000_000, body_time, ..Options::default() };
        let hasty = pintle.beside(options, false).await;
        let line = "{\"message\":\"hello\"}\n";
        let begun = Arc::new(Notify::new());
        let slow = async |path: &str, bearer: &str, length: usize| {
            let begun = begun.clone();
            let first = stream::once(async move { Ok::<_, Infallible>(line) });
            let rest = stream::once(async move {
                begun.notify_one();
                std::future::pending().await
            });
            let request = Request::post(path)
                .header("authorization", format!("Bearer {bearer}"))
                .header("content-type", "application/json")
                .header("content-length", length);
            hasty.send(request.body(Body::from_stream(first.chain(rest))).unwrap()).await
        };
        let fast = async {
            begun.notified().await;
            source.send(&hasty, line.repeat(5000)).await.fails(429, "rate_limited");
        };
        let (answer, ()) = tokio::join!(slow("/pintle/v1/logs", &source.key, 900_000), fast);
        answer.says(408, "request_timeout", "The body did not arrive within 2s");
        source.send(&hasty, line.repeat(5000)).await.ok(200);
        let export = slow("/v1/logs", &source.key, 100);
        let (export, webhook) = tokio::join!(export, slow("/v1/webhooks", &source.team.token, 100));
        assert_eq!((export.status, &export.json()["code"]), (408, &json!(4)));
        webhook.fails(408, "request_timeout");
    })
    .await;
}
