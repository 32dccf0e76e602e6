//! `cargo xtask permissions`: docs/permissions.md, on standard output.

fn main() {
    print!("{}", pintle_testing::permissions::document());
}
