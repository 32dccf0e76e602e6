//! docs/permissions.md says what the code decides.

#[test]
fn the_table_of_permissions_is_what_the_code_says() {
    let file = include_str!("../../../../docs/permissions.md");
    assert!(
        file == pintle_testing::permissions::document(),
        "docs/permissions.md is stale: cargo xtask permissions"
    );
}
