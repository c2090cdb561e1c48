//! The kinds of findings about exclusion lists. Ids are stable: one is never used again for something else.

use scanbench_spec::Code;

/// Makes the codes, and the list of them.
macro_rules! codes {
    ($($name:ident = $id:literal $slug:literal $meaning:literal;)*) => {
        $(#[doc = $meaning] pub static $name: Code = Code { id: $id, slug: $slug, meaning: $meaning };)*

        /// Every kind of finding about exclusion lists, in the order of their ids.
        pub static CODES: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    // What keeps a file from being read.
    SYNTAX = "SBX001" "syntax" "The file is not TOML, YAML or JSON.";
    UNKNOWN_KEY = "SBX002" "unknown-key" "A key that no exclusion list has.";
    MISSING_KEY = "SBX003" "missing-key" "A key that must be there is not.";
    WRONG_VALUE = "SBX004" "wrong-value" "A value that its key cannot have.";
    UNKNOWN_VERSION = "SBX005" "unknown-version" "A version of the format that this program does not read.";
    DUPLICATE_ID = "SBX006" "duplicate-id" "Two exclusions have one id, so reports cannot tell them apart.";
    UNKNOWN_FIELD = "SBX007" "unknown-field" "A field whose name is nearly that of a known one.";
    NOT_IN_IIS_LOGS = "SBX008" "not-in-iis-logs" "A field that no IIS log can have.";
    NO_CONDITION = "SBX009" "no-condition" "Nothing to match on: it would match every line, or none.";
    NEVER_IN_FORCE = "SBX010" "never-in-force" "It ends before it begins.";

    // What a file says of itself.
    CUSTOM_FIELD = "SBX020" "custom-field" "A field that only logs with this custom field have.";
    TOO_BROAD = "SBX021" "too-broad" "It matches far more than one known cause.";
    MATCHES_EMPTY = "SBX022" "matches-empty" "A regular expression that matches the empty text, and so every value.";
    CLIENT_CHOSEN = "SBX023" "client-chosen" "All that it matches on is chosen by the client, so any client can hide behind it.";
    SHADOWED = "SBX024" "shadowed" "Another exclusion already takes out all that it matches.";
    OVERLAP = "SBX025" "overlap" "Another exclusion matches some of the same lines.";
    CONTRADICTION = "SBX026" "contradiction" "Its conditions exclude each other, so it never matches.";
    NO_EXPIRY = "SBX027" "no-expiry" "It holds for ever.";
    LIFETIME = "SBX028" "lifetime" "It holds longer than the list allows.";
    REQUIRED = "SBX029" "required" "It lacks what the list requires of each exclusion.";
    UNOWNED = "SBX030" "unowned" "It has no owner or no reason.";
    SLOW = "SBX031" "slow" "Its conditions are texts only, so every line must be searched.";
    NOT_EXPRESSIBLE = "SBX032" "not-expressible" "It cannot be said in the target of the export.";

    // What data say of it.
    FIELD_NOT_LOGGED = "SBX040" "field-not-logged" "A field that these logs do not have.";
    NEVER_SEEN = "SBX041" "never-seen" "A value that these logs do not have.";
    NEVER_MATCHED = "SBX042" "never-matched" "It matches no line of these logs.";
    PROXY = "SBX043" "proxy" "It excludes one address behind which many clients stand.";
    HIDES_CAMPAIGN = "SBX044" "hides-campaign" "It hides an attack that the rule finds.";
    NO_DIFFERENCE = "SBX045" "no-difference" "It matches lines and changes no row.";
    EXPIRED = "SBX046" "expired" "It had ended before these logs began.";
    FUTURE = "SBX047" "future" "It begins after these logs end.";
    DISABLED = "SBX048" "disabled" "It is switched off.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_unique_and_in_order() {
        assert!(CODES.is_sorted_by(|a, b| a.id < b.id));
        let mut slugs: Vec<&str> = CODES.iter().map(|code| code.slug).collect();
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), CODES.len());
    }
}
