//! How IIS answers and what it logs of it: triples of status, sub-status and Windows code that occur together in
//! real logs, sizes and times with heavy tails, clients that hang up.

use crate::dice::{Dice, whole};
use crate::inventory::{Pace, TICK_MS};
use crate::request::Answer;

/// Status, sub-status and Windows code.
pub(crate) type Triple = (u16, u8, u32);

pub(crate) const OK: Triple = (200, 0, 0);
pub(crate) const NOT_MODIFIED: Triple = (304, 0, 0);
pub(crate) const MOVED: Triple = (301, 0, 0);
pub(crate) const FOUND: Triple = (302, 0, 0);
/// Authentication wanted, none offered (5 = `ERROR_ACCESS_DENIED`).
pub(crate) const LOGON_WANTED: Triple = (401, 2, 5);
/// The first leg of a Windows logon (`SEC_E_NO_CREDENTIALS`, 8009030E).
pub(crate) const LOGON_BEGUN: Triple = (401, 1, 2_148_074_254);
/// A user whom the file's access list does not name.
pub(crate) const ACCESS_DENIED: Triple = (401, 3, 5);
/// No default document, and listing is off.
pub(crate) const LISTING_DENIED: Triple = (403, 14, 0);
/// The file system has no such file (2 = `ERROR_FILE_NOT_FOUND`).
pub(crate) const NO_FILE: Triple = (404, 0, 2);
/// The application has no such route.
pub(crate) const NO_ROUTE: Triple = (404, 0, 0);
/// A file that only a handler may serve (50 = `ERROR_NOT_SUPPORTED`).
pub(crate) const NO_HANDLER: Triple = (404, 17, 50);
/// A path with an escape in an escape.
pub(crate) const DOUBLE_ESCAPE: Triple = (404, 11, 0);
pub(crate) const VERB_UNKNOWN: Triple = (405, 0, 1);
pub(crate) const SERVER_ERROR: Triple = (500, 0, 0);
pub(crate) const NOT_IMPLEMENTED: Triple = (501, 0, 0);

/// A part of a file, as players and download managers ask for.
pub(crate) const PARTIAL: Triple = (206, 0, 0);

/// Windows codes of a client that went away, and up to where a chance means each: `ERROR_NETNAME_DELETED`,
/// `ERROR_OPERATION_ABORTED`, `ERROR_CONNECTION_ABORTED`, `ERROR_SEM_TIMEOUT` and `ERROR_BAD_COMMAND`. All occur in real
/// logs, with any status, the last two rarely.
const GONE: [(u32, f64); 5] = [
    (64, 0.62),
    (995, 0.87),
    (1236, 0.95),
    (121, 0.985),
    (22, 1.0),
];

/// How much work an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A file, a cached answer, an error: mostly under a millisecond's notice.
    Little,
    /// A page that a program makes.
    Program,
}

/// An answer with this triple and about this many bytes.
#[inline]
pub(crate) fn answer(
    dice: &mut Dice,
    pace: Pace,
    triple: Triple,
    bytes: u32,
    effort: Effort,
) -> Answer {
    let (status, substatus, mut win32) = triple;
    let (mut bytes, mut lots) = (bytes, dice.lots());
    // No time at all is rare for what is sent, and not for what is not sent: 0 to 12 % of 200s and 0 to 60 % of 304s and 404s
    // in real sets.
    let zeros = if status == 200 { 0.03 } else { 0.25 };
    let mut span = match effort {
        Effort::Little if lots.chance(zeros) => 0.0,
        Effort::Little => dice.lognormal(pace.file, pace.spread),
        Effort::Program => dice.lognormal(pace.program, pace.spread),
    };
    if lots.chance(pace.aborts) {
        let fate = lots.unit();
        win32 = GONE
            .iter()
            .find(|(_, share)| fate < *share)
            .map_or(win32, |(code, _)| *code);
        span += dice.lognormal(6.0, 1.0);
        if lots.chance(0.4) {
            bytes = 0;
        }
    }
    if pace.iis.ticks() {
        // Nobody waits for the clock: an answer begins anywhere between two ticks, and counts those that it meets.
        span += dice.unit() * TICK_MS;
    }
    Answer {
        status,
        substatus,
        win32,
        bytes,
        // HTTP.sys gives up on a connection after two minutes.
        time_taken: pace.iis.time_taken(whole(span).min(120_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_their_status() {
        let mut dice = Dice::new(3, &["wire"], 0);
        let pace = Pace {
            iis: crate::inventory::Iis::V8_5,
            ..Pace::default()
        };
        let answers: Vec<Answer> = (0..5000)
            .map(|_| answer(&mut dice, pace, NO_FILE, 1245, Effort::Little))
            .collect();
        assert!(
            answers
                .iter()
                .all(|answer| (answer.status, answer.substatus) == (404, 0))
        );
        let gone = answers.iter().filter(|answer| answer.win32 != 2).count();
        assert!((20..70).contains(&gone), "{gone}");
        let zero = answers
            .iter()
            .filter(|answer| answer.time_taken == 0)
            .count();
        // A quarter, and of the others those that meet no tick. Spans are lognormal, ln 45 and 1.2; with k = 15.625,
        // P(S < k) - E[S; S < k] / k = 0.189 - 0.111, so that 0.25 + 0.75 * 0.078 have no time: 1,544, +-5 sd.
        assert!((1_380..1_710).contains(&zero), "{zero}");
    }

    /// forall ways to go away: each occurs, on any status, about as often as it should.
    #[test]
    fn clients_go_away_in_five_ways() {
        let mut dice = Dice::new(4, &["wire"], 0);
        let pace = Pace {
            aborts: 0.5,
            ..Pace::default()
        };
        let mut codes = std::collections::BTreeMap::new();
        for _ in 0..20_000 {
            let given = answer(&mut dice, pace, OK, 900, Effort::Program);
            *codes.entry(given.win32).or_insert(0_u32) += 1;
        }
        for (code, share) in [
            (0, 0.5),
            (64, 0.31),
            (995, 0.125),
            (1236, 0.04),
            (121, 0.0175),
            (22, 0.0075),
        ] {
            let seen = f64::from(codes[&code]) / 20_000.0;
            assert!((seen - share).abs() < 0.012, "{code}: {seen}");
        }
        assert_eq!(codes.len(), 6);
    }
}
