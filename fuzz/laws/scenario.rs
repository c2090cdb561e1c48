//! Scenario files.

use super::findings::refuse;
use scanbench_generator::Scenario;
use scanbench_spec::Source;

/// A scenario is refused at places that lie in it; or it is read, and with another seed it is written and read again as
/// the same scenario.
pub fn scenario(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    // Devices and files of this machine may be included; they are nobody's finding.
    if text.contains("/dev") || text.contains("/proc") || text.contains("..") {
        return;
    }
    match Scenario::from_source(&Source::new("scenario.toml", text)) {
        Err(findings) => refuse(&findings),
        Ok(scenario) => {
            let seed = scenario.seed() ^ 1;
            let written = scenario.text_with(seed, scenario.scale());
            let again = Scenario::from_source(&Source::new("again.toml", written.as_str()))
                .unwrap_or_else(|findings| panic!("{findings}\n{written}"));
            assert_eq!(again.seed(), seed);
            assert_eq!(again.scale().to_bits(), scenario.scale().to_bits());
            let said = |scenario: &Scenario| {
                (
                    scenario.name().to_owned(),
                    scenario.title().to_owned(),
                    scenario.description().to_owned(),
                    scenario.start(),
                    scenario.end(),
                )
            };
            assert_eq!(said(&again), said(&scenario));
            assert_eq!(again.text_with(seed, again.scale()), written);
        }
    }
}
