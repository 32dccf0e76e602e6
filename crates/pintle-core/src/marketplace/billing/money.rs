//! Amounts of money: US dollars as decimal text, exact to the last digit. No floating point anywhere.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// US dollars, never negative. On the wire it is text such as `12.50`, and keeps the decimals that it came with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(Decimal);

impl Amount {
    pub const ZERO: Amount = Amount(Decimal::ZERO);
    /// The least that an invoice can be for (semantics.md 4.4).
    pub const LEAST: Amount = Amount(Decimal::from_parts(50, 0, 0, false, 2));

    /// `^[0-9]+(\.[0-9]+)?$`; `None` also for what has more digits than can be held, which are 28.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let amount = Decimal::from_str_exact(text).ok().filter(|_| digits(whole) && digits(decimals))?;
        Some(Self(amount))
    }

    pub fn of_cents(cents: u32) -> Self {
        Self(Decimal::from_parts(cents, 0, 0, false, 2))
    }

    /// Whether it can be paid: no part of a cent.
    pub fn is_of_cents(self) -> bool {
        self.0.normalize().scale() <= 2
    }

    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `None` where nothing is left to take it from.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).filter(|rest| !rest.is_sign_negative() || rest.is_zero()).map(Self)
    }

    /// Whether this is what so many at such a price cost, rounded to a cent in whichever direction.
    pub fn is_price_of(self, price: Amount, quantity: &serde_json::Number) -> bool {
        let text = quantity.to_string();
        let quantity = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text)).ok();
        let exact = quantity.and_then(|quantity| price.0.checked_mul(quantity));
        let distance = exact.and_then(|exact| exact.checked_sub(self.0));
        distance.is_some_and(|distance| distance.abs() < Amount::of_cents(1).0)
    }

    /// With two decimals, as what is paid is shown.
    pub fn in_cents(self) -> Self {
        let mut rounded = self.0.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        rounded.rescale(2);
        Self(rounded)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom("should match pattern \"^[0-9]+(\\.[0-9]+)?$\" and have at most 28 digits")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(text: &str) -> Amount {
        Amount::parse(text).unwrap_or_else(|| panic!("{text} is no amount"))
    }

    #[test]
    fn what_is_an_amount() {
        for text in ["0", "12", "12.5", "12.50", "0.000000000001", "1000000000000"] {
            assert_eq!(amount(text).to_string(), text);
        }
        for text in ["", ".5", "1.", "-1", "+1", "1e3", "1,5", "1_000", " 1", "1.2.3", &"9".repeat(30)] {
            assert_eq!(Amount::parse(text), None, "{text}");
        }
        assert!(amount("1.500").is_of_cents() && !amount("1.505").is_of_cents());
        assert_eq!(amount("1.5").in_cents().to_string(), "1.50");
        assert_eq!(Amount::of_cents(50), Amount::LEAST);
    }

    #[test]
    fn sums_are_exact() {
        assert_eq!(amount("0.10").plus(amount("0.20")), Some(amount("0.30")));
        assert_eq!(amount("0.10").minus(amount("0.10")), Some(Amount::ZERO));
        assert_eq!(amount("0.10").minus(amount("0.11")), None);
    }

    #[test]
    fn a_total_is_the_price_of_the_quantity_to_the_cent() {
        let fits = |total, price, quantity: &str| {
            amount(total).is_price_of(amount(price), &serde_json::from_str(quantity).unwrap())
        };
        assert!(fits("18.00", "1.80", "10") && fits("0.00", "0.0000001", "1e-7"));
        assert!(fits("0.33", "0.333", "1") && fits("0.34", "0.333", "1"));
        assert!(!fits("0.35", "0.333", "1") && !fits("0.32", "0.333", "1") && !fits("1.00", "1.00", "1e300"));
    }
}
