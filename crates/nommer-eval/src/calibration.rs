//! Whether a score means what it says: of the mentions with score 0.8, are 80% right?

use std::collections::BTreeMap;

use serde::Serialize;

use crate::align::{GoldDocument, Prediction};
use crate::score::Row;

/// How many bins of equal width the scores from 0 to 1 are put in.
const BINS: usize = 10;

/// Scores against the truth.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Predicted mentions.
    pub mentions: u64,
    /// Expected calibration error: the mean distance between the score and the share of right mentions, over bins weighted
    /// by their mentions (Naeini et al. 2015; Guo et al. 2017).
    pub ece: f64,
    /// The mean square of score less truth (Brier 1950).
    pub brier: f64,
    /// The reliability table. Bins without mentions are left out.
    pub bins: Vec<Bin>,
}

/// Mentions of like scores.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bin {
    /// The least score of the bin.
    pub from: f64,
    /// The greatest; it belongs to the next bin, but for 1.
    pub to: f64,
    /// Its mentions.
    pub mentions: u64,
    /// Those of them that are right, strictly.
    pub right: u64,
    /// The mean of their scores.
    pub score: f64,
    /// The share of them that are right.
    pub accuracy: f64,
}

/// The calibration of all predicted mentions that have a score, by label and of all; empty where none has one.
#[must_use]
pub fn calibration(
    gold: &[GoldDocument],
    predictions: &[Prediction],
) -> BTreeMap<&'static str, Calibration> {
    let mut rows: Vec<Vec<(f64, bool)>> = vec![Vec::new(); Row::ALL.len()];
    for (document, prediction) in gold.iter().zip(predictions) {
        for mention in &prediction.mentions {
            let Some(score) = mention.score else { continue };
            let same = document
                .mentions
                .binary_search_by_key(&mention.span, |other| other.span);
            let right = same.is_ok_and(|at| document.mentions[at].label == mention.label);
            for row in [0, 1 + mention.label as usize] {
                rows[row].push((score, right));
            }
        }
    }
    let names = Row::ALL.into_iter().map(Row::as_str);
    names
        .zip(&rows)
        .filter(|(_, scores)| !scores.is_empty())
        .map(|(name, scores)| (name, of_scores(scores)))
        .collect()
}

fn of_scores(scores: &[(f64, bool)]) -> Calibration {
    let mut sums = [(0u64, 0u64, 0.0); BINS];
    let mut squares = 0.0;
    for &(score, right) in scores {
        let bin = ((score * BINS as f64) as usize).min(BINS - 1);
        sums[bin].0 += 1;
        sums[bin].1 += u64::from(right);
        sums[bin].2 += score;
        squares += (score - f64::from(u8::from(right))).powi(2);
    }
    let bins: Vec<Bin> = sums
        .into_iter()
        .enumerate()
        .filter(|(_, (mentions, ..))| *mentions > 0)
        .map(|(at, (mentions, right, sum))| Bin {
            from: at as f64 / BINS as f64,
            to: (at + 1) as f64 / BINS as f64,
            mentions,
            right,
            score: sum / mentions as f64,
            accuracy: right as f64 / mentions as f64,
        })
        .collect();
    let count = scores.len() as f64;
    let distance = |bin: &Bin| bin.mentions as f64 * (bin.score - bin.accuracy).abs();
    Calibration {
        mentions: scores.len() as u64,
        ece: bins.iter().map(distance).sum::<f64>() / count,
        brier: squares / count,
        bins,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_weighted_by_their_bins() {
        // Bin 0.5..0.6: scores 0.5 and 0.58, one right: |0.54 - 0.5|. Bin 0.9..1: 1.0 and 0.9 twice, all right.
        let scores = [
            (0.5, true),
            (0.58, false),
            (1.0, true),
            (0.9, true),
            (0.9, true),
        ];
        let calibration = of_scores(&scores);
        let expected = (2.0 * 0.04 + 3.0 * (1.0 - 2.8 / 3.0)) / 5.0;
        assert!(
            (calibration.ece - expected).abs() < 1e-12,
            "{calibration:?}"
        );
        let brier = (0.25 + 0.58f64.powi(2) + 0.01 + 0.01) / 5.0;
        assert!((calibration.brier - brier).abs() < 1e-12, "{calibration:?}");
        let bins: Vec<(u64, u64)> = calibration
            .bins
            .iter()
            .map(|bin| (bin.mentions, bin.right))
            .collect();
        assert_eq!(bins, [(2, 1), (3, 3)]);
        assert_eq!(
            (calibration.bins[1].from, calibration.bins[1].to),
            (0.9, 1.0)
        );
    }

    #[test]
    fn a_bin_ends_before_the_next_begins() {
        let bins = of_scores(&[(0.0, false), (0.1, false), (1.0, true)]).bins;
        assert_eq!(
            bins.iter().map(|bin| bin.from).collect::<Vec<_>>(),
            [0.0, 0.1, 0.9]
        );
    }
}
