//! A scenario, checked: servers exist, ports are bound, spans are possible. What is wrong is said all at once.

mod check;
mod include;
mod servers;
mod sites;

pub(crate) use check::{Checker, scale as check_scale};

use self::check::{LONGEST_MS, WRONG_SPAN};
use crate::actor::{check_actor, front_actors};
use crate::inventory::Server;
use crate::spec::{HeadSpec, InventorySpec, ScenarioSpec, timestamp};
use scanbench_spec::{Finding, Findings, Source, Spanned};
use scanbench_w3c::Timestamp;
use std::collections::BTreeSet;
use std::ops::Range;

pub(crate) use crate::actor::Actor;

/// The version of the file format.
const VERSION: i64 = 1;

/// A scenario that can be generated.
#[derive(Clone, Debug)]
pub struct Scenario {
    name: String,
    title: String,
    description: String,
    seed: u64,
    scale: f64,
    start: i64,
    end: i64,
    servers: Vec<Server>,
    actors: Vec<Actor>,
    text: String,
    /// Where the seed stands in `text`.
    seed_span: Range<usize>,
    /// Where the scale stands, if it is said.
    scale_span: Option<Range<usize>>,
    /// Where the list of included files stands, if there is one.
    include_span: Option<Range<usize>>,
}

impl Scenario {
    /// Reads and checks a scenario file. Files that it includes are looked for among the built-in houses, then beside
    /// it.
    ///
    /// # Errors
    /// Everything that is wrong with it, each with its place; or with the first file that it includes and that has
    /// something wrong.
    pub fn from_source(source: &Source) -> Result<Self, Findings> {
        let (spec, mut findings) = ScenarioSpec::read(source)?;
        let head = spec.head.map(|head| Head::check(head, &mut findings));
        let span = head.as_ref().and_then(|head| head.span);
        let mut servers = Vec::new();
        servers::check(spec.servers, span, &mut servers, &mut findings);
        let mut text = source.text().to_owned();
        let mut casts = Vec::new();
        for name in head.iter().flat_map(|head| &head.include) {
            match include::find(source, name) {
                Err(finding) => findings.push(finding),
                Ok(included) => {
                    let inventory = InventorySpec::read(&included)?;
                    let mut inside = Vec::new();
                    servers::check(inventory.servers, span, &mut servers, &mut inside);
                    Findings::check(&included, inside)?;
                    let tables = &included.text()[inventory.tables_from..];
                    text.push_str(&include::inlined(name.get_ref(), tables));
                    casts.push((included, inventory.actors));
                }
            }
        }
        let mut checker = Checker::new(&servers, spec.servers_complete, span, findings);
        let mut ids = BTreeSet::new();
        let mut actors = Vec::new();
        for actor in spec.actors {
            let (id_span, actor) = check_actor(actor, &mut checker);
            if !ids.insert(actor.id.clone()) {
                checker.say(
                    Finding::new(format!("an actor \"{}\" exists already", actor.id))
                        .at(id_span)
                        .help("every actor has an id of its own: its campaign and its randomness go by it"),
                );
            }
            actors.push(actor);
        }
        let mut findings = checker.into_findings();
        for (included, cast) in casts {
            let mut checker = Checker::new(&servers, spec.servers_complete, span, Vec::new());
            for actor in cast {
                let (id_span, actor) = check_actor(actor, &mut checker);
                if !ids.insert(actor.id.clone()) {
                    checker.say_at(id_span, format!("an actor \"{}\" exists already", actor.id));
                }
                actors.push(actor);
            }
            Findings::check(&included, checker.into_findings())?;
        }
        for (position, server) in servers.iter().enumerate() {
            actors.extend(front_actors(position, server));
        }
        if servers.is_empty() && spec.servers_complete {
            findings.push(
                Finding::new("this scenario has no server")
                    .help("add a [[server]] with a [[server.site]]"),
            );
        }
        if actors.len() > usize::from(u16::MAX) {
            findings.push(Finding::new("a scenario has at most 65535 actors"));
        }
        Findings::check(source, findings)?;
        let (Some(head), Some((start, end))) = (head, span) else {
            return Err(Findings::new(
                source,
                vec![Finding::new("this scenario has no head")],
            ));
        };
        Ok(Self {
            name: head.name,
            title: head.title,
            description: head.description,
            seed: head.seed,
            scale: head.scale,
            start,
            end,
            servers,
            actors,
            text,
            seed_span: head.seed_span,
            scale_span: head.scale_span,
            include_span: head.include_span,
        })
    }

    /// Its name: letters, digits, `-`, `_` and `.`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One line on what it is.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What it teaches; may be empty.
    #[must_use]
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The seed that the file names.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// How many times the background is that of scale 1.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// When it begins.
    #[must_use]
    pub fn start(&self) -> Timestamp {
        Timestamp::from_millis(self.start)
    }

    /// When it ends: nothing is logged from then on.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        Timestamp::from_millis(self.end)
    }

    pub(crate) fn servers(&self) -> &[Server] {
        &self.servers
    }

    pub(crate) fn actors(&self) -> &[Actor] {
        &self.actors
    }

    /// The same actors at another time and on other servers. Their times count from the start, so they move with it.
    pub(crate) fn placed(&self, start: i64, servers: Vec<Server>, actors: Vec<Actor>) -> Self {
        Self {
            start,
            end: start + (self.end - self.start),
            servers,
            actors,
            ..self.clone()
        }
    }

    /// The file's text with another seed and scale, from which the same set can be made again.
    #[must_use]
    pub fn text_with(&self, seed: u64, scale: f64) -> String {
        let seed_span = self.seed_span.clone();
        let (scale_span, scale) = match &self.scale_span {
            Some(span) => (span.clone(), format!("{scale:?}")),
            None if (scale - self.scale).abs() > 0.0 => {
                (seed_span.end..seed_span.end, format!("\nscale = {scale:?}"))
            }
            None => (seed_span.end..seed_span.end, String::new()),
        };
        let mut edits = vec![(seed_span, seed.to_string()), (scale_span, scale)];
        // What was included stands in the text itself.
        edits.extend(
            self.include_span
                .clone()
                .map(|span| (span, "[]".to_owned())),
        );
        edits.sort_by_key(|(span, _)| span.start);
        let (mut text, mut at) = (String::new(), 0);
        for (span, new) in edits {
            text.push_str(&self.text[at..span.start]);
            text.push_str(&new);
            at = span.end;
        }
        text.push_str(&self.text[at..]);
        text
    }
}

/// The keys above the first server, checked.
struct Head {
    name: String,
    title: String,
    description: String,
    seed: u64,
    seed_span: Range<usize>,
    scale: f64,
    scale_span: Option<Range<usize>>,
    include: Vec<Spanned<String>>,
    include_span: Option<Range<usize>>,
    /// Start and end, where they are right.
    span: Option<(i64, i64)>,
}

impl Head {
    fn check(spec: HeadSpec, findings: &mut Vec<Finding>) -> Self {
        if *spec.version.get_ref() != VERSION {
            findings.push(
                Finding::new(format!(
                    "this program reads version {VERSION} of scenario files"
                ))
                .at(spec.version.span()),
            );
        }
        let name = check::identifier(&spec.name, "a scenario's name", findings);
        let seed = u64::try_from(*spec.seed.get_ref()).unwrap_or_else(|_| {
            findings.push(Finding::new("expected a seed of 0 or more").at(spec.seed.span()));
            0
        });
        let scale = spec.scale.as_ref().map_or(1.0, |scale| *scale.get_ref());
        if let (Some(said), Err(message)) = (&spec.scale, check::scale(scale)) {
            findings.push(Finding::new(message).at(said.span()));
        }
        let before = findings.len();
        let start = timestamp(*spec.start.get_ref()).unwrap_or_else(|message| {
            findings.push(Finding::new(message).at(spec.start.span()));
            Timestamp::default()
        });
        let duration = spec.duration.get_ref().millis();
        if !(1..=LONGEST_MS).contains(&duration) {
            findings.push(Finding::new(format!("expected {WRONG_SPAN}")).at(spec.duration.span()));
        }
        let end = Timestamp::from_millis(start.millis().saturating_add(duration));
        if start.millis() % 1000 != 0 {
            findings.push(Finding::new("expected a start in whole seconds").at(spec.start.span()));
        }
        if start.ymd().0 < 1970 || end.ymd().0 > 9999 {
            findings.push(Finding::new("expected years from 1970 to 9999").at(spec.start.span()));
        }
        let right = findings.len() == before;
        Self {
            name,
            title: spec.title,
            description: spec.description.unwrap_or_default(),
            seed,
            seed_span: spec.seed.span(),
            scale,
            scale_span: spec.scale.map(|scale| scale.span()),
            include_span: spec.include.as_ref().map(Spanned::span),
            include: spec.include.map(Spanned::into_inner).unwrap_or_default(),
            span: right.then_some((start.millis(), end.millis())),
        }
    }
}
