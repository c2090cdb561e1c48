//! What of a line goes into a row, besides its key.

use crate::friendly::{status_friendly, status_full, url_decode, win32_friendly, win32_hex};
use crate::rule::Count;
use scanbench_w3c::{Field, Record};
use std::borrow::Cow;

/// The sets of texts in a row, in the order of their columns.
pub(crate) const TEXT_SETS: [&str; 9] = [
    "set_csUserName",
    "set_decodedUriQuery",
    "set_sSiteName",
    "set_csUserAgent",
    "set_csMethod",
    "set_scStatusFull",
    "set_scStatusFull_Friendly",
    "set_scWin32Status_Hex",
    "set_scWin32Status_Friendly",
];

/// The values of one line.
pub(crate) struct Facts<'a> {
    /// `s-port`, where there is one.
    pub(crate) port: Option<u16>,
    /// The value that counts, where that is not the port.
    pub(crate) counted: Option<&'a [u8]>,
    /// What goes into the sets of texts.
    pub(crate) texts: [Cow<'a, [u8]>; TEXT_SETS.len()],
}

impl<'a> Facts<'a> {
    pub(crate) fn of(record: &'a impl Record, count: Count) -> Self {
        // A column that is not logged is the empty text in the table; a logged "-" stays "-".
        let value = |field| record.get(field).unwrap_or_default();
        let status = status_full(value(Field::ScStatus), value(Field::ScSubstatus));
        let code = win32_hex(value(Field::ScWin32Status));
        let status_text = status_friendly(&status).as_bytes();
        let code_text = win32_friendly(&code).as_bytes();
        Self {
            port: record.port(),
            counted: (count != Count::Port).then(|| value(count.field())),
            texts: [
                Cow::Borrowed(value(Field::CsUsername)),
                url_decode(value(Field::CsUriQuery)),
                Cow::Borrowed(value(Field::SSitename)),
                Cow::Borrowed(value(Field::CsUserAgent)),
                Cow::Borrowed(value(Field::CsMethod)),
                Cow::Owned(status),
                Cow::Borrowed(status_text),
                Cow::Owned(code.into_bytes()),
                Cow::Borrowed(code_text),
            ],
        }
    }
}
