use super::*;
use serde_json::json;

fn line() -> Json {
    json!({
        "id": "1", "projectId": "prj_1", "source": "lambda", "level": "error", "message": "it's broken",
        "statusCode": 500, "environment": "production", "trace.id": "t1",
        "proxy": { "method": "GET", "userAgent": ["curl/8", "bot"], "statusCode": -1, "cacheId": null },
    })
}

#[test]
fn conditions_hold_as_they_read() {
    let cases = [
        ("level eq 'error'", true),
        ("level eq 'Error'", false),
        ("level ne 'error'", false),
        ("'error' eq level", true),
        ("log/level eq 'error' and deployment/environment eq 'production'", true),
        ("project/id eq 'prj_1' and projectId eq 'prj_1'", true),
        ("statusCode ge 500", true),
        ("statusCode gt 500", false),
        ("statusCode lt 500.5 and statusCode le 500", true),
        ("statusCode eq '500'", false),
        ("proxy/statusCode eq -1 and proxy.method eq 'GET'", true),
        ("trace.id eq 't1'", true),
        ("source in ('edge', 'lambda')", true),
        ("source in ('edge')", false),
        ("statusCode in (404,500)", true),
        ("branch in ('main', null)", true),
        ("contains(message, 'it''s')", true),
        ("startswith(message,'broken')", false),
        ("endswith(message,'broken')", true),
        ("contains('lambda edge', source)", true),
        ("contains(statusCode, '5')", false),
        // One of a list.
        ("startswith(proxy/userAgent,'curl')", true),
        ("proxy/userAgent eq 'bot'", true),
        ("proxy/userAgent ne 'bot'", false),
        // What is not there is null.
        ("branch eq null and proxy/cacheId eq null", true),
        ("branch ne 'main'", true),
        ("branch gt 'a' or branch le 'a'", false),
        ("proxy/region eq null", true),
        // `not`, then `and`, then `or`.
        ("level eq 'info' and source eq 'edge' or statusCode eq 500", true),
        ("level eq 'info' and (source eq 'edge' or statusCode eq 500)", false),
        ("not level eq 'info' and source eq 'lambda'", true),
        ("not (level eq 'info' or source eq 'lambda')", false),
        ("not not level eq 'error'", true),
        ("true eq true", true),
    ];
    for (text, expected) in cases {
        let condition = parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake}"));
        assert_eq!(condition.holds(&line()), expected, "{text}");
    }
}

#[test]
fn a_mistake_names_its_place() {
    let cases = [
        ("", "expected a field, a text in single quotes, a number, `true`, `false` or `null` at character 1"),
        ("level", "expected `eq`, `ne`, `gt`, `ge`, `lt`, `le` or `in` at character 6"),
        (
            "level eq",
            "expected a field, a text in single quotes, a number, `true`, `false` or `null` at character 9",
        ),
        ("colour eq 'red'", "`colour` is not a field of a log line at character 1"),
        ("proxy/colour eq 'red'", "`proxy/colour` is not a field of a log line at character 1"),
        ("level eq 'error", "a text without its closing quote at character 10"),
        ("level eq \"error\"", "unexpected `\"` at character 10"),
        ("statusCode eq 1.2.3", "`1.2.3` is not a number at character 15"),
        ("statusCode eq 1e999", "`1e999` is not a number at character 15"),
        ("(level eq 'a'", "expected `)` at character 14"),
        ("level eq 'a' level eq 'b'", "expected `and`, `or` or the end at character 14"),
        ("level in ('a'; 'b')", "unexpected `;` at character 14"),
        (
            "level in (level)",
            "expected a text in single quotes, a number, `true`, `false` or `null` at character 11",
        ),
        ("contains(level 'a')", "expected `,` at character 16"),
        ("tolower(level) eq 'a'", "`tolower` is not a field of a log line at character 1"),
        ("message eq 'ä' eq", "expected `and`, `or` or the end at character 16"),
    ];
    for (text, expected) in cases {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
}

#[test]
fn what_is_too_long_or_too_deep_is_refused_and_not_tried() {
    let deep = format!("{}level eq 'a'{}", "(".repeat(2000), ")".repeat(2000));
    assert!(parse(&deep).unwrap_err().what.contains("inside each other"));
    assert!(parse(&"not ".repeat(1000)).unwrap_err().what.contains("inside each other"));
    assert!(parse(&"(".repeat(5000)).unwrap_err().what.contains("more than 4096"));
    // Beside each other is not inside.
    let wide = vec!["level eq 'a'"; 250].join(" or ");
    assert!(parse(&wide).is_ok_and(|condition| !condition.holds(&line())));
}
