//! `pintle.yaml`.

#[test]
fn nothing_yet() {}
