//! A scenario and a seed into a dataset: IIS logs, a label for every line that is not background, the truth
//! about every campaign, and a manifest. The same scenario, seed and version give the same bytes, whatever the
//! number of threads; nothing here reads a clock, and nothing here knows the detector.
//!
//! ```
//! use scanbench_generator::{Options, Scenario, generate};
//! use scanbench_spec::Source;
//!
//! let source = Source::new("minimal.toml", include_str!("../../scenarios/minimal.toml"));
//! let scenario = Scenario::from_source(&source)?;
//! let folder = std::env::temp_dir().join(format!("scanbench-doc-{}", std::process::id()));
//! let summary = generate(&scenario, &folder, &Options::default())?;
//! assert_eq!(scanbench_generator::manifest::verify(&folder)?.seed, scenario.seed());
//! assert!(summary.must_fire > 0);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod actor;
mod address;
mod agents;
mod content;
mod datasheet;
mod dice;
mod emit;
mod error;
pub mod family;
mod folder;
mod inject;
mod inventory;
pub mod manifest;
mod request;
mod run;
mod scenario;
mod spec;
mod station;
mod text;
pub mod truth;
mod wheel;
mod wire;
mod world;

pub use emit::{Compression, Format, Keep};
pub use error::GenerateError;
pub use inject::{InjectError, InjectOptions, Injected, LogInput, inject};
pub use run::{Options, Progress, Shard, Summary, generate, truth_of};
pub use scenario::Scenario;

/// The JSON Schema of scenario files.
#[must_use]
pub fn scenario_schema() -> serde_json::Value {
    spec::schema::schema()
}
