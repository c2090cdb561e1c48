//! Which column of a table is which: the names of Microsoft Sentinel's table `W3CIISLog`, and where they stand.

use scanbench_w3c::Field;

/// The column of the time. The portal exports it as `TimeGenerated [UTC]`, or with its user's own zone.
pub(super) const TIME: &str = "TimeGenerated";

/// The columns without which there is nothing to detect.
pub(super) const NEEDED: [&str; 3] = [TIME, "cIP", "sPort"];

/// Fields that no row and no count has to do with.
const UNUSED: [Field; 6] = [
    Field::CsVersion,
    Field::CsCookie,
    Field::CsReferer,
    Field::ScBytes,
    Field::CsBytes,
    Field::TimeTaken,
];

/// Which column is where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    names: Vec<String>,
    positions: [Option<u16>; Field::ALL.len()],
    time: Option<usize>,
}

impl Layout {
    /// From names in any case, first to last. Where a name stands twice, the first column counts.
    pub(super) fn new<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        let mut layout = Self::default();
        for name in names {
            layout.add(name.as_ref());
        }
        layout
    }

    /// Adds a column behind the others.
    pub(super) fn add(&mut self, name: &str) {
        let position = self.names.len();
        if is_time(name) {
            self.time.get_or_insert(position);
        }
        if let (Some(field), Ok(position)) = (field_of(name), u16::try_from(position)) {
            self.positions[field as usize].get_or_insert(position);
        }
        self.names.push(name.to_owned());
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// The column of the time.
    pub(super) fn time(&self) -> Option<usize> {
        self.time
    }

    /// The name of a column as written.
    pub(super) fn name(&self, position: usize) -> &str {
        self.names.get(position).map_or("", String::as_str)
    }

    /// The column of this very name, in any case.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.names
            .iter()
            .position(|known| known.eq_ignore_ascii_case(name))
    }

    /// The column of a field.
    pub(crate) fn position(&self, field: Field) -> Option<usize> {
        self.positions[field as usize].map(usize::from)
    }

    /// The column of this name in any case: the table's own, or else that of a field in `#Fields`.
    pub(crate) fn position_of(&self, name: &str) -> Option<usize> {
        self.column(name)
            .or_else(|| self.time.filter(|_| name.eq_ignore_ascii_case(TIME)))
            .or_else(|| self.position(Field::from_name(name)?))
    }

    /// Whether a column is the time, or of a field that the detector may ask for where there are no exclusions.
    pub(crate) fn is_used(&self, position: usize) -> bool {
        let field = |field: &Field| self.position(*field) == Some(position);
        self.time == Some(position)
            || Field::ALL
                .iter()
                .any(|one| field(one) && !UNUSED.contains(one))
    }

    /// The needed columns that are not there.
    pub(crate) fn missing(&self) -> Vec<&'static str> {
        NEEDED
            .into_iter()
            .filter(|name| self.position_of(name).is_none())
            .collect()
    }

    /// Whether the times are those of the user who exported them, not UTC.
    pub(crate) fn is_local_time(&self) -> bool {
        self.time.is_some_and(|position| {
            let zone = self.names[position].get(TIME.len()..).unwrap_or("");
            !zone.is_empty() && !zone.trim().eq_ignore_ascii_case("[UTC]")
        })
    }
}

/// Whether names like these make a table of this kind: one that is needed, or two that it has.
pub(super) fn is_header<'a>(names: impl Iterator<Item = &'a str> + Clone) -> bool {
    let needed =
        |name: &str| is_time(name) || NEEDED.iter().any(|known| known.eq_ignore_ascii_case(name));
    names.clone().any(needed) || names.filter(|name| field_of(name).is_some()).count() >= 2
}

fn is_time(name: &str) -> bool {
    name.split_at_checked(TIME.len())
        .is_some_and(|(start, rest)| {
            start.eq_ignore_ascii_case(TIME)
                && (rest.is_empty() || (rest.starts_with(" [") && rest.ends_with(']')))
        })
}

fn field_of(name: &str) -> Option<Field> {
    Field::ALL.into_iter().find(|field| {
        field
            .column()
            .is_some_and(|known| known.eq_ignore_ascii_case(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_any_case() {
        let layout = Layout::new(["timegenerated [utc]", "CIP", "sport", "X-Forwarded-For"]);
        assert_eq!(layout.missing(), Vec::<&str>::new());
        assert_eq!(layout.position(Field::SPort), Some(2));
        assert_eq!(layout.position_of("x-forwarded-for"), Some(3));
        assert_eq!(layout.position_of("c-ip"), Some(1));
        assert_eq!(layout.position_of("TimeGenerated"), Some(0));
        assert!(!layout.is_local_time());
        assert!(Layout::new(["TimeGenerated [Local Time]"]).is_local_time());
        assert_eq!(
            Layout::new(["TimeGenerated", "c"]).missing(),
            ["cIP", "sPort"]
        );
    }

    #[test]
    fn headers() {
        assert!(is_header(["a", "SPORT"].into_iter()));
        assert!(is_header(["csHost", "csMethod"].into_iter()));
        assert!(!is_header(["csHost", "b"].into_iter()));
        assert!(!is_header(["TimeGeneratedX"].into_iter()));
    }
}
