//! The report as a page: one file that needs no network, for the screen and for paper.
//!
//! Whatever it shows of documents was written by others. Escaping is maud's and takes place wherever a value is
//! shown; the page also forbids itself to run scripts and to load anything.

mod figures;
mod text;

use std::collections::BTreeMap;

use maud::{DOCTYPE, Markup, PreEscaped, html};
use nommer_core::label::Label;

use crate::bootstrap::{Difference, Interval};
use crate::calibration::Calibration;
use crate::errors::{Confusion, ErrorKind, Errors, KindCount, Mistake};
use crate::linking::{Linking, LinkingRow};
use crate::report::{Comparison, Documents, Mean, Report, SchemeScores, Score};
use crate::score::{Row, Scheme, ratio};
use crate::shown::{LONGEST, plain};
use crate::slices::{Parted, Slice, Slicing};

use figures::{
    Axis, between, columns, count, counted, or_dash, p_value, percent, points, reliability, share,
    signed, table,
};
use text::{excerpt, legend, name, names};

/// At most so many identifiers of documents are listed.
const IDS: usize = 50;

/// At most so many documents have a row of their own.
const WORST: usize = 25;

/// At most so many parts of a slicing have one.
const SLICES: usize = 50;

/// Differences with a smaller p-value are called unlikely to be chance.
const SIGNIFICANT: f64 = 0.05;

/// Labels first, then all mentions.
const ROWS: [Row; 4] = [
    Row::Label(Label::Per),
    Row::Label(Label::Org),
    Row::Label(Label::Loc),
    Row::Micro,
];

/// Writes a report as one HTML file that stands on its own: no script, no network, no font.
///
/// The same report gives the same bytes.
#[must_use]
pub fn page(report: &Report) -> String {
    let title = format!(
        "Evaluation of {} against {}",
        plain(&report.predictions.name),
        plain(&report.gold.name)
    );
    let sections = sections(report);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                title { (title) }
                link rel="icon" href="data:,";
                style { (PreEscaped(include_str!("html/report.css"))) }
            }
            body {
                a.skip href="#report" { "Skip to the figures" }
                header {
                    h1 { "Evaluation of " (name(&report.predictions.name)) " against " (name(&report.gold.name)) }
                    (result(report))
                    (warnings(report))
                    nav aria-label="Contents" {
                        ol { @for section in &sections { li { a href={ "#" (section.id) } { (section.title) } } } }
                        (left_out(report))
                    }
                }
                main #report {
                    @for section in &sections {
                        section aria-labelledby=(section.id) {
                            h2 id=(section.id) { (section.title) }
                            (section.body)
                        }
                    }
                }
                footer {
                    p { "Written by nommer-eval " (env!("CARGO_PKG_VERSION")) ". The same figures stand in the report's JSON form, " code { (report.schema) } "." }
                }
            }
        }
    };
    page.into_string()
}

struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

fn sections(report: &Report) -> Vec<Section> {
    let calibration = &report.calibration;
    let bodies = [
        ("scores", "Scores", Some(scores(report))),
        (
            "comparison",
            "Comparison",
            report.comparison.as_ref().map(comparison),
        ),
        ("errors", "What goes wrong", Some(errors(&report.errors))),
        (
            "calibration",
            "Do scores mean what they say?",
            (!calibration.is_empty()).then(|| calibrations(calibration)),
        ),
        ("linking", "Links", report.linking.as_ref().map(links)),
        (
            "slices",
            "Parts of the corpus",
            Some(slices(&report.slices)),
        ),
        ("documents", "Documents", Some(documents(report))),
        ("method", "How this was measured", Some(method(report))),
    ];
    bodies
        .into_iter()
        .filter_map(|(id, title, body)| {
            Some(Section {
                id,
                title,
                body: body?,
            })
        })
        .collect()
}

/// The main figure, in words.
fn result(report: &Report) -> Markup {
    let micro = micro(report);
    let documents = report.documents.gold;
    html! {
        @match micro.f1 {
            None if documents == 0 => p.lead { "There is nothing to score: the gold has no documents." }
            None => p.lead { "There is nothing to score: no mention in the gold, and none predicted, in " (counted(documents, "document")) "." }
            Some(f1) => {
                p.lead {
                    "The strict micro F1 is " strong { (points(f1)) "%" }
                    @if let Some(interval) = micro.interval { " (95% interval " (in_words(interval)) ")" }
                    " over " (counted(documents, "document")) ": "
                    @match micro.precision {
                        Some(precision) => { strong { (points(precision)) "%" } " of " (counted(micro.predicted, "prediction")) " right (precision), " }
                        None => "nothing was predicted, so precision is undefined, "
                    }
                    @match micro.recall {
                        Some(recall) => { strong { (points(recall)) "%" } " of " (counted(micro.gold, "gold mention")) " found (recall)." }
                        None => "and there are no gold mentions, so recall is undefined."
                    }
                }
            }
        }
        @if let Some(comparison) = &report.comparison { (verdict(comparison)) }
        p.note { "Strict: a prediction is right if both its ends and its label are those of a gold mention." }
    }
}

fn in_words([from, to]: Interval) -> String {
    format!("{} to {}", points(from), points(to))
}

/// Who is better, in a sentence.
fn verdict(comparison: &Comparison) -> Markup {
    let other = name(&comparison.other.name);
    let micro = difference(comparison, Scheme::Strict, Row::Micro.as_str());
    let (Some(difference), Some(score)) = (micro.difference, micro.other) else {
        return html! { p.lead { "It cannot be compared with " (other) ": one side has no F1." } };
    };
    html! {
        p.lead {
            "Against " (other) ", which has " (points(score)) "%, these predictions "
            @if difference == 0.0 {
                "have the same F1."
            } @else {
                "are " strong { (points(difference.abs())) " points " (if difference > 0.0 { "better" } else { "worse" }) }
                @if let Some([from, to]) = micro.interval { " (95% interval of the difference " (signed(from)) " to " (signed(to)) ")" }
                @match micro.p {
                    Some(p) if p < SIGNIFICANT => { ", and that is unlikely to be chance (p\u{a0}" (equals(p)) ")." }
                    Some(p) => { ", and that may be chance (p\u{a0}" (equals(p)) ")." }
                    None => ". Whether that is chance cannot be told: it takes two documents or more, and draws."
                }
            }
        }
    }
}

fn equals(p: f64) -> String {
    let p = p_value(p);
    if p.starts_with('<') {
        p
    } else {
        format!("=\u{a0}{p}")
    }
}

/// What was left out by choice, in words.
fn choices(report: &Report) -> String {
    let mut said = report.choices.in_words();
    let (gold, predictions) = (
        report.documents.gold_left_out,
        report.documents.predictions_left_out,
    );
    if gold + predictions > 0 {
        said.push(format!(
            "{} and {} left out",
            counted(gold, "gold mention"),
            counted(predictions, "prediction")
        ));
    }
    said.join("; ")
}

/// What must be known before a figure is read.
fn warnings(report: &Report) -> Markup {
    let gold: BTreeMap<&str, u64> = report
        .by_document
        .iter()
        .map(|document| (document.id.as_str(), document.strict.gold))
        .collect();
    let mut warnings = of_documents(&report.documents, &gold, &html! {});
    if let Some(comparison) = &report.comparison {
        let whose = html! { " in " (name(&comparison.other.name)) };
        warnings.extend(of_documents(&comparison.documents, &gold, &whose));
    }
    if !report.repairs.is_empty() {
        warnings.push(html! {
            "The input was repaired: "
            @for (at, repair) in report.repairs.iter().enumerate() {
                @if at > 0 { "; " }
                (repair.what) ": " strong { (count(repair.times)) } " (" (repair.done) ")"
            }
            "."
        });
    }
    let choices = choices(report);
    if !choices.is_empty() {
        warnings.push(html! { "Not everything was evaluated: " (plain(&choices)) "." });
    }
    const FEW: u64 = 20;
    if (2..FEW).contains(&report.documents.gold) {
        warnings
            .push(html! { "There are few documents to draw from: take the intervals as rough." });
    }
    if report.documents.gold == 1 {
        warnings.push(html! { "There is one document only, so there are no intervals and no p-values: both are taken over documents." });
    }
    html! {
        @if !warnings.is_empty() {
            section.warnings aria-labelledby="warnings" {
                h2 #warnings { "Before you read the figures" }
                ul { @for warning in &warnings { li { (warning) } } }
            }
        }
    }
}

fn of_documents(documents: &Documents, gold: &BTreeMap<&str, u64>, whose: &Markup) -> Vec<Markup> {
    let missed = |ids: &mut dyn Iterator<Item = &String>| {
        let mentions = ids.filter_map(|id| gold.get(id.as_str())).sum();
        html! { "; their " (counted(mentions, "gold mention")) " count as missed." }
    };
    let of = format!(" of {}", counted(documents.gold, "document"));
    let mut warnings = Vec::new();
    if documents.compared == 0 && documents.gold > 0 {
        warnings.push(html! { strong { "No document could be compared" (whose) "." } " Do both sides use the same ids?" });
    }
    if !documents.missing.is_empty() {
        warnings.push(html! {
            "Without a prediction" (whose) ": " strong { (count(documents.missing.len() as u64)) } (of) (missed(&mut documents.missing.iter()))
            (listed("Which", documents.missing.iter().map(|id| name(id))))
        });
    }
    if !documents.failed.is_empty() {
        let reasons = documents.failed.iter();
        warnings.push(html! {
            "Failed" (whose) ": " strong { (count(documents.failed.len() as u64)) } (of) (missed(&mut documents.failed.keys()))
            (listed("Which, and why", reasons.map(|(id, why)| html! { (name(id)) ": " (name(why)) })))
        });
    }
    if !documents.extra.is_empty() {
        warnings.push(html! {
            "Not in the gold" (whose) ": " strong { (counted(documents.extra.len() as u64, "predicted document")) } ", left out of all figures."
            (listed("Which", documents.extra.iter().map(|id| name(id))))
        });
    }
    warnings
}

fn listed(summary: &str, items: impl ExactSizeIterator<Item = Markup>) -> Markup {
    let more = items.len().saturating_sub(IDS);
    html! {
        details {
            summary { (summary) }
            ul {
                @for item in items.take(IDS) { li { (item) } }
                @if more > 0 { li { "and " (count(more as u64)) " more" } }
            }
        }
    }
}

/// What the report could hold and does not.
fn left_out(report: &Report) -> Markup {
    let absent: Vec<&str> = [
        (
            report.comparison.is_none(),
            "no comparison, as there are no other predictions",
        ),
        (
            report.calibration.is_empty(),
            "no calibration, as no prediction has a score",
        ),
        (report.linking.is_none(), "no links, as one side has none"),
    ]
    .into_iter()
    .filter_map(|(absent, what)| absent.then_some(what))
    .collect();
    html! { @if !absent.is_empty() { p.note { "Not in this report: " (absent.join("; ")) "." } } }
}

fn scores(report: &Report) -> Markup {
    html! {
        (strict(report))
        (schemes(report))
    }
}

/// One line of the table of strict scores: counts, or a mean and what it is a mean of.
enum Line {
    Counts(Score),
    Mean(Mean, &'static str),
}

fn strict(report: &Report) -> Markup {
    let strict = report.scores.get(Scheme::Strict.as_str());
    let mean = strict.map(|scores| scores.mean).unwrap_or_default();
    let counts = ROWS.map(|row| (row_name(row.as_str()), Line::Counts(of_row(strict, row))));
    let means = [
        (
            "mean of labels",
            Line::Mean(mean, "macro: each label counts the same"),
        ),
        (
            "mean of documents",
            Line::Mean(report.macro_documents, "each document counts the same"),
        ),
    ];
    let lines: Vec<(&str, Mean, Line)> = counts
        .into_iter()
        .chain(means)
        .map(|(name, line)| {
            let mean = match &line {
                Line::Counts(score) => mean_of(score),
                Line::Mean(mean, _) => *mean,
            };
            (name, mean, line)
        })
        .collect();
    let axis = axis_of(lines.iter().map(|(_, mean, _)| mean));
    table(
        "Strict scores",
        &html! { "F1 in percent, with its 95% interval over documents. Every gold mention is correct, incorrect or missed; every prediction correct, incorrect or spurious." },
        &html! {
            tr {
                (columns(&["label", "F1", "95% interval"])) (axis.head("F1"))
                (columns(&["precision", "recall", "gold", "predicted", "correct", "incorrect", "missed", "spurious"]))
            }
        },
        &html! {
            @for (name, mean, line) in &lines {
                tr.total[*name == row_name("micro")] {
                    th scope="row" { (name) }
                    (f1_cells(mean))
                    (axis.interval(mean.f1, mean.interval))
                    @match line {
                        Line::Counts(score) => {
                            td { (percent(score.precision)) }
                            td { (percent(score.recall)) }
                            (count_cells(score))
                        }
                        Line::Mean(_, what) => td.words colspan="8" { (what) }
                    }
                }
            }
        },
    )
}

fn count_cells(score: &Score) -> Markup {
    let counts = &score.counts;
    html! {
        @for number in [score.gold, score.predicted, counts.correct, counts.incorrect, counts.missed, counts.spurious] {
            td { (count(number)) }
        }
    }
}

fn f1_cells(mean: &Mean) -> Markup {
    html! {
        td.figure { (percent(mean.f1)) }
        td { (between(mean.interval, points)) }
    }
}

/// All schemes, each in a line.
fn schemes(report: &Report) -> Markup {
    table(
        "Under other schemes",
        &html! { "F1 in percent by what counts as right, with its 95% interval." },
        &html! {
            tr {
                th scope="col" { "scheme" }
                @for row in ROWS { th scope="col" { (row_name(row.as_str())) } }
                th scope="col" { "macro" }
            }
        },
        &html! {
            @for scheme in Scheme::ALL {
                @let scores = report.scores.get(scheme.as_str());
                tr {
                    th scope="row" { (scheme.as_str()) span.definition { (definition(scheme)) } }
                    @for row in ROWS { (two_lines(mean_of(&of_row(scores, row)))) }
                    (two_lines(scores.map(|scores| scores.mean).unwrap_or_default()))
                }
            }
        },
    )
}

fn two_lines(mean: Mean) -> Markup {
    html! { td { (percent(mean.f1)) span.second { (between(mean.interval, points)) } } }
}

const fn definition(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Strict => "both ends and the label are right",
        Scheme::Exact => "both ends are right, whatever the label",
        Scheme::Type => "it overlaps a gold mention of its label",
        Scheme::Partial => {
            "one point if both ends are right, half a point if it only overlaps, whatever the label"
        }
        Scheme::Overlap => "it overlaps the gold mention it is paired with, and the label is right",
    }
}

fn comparison(comparison: &Comparison) -> Markup {
    let strict: Vec<(&str, Difference)> = figures()
        .map(|row| (row, difference(comparison, Scheme::Strict, row)))
        .collect();
    let shown = strict.iter().flat_map(|(_, difference)| {
        let ends = difference.interval.into_iter().flatten();
        difference.difference.into_iter().chain(ends).chain([0.0])
    });
    let axis = Axis::around(shown, signed);
    let by_label = table(
        "Strict F1 of both",
        &html! { "Differences in percentage points: to the right of 0, these predictions are better than " (name(&comparison.other.name)) "." },
        &html! {
            tr {
                (columns(&["label", "these", "other", "difference", "95% interval"])) (axis.head("Difference"))
                (columns(&["p"])) th.words scope="col" { "in words" }
            }
        },
        &html! {
            @for (row, difference) in &strict {
                tr.total[*row == "micro"] {
                    th scope="row" { (row_name(row)) }
                    td { (percent(difference.f1)) }
                    td { (percent(difference.other)) }
                    td.figure { (or_dash(difference.difference.map(signed))) }
                    td { (between(difference.interval, signed)) }
                    (axis.interval(difference.difference, difference.interval))
                    td { (or_dash(difference.p.map(p_value))) }
                    td.words { (judgement(difference)) }
                }
            }
        },
    );
    let by_scheme = table(
        "Differences under all schemes",
        &html! { "In percentage points, with p-values below." },
        &html! {
            tr {
                th scope="col" { "scheme" }
                @for row in figures() { th scope="col" { (row_name(row)) } }
            }
        },
        &html! {
            @for scheme in Scheme::ALL {
                tr {
                    th scope="row" { (scheme.as_str()) }
                    @for row in figures() {
                        @let difference = difference(comparison, scheme, row);
                        td {
                            (or_dash(difference.difference.map(signed)))
                            span.second { "p\u{a0}" (or_dash(difference.p.map(equals))) }
                        }
                    }
                }
            }
        },
    );
    html! {
        (by_label)
        p.note {
            "p is how often a difference at least as great comes about when the two are exchanged at random, document by document. "
            "Of twenty such figures one is below " (SIGNIFICANT) " by chance alone; none is corrected for that."
        }
        (by_scheme)
    }
}

/// Rows and the mean of labels, as differences are named.
fn figures() -> impl Iterator<Item = &'static str> {
    ROWS.into_iter().map(Row::as_str).chain(["macro"])
}

fn difference(comparison: &Comparison, scheme: Scheme, row: &'static str) -> Difference {
    let none = Difference {
        f1: None,
        other: None,
        difference: None,
        interval: None,
        p: None,
    };
    let of_scheme = comparison.differences.get(scheme.as_str());
    of_scheme
        .and_then(|rows| rows.get(row))
        .copied()
        .unwrap_or(none)
}

fn judgement(difference: &Difference) -> &'static str {
    match (difference.difference, difference.p) {
        (None, _) => "cannot be compared",
        (Some(0.0), _) => "the same",
        (Some(_), None) => "cannot be told",
        (Some(points), Some(p)) => match (points > 0.0, p < SIGNIFICANT) {
            (true, true) => "better",
            (false, true) => "worse",
            (true, false) => "better, maybe by chance",
            (false, false) => "worse, maybe by chance",
        },
    }
}

fn errors(errors: &Errors) -> Markup {
    let cost: u64 = errors.kinds.iter().map(|kind| kind.cost).sum();
    html! {
        @if cost == 0 { p { "Nothing: no gold mention was missed, and no prediction is wrong." } }
        @else { (kinds(&errors.kinds, cost)) }
        (confusion(&errors.confusion))
        @if !errors.top.is_empty() { (mistakes(&errors.top, cost)) }
    }
}

fn kinds(kinds: &[KindCount], cost: u64) -> Markup {
    let part = |kind: &KindCount| ratio(kind.cost, cost).unwrap_or(0.0);
    let axis = Axis::around(kinds.iter().map(part).chain([0.0]), points);
    table(
        "Kinds of errors",
        &html! { "An error costs one for each gold mention that was not found and one for each prediction that is not right: a wrong label costs two." },
        &html! {
            tr {
                th scope="col" { "kind" }
                (columns(&["errors", "cost", "% of cost"])) (axis.head("Share of the cost"))
            }
        },
        &html! {
            @for kind in kinds {
                tr {
                    th scope="row" { (kind.kind.as_str()) span.definition { (meaning(kind.kind)) } }
                    td { (count(kind.errors)) }
                    td { (count(kind.cost)) }
                    td { (share(kind.cost, cost)) }
                    (axis.bar(part(kind)))
                }
            }
            tr.total {
                th scope="row" { "all" }
                td { (count(kinds.iter().map(|kind| kind.errors).sum())) }
                td { (count(cost)) }
                td { (share(cost, cost)) }
                td {}
            }
        },
    )
}

const fn meaning(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Missed => "a gold mention and nothing predicted",
        ErrorKind::Invented => "a prediction and nothing there",
        ErrorKind::WrongLabel => "both ends right, the label wrong",
        ErrorKind::WrongBoundary => "the label right, an end wrong",
        ErrorKind::WrongBoundaryAndLabel => "they overlap, no more",
        ErrorKind::Split => "one gold mention, several predictions",
        ErrorKind::Merged => "several gold mentions, fewer predictions",
    }
}

fn confusion(confusion: &Confusion) -> Markup {
    let pairs = |gold: usize, predicted: usize| {
        confusion.same_span[gold][predicted] + confusion.other_span[gold][predicted]
    };
    let labels = || Label::ALL.into_iter().map(|label| label as usize);
    let row = |gold: usize| {
        labels()
            .map(|predicted| pairs(gold, predicted))
            .sum::<u64>()
            + confusion.missed[gold]
    };
    let column = |predicted: usize| {
        labels().map(|gold| pairs(gold, predicted)).sum::<u64>() + confusion.spurious[predicted]
    };
    let shade = |part: u64, whole: u64| format!("--share:{:.3}", ratio(part, whole).unwrap_or(0.0));
    let spurious: u64 = confusion.spurious.iter().sum();
    table(
        "Which label is taken for which",
        &html! { "Pairs of a gold mention and a prediction with the same ends, and after the plus sign those that only overlap. The stronger the shade, the greater the share of the row." },
        &html! {
            tr {
                th scope="col" { "gold" }
                @for label in Label::ALL { th scope="col" { "predicted " (label) } }
                (columns(&["nothing predicted", "all"]))
            }
        },
        &html! {
            @for label in Label::ALL {
                @let gold = label as usize;
                tr {
                    th scope="row" { (label) }
                    @for predicted in labels() {
                        td.shaded style=(shade(pairs(gold, predicted), row(gold))) {
                            (count(confusion.same_span[gold][predicted]))
                            span.second { "+ " (count(confusion.other_span[gold][predicted])) }
                        }
                    }
                    td.shaded style=(shade(confusion.missed[gold], row(gold))) { (count(confusion.missed[gold])) }
                    td { (count(row(gold))) }
                }
            }
            tr {
                th scope="row" { "nothing there" }
                @for predicted in labels() {
                    td.shaded style=(shade(confusion.spurious[predicted], spurious)) { (count(confusion.spurious[predicted])) }
                }
                td {}
                td { (count(spurious)) }
            }
            tr.total {
                th scope="row" { "all" }
                @for predicted in labels() { td { (count(column(predicted))) } }
                td { (count(confusion.missed.iter().sum())) }
                td {}
            }
        },
    )
}

fn mistakes(mistakes: &[Mistake], cost: u64) -> Markup {
    let shown: u64 = mistakes.iter().map(|mistake| mistake.cost).sum();
    html! {
            h3 { "The most costly mistakes" }
            p.note {
                "The same mistake with the same words is one entry. The " (count(mistakes.len() as u64)) " shown make up "
                (share(shown, cost)) "% of the cost. In the excerpts, "
    (legend())
            }
            ol.mistakes {
                @for mistake in mistakes {
                    li {
                        p.what {
                            strong { (mistake.kind.as_str()) }
                            span { (counted(mistake.times, "time")) ", cost " (count(mistake.cost)) }
                        }
                        div {
                            p.who { "gold " (names(&mistake.gold)) span.muted { " → " } "predicted " (names(&mistake.predicted)) }
                            @for example in &mistake.examples { (excerpt(example)) }
                        }
                    }
                }
            }
        }
}

fn calibrations(calibrations: &BTreeMap<&'static str, Calibration>) -> Markup {
    let rows = calibrated(calibrations);
    html! {
        p {
            "A score is worth the name if, of the predictions with score 80%, 80% are right. Each dot stands for the predictions of one tenth of the scale, "
            "its area for how many they are; on the dashed line a score means what it says, below it the tool is too sure of itself, above it too timid."
        }
        figure {
            div.panels { @for (name, calibration) in &rows { (reliability(name, calibration)) } }
            figcaption { "Predictions that are right (both ends and the label), in percent, by their mean score." }
        }
        (table(
            "Calibration",
            &html! { "ECE is the mean distance between score and share of right predictions over the dots above, the Brier score the mean square of score less truth; 0 is best for both." },
            &html! { tr { (columns(&["label", "predictions", "ECE", "Brier score"])) } },
            &html! {
                @for (name, calibration) in &rows {
                    tr.total[*name == row_name("micro")] {
                        th scope="row" { (name) }
                        td { (count(calibration.mentions)) }
                        td { (format!("{:.3}", calibration.ece)) }
                        td { (format!("{:.3}", calibration.brier)) }
                    }
                }
            },
        ))
        details {
            summary { "The figures behind the dots" }
            (bins(&rows))
        }
    }
}

fn calibrated<'a>(
    calibrations: &'a BTreeMap<&'static str, Calibration>,
) -> Vec<(&'static str, &'a Calibration)> {
    let row = |row: Row| Some((row_name(row.as_str()), calibrations.get(row.as_str())?));
    ROWS.into_iter().filter_map(row).collect()
}

/// The bins, a line each, side by side for all rows.
fn bins(rows: &[(&str, &Calibration)]) -> Markup {
    // A bin that any label has, all have together.
    let all = rows.last().map_or(&[][..], |(_, all)| &all.bins);
    table(
        "Reliability",
        &html! { "Predictions by score: how many, their mean score, and how many percent of them are right." },
        &html! {
            tr {
                th scope="col" rowspan="2" { "score" }
                @for (name, _) in rows { th scope="colgroup" colspan="3" { (name) } }
            }
            tr { @for _ in rows { (columns(&["number", "mean", "% right"])) } }
        },
        &html! {
            @for bin in all {
                tr {
                    th scope="row" { (format!("{:.0} to {:.0}", 100.0 * bin.from, 100.0 * bin.to)) }
                    @for (_, calibration) in rows {
                        @let same = calibration.bins.iter().find(|other| other.from == bin.from);
                        td { (count(same.map_or(0, |bin| bin.mentions))) }
                        td { (percent(same.map(|bin| bin.score))) }
                        td { (percent(same.map(|bin| bin.accuracy))) }
                    }
                }
            }
        },
    )
}

fn links(linking: &Linking) -> Markup {
    let none = LinkingRow::default();
    let rows = ROWS.map(|row| {
        (
            row_name(row.as_str()),
            linking.rows.get(row.as_str()).unwrap_or(&none),
        )
    });
    html! {
        p {
            "Judged are gold mentions that say what they are linked to. A link by itself can be judged only where the mention was found with both ends right."
        }
        (table(
            "Links of found mentions",
            &html! { "Of those that have an entry, how many were linked to it; of those that have none, how well that was said (NIL), in percent." },
            &html! {
                tr {
                    th scope="col" rowspan="2" { "label" }
                    th scope="colgroup" colspan="2" { "mentions" }
                    th scope="colgroup" colspan="3" { "has an entry" }
                    th scope="colgroup" colspan="3" { "has none (NIL)" }
                    th scope="colgroup" colspan="2" { "without an answer" }
                }
                tr { (columns(&["gold", "found", "right", "of", "accuracy", "precision", "recall", "F1", "ambiguous", "unanswered"])) }
            },
            &html! {
                @for (name, row) in &rows {
                    tr.total[*name == row_name("micro")] {
                        th scope="row" { (name) }
                        td { (count(row.gold)) }
                        td { (count(row.found)) }
                        td { (count(row.in_kb.right)) }
                        td { (count(row.in_kb.of)) }
                        td.figure { (percent(row.in_kb.accuracy)) }
                        td { (percent(row.nil.precision)) }
                        td { (percent(row.nil.recall)) }
                        td.figure { (percent(row.nil.f1)) }
                        td { (count(row.ambiguous)) }
                        td { (count(row.unanswered)) }
                    }
                }
            },
        ))
        p.note { "Ambiguous: the tool chose none of several candidates. Unanswered: it found the mention and says nothing about its link." }
        (table(
            "From text to link",
            &html! { "Mention and link together, in percent, whatever the label. Strict: both ends and the link are right. Relaxed: it overlaps the gold mention, and the link is right." },
            &html! {
                tr {
                    th scope="col" rowspan="2" { "label" }
                    th scope="colgroup" colspan="4" { "strict" }
                    th scope="colgroup" colspan="4" { "relaxed" }
                }
                tr { (columns(&["F1", "95% interval", "precision", "recall", "F1", "95% interval", "precision", "recall"])) }
            },
            &html! {
                @for (name, row) in &rows {
                    tr.total[*name == row_name("micro")] {
                        th scope="row" { (name) }
                        @for score in [&row.end_to_end_strict, &row.end_to_end_relaxed] {
                            td.figure { (percent(score.f1)) }
                            td { (between(score.interval, points)) }
                            td { (percent(score.precision)) }
                            td { (percent(score.recall)) }
                        }
                    }
                }
            },
        ))
        @if !linking.tiers.is_empty() {
            (table(
                "By tier of the gazetteer",
                &html! { "Of the links a tier gave to found mentions, how many are right." },
                &html! { tr { (columns(&["tier", "right", "of", "accuracy"])) } },
                &html! {
                    @for (tier, accuracy) in &linking.tiers {
                        tr {
                            th scope="row" { (name(tier)) }
                            td { (count(accuracy.right)) }
                            td { (count(accuracy.of)) }
                            td.figure { (percent(accuracy.accuracy)) }
                        }
                    }
                },
            ))
        }
    }
}

fn slices(slicings: &[Slicing]) -> Markup {
    let shown = slicings
        .iter()
        .flat_map(|slicing| slicing.slices.iter().take(SLICES));
    let means: Vec<Mean> = shown
        .map(|slice| mean_of(&of_slice(slice, Row::Micro)))
        .collect();
    let axis = axis_of(means.iter());
    html! {
        p { "Strict F1 in percent; all bars of this section share one scale. A part of a few documents says little: its interval is wide, or, of one document, undefined." }
        @for slicing in slicings { (parts(slicing, &axis)) }
    }
}

fn parts(slicing: &Slicing, axis: &Axis) -> Markup {
    let field = plain(&slicing.by);
    let (title, note) = match (slicing.of, slicing.by.as_str()) {
        (Parted::Mentions, "length") => (
            "By length".to_owned(),
            "Mentions of both sides, by the words they have.",
        ),
        (Parted::Mentions, "capitals") => (
            "By capitals".to_owned(),
            "Mentions of both sides, by how they are written.",
        ),
        (Parted::Mentions, "seen") => (
            "By novelty".to_owned(),
            "Mentions of both sides, by whether a training mention has the same words.",
        ),
        (Parted::Mentions, _) => (format!("By {field}"), "Mentions of both sides."),
        (Parted::Documents, _) => (
            format!("By {field}"),
            "Whole documents; one with several values counts in each.",
        ),
    };
    let more = slicing.slices.len().saturating_sub(SLICES);
    table(
        &title,
        &html! { (note) @if more > 0 { " " (count(more as u64)) " more parts are not shown." } },
        &html! {
            tr {
                (columns(&["part", "documents", "gold", "predicted", "PER", "ORG", "LOC", "all", "95% interval"]))
                (axis.head("F1 of all"))
            }
        },
        &html! {
            @for slice in slicing.slices.iter().take(SLICES) {
                @let all = of_slice(slice, Row::Micro);
                tr {
                    th scope="row" { (name(&slice.value)) }
                    td { (count(slice.documents)) }
                    td { (count(all.gold)) }
                    td { (count(all.predicted)) }
                    @for label in Label::ALL { td { (percent(of_slice(slice, Row::Label(label)).f1)) } }
                    (f1_cells(&mean_of(&all)))
                    (axis.interval(all.f1, all.interval))
                }
            }
        },
    )
}

fn documents(report: &Report) -> Markup {
    let wrong = |score: &Score| score.gold + score.predicted - 2 * score.counts.correct;
    let mut worst: Vec<_> = report.by_document.iter().collect();
    worst.retain(|document| wrong(&document.strict) > 0);
    // Stable: of documents with as many errors, the first comes first.
    worst.sort_by_key(|document| std::cmp::Reverse(wrong(&document.strict)));
    let with_errors = worst.len();
    worst.truncate(WORST);
    let empty = report
        .by_document
        .iter()
        .filter(|document| document.strict.f1.is_none())
        .count();
    let right = report.by_document.len() - with_errors - empty;
    html! {
        p {
            (count(with_errors as u64)) " of " (counted(report.by_document.len() as u64, "document")) " with errors, "
            (count(right as u64)) " all right, " (count(empty as u64)) " without a mention on either side."
        }
        @if !worst.is_empty() {
            (table(
                "Documents with most errors",
                &html! {
                    "Strict counts; errors are gold mentions not found and predictions not right together."
                    @if with_errors > WORST { " " (count((with_errors - WORST) as u64)) " more have fewer errors, or as many, and are not shown." }
                },
                &html! { tr { (columns(&["document", "errors", "F1", "gold", "predicted", "correct", "incorrect", "missed", "spurious"])) } },
                &html! {
                    @for document in worst {
                        tr {
                            th scope="row" { (name(&document.id)) @if document.state != "compared" { span.second { (document.state) } } }
                            td.figure { (count(wrong(&document.strict))) }
                            td { (percent(document.strict.f1)) }
                            (count_cells(&document.strict))
                        }
                    }
                },
            ))
        }
    }
}

fn method(report: &Report) -> Markup {
    let agreement = &report.agreement;
    let origins = [
        ("Gold", Some(&report.gold)),
        ("Predictions", Some(&report.predictions)),
        (
            "Other predictions",
            report
                .comparison
                .as_ref()
                .map(|comparison| &comparison.other),
        ),
    ];
    html! {
        dl {
            @for (side, origin) in origins {
                @if let Some(origin) = origin {
                    dt { (side) }
                    dd { (name(&origin.name)) ", read as " (name(&origin.format)) "." }
                }
            }
            dt { "Documents" }
            dd {
                (count(report.documents.compared)) " of " (counted(report.documents.gold, "gold document")) " compared. "
                "The mentions of those without a prediction, and of those the tool failed on, count as missed. Predicted documents that are not in the gold do not count."
            }
            dt { "Pairs" }
            dd {
                "Each prediction is paired with at most one gold mention, and each gold mention with at most one prediction: with the one of the same ends, else with the first it shares a character with that is not paired yet. "
                "So do nervaluate 1.2.1 and the CLEF-HIPE scorer. The rows of a label know the mentions of that label only: a mention with a wrong label is missed for one label and spurious for the other, and incorrect among all mentions."
            }
            dt { "Schemes" }
            dd {
                dl.inner {
                    @for scheme in Scheme::ALL {
                        dt { (scheme.as_str()) }
                        dd { (definition(scheme)) "; " (source(scheme)) "." }
                    }
                }
            }
            dt { "F1" }
            dd {
                "Precision is the share of predictions that are right, recall the share of gold mentions that were found, F1 their harmonic mean. "
                "Micro counts all mentions alike; macro is the mean of F1 over the labels that occur on either side; the mean of documents is that of strict F1 over documents with mentions on either side. "
                "A figure that would divide by nothing is undefined and shown as " (or_dash(None)) ", not as 0. Correct, incorrect, partial, missed and spurious are those of MUC-5 and SemEval-2013 task 9.1."
            }
            dt { "Intervals" }
            dd {
                "The middle 95% of F1 over " (counted(report.draws.count as u64, "corpus draw")) " of as many documents, with replacement, from seed " (report.draws.seed) ": percentile bootstrap (Efron & Tibshirani 1993). "
                "Whole documents are drawn because the mentions of a document resemble each other. Fewer than two documents have no interval."
            }
            dt { "p-values" }
            dd { "Approximate randomisation, two-sided (Noreen 1989), over the same number of draws. The interval of a difference is that of a paired bootstrap." }
            dt { "Tokens" }
            dd {
                @match agreement.observed {
                    Some(observed) => {
                        "On " (counted(agreement.tokens, "token")) ", runs of letters and digits, both sides have the same label or none on " (points(observed)) "%; beyond chance that is a Cohen’s κ (1960) of "
                        (or_dash(agreement.kappa.map(|kappa| format!("{kappa:.3}").replace('-', "−")))) ". Documents without a prediction do not count here."
                    }
                    None => "There is no token that both sides have, so no agreement on tokens."
                }
            }
            @if !report.calibration.is_empty() {
                dt { "Calibration" }
                dd { "Ten bins of equal width; expected calibration error after Naeini et al. 2015 and Guo et al. 2017, weighted by predictions; Brier 1950." }
            }
            dt { "On this page" }
            dd {
                "Names of more than " (LONGEST) " characters are cut in the middle (…). Characters that cannot be seen or that turn the direction of the text are written out, as ⟨U+200B⟩."
            }
        }
    }
}

const fn source(scheme: Scheme) -> &'static str {
    match scheme {
        Scheme::Strict => "what CoNLL, seqeval, nervaluate and HIPE call strict, or just F1",
        Scheme::Exact => "exact in nervaluate and HIPE",
        Scheme::Type => {
            "paired otherwise, as nervaluate’s ent_type: with the gold mention of the same label whose ends are nearest, and only without one with the first it overlaps"
        }
        Scheme::Partial => "partial in nervaluate and HIPE",
        Scheme::Overlap => "HIPE’s ent_type, called fuzzy",
    }
}

fn micro(report: &Report) -> Score {
    of_row(report.scores.get(Scheme::Strict.as_str()), Row::Micro)
}

fn of_row(scores: Option<&SchemeScores>, row: Row) -> Score {
    let score = scores.and_then(|scores| scores.rows.get(row.as_str()));
    score.copied().unwrap_or_default()
}

fn of_slice(slice: &Slice, row: Row) -> Score {
    slice.strict.get(row.as_str()).copied().unwrap_or_default()
}

fn mean_of(score: &Score) -> Mean {
    Mean {
        f1: score.f1,
        interval: score.interval,
    }
}

fn axis_of<'a>(means: impl Iterator<Item = &'a Mean>) -> Axis {
    let values = means.flat_map(|mean| {
        mean.f1
            .into_iter()
            .chain(mean.interval.into_iter().flatten())
    });
    Axis::around(values, points)
}

fn row_name(row: &'static str) -> &'static str {
    match row {
        "micro" => "all (micro)",
        row => row,
    }
}

#[cfg(test)]
mod tests;
