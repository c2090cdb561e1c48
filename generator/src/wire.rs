//! How IIS answers and what it logs of it: triples of status, sub-status and Windows code that occur together in
//! real logs, sizes and times with heavy tails, clients that hang up.

use crate::dice::{Dice, whole};
use crate::inventory::Iis;
use crate::request::Answer;

/// Status, sub-status and Windows code.
pub(crate) type Triple = (u16, u16, u32);

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

/// Windows codes of a client that went away: `ERROR_NETNAME_DELETED`, `ERROR_OPERATION_ABORTED` and
/// `ERROR_CONNECTION_ABORTED`.
const HUNG_UP: u32 = 64;
const ABORTED: u32 = 995;
const RESET: u32 = 1236;

/// How much work an answer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// A file, a cached answer, an error: mostly under a millisecond's notice.
    Little,
    /// A page that a program makes.
    Program,
}

/// An answer with this triple and about this many bytes.
pub(crate) fn answer(
    dice: &mut Dice,
    iis: Iis,
    triple: Triple,
    bytes: u32,
    effort: Effort,
) -> Answer {
    let (status, substatus, mut win32) = triple;
    let mut bytes = bytes;
    // Lognormal spans as fitted to real logs, zeros apart.
    let mut span = match effort {
        // No time at all is rare for what is sent, and usual for what is not (12 % of 200s, 60 % of 304s and 404s in the
        // real set that has zeros at all).
        Effort::Little if dice.chance(if status == 200 { 0.12 } else { 0.55 }) => 0.0,
        Effort::Little => dice.lognormal(2.6, 1.1),
        Effort::Program => dice.lognormal(4.35, 1.2),
    };
    let fate = dice.unit();
    if fate < 0.008 {
        win32 = match fate {
            _ if fate < 0.0055 => HUNG_UP,
            _ if fate < 0.0075 => ABORTED,
            _ => RESET,
        };
        span += dice.lognormal(6.0, 1.0);
        if dice.chance(0.4) {
            bytes = 0;
        }
    }
    Answer {
        status,
        substatus,
        win32,
        bytes,
        // HTTP.sys gives up on a connection after two minutes.
        time_taken: iis.time_taken(whole(span).min(120_000)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_keep_their_status() {
        let mut dice = Dice::new(3, &["wire"], 0);
        let answers: Vec<Answer> = (0..5000)
            .map(|_| answer(&mut dice, Iis::V8_5, NO_FILE, 1245, Effort::Little))
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
        assert!((2700..4200).contains(&zero), "{zero}");
    }
}
