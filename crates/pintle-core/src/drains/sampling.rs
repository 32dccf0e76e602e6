//! Which events of those that a drain may get are taken: its sampling rules, in order.

use super::filter::{Environment, Sampling};
use sha2::{Digest, Sha256};

/// What a rule looks at.
#[derive(Debug, Clone, Copy)]
pub struct Sampled<'a> {
    pub environment: Option<&'a str>,
    /// The path of the request, with or without its first slash.
    pub path: Option<&'a str>,
    /// What is kept or dropped together: a request, a trace, or a line by itself.
    pub key: &'a [u8],
}

/// Whether the rules take an event. The first that fits decides; with rules, what none fits is dropped. The same key is always decided
/// alike: so a retry takes the same lines, and two drains with one rate take the same requests.
pub fn takes(rules: &[Sampling], event: Sampled) -> bool {
    rules.is_empty() || rules.iter().find(|rule| rule.fits(event)).is_some_and(|rule| rule.takes(event.key))
}

impl Sampling {
    fn fits(&self, event: Sampled) -> bool {
        let environment = self.env.is_none_or(|env| event.environment == Some(env.name()));
        let path = self
            .request_path
            .as_deref()
            .is_none_or(|prefix| event.path.is_some_and(|path| bare(path).starts_with(bare(prefix))));
        environment && path
    }

    fn takes(&self, key: &[u8]) -> bool {
        share(key) < self.rate
    }
}

/// Without its first slash: lines of functions leave it out.
fn bare(path: &str) -> &str {
    path.strip_prefix('/').unwrap_or(path)
}

/// A number from 0 to below 1 that follows from the key, evenly over keys.
fn share(key: &[u8]) -> f64 {
    let digest = Sha256::digest(key);
    let number = digest.iter().take(8).fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    // 53 bits are what a float holds exactly.
    (number >> 11) as f64 / (1u64 << 53) as f64
}

impl Environment {
    pub fn name(self) -> &'static str {
        match self {
            Environment::Production => "production",
            Environment::Preview => "preview",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drains::filter::SamplingType;

    fn rule(rate: f64, env: Option<Environment>, path: Option<&str>) -> Sampling {
        Sampling { kind: SamplingType::HeadSampling, rate, env, request_path: path.map(str::to_owned) }
    }

    fn event<'a>(environment: Option<&'a str>, path: Option<&'a str>, key: &'a str) -> Sampled<'a> {
        Sampled { environment, path, key: key.as_bytes() }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let rules = [
            rule(0.0, Some(Environment::Production), Some("/api/health")),
            rule(1.0, Some(Environment::Production), None),
            rule(0.0, None, Some("api")),
            rule(1.0, None, Some("/api/late")),
        ];
        let cases = [
            (event(Some("production"), Some("/api/health"), "1"), false),
            (event(Some("production"), Some("api/healthy"), "1"), false),
            (event(Some("production"), Some("/api/other"), "1"), true),
            (event(Some("production"), None, "1"), true),
            (event(Some("preview"), Some("api/late"), "1"), false),
            // None fits.
            (event(Some("preview"), Some("/home"), "1"), false),
            (event(None, None, "1"), false),
        ];
        for (event, expected) in cases {
            assert_eq!(takes(&rules, event), expected, "{event:?}");
        }
        assert!(takes(&[], event(None, None, "1")), "without rules everything is taken");
    }

    #[test]
    fn a_rate_takes_its_share_of_keys_and_a_higher_one_takes_those_too() {
        let rates = [0.0, 0.01, 0.25, 0.5, 0.9, 1.0];
        let taken = rates.map(|rate| {
            let rules = [rule(rate, None, None)];
            (0..20_000).filter(|key| takes(&rules, event(None, None, &key.to_string()))).collect::<Vec<_>>()
        });
        for (rate, taken) in rates.iter().zip(&taken) {
            let share = taken.len() as f64 / 20_000.0;
            assert!((share - rate).abs() < 0.015, "{rate} took {share}");
        }
        for pair in taken.windows(2) {
            let more: std::collections::HashSet<_> = pair[1].iter().collect();
            assert!(pair[0].iter().all(|key| more.contains(key)));
        }
        assert_eq!((taken[0].len(), taken[5].len()), (0, 20_000));
    }
}
