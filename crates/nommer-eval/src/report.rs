//! Everything an evaluation finds, as one value that is shown as a table, as JSON, or as a page.

use std::collections::BTreeMap;

use nommer_core::label::Label;
use rayon::prelude::*;
use serde::Serialize;

use crate::agreement::{Agreement, agreement};
use crate::align::{Alignment, GoldDocument, State};
use crate::bootstrap::{Difference, Draws, Estimates, Figure, Interval, compare, estimate};
use crate::calibration::{Calibration, calibration};
use crate::document::{Problem, ProblemKind};
use crate::errors::{Errors, errors};
use crate::linking::{Linking, linking};
use crate::score::{Counts, Row, Scheme, Tally};
use crate::slices::{Seen, Slicing, by_mention, by_meta};

/// The version of the report's shape; a breaking change counts it up.
pub const SCHEMA: &str = "nommer-evaluation/1";

/// What to look into.
#[derive(Debug, Clone)]
pub struct Options {
    /// For intervals and p-values.
    pub draws: Draws,
    /// Fields of `meta` to slice by.
    pub by: Vec<String>,
    /// How many mistakes to describe.
    pub errors: usize,
    /// Names of the training data, to tell seen from unseen mentions.
    pub seen: Option<Seen>,
    /// What was chosen when both sides were read and checked, to be told with the figures.
    pub choices: Choices,
}

/// What figures depend on besides gold and predictions.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Choices {
    /// The labels evaluated, where not all are.
    pub labels: Option<Vec<Label>>,
    /// Labels of other tools and what they were taken for, `GPE=LOC`.
    pub label_map: Vec<String>,
    /// The least score of a prediction.
    pub min_score: Option<f32>,
}

impl Choices {
    /// What was chosen, one choice at a time; nothing where everything is evaluated.
    pub(crate) fn in_words(&self) -> Vec<String> {
        let mut said = Vec::new();
        if let Some(labels) = &self.labels {
            let labels: Vec<&str> = labels.iter().map(|label| label.as_str()).collect();
            said.push(format!("labels {}", labels.join(", ")));
        }
        if !self.label_map.is_empty() {
            said.push(format!("label map {}", self.label_map.join(", ")));
        }
        if let Some(least) = self.min_score {
            said.push(format!("scores of at least {least}"));
        }
        said
    }
}

/// Where one side comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// The file or folder, or the model that predicted, as people name it.
    pub name: String,
    /// How it was read.
    pub format: String,
}

/// The evaluation of one set of predictions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The gold.
    pub gold: Origin,
    /// The predictions.
    pub predictions: Origin,
    /// Which documents were compared.
    pub documents: Documents,
    /// Counts and scores by scheme, and in it by label, `micro` and `macro`.
    pub scores: BTreeMap<&'static str, SchemeScores>,
    /// The mean of strict F1 over documents that have gold or predictions.
    pub macro_documents: Mean,
    /// How far both sides agree on tokens.
    pub agreement: Agreement,
    /// Links; absent where one side has none.
    pub linking: Option<Linking>,
    /// Scores against the truth, by label and `micro`; empty where predictions have no scores.
    pub calibration: BTreeMap<&'static str, Calibration>,
    /// Parts of the corpus.
    pub slices: Vec<Slicing>,
    /// What went wrong.
    pub errors: Errors,
    /// Against other predictions.
    pub comparison: Option<Comparison>,
    /// How intervals and p-values were made.
    pub draws: Draws,
    /// What was evaluated.
    pub choices: Choices,
    /// How the input was repaired. Empty unless that was allowed.
    pub repairs: Vec<Repair>,
    /// Each document, in gold order.
    pub by_document: Vec<DocumentScore>,
}

/// What was wrong with the input, and what was done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Repair {
    /// What was wrong.
    pub what: &'static str,
    /// What was done.
    pub done: &'static str,
    /// How often.
    pub times: u64,
}

/// Which documents were compared, and which could not be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Documents {
    /// Gold documents.
    pub gold: u64,
    /// Gold documents that have a prediction.
    pub compared: u64,
    /// Gold documents without one; their mentions count as missed.
    pub missing: Vec<String>,
    /// Gold documents that the tool failed on, and why; their mentions count as missed.
    pub failed: BTreeMap<String, String>,
    /// Predicted documents that are not in the gold; they are not evaluated.
    pub extra: Vec<String>,
    /// Gold annotations that were left out by choice.
    pub gold_left_out: u64,
    /// Predictions that were left out by choice.
    pub predictions_left_out: u64,
}

/// Scores of one scheme.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SchemeScores {
    /// By label, and `micro` for all mentions.
    #[serde(flatten)]
    pub rows: BTreeMap<&'static str, Score>,
    /// The mean over the labels that have gold or predictions.
    #[serde(rename = "macro")]
    pub mean: Mean,
}

/// Counts and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Score {
    /// The counts.
    #[serde(flatten)]
    pub counts: Counts,
    /// Gold mentions.
    pub gold: u64,
    /// Predicted mentions.
    pub predicted: u64,
    /// Undefined, `null`, without predictions.
    pub precision: Option<f64>,
    /// Undefined without gold.
    pub recall: Option<f64>,
    /// Undefined without both.
    pub f1: Option<f64>,
    /// The 95% interval of F1 over documents.
    pub interval: Option<Interval>,
}

impl Score {
    /// Derives ratios from counts.
    #[must_use]
    pub fn new(counts: Counts, interval: Option<Interval>) -> Score {
        Score {
            counts,
            gold: counts.gold(),
            predicted: counts.predicted(),
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
            interval,
        }
    }
}

/// A mean of F1.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Mean {
    /// Undefined where every F1 is.
    pub f1: Option<f64>,
    /// Its 95% interval over documents.
    pub interval: Option<Interval>,
}

impl Mean {
    fn of(estimates: &Estimates, figure: Figure) -> Mean {
        Mean {
            f1: estimates.value(figure),
            interval: estimates.interval(figure),
        }
    }
}

/// Two sets of predictions for the same gold.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// The other predictions.
    pub other: Origin,
    /// Which of its documents were compared.
    pub documents: Documents,
    /// Differences of F1 by scheme, and in it by label, `micro` and `macro`.
    pub differences: BTreeMap<&'static str, BTreeMap<&'static str, Difference>>,
}

/// One document.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DocumentScore {
    /// Its identifier.
    pub id: String,
    /// `compared`, `missing` or `failed`.
    pub state: &'static str,
    /// Strict counts of all its mentions.
    #[serde(flatten)]
    pub strict: Score,
}

/// Both sides of an evaluation.
#[derive(Debug, Clone, Copy)]
pub struct Side<'a> {
    /// The predictions.
    pub alignment: &'a Alignment,
    /// Where they come from.
    pub origin: &'a Origin,
}

/// Evaluates predictions against gold, and against other predictions where there are any.
#[must_use]
pub fn evaluate(
    gold: &[GoldDocument],
    gold_origin: &Origin,
    predictions: Side<'_>,
    other: Option<Side<'_>>,
    problems: &[Problem],
    options: &Options,
) -> Report {
    let predicted = &predictions.alignment.predictions;
    let tallies = tallies(gold, predictions.alignment);
    let estimates = estimate(&tallies.iter().collect::<Vec<_>>(), options.draws);
    let mut total = Tally::default();
    for tally in &tallies {
        total += *tally;
    }
    let scores = Scheme::ALL.into_iter().map(|scheme| {
        let row = |row: Row| {
            let interval = estimates.interval(Figure::Row(scheme, row));
            (row.as_str(), Score::new(*total.get(scheme, row), interval))
        };
        let scores = SchemeScores {
            rows: Row::ALL.into_iter().map(row).collect(),
            mean: Mean::of(&estimates, Figure::MacroLabels(scheme)),
        };
        (scheme.as_str(), scores)
    });
    let mut slices: Vec<Slicing> = options
        .by
        .iter()
        .map(|field| by_meta(field, gold, &tallies, options.draws))
        .collect();
    slices.extend(by_mention(
        gold,
        predicted,
        options.seen.as_ref(),
        options.draws,
    ));
    Report {
        schema: SCHEMA,
        gold: gold_origin.clone(),
        predictions: predictions.origin.clone(),
        documents: documents(gold, predictions.alignment),
        scores: scores.collect(),
        macro_documents: Mean::of(&estimates, Figure::MacroDocuments),
        agreement: agreement(gold, predicted),
        linking: linking(gold, predicted, options.draws),
        calibration: calibration(gold, predicted),
        slices,
        errors: errors(gold, predicted, options.errors),
        comparison: other.map(|other| comparison(gold, &tallies, other, options.draws)),
        draws: options.draws,
        choices: options.choices.clone(),
        repairs: repairs(problems),
        by_document: gold
            .iter()
            .zip(predicted)
            .zip(&tallies)
            .map(|((document, prediction), tally)| DocumentScore {
                id: document.id.clone(),
                state: match prediction.state {
                    State::Compared => "compared",
                    State::Missing => "missing",
                    State::Failed(_) => "failed",
                },
                strict: Score::new(*tally.get(Scheme::Strict, Row::Micro), None),
            })
            .collect(),
    }
}

fn tallies(gold: &[GoldDocument], alignment: &Alignment) -> Vec<Tally> {
    gold.par_iter()
        .zip(&alignment.predictions)
        .map(|(document, prediction)| {
            Tally::count(&document.text, &document.mentions, &prediction.mentions)
        })
        .collect()
}

fn documents(gold: &[GoldDocument], alignment: &Alignment) -> Documents {
    let mut documents = Documents {
        gold: gold.len() as u64,
        compared: 0,
        missing: Vec::new(),
        failed: BTreeMap::new(),
        extra: alignment.extra.clone(),
        gold_left_out: gold.iter().map(|document| document.left_out).sum(),
        predictions_left_out: alignment
            .predictions
            .iter()
            .map(|prediction| prediction.left_out)
            .sum(),
    };
    for (document, prediction) in gold.iter().zip(&alignment.predictions) {
        match &prediction.state {
            State::Compared => documents.compared += 1,
            State::Missing => documents.missing.push(document.id.clone()),
            State::Failed(why) => {
                documents.failed.insert(document.id.clone(), why.clone());
            }
        }
    }
    documents
}

fn comparison(gold: &[GoldDocument], one: &[Tally], other: Side<'_>, draws: Draws) -> Comparison {
    let differences = compare(one, &tallies(gold, other.alignment), draws);
    let by_scheme = Scheme::ALL.into_iter().map(|scheme| {
        let rows = Row::ALL
            .into_iter()
            .map(|row| (row.as_str(), Figure::Row(scheme, row)));
        let figures = rows.chain([("macro", Figure::MacroLabels(scheme))]);
        let differences = figures.map(|(name, figure)| (name, differences[figure.index()]));
        (scheme.as_str(), differences.collect())
    });
    Comparison {
        other: other.origin.clone(),
        documents: documents(gold, other.alignment),
        differences: by_scheme.collect(),
    }
}

fn repairs(problems: &[Problem]) -> Vec<Repair> {
    let mut counts: BTreeMap<ProblemKind, u64> = BTreeMap::new();
    for problem in problems {
        *counts.entry(problem.kind).or_default() += 1;
    }
    counts
        .into_iter()
        .map(|(kind, times)| {
            let (what, done) = kind.repair();
            Repair { what, done, times }
        })
        .collect()
}
