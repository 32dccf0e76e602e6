//! Group `teams`: teams themselves. Their members are in `members`.

mod change;
mod create;
mod delete;
mod read;
