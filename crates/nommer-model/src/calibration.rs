//! Scores that are probabilities: how often names with such a score are right.
//!
//! What `names.rs` computes ranks names well, but is no probability: the network is too sure of organisations.
//! A model's manifest may say, label by label, how often names with a score were right on annotated texts that the
//! network was not trained on. `scripts/train/calibrate.py` measures it.

use nommer_core::label::Label;
use serde::{Deserialize, Serialize};

use crate::names::FoundName;

/// For each label, the probability that a name with a score is right: its span and its label, exactly.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// For persons.
    #[serde(rename = "PER")]
    pub per: Curve,
    /// For organisations.
    #[serde(rename = "ORG")]
    pub org: Curve,
    /// For places.
    #[serde(rename = "LOC")]
    pub loc: Curve,
}

impl Calibration {
    /// Makes the scores of names probabilities.
    pub(crate) fn apply(&self, names: &mut [FoundName]) {
        for name in names {
            let curve = match name.label {
                Label::Per => &self.per,
                Label::Org => &self.org,
                Label::Loc => &self.loc,
            };
            name.score = curve.probability(name.score);
        }
    }
}

/// A map from 0..=1 to 0..=1, straight between its knots.
///
/// Invariant: the knots, each a score and its probability, go from score 0 to score 1, both numbers increase from
/// knot to knot, and no probability is outside 0..=1. So a name with the greater score has the greater probability.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<[f32; 2]>", into = "Vec<[f32; 2]>")]
pub struct Curve(Vec<[f32; 2]>);

/// Why knots make no curve.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CurveError {
    /// Some scores have no probability.
    #[error("the knots of a calibration go from score 0 to score 1, not from {from} to {to}")]
    Ends {
        /// The score of the first knot.
        from: f32,
        /// The score of the last.
        to: f32,
    },
    /// There are not even two.
    #[error("a calibration has at least two knots, [0, …] and [1, …], not {0}")]
    Few(usize),
    /// A probability that is none.
    #[error("the probability of score {score} is {probability}; it must be between 0 and 1")]
    NoProbability {
        /// The score of the knot.
        score: f32,
        /// What is no probability.
        probability: f32,
    },
    /// A greater score would not mean a greater probability.
    #[error("the knots {before:?} and {after:?} of a calibration do not increase")]
    Order {
        /// A knot.
        before: [f32; 2],
        /// The one after it.
        after: [f32; 2],
    },
}

impl Curve {
    /// The probability that a name with this score is right; both are in 0..=1.
    #[must_use]
    pub fn probability(&self, score: f32) -> f32 {
        let after = self.0.partition_point(|&[at, _]| at <= score);
        let after = after.clamp(1, self.0.len() - 1);
        let ([from, low], [to, high]) = (self.0[after - 1], self.0[after]);
        let share = ((score - from) / (to - from)).clamp(0.0, 1.0);
        // Rounding may not carry it past the next knot.
        (low + share * (high - low)).min(high)
    }
}

impl TryFrom<Vec<[f32; 2]>> for Curve {
    type Error = CurveError;

    fn try_from(knots: Vec<[f32; 2]>) -> Result<Curve, CurveError> {
        let ([from, _], [to, _]) = match &knots[..] {
            [first, .., last] => (*first, *last),
            few => return Err(CurveError::Few(few.len())),
        };
        if from != 0.0 || to != 1.0 {
            return Err(CurveError::Ends { from, to });
        }
        for &[score, probability] in &knots {
            if !(0.0..=1.0).contains(&probability) {
                return Err(CurveError::NoProbability { score, probability });
            }
        }
        for pair in knots.windows(2) {
            let (before, after) = (pair[0], pair[1]);
            let increases = before[0] < after[0] && before[1] < after[1];
            if !increases {
                return Err(CurveError::Order { before, after });
            }
        }
        Ok(Curve(knots))
    }
}

impl From<Curve> for Vec<[f32; 2]> {
    fn from(curve: Curve) -> Vec<[f32; 2]> {
        curve.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn curve(knots: &[[f32; 2]]) -> Curve {
        Curve::try_from(knots.to_vec()).unwrap()
    }

    #[test]
    fn a_curve_goes_through_its_knots_and_straight_between_them() {
        let curve = curve(&[[0.0, 0.125], [0.5, 0.25], [1.0, 0.75]]);
        let shown = [0.0, 0.25, 0.5, 0.75, 1.0].map(|score| curve.probability(score));
        assert_eq!(shown, [0.125, 0.1875, 0.25, 0.5, 0.75]);
    }

    #[test]
    fn each_label_has_its_own_curve() {
        let calibration: Calibration = serde_json::from_str(
            r#"{"PER": [[0, 0], [1, 1]], "ORG": [[0, 0], [1, 0.5]], "LOC": [[0, 0.5], [1, 1]]}"#,
        )
        .unwrap();
        let mut names = Label::ALL.map(|label| FoundName {
            range: 0..1,
            label,
            score: 0.5,
        });
        calibration.apply(&mut names);
        for name in names {
            let expected = match name.label {
                Label::Per => 0.5,
                Label::Org => 0.25,
                Label::Loc => 0.75,
            };
            assert_eq!(name.score, expected, "{}", name.label);
        }
    }

    #[test]
    fn what_is_no_curve_is_refused_with_what_is_wrong() {
        let refused = |json: &str, part: &str| {
            let error = serde_json::from_str::<Curve>(json).unwrap_err().to_string();
            assert!(error.contains(part), "{json}: {error}");
        };
        refused("[]", "at least two knots");
        refused("[[0, 1]]", "at least two knots");
        refused("[[0.1, 0], [1, 1]]", "not from 0.1 to 1");
        refused("[[0, 0], [0.9, 1]]", "not from 0 to 0.9");
        refused("[[0, -0.1], [1, 1]]", "score 0 is -0.1");
        refused("[[0, 0], [1, 1.5]]", "score 1 is 1.5");
        refused("[[0, 0.5], [0.5, 0.5], [1, 1]]", "do not increase");
        refused("[[0, 0], [0.5, 0.8], [1, 0.7]]", "do not increase");
        refused(
            "[[0, 0], [0.5, 0.2], [0.5, 0.3], [1, 1]]",
            "do not increase",
        );
        refused("[[0, 0, 0], [1, 1]]", "");
        refused(r#"[[0, 0], [1, null]]"#, "");
        let nan = Curve::try_from(vec![[0.0, 0.0], [f32::NAN, 0.5], [1.0, 1.0]]);
        assert!(matches!(nan, Err(CurveError::Order { .. })), "{nan:?}");
    }

    proptest! {
        #[test]
        fn a_greater_score_never_has_a_lesser_probability(
            steps in prop::collection::vec((1u16..500, 1u16..500), 1..9),
            mut scores in prop::collection::vec(0.0f32..=1.0, 2..50),
        ) {
            let total = |of: fn(&(u16, u16)) -> u16| steps.iter().map(|step| f32::from(of(step))).sum::<f32>();
            let (width, height) = (total(|step| step.0), total(|step| step.1));
            let mut knots = vec![[0.0, 0.0]];
            let (mut x, mut y) = (0.0, 0.0);
            for &(right, up) in &steps {
                (x, y) = (x + f32::from(right), y + f32::from(up));
                knots.push([x / width, y / height]);
            }
            let curve = curve(&knots);
            scores.sort_by(f32::total_cmp);
            for pair in scores.windows(2) {
                let (less, more) = (curve.probability(pair[0]), curve.probability(pair[1]));
                prop_assert!((0.0..=1.0).contains(&less) && less <= more, "{pair:?}: {less} {more}");
            }
        }
    }
}
