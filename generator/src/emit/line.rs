//! One request as one line, field by field.

use crate::inventory::{Server, Site};
use crate::request::Request;
use scanbench_w3c::{Field, Timestamp, encode_value};
use std::io::Write as _;

/// Bytes of headers that a client sends besides what stands in the line.
const OTHER_HEADERS: usize = 180;

/// Appends the line of `request`, with CR LF.
pub(super) fn write_line(out: &mut Vec<u8>, server: &Server, site: &Site, request: &Request<'_>) {
    let stamp = Timestamp::from_millis(request.end());
    for (position, field) in server.fields.iter().enumerate() {
        if position > 0 {
            out.push(b' ');
        }
        write_field(out, *field, stamp, server, site, request);
    }
    out.extend_from_slice(b"\r\n");
}

fn write_field(
    out: &mut Vec<u8>,
    field: Field,
    stamp: Timestamp,
    server: &Server,
    site: &Site,
    request: &Request<'_>,
) {
    let mut text = |value: &str| encode_value(out, value.as_bytes());
    match field {
        Field::Date => stamp.write_date(out),
        Field::Time => stamp.write_time(out),
        Field::SSitename => number(out, "W3SVC", site.id),
        Field::SComputername => text(&server.name),
        Field::SIp => shown(out, server.address_for(request.client)),
        Field::CsMethod => text(request.method),
        Field::CsUriStem => text(&request.stem),
        Field::CsUriQuery => text(&request.query),
        Field::SPort => number(out, "", u32::from(request.port)),
        Field::CIp => shown(out, request.client),
        Field::CsVersion => text("HTTP/1.1"),
        Field::CsUserAgent => text(request.agent),
        Field::CsReferer => text(&request.referer),
        Field::CsHost => match &site.host {
            Some(host) => text(host),
            None => shown(out, server.address_for(request.client)),
        },
        Field::ScStatus => number(out, "", u32::from(request.answer.status)),
        Field::ScSubstatus => number(out, "", u32::from(request.answer.substatus)),
        Field::ScWin32Status => number(out, "", request.answer.win32),
        Field::ScBytes => number(out, "", request.answer.bytes),
        Field::CsBytes => {
            let bytes = OTHER_HEADERS
                + request.stem.len()
                + request.query.len()
                + request.agent.len()
                + request.referer.len();
            shown(out, bytes);
        }
        Field::TimeTaken => number(out, "", request.answer.time_taken),
        Field::CsCookie => cookie(out, request.cookie),
        // Sites are anonymous as yet.
        Field::CsUsername => out.push(b'-'),
    }
}

/// ASP.NET's cookie of a session: 24 of 32 characters.
fn cookie(out: &mut Vec<u8>, number: u64) {
    if number == 0 {
        out.push(b'-');
        return;
    }
    out.extend_from_slice(b"ASP.NET_SessionId=");
    // Two rounds of twelve characters of five bits.
    for mut bits in [number, number.wrapping_mul(0x9e37_79b9_7f4a_7c15)] {
        for _ in 0..12 {
            out.push(b"abcdefghijklmnopqrstuvwxyz012345"[usize::try_from(bits & 31).unwrap_or(0)]);
            bits >>= 5;
        }
    }
}

/// Digits by hand: most fields are small numbers, and formatting costs several times as much.
fn number(out: &mut Vec<u8>, before: &str, value: u32) {
    out.extend_from_slice(before.as_bytes());
    let (mut digits, mut at, mut rest) = ([0_u8; 10], 10, value);
    loop {
        at -= 1;
        digits[at] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

fn shown(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    // Writing to a Vec cannot fail.
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for value in [0, 7, 10, 65_535, u32::MAX] {
            let mut out = Vec::new();
            number(&mut out, "", value);
            assert_eq!(String::from_utf8(out).unwrap(), value.to_string());
        }
    }
}
