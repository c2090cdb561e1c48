//! What was found, written for people and for programs.

pub mod audit;
pub mod brief;
pub mod charts;
pub mod compare;
pub mod edges;
pub mod exclusions;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod number;
mod operation;
mod paired;
pub mod rows;
pub mod scene;
pub mod schema;
pub mod story;
pub mod suggestions;
pub mod sweep;
pub mod terminal;
