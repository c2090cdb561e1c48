//! What was found, written for people and for programs.

pub mod rows;
