//! For machines: JUnit XML, as continuous integration reads it.

use super::{Counts, Outcome, Report};
use std::fmt::Write;

/// The whole file.
pub fn junit(report: &Report) -> String {
    let Counts { passed, failed, skipped } = report.counts();
    let total = passed + failed + skipped;
    let seconds: f64 = report.grades.iter().map(|grade| grade.took.as_secs_f64()).sum();
    let counts = format!(
        "tests=\"{total}\" failures=\"{failed}\" errors=\"0\" skipped=\"{skipped}\" time=\"{seconds:.3}\""
    );
    let mut xml = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n");
    let _ = writeln!(xml, "  <testsuite name=\"pintle check-partner\" {counts}>");
    for grade in &report.grades {
        let (name, title, time) = (grade.case.name, escaped(grade.case.title), grade.took.as_secs_f64());
        let head = format!("    <testcase classname=\"partner\" name=\"{name}: {title}\" time=\"{time:.3}\"");
        let _ = match &grade.outcome {
            Outcome::Passed(_) => writeln!(xml, "{head}/>"),
            Outcome::Skipped(why) => {
                writeln!(xml, "{head}>\n      <skipped message=\"{}\"/>\n    </testcase>", escaped(why))
            }
            Outcome::Failed { expected, .. } => {
                let (message, text) = (escaped(expected), escaped(&grade.to_string()));
                writeln!(
                    xml,
                    "{head}>\n      <failure message=\"expected {message}\">{text}</failure>\n    </testcase>"
                )
            }
        };
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

/// Text as XML 1.0 has it: what a partner answers may be anything.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push_str(&format!("&#{};", char as u32)),
            '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'.. => escaped.push(char),
            _ => escaped.push('\u{fffd}'),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_can_stand_in_xml() {
        assert_eq!(
            escaped("a<b & \"c\">\u{0}\u{1b}[1m\n"),
            "a&lt;b &amp; &quot;c&quot;&gt;\u{fffd}\u{fffd}[1m&#10;"
        );
        assert_eq!(escaped("ü 語 🙂"), "ü 語 🙂");
    }
}
