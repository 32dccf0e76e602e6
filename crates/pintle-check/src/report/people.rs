//! For people: a line for each case, and under a failure all that it takes to mend it.

use super::{Counts, Grade, Outcome, Report};
use crate::ask::{Traffic, shown};
use crate::inbox::Asked;
use std::fmt::{Display, Formatter, Result};

impl Display for Grade {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let line = |f: &mut Formatter<'_>, mark: &str, note: &str| {
            let note = if note.is_empty() { String::new() } else { format!(" ({note})") };
            writeln!(f, "{mark}  {:<28}  {}{note}", self.case.name, self.case.title)
        };
        match &self.outcome {
            Outcome::Passed(note) => line(f, "pass", note),
            Outcome::Skipped(why) => line(f, "skip", why),
            Outcome::Failed { expected, traffic } => {
                line(f, "FAIL", "")?;
                traffic.iter().try_for_each(|traffic| write!(f, "{traffic}"))?;
                writeln!(f, "      expected  {expected}")?;
                writeln!(f, "      because   {}", self.case.why)
            }
        }
    }
}

impl Display for Traffic {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Traffic::Sent { line, headers, body, came } => {
                writeln!(f, "      sent      {line}")?;
                headers.iter().try_for_each(|header| writeln!(f, "                {header}"))?;
                if !body.is_empty() {
                    writeln!(f, "                {body}")?;
                }
                writeln!(f, "      came      {came}")
            }
            Traffic::Received(Asked { method, path, body, status, answer }) => {
                writeln!(f, "      asked     {method} {path} {}", shown(body))?;
                writeln!(f, "      answered  {status} {}", shown(answer))
            }
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Counts { passed, failed, skipped } = self.counts();
        writeln!(f)?;
        if let Some(hint) = &self.hint {
            writeln!(f, "{hint}\n")?;
        }
        writeln!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}
