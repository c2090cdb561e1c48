//! All numbers below a thousand as text.

/// Digits without leading zeros, and in the last byte how many there are.
pub(super) static SHORT: [[u8; 4]; 1000] = table(false);
/// Three digits.
pub(super) static FULL: [[u8; 4]; 1000] = table(true);

const fn table(leading_zeros: bool) -> [[u8; 4]; 1000] {
    let mut table = [[b'0'; 4]; 1000];
    let mut value = 0;
    while value < 1000 {
        let digits = [value / 100, value / 10 % 10, value % 10];
        let mut at = match value {
            _ if leading_zeros => 0,
            0..10 => 2,
            10..100 => 1,
            _ => 0,
        };
        let mut length = 0;
        while at < 3 {
            #[expect(clippy::cast_possible_truncation, reason = "a digit is below ten")]
            let digit = b'0' + digits[at] as u8;
            table[value][length] = digit;
            length += 1;
            at += 1;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "there are three digits at most"
        )]
        let count = length as u8;
        table[value][3] = count;
        value += 1;
    }
    table
}
