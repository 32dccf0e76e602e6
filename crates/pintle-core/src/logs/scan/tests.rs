//! Lines as they come, and lines that are spoilt.

use super::*;
use crate::entropy::Entropy;
use crate::logs::intake::is_complete;
use crate::logs::line::{Line, Whole};

const WHOLE: &str = concat!(
    r#"{"id":"1","deploymentId":"dpl_1","source":"lambda","host":"a.example","timestamp":1700000000000,"#,
    r#""projectId":"prj_1","level":"info""#
);

fn with(rest: &str) -> String {
    format!("{WHOLE}{rest}}}")
}

/// What the parser finds, where it keeps a line as it is.
fn parsed(line: &str) -> Option<(String, String)> {
    let read: Line<'_> = serde_json::from_str(line).ok()?;
    let kept = line.starts_with('{') && is_complete(&read) && serde_json::from_str::<Whole>(line).is_ok();
    let text = |text: &Option<crate::logs::Text<'_>>| text.as_ref().map(|text| text.as_str().to_owned());
    kept.then_some((text(&read.project_id)?, text(&read.deployment_id)?))
}

fn found(line: &str) -> Option<(String, String)> {
    complete(line).map(|line| (line.project.to_owned(), line.deployment.to_owned()))
}

/// Lines as they come, all of which are taken.
fn usual() -> Vec<String> {
    [
        "",
        r#","message":"a \"quoted\" tab\t and \u00e9\u001b[0m, caf\u00c9 and a backslash \\""#,
        r#" , "message" : "spread" , "statusCode" : -1"#,
        r#","message":null,"branch":null,"proxy":null,"environment":"preview","messageTruncated":false"#,
        r#","proxy":{"timestamp":1,"method":"GET","host":"a","path":"/a?b=c","userAgent":["x"],"statusCode":200,"lambdaRegion":"iad1"}"#,
        r#","type":"stdout","environment":"production","path":"api","requestId":"r","edgeType":"edge-function","statusCode":0"#,
        r#","unknown":{"a":[1,-2.5,0.125,true,false,null,[],{}, {"b":"\/"}],"id":"2"}"#,
    ]
    .map(with)
    .into()
}

#[test]
fn usual_lines_are_taken() {
    for line in usual() {
        assert_eq!(found(&line), Some(("prj_1".to_owned(), "dpl_1".to_owned())), "{line}");
    }
    let long = |length| with(&format!(r#","message":"{}""#, "m".repeat(length)));
    assert!(complete(&long(MESSAGE)).is_some() && complete(&long(MESSAGE + 1)).is_none());
}

#[test]
fn what_is_odd_is_left_to_the_parser() {
    let odd = [
        r#","a":"\ud83d\ude00""#,
        r#","a":1e3"#,
        r#","a":1234567890123456"#,
        r#","a":01"#,
        r#","a":1."#,
        r#","a":-"#,
        r#","a":"\x""#,
        r#","a":"\u00g0""#,
        r#","\u0069d":"2""#,
        r#","id":"2""#,
        r#","level":null"#,
        r#","statusCode":1.5"#,
        r#","statusCode":-0"#,
        r#","messageTruncated":1"#,
        r#","environment":"test""#,
        r#","proxy":[]"#,
        r#","proxy":{"path":1}"#,
        r#","proxy":{"path":"a","path":"b"}"#,
        r#","a":nul"#,
        r#","a":{"b":}"#,
        r#","a":[1,]"#,
        ",",
        r#","a" 1"#,
        "\n",
        "}",
        "} ",
    ];
    let nested = format!(r#","a":{}{}"#, "[".repeat(40), "]".repeat(40));
    for rest in odd.iter().copied().chain([nested.as_str(), ",\"a\":\"\u{1}\""]) {
        assert_eq!(complete(&with(rest)), None, "{rest}");
    }
    let incomplete = with("").replace(r#""source":"lambda","#, "");
    assert_eq!(complete(&incomplete), None);
    assert_eq!(complete("[]"), None);
    assert_eq!(complete(""), None);
}

/// Lines are spoilt at random; whatever is still taken must be what the parser keeps, and be read alike.
#[test]
fn nothing_is_taken_that_the_parser_does_not_keep() {
    let parts = [
        "",
        "\"",
        "\\",
        "\\\"",
        "\\u00e9",
        "\\ud800",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        " ",
        "\t",
        "\n",
        "null",
        "true",
        "0",
        "-",
        "1",
        ".",
        "e",
        "9",
        "id",
        "\"id\":\"2\",",
        "\"level\":\"error\",",
        "\"a\":",
        "\u{e9}",
        "\u{1}",
        "lambda",
        "\"host\":null,",
    ];
    let entropy = Entropy::seeded(7);
    let random = |below: usize| u32::from_le_bytes(entropy.bytes()) as usize % below;
    let (lines, mut taken, mut kept) = (usual(), 0, 0);
    for _ in 0..200_000 {
        let mut line = lines[random(lines.len())].clone();
        for _ in 0..=random(2) {
            let from = line.floor_char_boundary(random(line.len()));
            let to = line.ceil_char_boundary((from + random(4)).min(line.len()));
            line.replace_range(from..to, parts[random(parts.len())]);
        }
        let parsed = parsed(&line);
        kept += usize::from(parsed.is_some());
        if let Some(found) = found(&line) {
            taken += 1;
            assert_eq!(Some(found), parsed, "{line}");
        }
    }
    assert!(taken > 20_000 && kept > taken, "{taken} of {kept}");
}
