//! Amounts of memory as people write them.

/// Reads `64M`, `512MiB`, `2G`, `1048576`: a whole number of bytes, or of 1024, 1024², 1024³ or 1024⁴ bytes with `K`,
/// `M`, `G` or `T`; `B` or `iB` behind it says the same.
///
/// # Errors
/// A text that says what was expected.
pub fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("expected a size such as \"512M\" or \"2G\", found \"{text}\"");
    let trimmed = text.trim();
    let digits = trimmed.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = trimmed.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit = unit.trim_start().to_ascii_uppercase();
    let factor: u64 = match unit
        .strip_suffix("IB")
        .or_else(|| unit.strip_suffix('B'))
        .unwrap_or(&unit)
    {
        "" if !unit.starts_with('I') => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        "T" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("1048576", 1_048_576),
            ("512B", 512),
            ("64K", 65_536),
            ("64M", 67_108_864),
            ("64 MiB", 67_108_864),
            ("2gb", 2_147_483_648),
            ("1T", 1_099_511_627_776),
        ] {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in [
            "",
            "M",
            "-1M",
            "1.5G",
            "12 parsecs",
            "64iB",
            "99999999999999999999",
            "99999999T",
        ] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
