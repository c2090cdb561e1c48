//! Arbitrary rules.

use proptest::prelude::*;
use scanbench_detector::{Count, GroupBy, Rule, Schedule, Window};
use scanbench_w3c::Timestamp;
use std::num::NonZeroUsize;
use std::time::Duration;

/// 2026-11-02T00:00:00Z, as `date -u -d` of GNU coreutils gives it.
pub(crate) const MIDNIGHT: i64 = 1_793_577_600;

pub(crate) fn rule() -> impl Strategy<Value = Rule> {
    let seconds = Duration::from_secs;
    let window = prop_oneof![
        Just(Window::Tumbling { width: seconds(60) }),
        prop::sample::select(vec![(60, 20), (45, 20), (20, 60), (30, 30)]).prop_map(
            move |(width, step)| {
                Window::Hopping {
                    width: seconds(width),
                    step: seconds(step),
                }
            }
        ),
        (1_u64..90).prop_map(move |width| Window::Sliding {
            width: seconds(width)
        }),
        (0_u64..20).prop_map(move |gap| Window::Session { gap: seconds(gap) }),
    ];
    let schedule =
        (0_i64..200, 1_u64..150, 1_u64..150).prop_map(move |(start, every, period)| Schedule {
            start: Timestamp::from_millis((MIDNIGHT + start) * 1000),
            every: seconds(every),
            period: seconds(period),
        });
    (
        window,
        1_u64..6,
        prop::option::of(6_usize..9),
        any::<[bool; 3]>(),
        prop::sample::select(vec![Count::Port, Count::Port, Count::UriStem]),
        prop::option::weighted(0.3, schedule),
    )
        .prop_map(
            |(window, threshold, limit, [client, computer, server], count, schedule)| Rule {
                window,
                threshold,
                set_limit: limit.and_then(NonZeroUsize::new),
                group_by: GroupBy {
                    client,
                    computer,
                    server,
                },
                count,
                schedule,
                ..Rule::default()
            },
        )
}
