//! Running other programs.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What went wrong, as a text to print.
pub type Outcome<T = ()> = Result<T, String>;

/// The repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// A program that runs in the repository.
pub struct Program(Command);

pub fn program(name: impl AsRef<std::ffi::OsStr>) -> Program {
    let mut command = Command::new(name);
    command.current_dir(root()).stdin(std::process::Stdio::null());
    Program(command)
}

/// The cargo that runs this.
pub fn cargo(args: &[&str]) -> Program {
    program(std::env::var("CARGO").unwrap_or_else(|_| "cargo".into())).args(args)
}

impl Program {
    pub fn args(mut self, args: &[&str]) -> Self {
        self.0.args(args);
        self
    }

    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.0.env(name, value);
        self
    }

    /// Runs it to its end, with its output shown.
    pub fn run(mut self) -> Outcome {
        let shown = self.shown();
        eprintln!("$ {shown}");
        match self.0.status() {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{shown}: {status}")),
            Err(error) => Err(format!("{shown}: {error}")),
        }
    }

    /// Whether it runs and succeeds, with its output hidden.
    pub fn succeeds(mut self) -> bool {
        self.0.output().is_ok_and(|output| output.status.success())
    }

    /// What it prints, without the end of the line.
    pub fn text(mut self) -> Outcome<String> {
        let shown = self.shown();
        let output = self.0.output().map_err(|error| format!("{shown}: {error}"))?;
        match output.status.success() {
            true => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
            false => Err(format!("{shown}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        }
    }

    fn shown(&self) -> String {
        let words = std::iter::once(self.0.get_program()).chain(self.0.get_args());
        words.map(|word| word.to_string_lossy().into_owned()).collect::<Vec<_>>().join(" ")
    }
}
