//! Why a command failed, and its exit code.

use super::messages::tell;
use scanbench_spec::{Findings, SourceError};
use std::io;
use std::process::ExitCode;

/// What shells give for a program ended by Ctrl-C.
pub(crate) const INTERRUPTED: u8 = 130;

/// A command that did not do what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Bad input or arguments.
    Input(String),
    /// What was wrong is already told; only the exit code is left.
    InputTold,
    /// A scenario or exclusion file with findings.
    File(String),
    /// A file with findings that are already told.
    FileTold,
    /// A promise or a gate that does not hold.
    Gate(String),
    /// The same, already told.
    GateTold,
    /// Ctrl-C.
    Interrupted,
    /// Whoever reads the output has seen enough.
    BrokenPipe,
}

impl Failure {
    pub(crate) fn input(message: &impl ToString) -> Self {
        Self::Input(message.to_string())
    }

    /// Says why, on standard error.
    pub(crate) fn tell(&self) {
        let text = match self {
            Self::Input(message) => format!("error: {message}"),
            Self::Gate(message) => format!("failed: {message}"),
            Self::File(findings) => findings.clone(),
            Self::Interrupted => "interrupted".to_owned(),
            Self::InputTold | Self::FileTold | Self::GateTold | Self::BrokenPipe => return,
        };
        tell(&text);
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Gate(_) | Self::GateTold => ExitCode::from(1),
            Self::Input(_) | Self::InputTold => ExitCode::from(2),
            Self::File(_) | Self::FileTold => ExitCode::from(3),
            Self::Interrupted => ExitCode::from(INTERRUPTED),
            Self::BrokenPipe => ExitCode::SUCCESS,
        }
    }
}

impl From<Findings> for Failure {
    fn from(findings: Findings) -> Self {
        Self::File(findings.to_string())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::input(&error)
    }
}

/// Standard output that fails.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::BrokenPipe,
            _ => Self::Input(format!("cannot write the output: {error}")),
        }
    }
}
