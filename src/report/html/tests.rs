//! What stands on the page.

use super::*;
use crate::report::scene::tests::small;

#[test]
fn base64_as_in_the_rfc() {
    // RFC 4648, section 10.
    for (plain, coded) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foob", "Zm9vYg=="),
        ("fooba", "Zm9vYmE="),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(plain.as_bytes()), coded);
    }
    // `printf "alert('Hello, world.');" | openssl dgst -sha256 -binary | openssl base64`, as in CSP level 2, 7.17.
    assert_eq!(
        hash("alert('Hello, world.');"),
        "sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng="
    );
}

/// Style and script reach the page as they were hashed.
#[test]
fn the_policy_names_what_is_on_the_page() {
    let small = small();
    let page = page(&small.scene(), None);
    for element in ["style", "script"] {
        let text = page.split(&format!("<{element}>")).nth(1).unwrap();
        let text = text.split(&format!("</{element}>")).next().unwrap();
        assert!(page.contains(&hash(text)), "{element}");
    }
}

#[test]
fn text_of_others_is_text() {
    let small = small();
    let page = page(&small.scene(), None);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(page.contains("&lt;script&gt;"));
    let acting = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
    assert!(!page.contains(acting));
    // Ten thousand characters are folded, and there to the last.
    assert!(page.contains(&"a".repeat(10_000)));
    assert!(page.contains("(9904 more)"));
}

/// By hand: two attacks, one of them with a row; the exclusions hide that one, and one of two false rows is left.
#[test]
fn the_first_screen_tells_the_story() {
    let small = small();
    let page = page(&small.scene(), None);
    for words in [
        "The rule catches 1 of 2 attacks, and none with the exclusions in force.",
        "<p class=\"big\">3 rows</p>",
        "<p class=\"big\">1 of 2 attacks</p>",
        "<strong>1</strong>: most of its ports are bound to no site and leave no line",
        "<p class=\"big\">1 attack hidden</p>",
        "<strong>1</strong> of 2 false rows removed",
    ] {
        assert!(page.contains(words), "no \"{words}\" in:\n{page}");
    }
}

/// What goes by the escaping goes through [`trusted`], and that is called for three things only.
#[test]
fn one_function_goes_by_the_escaping() {
    let files = [
        include_str!("../html.rs"),
        include_str!("alerts.rs"),
        include_str!("glance.rs"),
        include_str!("measured.rs"),
        include_str!("parts.rs"),
        include_str!("sections.rs"),
    ];
    let count = |what: &str| -> usize { files.iter().map(|text| text.matches(what).count()).sum() };
    assert_eq!(count("PreEscaped("), 1);
    assert_eq!(count("(trusted(style))"), 1);
    assert_eq!(count("(trusted(SCRIPT.to_owned()))"), 1);
    assert_eq!(count("(trusted(svg))"), 2);
    assert_eq!(count("trusted("), 5);
}
