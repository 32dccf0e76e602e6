//! What is asked of the server: projects that come and go, each of which is two events.

use crate::client::Client;
use parking_lot::Mutex;
use serde_json::json;
use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

/// An event: its type, and the name of its project.
pub type Event = (&'static str, String);

#[derive(Default)]
pub struct Load {
    /// Asked for; it may have happened.
    pub asked: HashSet<Event>,
    /// Answered: it happened.
    pub answered: HashSet<Event>,
}

impl Load {
    pub fn answered(&self) -> usize {
        self.answered.len()
    }

    /// Asks until the server is gone.
    pub fn run(load: &Mutex<Self>, client: Client) {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        loop {
            let name = format!("p-{}", NEXT.fetch_add(1, Ordering::Relaxed));
            let body = json!({ "name": name });
            for (event, method, path, body) in [
                ("project.created", "POST", "/v11/projects".to_owned(), Some(&body)),
                ("project.removed", "DELETE", format!("/v9/projects/{name}"), None),
            ] {
                load.lock().asked.insert((event, name.clone()));
                let Some(answer) = client.send(method, &path, body) else { return };
                assert!(answer.is_good(), "{}", answer.unexpected());
                load.lock().answered.insert((event, name.clone()));
            }
        }
    }
}
