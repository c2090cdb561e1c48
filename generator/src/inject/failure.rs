//! Why a scenario was not put into logs.

use crate::error::GenerateError;
use scanbench_w3c::Timestamp;
use std::path::PathBuf;
use thiserror::Error;

/// A scenario that was not put into logs.
#[derive(Debug, Error)]
pub enum InjectError {
    /// The dataset could not be made.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// Two logs would stand at the same place.
    #[error(
        "{one} and {other} would both become logs/{place}: inject them one by one, or name the folder that holds both",
        one = .one.display(), other = .other.display()
    )]
    SamePlace {
        /// The first.
        one: PathBuf,
        /// The second.
        other: PathBuf,
        /// Where.
        place: String,
    },
    /// A place that is none inside a folder.
    #[error("{path} has a name that a dataset cannot hold: rename it to letters, digits, '-', '_' and '.'", path = .0.display())]
    BadPlace(PathBuf),
    /// No log has what is needed.
    #[error(
        "none of these logs has lines with date, time, s-ip, s-port and c-ip{}: lines cannot be put there as IIS would \
         have written them", at(*.0)
    )]
    NoServer(Option<Timestamp>),
}

fn at(moment: Option<Timestamp>) -> String {
    moment.map_or(String::new(), |moment| {
        format!(" in the days from {moment} on (--at)")
    })
}
