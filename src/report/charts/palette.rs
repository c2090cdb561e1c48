//! The colours of pictures and page, light and dark. What they mean is always said by shape or word too.

use charts_rs::Color;
use std::fmt::Write as _;

/// A colour by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ink {
    /// The name of the page's variable.
    name: &'static str,
    light: [u8; 3],
    dark: [u8; 3],
}

/// Background.
pub(crate) const PAPER: Ink = ink("paper", [255, 255, 255], [13, 17, 23]);
/// Text.
pub(crate) const TEXT: Ink = ink("text", [28, 33, 40], [230, 237, 243]);
/// Text that explains.
pub(crate) const MUTED: Ink = ink("muted", [87, 96, 106], [157, 167, 177]);
/// Lines that guide the eye.
pub(crate) const GRID: Ink = ink("grid", [216, 222, 228], [48, 54, 61]);
/// The ground of near misses.
pub(crate) const BAND: Ink = ink("band", [255, 241, 208], [58, 47, 18]);
/// Attacks.
pub(crate) const ATTACK: Ink = ink("attack", [194, 65, 12], [255, 140, 90]);
/// Look-alikes and background: what makes alerts false.
pub(crate) const FALSE: Ink = ink("false", [107, 114, 128], [139, 148, 158]);
/// Scans that their owner allowed; links and focus too.
pub(crate) const ALLOWED: Ink = ink("allowed", [9, 105, 218], [88, 166, 255]);

/// Little, half and much: grounds under text.
pub(crate) const HEAT: [Ink; 3] = [
    ink("heat-1", [227, 238, 251], [18, 38, 61]),
    ink("heat-2", [187, 215, 247], [23, 64, 107]),
    ink("heat-3", [141, 189, 242], [29, 90, 154]),
];

/// All of them. No two have the same light colour, by which [`style`] finds them again.
const ALL: [Ink; 11] = [
    PAPER, TEXT, MUTED, GRID, BAND, ATTACK, FALSE, ALLOWED, HEAT[0], HEAT[1], HEAT[2],
];

const fn ink(name: &'static str, light: [u8; 3], dark: [u8; 3]) -> Ink {
    Ink { name, light, dark }
}

impl Ink {
    /// As it is drawn.
    pub(super) fn color(self) -> Color {
        let [red, green, blue] = self.light;
        (red, green, blue).into()
    }
}

/// The style sheet that gives the page its colours and turns those of the pictures dark where the reader's screen is.
pub(crate) fn style() -> String {
    let (mut light, mut dark, mut rules) = (String::new(), String::new(), String::new());
    for one in ALL {
        let (name, hex) = (one.name, one.color().hex());
        // Writing to a String cannot fail.
        let _ = write!(light, "--{name}:{hex};");
        let _ = write!(dark, "--{name}:#{};", hex_digits(one.dark));
        let _ = writeln!(
            rules,
            "svg [fill=\"{hex}\"]{{fill:var(--{name})}}svg [stroke=\"{hex}\"]{{stroke:var(--{name})}}"
        );
    }
    format!(
        ":root{{{light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n{rules}"
    )
}

fn hex_digits([red, green, blue]: [u8; 3]) -> String {
    format!("{red:02X}{green:02X}{blue:02X}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WCAG 2.2, relative luminance.
    fn luminance(color: [u8; 3]) -> f64 {
        let [red, green, blue] = color.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    /// WCAG 2.2 success criterion 1.4.3 (AA): 4.5 to 1 for text. Its own examples: black on white 21, and
    /// #767676 on white just passes.
    #[test]
    fn every_colour_of_text_can_be_read_on_its_ground() {
        assert!((contrast([0; 3], [255; 3]) - 21.0).abs() < 1e-9);
        assert!((contrast([0x76; 3], [255; 3]) - 4.54).abs() < 0.01);
        let on_paper = [TEXT, MUTED, ATTACK, FALSE, ALLOWED].map(|one| (one, PAPER));
        let others = [BAND, HEAT[0], HEAT[1], HEAT[2]].map(|ground| (TEXT, ground));
        for (one, ground) in on_paper.into_iter().chain(others) {
            assert!(contrast(one.light, ground.light) >= 4.5, "{one:?}");
            assert!(contrast(one.dark, ground.dark) >= 4.5, "{one:?}");
        }
    }

    #[test]
    fn a_colour_is_found_again_by_its_light_value() {
        for (index, one) in ALL.iter().enumerate() {
            assert!(
                ALL[index + 1..]
                    .iter()
                    .all(|other| other.light != one.light)
            );
        }
        assert!(style().contains("svg [fill=\"#C2410C\"]{fill:var(--attack)}"));
    }
}
