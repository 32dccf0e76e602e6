//! The table of what was measured.

use std::fmt;

#[derive(Default)]
pub struct Report(Vec<Line>);

struct Line {
    what: String,
    measured: String,
    goal: Option<(String, bool)>,
}

/// What a number should be.
#[derive(Debug, Clone, Copy)]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    pub fn reached(self, value: f64) -> bool {
        match self {
            Goal::AtLeast(goal) => value >= goal,
            Goal::AtMost(goal) => value <= goal,
        }
    }
}

impl Report {
    /// A figure without a goal.
    pub fn figure(&mut self, what: impl Into<String>, measured: impl Into<String>) {
        self.add(Line { what: what.into(), measured: measured.into(), goal: None });
    }

    /// A number with a goal, shown with two decimals; says whether it is reached.
    pub fn number(&mut self, what: impl Into<String>, value: f64, unit: &str, goal: Goal) -> bool {
        let reached = goal.reached(value);
        let text = match goal {
            Goal::AtLeast(goal) => format!("at least {goal}{unit}"),
            Goal::AtMost(goal) => format!("at most {goal}{unit}"),
        };
        let measured = format!("{value:.2}{unit}");
        self.add(Line { what: what.into(), measured, goal: Some((text, reached)) });
        reached
    }

    fn add(&mut self, line: Line) {
        eprintln!("{}: {}", line.what, line.measured);
        self.0.push(line);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows = vec![["", "measured", "goal", ""].map(str::to_owned)];
        rows.extend(self.0.iter().map(|line| {
            let (goal, verdict) = match &line.goal {
                Some((goal, reached)) => (goal.as_str(), if *reached { "pass" } else { "MISS" }),
                None => ("", ""),
            };
            [line.what.as_str(), &line.measured, goal, verdict].map(str::to_owned)
        }));
        let width =
            |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths = [width(0), width(1), width(2)];
        for [what, measured, goal, verdict] in &rows {
            let line = format!(
                "{what:a$}  {measured:b$}  {goal:c$}  {verdict}",
                a = widths[0],
                b = widths[1],
                c = widths[2]
            );
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
