//! Wakes those who wait for something to deliver, in this process. What another process left is found by looking now and then.

use tokio::sync::watch;

#[derive(Debug)]
pub struct Bell(watch::Sender<()>);

impl Default for Bell {
    fn default() -> Self {
        Self(watch::Sender::new(()))
    }
}

impl Bell {
    pub fn ring(&self) {
        self.0.send_replace(());
    }

    /// Hears every ring from now on; those that nobody waited for are one.
    pub fn listen(&self) -> watch::Receiver<()> {
        self.0.subscribe()
    }
}
