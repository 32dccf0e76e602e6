//! What one way took, run by run: time by the clock, and processor time of each process.

use crate::server::{Server, processor_seconds};
use crate::{Failure, Outcome, median};
use std::time::Instant;

/// The processes of a run beside this one.
pub(super) struct Others<'a> {
    pub sink: &'a Server,
    /// What is between this process and the sink.
    pub server: Option<&'a Server>,
}

/// What was measured of one way.
#[derive(Default)]
pub(super) struct Runs {
    /// How many it did of what is counted, in each second.
    pub rates: Vec<f64>,
    /// Processor time for one of them in microseconds: of this process, the sink and the server between.
    used: [Vec<f64>; 3],
}

impl Runs {
    /// One run, in which `work` does so many.
    pub(super) fn run(
        &mut self,
        count: usize,
        others: &Others<'_>,
        work: impl FnOnce() -> Outcome<()>,
    ) -> Outcome<()> {
        let used = || {
            let server = others.server.map_or(Ok(0.0), Server::processor_seconds)?;
            Ok::<_, Failure>([processor_seconds("self")?, others.sink.processor_seconds()?, server])
        };
        let (before, began) = (used()?, Instant::now());
        work()?;
        self.rates.push(count as f64 / began.elapsed().as_secs_f64());
        for (times, (before, after)) in self.used.iter_mut().zip(before.into_iter().zip(used()?)) {
            times.push((after - before) * 1e6 / count as f64);
        }
        Ok(())
    }

    /// What it took: by the clock, and of the processors.
    pub(super) fn told(&self) -> String {
        let rate = median(self.rates.iter().copied());
        let [client, sink, server] = self.each();
        let server = if server > 0.0 { format!(", server {server:.1}") } else { String::new() };
        format!("{rate:.0}/s; us of processors for each: client {client:.1}, sink {sink:.1}{server}")
    }

    fn each(&self) -> [f64; 3] {
        self.used.each_ref().map(|times| median(times.iter().copied()))
    }

    /// Our rate by theirs, run by run; and the same by all the processor time that each took, which depends less on who else is at work.
    pub(super) fn of(&self, theirs: &Self) -> (f64, f64) {
        let by_clock = median(self.rates.iter().zip(&theirs.rates).map(|(ours, theirs)| ours / theirs));
        (by_clock, theirs.each().iter().sum::<f64>() / self.each().iter().sum::<f64>())
    }
}
