//! What was found, written for people and for programs.

pub mod edges;
pub mod exclusions;
pub mod markdown;
pub mod rows;
pub mod story;
pub mod suggestions;
pub mod sweep;
pub mod terminal;
