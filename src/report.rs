//! What was found, written for people and for programs.

pub mod exclusions;
pub mod markdown;
mod operation;
pub mod rows;
pub mod schema;
pub mod story;
pub mod suggestions;
pub mod terminal;
