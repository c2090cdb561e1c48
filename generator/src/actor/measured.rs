//! Background by measured tables: visits and monitoring as `scanbench fit` found them in somebody's own log. Where
//! `visitors` are a model of people, this is a mirror of one log: what it draws from are quantiles and shares, and nothing
//! in it is anybody's address, user, path or query.

mod tables;

pub(crate) use self::tables::Vocabulary;
use self::tables::{Quantiles, Weighted};
use super::{Place, Player, Who, arrivals};
use crate::address::{in_network, public_v4};
use crate::dice::{Dice, float, millis, whole};
use crate::family::Family;
use crate::request::{Answer, Ask, Block, Output};
use crate::scenario::Checker;
use crate::spec::{MeasuredSpec, Network};
use crate::text::{Referer, Stem, Texts};
use scanbench_spec::Finding;
use scanbench_w3c::Timestamp;
use std::ops::Range;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Requests of the longest visit.
const MOST_REQUESTS: u32 = 20_000;
/// The longest gap within a visit, in seconds: a longer one would end it.
const LONGEST_GAP: u32 = 1_800;
/// How late or early a beat is that is not on time: so much of its period, and at least two seconds.
const UNSTEADY: i64 = 40;

/// Measured background, checked.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pace: Pace,
    network: Option<Network>,
    clients: u32,
    ranks: Quantiles,
    fresh: f64,
    posts: f64,
    referers: f64,
    agents: Weighted,
    families: Vec<Family>,
    answers: Weighted,
    kinds: Vec<Reply>,
}

/// When requests come.
#[derive(Clone, Debug)]
enum Pace {
    Visits {
        per_day: f64,
        /// Each hour's and weekday's share of an even one, and the quantiles of a day's.
        hourly: Vec<f64>,
        weekly: Vec<f64>,
        daily: Option<Quantiles>,
        requests: Quantiles,
        gaps: Quantiles,
    },
    Beats {
        every: i64,
        /// Share of beats that are on time, and of the time in which it beats at all.
        steady: f64,
        present: f64,
        /// Milliseconds after the scenario's start.
        start: i64,
        lasts: i64,
    },
}

/// A sort of answer.
#[derive(Clone, Debug)]
struct Reply {
    status: u16,
    substatus: u8,
    win32: u32,
    bytes: Option<Quantiles>,
    taken: Option<Quantiles>,
}

impl Measured {
    /// `place` is where the actor's id stands.
    pub(super) fn check(
        spec: &MeasuredSpec,
        place: Range<usize>,
        checker: &mut Checker<'_>,
    ) -> Self {
        let (mut families, mut agents) = (Vec::new(), Vec::new());
        for agent in spec.agent.iter().flatten() {
            families.push(*agent.get_ref().family.get_ref());
            agents.push(tables::weight(&agent.get_ref().share, checker));
        }
        let (mut kinds, mut answers) = (Vec::new(), Vec::new());
        for answer in spec.answer.iter().flatten() {
            let answer = answer.get_ref();
            let mut code = |value: Option<&scanbench_spec::Spanned<u32>>,
                            (least, most): (u32, u32)| {
                let Some(value) = value else {
                    return least;
                };
                if !(least..=most).contains(value.get_ref()) {
                    checker.say_at(
                        value.span(),
                        format!("expected a number from {least} to {most}"),
                    );
                }
                *value.get_ref()
            };
            let status = code(Some(&answer.status), (100, 999));
            let substatus = code(answer.substatus.as_ref(), (0, 255));
            let win32 = code(answer.win32.as_ref(), (0, u32::MAX));
            kinds.push(Reply {
                status: u16::try_from(status).unwrap_or(200),
                substatus: u8::try_from(substatus).unwrap_or(0),
                win32,
                bytes: answer
                    .bytes
                    .as_ref()
                    .map(|list| Quantiles::check(list, checker)),
                taken: answer
                    .time_taken
                    .as_ref()
                    .map(|list| Quantiles::check(list, checker)),
            });
            answers.push(tables::weight(&answer.share, checker));
        }
        Self {
            pace: Pace::check(spec, place, checker),
            network: spec.network,
            clients: checker.count(spec.clients.as_ref(), 100_000_000),
            ranks: Quantiles::or(spec.ranks.as_ref(), 1.0, checker),
            fresh: checker.share(spec.fresh.as_ref(), 0.0),
            posts: checker.share(spec.posts.as_ref(), 0.0),
            referers: checker.share(spec.referers.as_ref(), 0.0),
            agents: Weighted::new(agents),
            families,
            answers: Weighted::new(answers),
            kinds,
        }
    }

    /// The paths and agents that it asks with.
    pub(crate) fn vocabulary(&self, seed: u64, id: &str, texts: &mut Texts) -> Vocabulary {
        // Visitors ask most for `/`; who asks at even distances has a path for that.
        let first = match self.pace {
            Pace::Visits { .. } => Some("/"),
            Pace::Beats { .. } => None,
        };
        Vocabulary::new(
            (first, self.ranks.most()),
            &self.families,
            (seed, id),
            texts,
        )
    }

    pub(super) fn act(&self, player: &Player<'_>, number: u64, block: Block, out: &mut Output) {
        match &self.pace {
            Pace::Visits { requests, gaps, .. } => {
                let mut dice = player.dice("block", number);
                let per_day = self.per_day(player, block) * player.world.scale();
                let mean_gap = float(DAY_MS) / per_day.max(1e-9);
                for start in arrivals(block, mean_gap, &mut dice) {
                    let mut dice = dice.split();
                    let Some(place) = player.draw_place(&mut dice) else {
                        return;
                    };
                    let who = self.who(player, dice.below(self.clients).into());
                    let cookie = dice.any() | 1;
                    let agent = self.agent(player, &mut dice);
                    let mut now = start;
                    for _ in 0..whole(requests.draw(&mut dice)).clamp(1, MOST_REQUESTS) {
                        self.ask(player, (now, place, who), (agent, cookie), &mut dice, out);
                        now += i64::from(whole(gaps.draw(&mut dice)).min(LONGEST_GAP)) * 1_000;
                    }
                }
            }
            Pace::Beats { .. } => self.beat(player, block, out),
        }
    }

    /// Visits a day at the rate of this block.
    fn per_day(&self, player: &Player<'_>, block: Block) -> f64 {
        let Pace::Visits {
            per_day,
            hourly,
            weekly,
            daily,
            ..
        } = &self.pace
        else {
            return 0.0;
        };
        let time = Timestamp::from_millis(block.from);
        let of = |list: &[f64], at: usize| list.get(at).copied().unwrap_or(1.0);
        let hour = usize::try_from(time.millis_of_day() / HOUR_MS).unwrap_or(0);
        let day = block.from.div_euclid(DAY_MS).unsigned_abs();
        let busy = daily
            .as_ref()
            .map_or(1.0, |daily| daily.draw(&mut player.dice("day", day)));
        per_day * of(hourly, hour) * of(weekly, time.weekday().into()) * busy
    }

    /// The n-th client.
    fn who(&self, player: &Player<'_>, number: u64) -> Who {
        let mut dice = player.dice("client", number);
        let taken = player.world.taken();
        match self.network {
            Some(Network(network)) => in_network(&mut dice, network, taken),
            None => public_v4(&mut dice, taken),
        }
        .into()
    }

    fn agent(&self, player: &Player<'_>, dice: &mut Dice) -> crate::text::Piece {
        let agents = &player.world.vocabulary(player.index).agents;
        agents
            .get(self.agents.draw(dice))
            .map(|some| dice.pick_of(some))
            .unwrap_or_default()
    }

    /// Beats in a block. At `--scale` N there are N clients that beat, each at its own moment.
    fn beat(&self, player: &Player<'_>, block: Block, out: &mut Output) {
        let Pace::Beats {
            every,
            steady,
            present,
            start,
            lasts,
        } = self.pace
        else {
            return;
        };
        let unsteady = (every / UNSTEADY).max(2_000).min(every / 2);
        for copy in 0..u64::from(whole(player.world.scale()).max(1)) {
            let shift = if copy == 0 {
                0
            } else {
                i64::from(player.dice("copy", copy).below(whole(float(every))))
            };
            let first = player.moment(start) + shift;
            let from = ((block.from - first - unsteady) / every).max(0);
            let until = (block.until - first + unsteady) / every;
            for number in from..=until.max(from) {
                let mut dice = player.dice("beat", number.unsigned_abs() << 16 | copy);
                let late = if dice.chance(steady) {
                    0
                } else {
                    // Timers are off by whole seconds, as the log sees them.
                    (millis(dice.unit() * float(2 * unsteady)) - unsteady) / 1_000 * 1_000
                };
                let now = first + number * every + late;
                let spell = if lasts > 4 * DAY_MS { DAY_MS } else { HOUR_MS };
                let is_present = || {
                    let spell = (number * every / spell).unsigned_abs() << 16 | copy;
                    player.dice("spell", spell).chance(present)
                };
                if !block.contains(now) || number * every >= lasts || !is_present() {
                    continue;
                }
                // One place, path and agent for ever.
                let mut own = player.dice("own", copy);
                let Some(place) = player.draw_place(&mut own) else {
                    return;
                };
                let agent = self.agent(player, &mut own);
                self.ask(
                    player,
                    (now, place, self.who(player, copy)),
                    (agent, 0),
                    &mut dice,
                    out,
                );
            }
        }
    }

    /// One request that is answered at `end`.
    fn ask(
        &self,
        player: &Player<'_>,
        (end, place, who): (i64, Place, Who),
        (agent, cookie): (crate::text::Piece, u64),
        dice: &mut Dice,
        out: &mut Output,
    ) {
        let words = &player.world.words;
        let paths = &player.world.vocabulary(player.index).paths;
        let mut lots = dice.lots();
        let method = if lots.chance(self.posts) {
            words.post
        } else {
            words.get
        };
        let is_fresh = lots.chance(self.fresh);
        let has_referer = lots.chance(self.referers);
        let stem = if is_fresh {
            Stem {
                piece: words.slash,
                random: 1 + dice.below(u32::MAX - 1),
            }
        } else {
            tables::stem(paths, whole(self.ranks.draw(dice)), words.slash)
        };
        let mut ask = Ask::plain(method, stem.piece, agent);
        (ask.stem, ask.cookie) = (stem, cookie);
        if has_referer {
            let origin = player
                .world
                .site(place.server, place.site)
                .origin(place.port);
            let path = paths.first().copied().unwrap_or(words.slash);
            ask.referer = Referer { origin, path };
        }
        let answer = self.kinds.get(self.answers.draw(dice)).map_or(
            Answer {
                status: 200,
                ..Answer::default()
            },
            |kind| {
                let mut draw = |table: &Option<Quantiles>| {
                    table.as_ref().map_or(0, |table| whole(table.draw(dice)))
                };
                Answer {
                    status: kind.status,
                    substatus: kind.substatus,
                    win32: kind.win32,
                    bytes: draw(&kind.bytes),
                    time_taken: draw(&kind.taken),
                }
            },
        );
        player.request(
            out,
            end - i64::from(answer.time_taken),
            place,
            who,
            ask,
            answer,
        );
    }
}

impl Pace {
    fn check(spec: &MeasuredSpec, place: Range<usize>, checker: &mut Checker<'_>) -> Self {
        match (&spec.sessions_per_day, &spec.every) {
            (Some(_), Some(every)) => checker.say_at(
                every.span(),
                "expected `sessions-per-day` or `every`, found both",
            ),
            (None, None) => checker.say(
                Finding::new("measured background needs `sessions-per-day` or `every`")
                    .at(place)
                    .help("`scanbench fit` writes it"),
            ),
            _ => {}
        }
        if let Some(every) = &spec.every {
            let start = spec.start.as_ref().map_or(0, |start| checker.moment(start));
            return Self::Beats {
                // More often than once a second is no monitoring, and would be a way to fill a disk.
                every: checker.span(every).max(1_000),
                steady: checker.share(spec.steady.as_ref(), 1.0),
                present: checker.share(spec.present.as_ref(), 1.0),
                start,
                lasts: spec
                    .lasts
                    .as_ref()
                    .map_or(i64::MAX / 4, |lasts| checker.span(lasts)),
            };
        }
        Self::Visits {
            per_day: spec
                .sessions_per_day
                .as_ref()
                .map_or(1.0, |number| checker.positive(number, 1e9)),
            hourly: tables::rates(spec.hourly.as_ref(), 24, checker),
            weekly: tables::rates(spec.weekly.as_ref(), 7, checker),
            daily: spec
                .daily
                .as_ref()
                .map(|list| Quantiles::check(list, checker)),
            requests: Quantiles::or(spec.session_requests.as_ref(), 1.0, checker),
            gaps: Quantiles::or(spec.session_gaps.as_ref(), 1.0, checker),
        }
    }
}
