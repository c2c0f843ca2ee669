//! How sure a figure is: intervals by drawing documents, and p-values by exchanging systems.
//!
//! Documents, not mentions, are drawn, because the mentions of a document resemble each other: Efron & Tibshirani,
//! *An Introduction to the Bootstrap* (1993), percentile interval; Noreen, *Computer-Intensive Methods for Testing
//! Hypotheses* (1989), approximate randomisation. Each draw has its own generator, so results depend on the seed
//! and not on the number of threads.

use rayon::prelude::*;
use serde::Serialize;

use crate::score::{Row, Scheme, Tally};

/// How often is drawn, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Draws {
    /// How many times a corpus is drawn.
    pub count: usize,
    /// Where the random numbers begin.
    pub seed: u64,
}

/// The middle 95% of drawn values.
pub type Interval = [f64; 2];

/// A figure that has an F1 of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Figure {
    /// A row of the counts.
    Row(Scheme, Row),
    /// The mean over labels that have gold or predictions.
    MacroLabels(Scheme),
    /// The mean of strict F1 over documents that have gold or predictions.
    MacroDocuments,
}

impl Figure {
    /// All figures, in a fixed order.
    pub fn all() -> impl Iterator<Item = Figure> {
        let rows = Scheme::ALL.into_iter().flat_map(|scheme| {
            Row::ALL
                .into_iter()
                .map(move |row| Figure::Row(scheme, row))
        });
        rows.chain(Scheme::ALL.into_iter().map(Figure::MacroLabels))
            .chain([Figure::MacroDocuments])
    }

    /// Its place in [`Figure::all`].
    pub(crate) fn index(self) -> usize {
        match self {
            Figure::Row(scheme, row) => scheme as usize * ROWS + row.index(),
            Figure::MacroLabels(scheme) => SCHEMES * ROWS + scheme as usize,
            Figure::MacroDocuments => SCHEMES * ROWS + SCHEMES,
        }
    }
}

const ROWS: usize = Row::ALL.len();
const SCHEMES: usize = Scheme::ALL.len();
const FIGURES: usize = SCHEMES * ROWS + SCHEMES + 1;
/// All F1 there is of some documents, by [`Figure::all`]; undefined ones are `NaN`, which saves half the memory of
/// a million draws.
type Values = [f64; FIGURES];

/// The sums that F1 is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sums<N> {
    gold: [N; ROWS],
    predicted: [N; ROWS],
    points2: [[N; ROWS]; SCHEMES],
}

impl Sums<u32> {
    pub(crate) fn of(tally: &Tally) -> Sums<u32> {
        let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
        let mut sums = Sums::default();
        for (at, row) in Row::ALL.into_iter().enumerate() {
            let counts = tally.get(Scheme::Strict, row);
            sums.gold[at] = small(counts.gold());
            sums.predicted[at] = small(counts.predicted());
            for scheme in Scheme::ALL {
                sums.points2[scheme as usize][at] = small(tally.get(scheme, row).points2());
            }
        }
        sums
    }

    /// Whether there are mentions of a row.
    fn has(&self, row: usize) -> bool {
        self.gold[row] + self.predicted[row] > 0
    }
}

/// Sums of several documents, and of their own strict F1.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    sums: Sums<u64>,
    f1: f64,
    with_f1: u64,
}

impl Total {
    /// Adds a document `times` times.
    fn add(&mut self, document: &Sums<u32>, times: u32) {
        let times = u64::from(times);
        for row in 0..ROWS {
            self.sums.gold[row] += times * u64::from(document.gold[row]);
            self.sums.predicted[row] += times * u64::from(document.predicted[row]);
            for scheme in 0..SCHEMES {
                self.sums.points2[scheme][row] += times * u64::from(document.points2[scheme][row]);
            }
        }
        if document.has(0) {
            let whole = f64::from(document.gold[0]) + f64::from(document.predicted[0]);
            self.f1 += times as f64 * f64::from(document.points2[0][0]) / whole;
            self.with_f1 += times;
        }
    }

    fn values(&self) -> Values {
        let mut values = [f64::NAN; FIGURES];
        for scheme in 0..SCHEMES {
            let (mut sum, mut labels) = (0.0, 0);
            for row in 0..ROWS {
                let whole = self.sums.gold[row] + self.sums.predicted[row];
                if whole == 0 {
                    continue;
                }
                let f1 = self.sums.points2[scheme][row] as f64 / whole as f64;
                values[scheme * ROWS + row] = f1;
                if row > 0 {
                    sum += f1;
                    labels += 1;
                }
            }
            if labels > 0 {
                values[SCHEMES * ROWS + scheme] = sum / f64::from(labels);
            }
        }
        if self.with_f1 > 0 {
            values[SCHEMES * ROWS + SCHEMES] = self.f1 / self.with_f1 as f64;
        }
        values
    }
}

/// Documents, those that are alike together: a corpus of a million sentences has few that differ in their counts.
struct Groups<D> {
    /// One of each sort.
    sorts: Vec<D>,
    /// The sort of each document.
    documents: Vec<u32>,
}

impl<D: Copy + Ord> Groups<D> {
    fn new(documents: &[D]) -> Groups<D> {
        let mut sorts = documents.to_vec();
        sorts.sort_unstable();
        sorts.dedup();
        let sort_of = |document: &D| sorts.binary_search(document).unwrap_or_default() as u32;
        Groups {
            documents: documents.iter().map(sort_of).collect(),
            sorts,
        }
    }

    /// How often each sort comes up when as many documents are drawn with replacement.
    fn draw(&self, random: &mut Random) -> Vec<u32> {
        let mut times = vec![0; self.sorts.len()];
        for _ in 0..self.documents.len() {
            times[self.documents[random.below(self.documents.len())] as usize] += 1;
        }
        times
    }
}

/// Every F1 of some documents, with its interval.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimates {
    values: Vec<Option<f64>>,
    intervals: Vec<Option<Interval>>,
}

impl Estimates {
    /// F1, or `None` where there is neither gold nor prediction.
    #[must_use]
    pub fn value(&self, figure: Figure) -> Option<f64> {
        self.values[figure.index()]
    }

    /// Its 95% interval, or `None` where it is undefined or there are fewer than two documents.
    #[must_use]
    pub fn interval(&self, figure: Figure) -> Option<Interval> {
        self.intervals[figure.index()]
    }
}

/// Every F1 of the documents, and how much it moves when others like them are drawn.
#[must_use]
pub fn estimate(tallies: &[&Tally], draws: Draws) -> Estimates {
    let documents: Vec<Sums<u32>> = tallies.iter().map(|tally| Sums::of(tally)).collect();
    estimate_sums(&documents, draws)
}

/// The same of what is left of tallies, a seventh of their size.
pub(crate) fn estimate_sums(documents: &[Sums<u32>], draws: Draws) -> Estimates {
    let mut total = Total::default();
    for document in documents {
        total.add(document, 1);
    }
    let groups = Groups::new(documents);
    let drawn: Vec<Values> = (0..draws.count)
        .into_par_iter()
        .map(|draw| {
            let times = groups.draw(&mut Random::new(draws.seed, draw));
            let mut total = Total::default();
            for (sort, times) in groups.sorts.iter().zip(times) {
                total.add(sort, times);
            }
            total.values()
        })
        .collect();
    let enough = enough(documents.iter());
    let interval = |at: usize| middle(drawn.iter().map(|values| values[at])).filter(|_| enough[at]);
    Estimates {
        values: total.values().into_iter().map(defined).collect(),
        intervals: (0..FIGURES).map(interval).collect(),
    }
}

/// Whether two documents or more have mentions that a figure is about: of one there is nothing to draw.
fn enough<'a>(documents: impl Iterator<Item = &'a Sums<u32>>) -> [bool; FIGURES] {
    let mut with = [0; ROWS];
    for document in documents {
        for (row, with) in with.iter_mut().enumerate() {
            *with += usize::from(document.has(row));
        }
    }
    std::array::from_fn(|at| with[if at < SCHEMES * ROWS { at % ROWS } else { 0 }] > 1)
}

/// A share, as what it is made of.
pub(crate) type Parts = [u32; 2];

/// The intervals of shares of documents' counts, summed over documents before they are divided.
pub(crate) fn intervals<const N: usize>(
    documents: &[[Parts; N]],
    draws: Draws,
) -> [Option<Interval>; N] {
    let groups = Groups::new(documents);
    let drawn: Vec<[f64; N]> = (0..draws.count)
        .into_par_iter()
        .map(|draw| {
            let times = groups.draw(&mut Random::new(draws.seed, draw));
            let mut sums = [[0; 2]; N];
            for (sort, times) in groups.sorts.iter().zip(times) {
                for (sum, parts) in sums.iter_mut().zip(sort) {
                    sum[0] += u64::from(times) * u64::from(parts[0]);
                    sum[1] += u64::from(times) * u64::from(parts[1]);
                }
            }
            sums.map(|[part, whole]| {
                if whole == 0 {
                    f64::NAN
                } else {
                    part as f64 / whole as f64
                }
            })
        })
        .collect();
    std::array::from_fn(|at| {
        let with = documents
            .iter()
            .filter(|document| document[at][1] > 0)
            .count();
        middle(drawn.iter().map(|values| values[at])).filter(|_| with > 1)
    })
}

/// How two systems differ on one figure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Difference {
    /// F1 of the first.
    pub f1: Option<f64>,
    /// F1 of the other.
    pub other: Option<f64>,
    /// The first less the other.
    pub difference: Option<f64>,
    /// The middle 95% of that difference over drawn documents (paired bootstrap).
    pub interval: Option<Interval>,
    /// How often a difference at least as great comes about when the systems are exchanged at random, document by
    /// document (approximate randomisation, two-sided).
    pub p: Option<f64>,
}

/// The differences of all figures, in the order of [`Figure::all`]. Both slices speak of the same documents.
#[must_use]
pub fn compare(tallies: &[Tally], others: &[Tally], draws: Draws) -> Vec<Difference> {
    let pairs: Vec<[Sums<u32>; 2]> = tallies
        .iter()
        .zip(others)
        .map(|(one, other)| [Sums::of(one), Sums::of(other)])
        .collect();
    let groups = Groups::new(&pairs);
    // Of each sort, how many documents count as they are, and how many with the systems exchanged.
    let values = |kept: &[u32], exchanged: &[u32]| -> [Values; 2] {
        let mut totals = [Total::default(); 2];
        for (pair, (kept, exchanged)) in groups.sorts.iter().zip(kept.iter().zip(exchanged)) {
            for (total, document) in totals.iter_mut().zip(pair) {
                total.add(document, *kept);
            }
            for (total, document) in totals.iter_mut().rev().zip(pair) {
                total.add(document, *exchanged);
            }
        }
        totals.map(|total| total.values())
    };
    let differences =
        |[one, other]: [Values; 2]| -> Values { std::array::from_fn(|at| one[at] - other[at]) };
    let none = vec![0; groups.sorts.len()];
    let mut all = none.clone();
    for sort in &groups.documents {
        all[*sort as usize] += 1;
    }
    let observed = values(&all, &none);
    let observed_differences = differences(observed);
    let drawn: Vec<[Values; 2]> = (0..draws.count)
        .into_par_iter()
        .map(|draw| {
            let times = groups.draw(&mut Random::new(draws.seed, draw));
            let bootstrap = differences(values(&times, &none));
            let mut random = Random::new(!draws.seed, draw);
            let mut halves = [none.clone(), none.clone()];
            for sort in &groups.documents {
                halves[(random.next() >> 63) as usize][*sort as usize] += 1;
            }
            [bootstrap, differences(values(&halves[0], &halves[1]))]
        })
        .collect();
    let enough = enough(pairs.iter().flatten());
    (0..FIGURES)
        .map(|at| {
            let difference = defined(observed_differences[at]);
            let as_great = |observed: f64| {
                // Sums of the same counts in another order differ by rounding only. What is undefined is not less.
                let great = |value: f64| value.is_nan() || value.abs() >= observed.abs() - 1e-12;
                drawn
                    .iter()
                    .filter(|[_, exchanged]| great(exchanged[at]))
                    .count()
            };
            let known = difference.filter(|_| enough[at] && pairs.len() > 1);
            Difference {
                f1: defined(observed[0][at]),
                other: defined(observed[1][at]),
                difference,
                interval: known.and(middle(drawn.iter().map(|[bootstrap, _]| bootstrap[at]))),
                p: known
                    .filter(|_| !drawn.is_empty())
                    .map(|observed| (as_great(observed) + 1) as f64 / (drawn.len() + 1) as f64),
            }
        })
        .collect()
}

fn defined(value: f64) -> Option<f64> {
    (!value.is_nan()).then_some(value)
}

/// The 2.5% and 97.5% quantiles of the values that are defined, interpolated linearly as numpy does by default.
fn middle(values: impl Iterator<Item = f64>) -> Option<Interval> {
    let mut sorted: Vec<f64> = values.filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let quantile = |q: f64| {
        let position = q * (sorted.len() - 1) as f64;
        let (below, part) = (position.floor() as usize, position.fract());
        let above = (below + 1).min(sorted.len() - 1);
        sorted[below] + part * (sorted[above] - sorted[below])
    };
    (!sorted.is_empty()).then(|| [quantile(0.025), quantile(0.975)])
}

/// SplitMix64 (Steele, Lea & Flood, *Fast splittable pseudorandom number generators*, 2014): a counter and a
/// mixer, so that every draw can have a stream of its own.
struct Random(u64);

impl Random {
    fn new(seed: u64, draw: usize) -> Random {
        let mut random = Random(seed ^ (draw as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
        // Streams of neighbouring draws begin far apart.
        random.0 = random.next();
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, each as likely as the others but for less than one in 2⁶⁴ / `bound`.
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::Mention;
    use nommer_core::label::Label;
    use nommer_core::span::Span;

    const DRAWS: Draws = Draws {
        count: 2000,
        seed: 7,
    };

    /// A document of `gold` mentions of which the first `found` are found.
    fn document(gold: usize, found: usize) -> Tally {
        let text = "x ".repeat(gold.max(1));
        let mentions: Vec<Mention> = (0..gold)
            .map(|at| Mention {
                span: Span::new(2 * at, 2 * at + 1).unwrap(),
                label: Label::Loc,
                score: None,
                link: None,
            })
            .collect();
        Tally::count(&text, &mentions, &mentions[..found])
    }

    fn strict_micro() -> Figure {
        Figure::Row(Scheme::Strict, Row::Micro)
    }

    #[test]
    fn figures_know_their_places() {
        let all: Vec<usize> = Figure::all().map(Figure::index).collect();
        assert_eq!(all, (0..FIGURES).collect::<Vec<_>>());
    }

    /// Splitting recall over documents of equal size: the drawn mean has standard deviation sqrt(p(1-p)/n).
    #[test]
    fn an_interval_is_as_wide_as_the_binomial_says() {
        let tallies: Vec<Tally> = (0..400)
            .map(|at| document(1, usize::from(at % 4 > 0)))
            .collect();
        let estimates = estimate(&tallies.iter().collect::<Vec<_>>(), DRAWS);
        let recall = |f1: f64| f1 / (2.0 - f1);
        let [low, high] = estimates.interval(strict_micro()).unwrap().map(recall);
        let half = 1.96 * (0.75f64 * 0.25 / 400.0).sqrt();
        assert!(
            (low - (0.75 - half)).abs() < 0.006 && (high - (0.75 + half)).abs() < 0.006,
            "{low} {high}"
        );
        let f1 = estimates.value(strict_micro()).unwrap();
        assert!((f1 - 2.0 * 300.0 / 700.0).abs() < 1e-12);
        assert_eq!(estimates.value(Figure::MacroDocuments), Some(0.75));
        assert_eq!(
            estimates.value(Figure::Row(Scheme::Strict, Row::Label(Label::Per))),
            None
        );
        assert_eq!(
            estimates.value(Figure::MacroLabels(Scheme::Strict)),
            Some(f1),
            "of labels that occur"
        );
    }

    #[test]
    fn documents_that_are_all_alike_leave_no_doubt_and_one_document_no_interval() {
        let alike = vec![document(3, 2); 9];
        let estimates = estimate(&alike.iter().collect::<Vec<_>>(), DRAWS);
        assert_eq!(estimates.interval(strict_micro()), Some([0.8, 0.8]));
        let one = estimate(&[&alike[0]], DRAWS);
        assert_eq!(
            (one.value(strict_micro()), one.interval(strict_micro())),
            (Some(0.8), None)
        );
        let none = estimate(&[], DRAWS);
        assert_eq!(
            (none.value(strict_micro()), none.interval(strict_micro())),
            (None, None)
        );
    }

    #[test]
    fn a_label_of_one_document_has_no_interval() {
        let mut tallies = vec![document(3, 2); 4];
        tallies.push(document(0, 0));
        let per = Figure::Row(Scheme::Strict, Row::Label(Label::Per));
        let estimates = estimate(&tallies.iter().collect::<Vec<_>>(), DRAWS);
        assert!(estimates.interval(strict_micro()).is_some());
        assert_eq!(estimates.interval(per), None);
        let lonely = [document(0, 0), document(3, 1), document(0, 0)];
        let estimates = estimate(&lonely.iter().collect::<Vec<_>>(), DRAWS);
        assert_eq!(
            (
                estimates.value(strict_micro()),
                estimates.interval(strict_micro())
            ),
            (Some(0.5), None)
        );
    }

    #[test]
    fn shares_have_intervals_as_f1_has() {
        let tallies: Vec<Tally> = (0..60).map(|at| document(5, at % 6)).collect();
        let parts: Vec<[Parts; 2]> = tallies
            .iter()
            .map(|tally| {
                let counts = tally.get(Scheme::Strict, Row::Micro);
                let parts = [counts.points2(), counts.gold() + counts.predicted()];
                [parts.map(|count| count as u32), [0, 0]]
            })
            .collect();
        let [micro, nothing] = intervals(&parts, DRAWS);
        let expected =
            estimate(&tallies.iter().collect::<Vec<_>>(), DRAWS).interval(strict_micro());
        let (micro, expected) = (micro.unwrap(), expected.unwrap());
        // The sorts are numbered alike, so the draws are too.
        assert!(
            (micro[0] - expected[0]).abs() < 1e-12 && (micro[1] - expected[1]).abs() < 1e-12,
            "{micro:?} {expected:?}"
        );
        assert_eq!(nothing, None);
    }

    #[test]
    fn systems_that_do_not_differ_have_p_1_even_where_draws_are_undefined() {
        let text = "x y";
        let loc = |start| Mention {
            span: Span::new(start, start + 1).unwrap(),
            label: Label::Loc,
            score: None,
            link: None,
        };
        let invents = |start| Tally::count(text, &[], &[loc(start)]);
        let nothing = Tally::count(text, &[], &[]);
        let mut one = vec![nothing; 10];
        let mut other = one.clone();
        (one[0], other[1]) = (invents(0), invents(2));
        let difference = compare(&one, &other, DRAWS)
            [Figure::Row(Scheme::Strict, Row::Label(Label::Loc)).index()];
        assert_eq!(
            (difference.difference, difference.p),
            (Some(0.0), Some(1.0))
        );
    }

    #[test]
    fn the_seed_decides_and_the_threads_do_not() {
        let tallies: Vec<Tally> = (0..50).map(|at| document(5, at % 6)).collect();
        let tallies: Vec<&Tally> = tallies.iter().collect();
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| estimate(&tallies, DRAWS))
        };
        assert_eq!(run(1), run(3));
        let other = estimate(&tallies, Draws { seed: 8, ..DRAWS });
        assert_ne!(run(1).intervals, other.intervals);
    }

    #[test]
    fn equal_systems_do_not_differ_and_a_better_one_does() {
        let good: Vec<Tally> = (0..40).map(|at| document(4, 3 + at % 2)).collect();
        let bad: Vec<Tally> = (0..40).map(|at| document(4, 1 + at % 3)).collect();
        let at = strict_micro().index();
        let same = compare(&good, &good, DRAWS)[at];
        assert_eq!(
            (same.difference, same.interval, same.p),
            (Some(0.0), Some([0.0, 0.0]), Some(1.0))
        );
        let better = compare(&good, &bad, DRAWS)[at];
        assert!(
            better.difference.unwrap() > 0.1 && better.p.unwrap() < 0.001,
            "{better:?}"
        );
        assert!(better.interval.unwrap()[0] > 0.0);
        let worse = compare(&bad, &good, DRAWS)[at];
        assert_eq!(
            worse.difference,
            better.difference.map(|difference| -difference)
        );
        assert_eq!(worse.p, better.p);
    }

    /// Of 2ⁿ ways to exchange n documents that all prefer one system, two are as extreme as what was seen.
    #[test]
    fn a_p_value_is_what_counting_all_exchanges_gives() {
        let (one, other) = (vec![document(2, 2); 5], vec![document(2, 1); 5]);
        let draws = Draws {
            count: 40_000,
            seed: 1,
        };
        let p = compare(&one, &other, draws)[strict_micro().index()]
            .p
            .unwrap();
        assert!((p - 2.0 / 32.0).abs() < 0.005, "{p}");
    }
}
