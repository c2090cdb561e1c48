//! The columns that the query computes out of others: status pairs, hex codes, their texts, decoded queries.
//! The texts are those of the query, to the letter.

use percent_encoding::percent_decode;
use std::borrow::Cow;

/// The query's `case()` over the pair of status and sub-status: pairs, and what they mean.
pub(crate) const STATUS: [(&str, &str); 8] = [
    ("401.0", "Access denied."),
    ("401.1", "Logon failed."),
    ("401.2", "Logon failed due to server configuration."),
    ("401.3", "Unauthorized due to ACL on resource."),
    ("401.4", "Authorization failed by filter."),
    ("401.5", "Authorization failed by ISAPI/CGI application."),
    ("403.0", "Forbidden."),
    ("403.4", "SSL required."),
];

/// What it says of every other pair.
pub(crate) const STATUS_FALLBACK: &str = "See - https://support.microsoft.com/help/943891/the-http-status-code-in-iis-7-0-iis-7-5-and-iis-8-0";

/// The query's `case()` over the hex code, in lower case: codes, and what they mean. It compares without regard to case.
pub(crate) const WIN32: [(&str, &str); 13] = [
    (
        "775",
        "The referenced account is currently locked out and cannot be logged on to.",
    ),
    ("52e", "Logon failure: Unknown user name or bad password."),
    (
        "532",
        "Logon failure: The specified account password has expired.",
    ),
    ("533", "Logon failure: Account currently disabled."),
    ("2ee2", "The request has timed out."),
    ("0", "The operation completed successfully."),
    ("1", "Incorrect function."),
    ("2", "The system cannot find the file specified."),
    ("3", "The system cannot find the path specified."),
    ("4", "The system cannot open the file."),
    ("5", "Access is denied."),
    ("8009030e", "SEC_E_NO_CREDENTIALS"),
    ("8009030c", "SEC_E_LOGON_DENIED"),
];

/// What it says of every other code.
pub(crate) const WIN32_FALLBACK: &str = "See - https://msdn.microsoft.com/library/cc231199.aspx";

/// `strcat(scStatus, ".", scSubStatus)`: raw texts, so an absent sub-status gives `404.` and hyphens `-.-`.
pub(crate) fn status_full(status: &[u8], substatus: &[u8]) -> Vec<u8> {
    [status, b".", substatus].concat()
}

/// What the query says of a status pair.
pub(crate) fn status_friendly(status_full: &[u8]) -> &'static str {
    let known = STATUS
        .iter()
        .find(|(pair, _)| pair.as_bytes() == status_full);
    known.map_or(STATUS_FALLBACK, |(_, text)| text)
}

/// `tohex(tolong(scWin32Status))`: lower case, no padding, 64-bit two's complement for negative numbers, and
/// the empty text where the status is no number.
pub(crate) fn win32_hex(status: &[u8]) -> String {
    match status {
        // Most lines have this one.
        [digit @ b'0'..=b'9'] => char::from(*digit).into(),
        _ => to_long(status).map_or_else(String::new, |code| format!("{code:x}")),
    }
}

/// KQL's `tolong` on a text: optional sign, decimal digits or `0x` and hex digits, white space around; `None`
/// for everything else and for what does not fit 64 bits.
fn to_long(text: &[u8]) -> Option<i64> {
    let text = str::from_utf8(text).ok()?.trim();
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (radix, digits) = match digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        Some(hex) => (16, hex),
        None => (10, digits),
    };
    // from_str_radix would take a second sign.
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    i64::from_str_radix(&format!("{sign}{digits}"), radix).ok()
}

/// What the query says of a win32 code in hex.
pub(crate) fn win32_friendly(hex: &str) -> &'static str {
    let known = WIN32.iter().find(|(code, _)| *code == hex);
    known.map_or(WIN32_FALLBACK, |(_, text)| text)
}

/// `url_decode(csUriQuery)`: one pass over `%XX`; everything else, `+` and broken sequences included, stays.
/// What Kusto does with `+` and with bytes that are no UTF-8 is not documented; independent engines leave both.
pub(crate) fn url_decode(query: &[u8]) -> Cow<'_, [u8]> {
    percent_decode(query).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected values: the documentation of KQL's tolong and tohex, and two independent KQL engines.
    #[test]
    fn hex_codes() {
        for (status, hex) in [
            ("0", "0"),
            ("64", "40"),
            ("1909", "775"),
            ("2148074254", "8009030e"),
            ("-2146893042", "ffffffff8009030e"),
            ("-256", "ffffffffffffff00"),
            ("+5", "5"),
            ("007", "7"),
            ("0x5", "5"),
            ("-1", "ffffffffffffffff"),
            ("", ""),
            ("-", ""),
            ("abc", ""),
            ("5.7", ""),
            ("1e3", ""),
            ("1_000", ""),
            ("--5", ""),
            ("9223372036854775807", "7fffffffffffffff"),
            ("9223372036854775808", ""),
        ] {
            assert_eq!(win32_hex(status.as_bytes()), hex, "{status}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(
            win32_friendly(&win32_hex(b"1330")),
            "Logon failure: The specified account password has expired."
        );
        // The names are in hex, the log is in decimal: decimal 775 is 0x307.
        assert_eq!(win32_friendly(&win32_hex(b"775")), WIN32_FALLBACK);
        assert_eq!(win32_friendly(&win32_hex(b"-")), WIN32_FALLBACK);
        assert_eq!(
            win32_friendly(&win32_hex(b"2148074252")),
            "SEC_E_LOGON_DENIED"
        );
        assert_eq!(status_friendly(&status_full(b"403", b"4")), "SSL required.");
        assert_eq!(status_friendly(&status_full(b"200", b"0")), STATUS_FALLBACK);
        assert_eq!(status_full(b"404", b""), b"404.");
        assert_eq!(status_full(b"-", b"-"), b"-.-");
    }

    #[test]
    fn queries() {
        for (query, decoded) in [
            ("-", "-"),
            ("a=%20b", "a= b"),
            ("a+b", "a+b"),
            ("%zz%4", "%zz%4"),
            ("%2520", "%20"),
            ("%C3%A9", "é"),
            ("%u0041", "%u0041"),
            ("%", "%"),
        ] {
            assert_eq!(url_decode(query.as_bytes()), decoded.as_bytes(), "{query}");
        }
        assert_eq!(&*url_decode(b"%00%E9"), b"\0\xe9");
    }
}
