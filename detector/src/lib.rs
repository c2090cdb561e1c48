//! The reference detector: log entries and exclusions in, alerts out. It never reads truth and does not know
//! the generator.
//!
//! It has the exact semantics of the Microsoft Sentinel rule *High count of connections by client IP on many
//! ports* (44a555d8-ecee-4a25-95ce-055879b4b14b): one row for each 10-minute bin, client, computer and server
//! address in which 30 or more distinct server ports were logged.
//!
//! ```
//! use scanbench_detector::{Detector, Exclusions, Rule, Selection};
//! use scanbench_w3c::{Item, Reader};
//!
//! let mut log = String::from("#Fields: date time s-ip s-port c-ip\n");
//! for port in 8000..8030 {
//!     log += &format!("2026-11-02 10:00:00 10.0.0.1 {port} 192.0.2.7\n");
//! }
//! let mut detector = Detector::new(Rule::default(), Exclusions::default());
//! let mut reader = Reader::new(log.as_bytes())?;
//! while let Some(item) = reader.next_item()? {
//!     if let Item::Entry(entry) = item {
//!         detector.push(&entry, "WEB01");
//!     }
//! }
//! let alerts = detector.finish().alerts(&Selection::All);
//! assert_eq!(alerts.len(), 1);
//! assert_eq!(alerts[0].port_count, 30);
//! assert_eq!(alerts[0].c_ip, "192.0.2.7");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod alert;
mod capped_set;
mod census;
mod client;
mod collector;
mod detection;
mod detector;
mod engine;
mod episode;
mod exclusion;
mod facts;
mod find;
mod follow;
mod friendly;
mod grid;
mod input;
mod kql;
mod names;
mod passage;
mod published;
mod removal;
mod rule;
mod rule_export;
mod scan;
mod tally;
mod window;

pub use alert::{Alert, Counted};
pub use census::{Census, CensusBin, CensusOptions, CensusWidth, census};
pub use client::ClientSource;
pub use detection::{Cut, Detection, Selection, Suppressed};
pub use detector::Detector;
pub use episode::{Episode, episode_rows, episodes};
pub use exclusion::{
    AddressRange, Asks, Check, Condition, Exclusion, Exclusions, Expectation, Explanation, Hours,
    Import, Origin, Policy, Probe, Probes, Reading, Stage, Standing, Subject, Target, Test,
    TextKind, TextTest, codes, exclusion_schema, export, import, lint,
};
pub use find::{FindError, LogFile, find_logs};
pub use follow::{
    Checkpoint, CheckpointError, Dropped, FollowError, FollowNotice, FollowOptions, FollowTotals,
    FollowedRow, Follower, Latencies, Resume, Round,
};
pub use grid::{Crossing, Grid, GridKey, GridRow, Series};
pub use input::parse_moment;
/// An address and the length of its prefix.
pub use ipnet::IpNet;
pub use kql::{ImportedRule, import_rule};
pub use passage::{Passage, Passenger, passage};
pub use published::Published;
pub use removal::Removals;
pub use rule::{Count, GroupBy, Rule};
pub use rule_export::{RuleTarget, export_rule};
pub use scan::{Bad, Notice, ScanOptions, Stats, Stopped, Totals, scan};
pub use window::{Schedule, Window};
