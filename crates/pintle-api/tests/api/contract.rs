//! The list of routes against the contract's list of operations. What is answered is checked by every test that sends a request.

use pintle_api::routes;
use pintle_testing::contract::{Operation, operations, shape};

#[test]
fn a_route_is_named_as_the_contract_names_it() {
    let Some(operations) = operations() else { return };
    for route in routes() {
        let leads_there =
            |o: &&Operation| o.method == route.method.as_str() && o.shape() == shape(route.path);
        let named = operations.iter().find(|operation| operation.id == route.id);
        let meant = named.or_else(|| operations.iter().find(leads_there));
        if let Some(operation) = meant {
            // Some have no name in the contract, and get one here.
            let name = if operation.id.contains(' ') { route.id } else { &operation.id };
            let ours = (route.id, route.method.as_str(), route.path);
            assert_eq!(ours, (name, operation.method.as_str(), operation.path.as_str()));
        }
    }
}

/// As `cargo xtask coverage` prints it.
#[test]
fn the_readme_shows_what_is_served() {
    let Some(table) = pintle_testing::coverage::table() else { return };
    let readme = include_str!("../../../../README.md");
    assert!(readme.contains(&table), "put this table into README.md:\n{table}");
}
