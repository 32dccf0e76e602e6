//! The cases, in the order in which they run: what one leaves at the partner, later ones use.

mod callbacks;
mod installation;
mod plans;
mod removal;
mod repl;
mod resources;
mod rotation;
mod sso;
mod tokens;
mod webhook;

use crate::expect::Verdict;
use crate::world::World;
use futures_util::future::LocalBoxFuture;

/// One thing that is graded.
pub struct Case {
    /// Of all cases, for machines.
    pub name: &'static str,
    pub title: &'static str,
    /// Why it matters.
    pub why: &'static str,
    pub run: for<'a> fn(&'a mut World) -> LocalBoxFuture<'a, Verdict>,
}

/// `"name", "title", "why" => function;`
macro_rules! cases {
    ($visibility:vis $list:ident: $($name:literal, $title:literal, $why:literal => $run:expr;)*) => {
        $visibility const $list: &[$crate::cases::Case] = &[$($crate::cases::Case {
            name: $name,
            title: $title,
            why: $why,
            run: |world| Box::pin($run(world)),
        }),*];
    };
}
use cases;

pub fn all() -> impl Iterator<Item = &'static Case> {
    [
        plans::BEFORE,
        installation::CASES,
        plans::INSTALLED,
        resources::CASES,
        tokens::CASES,
        rotation::CASES,
        repl::CASES,
        sso::CASES,
        webhook::CASES,
        removal::CASES,
        callbacks::CASES,
    ]
    .into_iter()
    .flatten()
}

#[cfg(test)]
mod tests {
    #[test]
    fn each_case_has_a_name_of_its_own() {
        let names: Vec<_> = super::all().map(|case| case.name).collect();
        let unique: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(unique.len(), names.len(), "{names:?}");
    }
}
