//! Quantiles of distributions, from which a draw is one look and one product.

use std::sync::LazyLock;

/// Cells of a table, each as likely as the others.
const CELLS: usize = 1024;

/// The edges of cells that are equally likely. Within a cell all values are; beyond the last edge there is a tail.
#[derive(Debug)]
pub(super) struct Quantiles {
    /// Where each cell begins; the last has no end. One number a cell, for two tables of two would fill a processor's
    /// first cache.
    edges: [f64; CELLS],
}

impl Quantiles {
    /// By the edges of the cells but the first, which is 0.
    fn new(edges: impl Iterator<Item = f64>) -> Self {
        let mut all = [0.0; CELLS];
        for (place, edge) in all.iter_mut().skip(1).zip(edges) {
            *place = edge;
        }
        Self { edges: all }
    }

    /// The value for these bits; `Err` with the last edge where it lies beyond.
    #[inline]
    pub(super) fn at(&self, bits: u64) -> Result<f64, f64> {
        let cell = usize::try_from(bits >> 54).unwrap_or(0) % CELLS;
        let first = self.edges[cell];
        let Some(next) = self.edges.get(cell + 1) else {
            return Err(first);
        };
        let within = u32::try_from((bits >> 22) & 0xffff_ffff).unwrap_or(0);
        Ok(first + (next - first) * (f64::from(within) / 4_294_967_296.0))
    }
}

/// How large a share of all cells the first `count` are.
fn share(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(0)) / f64::from(u32::try_from(CELLS).unwrap_or(1))
}

/// The exponential distribution with mean 1.
pub(super) fn exponentials() -> &'static Quantiles {
    static TABLE: LazyLock<Quantiles> =
        LazyLock::new(|| Quantiles::new((1..CELLS).map(|count| -libm::log(1.0 - share(count)))));
    &TABLE
}

/// The sizes, without sign, of the normal distribution with mean 0 and deviation 1.
pub(super) fn normals() -> &'static Quantiles {
    /// Twice the density at 0.
    const PEAK: f64 = 0.797_884_560_802_865_4;
    static TABLE: LazyLock<Quantiles> = LazyLock::new(|| {
        let mut edge = 0.0_f64;
        Quantiles::new((1..CELLS).map(|count| {
            // Newton's method from the edge before.
            for _ in 0..6 {
                let missing = share(count) - libm::erf(edge * std::f64::consts::FRAC_1_SQRT_2);
                edge += missing / (PEAK * libm::exp(-edge * edge / 2.0));
            }
            edge
        }))
    });
    &TABLE
}
