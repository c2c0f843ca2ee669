//! Figures that must be reached, for continuous integration.

use std::fmt;
use std::str::FromStr;

use nommer_core::label::Label;

use crate::report::Report;
use crate::score::Scheme;

/// A figure, and the least it may be: `strict=0.85`, `PER=0.9`, `ORG.recall=0.8`, `macro=0.8`, `linking=0.9`.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    figure: Figure,
    ratio: Ratio,
    least: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Figure {
    /// All mentions, by a scheme.
    Scheme(Scheme),
    /// Mentions of a label, strictly.
    Label(Label),
    /// The mean over labels, strictly.
    Macro,
    /// The accuracy in the knowledge base.
    Linking,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ratio {
    F1,
    Precision,
    Recall,
}

/// Not a threshold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no threshold; write FIGURE=VALUE with a value from 0 to 1, and of strict, exact, type, partial, overlap, PER, ORG, LOC, \
     macro, linking one as the figure; .precision or .recall after a scheme or a label take those instead of F1"
)]
pub struct NoThreshold(String);

impl FromStr for Threshold {
    type Err = NoThreshold;

    fn from_str(text: &str) -> Result<Threshold, NoThreshold> {
        parse(text).ok_or_else(|| NoThreshold(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Threshold> {
    let (figure, least) = text.trim().split_once('=')?;
    let (figure, least) = (figure.trim_end(), least.trim_start());
    let least = least
        .parse()
        .ok()
        .filter(|least| (0.0..=1.0).contains(least))?;
    let (name, ratio) = match figure.split_once('.') {
        None => (figure, Ratio::F1),
        Some((name, "precision")) => (name, Ratio::Precision),
        Some((name, "recall")) => (name, Ratio::Recall),
        Some((name, "f1")) => (name, Ratio::F1),
        Some(_) => return None,
    };
    let scheme = Scheme::ALL
        .into_iter()
        .find(|scheme| scheme.as_str() == name);
    let figure = match (name, scheme) {
        (_, Some(scheme)) => Figure::Scheme(scheme),
        ("micro", _) => Figure::Scheme(Scheme::Strict),
        ("macro", _) if ratio == Ratio::F1 => Figure::Macro,
        ("linking", _) if ratio == Ratio::F1 => Figure::Linking,
        _ => Figure::Label(name.parse().ok()?),
    };
    Some(Threshold {
        figure,
        ratio,
        least,
    })
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (figure, ratio) = match (self.figure, self.ratio) {
            (Figure::Macro, _) => ("macro", "F1"),
            (Figure::Linking, _) => ("linking", "accuracy"),
            (Figure::Scheme(scheme), ratio) => (scheme.as_str(), ratio.name()),
            (Figure::Label(label), ratio) => (label.as_str(), ratio.name()),
        };
        write!(f, "{figure} {ratio}")
    }
}

impl Ratio {
    const fn name(self) -> &'static str {
        match self {
            Ratio::F1 => "F1",
            Ratio::Precision => "precision",
            Ratio::Recall => "recall",
        }
    }
}

impl Threshold {
    /// Why the report does not reach it, or `None` if it does. What is undefined reaches nothing.
    #[must_use]
    pub fn missed(&self, report: &Report) -> Option<String> {
        let score = |scheme: &str, row: &str| {
            let score = &report.scores[scheme].rows[row];
            match self.ratio {
                Ratio::F1 => score.f1,
                Ratio::Precision => score.precision,
                Ratio::Recall => score.recall,
            }
        };
        let value = match self.figure {
            Figure::Scheme(scheme) => score(scheme.as_str(), "micro"),
            Figure::Label(label) => score("strict", label.as_str()),
            Figure::Macro => report.scores["strict"].mean.f1,
            Figure::Linking => report
                .linking
                .as_ref()
                .and_then(|linking| linking.rows["micro"].in_kb.accuracy),
        };
        match value {
            Some(value) if value >= self.least => None,
            Some(value) => {
                let short = format!("{value:.4}");
                // Not "0.8889, less than 0.8889".
                let shown = if short == format!("{:.4}", self.least) {
                    value.to_string()
                } else {
                    short
                };
                Some(format!("{self} is {shown}, less than {}", self.least))
            }
            None => Some(format!(
                "{self} is undefined, and must be at least {}",
                self.least
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_read_and_shown() {
        let cases = [
            ("strict=0.85", "strict F1"),
            ("PER=.9", "PER F1"),
            ("per.recall=1", "PER recall"),
            ("overlap.precision=0", "overlap precision"),
            ("macro=0.8", "macro F1"),
            ("linking=0.8", "linking accuracy"),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Threshold>().unwrap().to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_threshold_says_what_one_is() {
        for text in [
            "",
            "strict",
            "strict=85",
            "strict=-1",
            "strict=x",
            "MISC=0.5",
            "macro.recall=0.5",
            "PER.accuracy=0.5",
            "PER=nan",
        ] {
            let error = text.parse::<Threshold>().unwrap_err().to_string();
            assert!(error.contains("FIGURE=VALUE"), "{text}: {error}");
        }
    }
}
