//! What a database can be given before anybody calls: the demo workspace of `pintle serve --dev`.

pub mod demo;
