//! Names of events, as they are typed.

use pintle_core::webhooks::EVENTS;

/// The name, where a webhook can subscribe to it.
///
/// # Errors
/// Names that look like it.
pub fn name(typed: &str) -> Result<String, String> {
    if EVENTS.contains(&typed) {
        return Ok(typed.to_owned());
    }
    let family = typed.split(['.', '-']).next().unwrap_or_default();
    let near: Vec<&str> = match near(typed) {
        Some(one) => vec![one],
        None => EVENTS.iter().copied().filter(|event| in_family(event, family)).collect(),
    };
    Err(match near[..] {
        [] => format!("no such event; their names begin with {}", families().join(", ")),
        [one] => format!("no such event; did you mean {one}?"),
        _ => format!("no such event; there are {}", near.join(", ")),
    })
}

fn in_family(event: &str, family: &str) -> bool {
    event.split_once('.').is_some_and(|(first, _)| first == family)
}

/// What stands before the first dot, each once.
fn families() -> Vec<&'static str> {
    let mut families: Vec<&str> = EVENTS.iter().filter_map(|event| Some(event.split_once('.')?.0)).collect();
    families.dedup();
    families.sort_unstable();
    families.dedup();
    families
}

/// The event that is a slip or two away.
fn near(typed: &str) -> Option<&'static str> {
    let slips = EVENTS.iter().map(|event| (slips(typed, event), *event));
    slips.min_by_key(|(slips, _)| *slips).filter(|(slips, _)| *slips <= 2).map(|(_, event)| event)
}

/// How many letters to write, to strike out or to change: Levenshtein's distance.
fn slips(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (line, letter) in from.chars().enumerate() {
        let mut corner = row[0];
        row[0] = line + 1;
        for (at, other) in to.iter().enumerate() {
            let changed = corner + usize::from(letter != *other);
            corner = row[at + 1];
            row[at + 1] = changed.min(row[at] + 1).min(corner + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_mistypes_is_told_what_there_is() {
        assert_eq!(name("deployment.ready").as_deref(), Ok("deployment.ready"));
        assert_eq!(name("deployment-ready").as_deref(), Ok("deployment-ready"));
        assert_eq!(name("deploymnet.ready").unwrap_err(), "no such event; did you mean deployment.ready?");
        assert_eq!(
            name("flag.toggled").unwrap_err(),
            "no such event; there are flag.created, flag.updated, flag.deleted"
        );
        assert!(name("nothing.happened").unwrap_err().contains(" deployment, domain, "));
    }
}
