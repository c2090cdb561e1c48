//! What was found, written for people and for programs.

pub mod edges;
pub mod markdown;
pub mod rows;
pub mod story;
pub mod sweep;
pub mod terminal;
