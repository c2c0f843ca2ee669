//! The report as text for a terminal.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use nommer_core::label::Label;

use crate::bootstrap::Interval;
use crate::errors::{Confusion, Errors, Example, Mistake, Name};
use crate::linking::Linking;
use crate::report::{Comparison, Documents, Repair, Report, SchemeScores};
use crate::score::{Row, Scheme};
use crate::slices::Slicing;

/// Figures in tables, in percent with one decimal; what is undefined is a dash.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = Text(String::new());
    out.line(format_args!(
        "gold         {}, {}",
        report.gold.name, report.gold.format
    ));
    out.line(format_args!(
        "predictions  {}, {}",
        report.predictions.name, report.predictions.format
    ));
    out.documents("documents    ", &report.documents);
    out.repairs(&report.repairs);
    out.strict(&report.scores["strict"], report);
    out.schemes(&report.scores);
    if let Some(comparison) = &report.comparison {
        out.comparison(comparison, report);
    }
    out.errors(&report.errors);
    out.calibration(report);
    if let Some(linking) = &report.linking {
        out.linking(linking);
    }
    for slicing in &report.slices {
        out.slicing(slicing);
    }
    out.mistakes(&report.errors.top);
    out.0
}

/// Rows of reports: labels first, their sums last.
const ROWS: [Row; 4] = [
    Row::Label(Label::Per),
    Row::Label(Label::Org),
    Row::Label(Label::Loc),
    Row::Micro,
];

/// Text that grows.
struct Text(String);

impl Text {
    fn line(&mut self, line: impl Display) {
        let start = self.0.len();
        let _ = write!(self.0, "{line}");
        let end = start + self.0[start..].trim_end().len();
        self.0.truncate(end);
        self.0.push('\n');
    }

    /// A heading, with a line before it.
    fn heading(&mut self, line: impl Display) {
        self.0.push('\n');
        self.line(line);
    }

    fn documents(&mut self, head: &str, documents: &Documents) {
        let mut line = format!(
            "{head}{} gold, {} compared",
            thousands(documents.gold),
            thousands(documents.compared)
        );
        for (count, what) in [
            (documents.missing.len(), "missing"),
            (documents.failed.len(), "failed"),
        ] {
            if count > 0 {
                let _ = write!(
                    line,
                    ", {} {what} (their gold counts as missed)",
                    thousands(count as u64)
                );
            }
        }
        if !documents.extra.is_empty() {
            let extra = thousands(documents.extra.len() as u64);
            let _ = write!(
                line,
                "; {extra} predicted that the gold does not have (not evaluated)"
            );
        }
        self.line(line);
        let missing = documents.missing.iter().map(|id| format!("missing: {id}"));
        let failed = documents
            .failed
            .iter()
            .map(|(id, why)| format!("failed: {id}: {why}"));
        let extra = documents
            .extra
            .iter()
            .map(|id| format!("not in the gold: {id}"));
        for mut lines in [
            Box::new(missing) as Box<dyn ExactSizeIterator<Item = String>>,
            Box::new(failed),
            Box::new(extra),
        ] {
            const SHOWN: usize = 3;
            for line in lines.by_ref().take(SHOWN) {
                self.line(format_args!("             {line}"));
            }
            if lines.len() > 0 {
                self.line(format_args!("             … and {} more", lines.len()));
            }
        }
    }

    fn repairs(&mut self, repairs: &[Repair]) {
        for (at, repair) in repairs.iter().enumerate() {
            let head = if at == 0 { "repaired" } else { "" };
            let Repair { what, done, times } = repair;
            self.line(format_args!("{head:13}{what}: {times} ({done})"));
        }
    }

    fn strict(&mut self, scores: &SchemeScores, report: &Report) {
        self.heading(format_args!(
            "strict      P      R     F1  {:14}{:>7}{:>11}{:>9}{:>7}{:>8}{:>10}",
            "95%", "gold", "predicted", "correct", "wrong", "missed", "invented"
        ));
        for row in ROWS {
            let score = &scores.rows[row.as_str()];
            self.line(format_args!(
                "{:6}{:>7}{:>7}{:>7}  {:14}{:>7}{:>11}{:>9}{:>7}{:>8}{:>10}",
                row.as_str(),
                percent(score.precision),
                percent(score.recall),
                percent(score.f1),
                interval(score.interval),
                thousands(score.gold),
                thousands(score.predicted),
                thousands(score.counts.correct),
                thousands(score.counts.incorrect),
                thousands(score.counts.missed),
                thousands(score.counts.spurious)
            ));
        }
        for (name, mean) in [
            ("macro", scores.mean),
            ("by document", report.macro_documents),
        ] {
            self.line(format_args!(
                "{name:20}{:>7}  {}",
                percent(mean.f1),
                interval(mean.interval)
            ));
        }
    }

    fn schemes(&mut self, scores: &BTreeMap<&'static str, SchemeScores>) {
        let table = |name: &str, cell: &dyn Fn(Scheme) -> String| {
            let cells = Scheme::ALL.map(|scheme| format!("{:>9}", cell(scheme)));
            format!("{name:6}{}", cells.concat())
        };
        self.heading(table("F1", &|scheme| scheme.as_str().to_owned()));
        for row in ROWS {
            let f1 = |scheme: Scheme| percent(scores[scheme.as_str()].rows[row.as_str()].f1);
            self.line(table(row.as_str(), &f1));
        }
        self.line(table("macro", &|scheme| {
            percent(scores[scheme.as_str()].mean.f1)
        }));
    }

    fn comparison(&mut self, comparison: &Comparison, report: &Report) {
        self.heading(format_args!(
            "compared with {}, {}",
            comparison.other.name, comparison.other.format
        ));
        self.documents("documents    ", &comparison.documents);
        self.line(format_args!(
            "{:8}{:>7}{:>8}{:>12}  {:16}{:>8}",
            "strict", "F1", "other", "difference", "  95%", "p"
        ));
        let strict = &comparison.differences["strict"];
        for name in ROWS.map(Row::as_str).into_iter().chain(["macro"]) {
            let difference = &strict[name];
            self.line(format_args!(
                "{name:8}{:>7}{:>8}{:>12}  {:16}{:>8}",
                percent(difference.f1),
                percent(difference.other),
                signed(difference.difference),
                difference.interval.map_or_else(String::new, |[low, high]| {
                    format!("[{}, {}]", signed(Some(low)), signed(Some(high)))
                }),
                p_value(difference.p, report.draws.count)
            ));
        }
    }

    fn errors(&mut self, errors: &Errors) {
        self.heading(format_args!("{:28}{:>7}{:>7}", "errors", "times", "cost"));
        for kind in errors.kinds.iter().filter(|kind| kind.errors > 0) {
            self.line(format_args!(
                "{:28}{:>7}{:>7}",
                kind.kind.as_str(),
                thousands(kind.errors),
                thousands(kind.cost)
            ));
        }
        self.confusion(&errors.confusion);
    }

    fn confusion(&mut self, confusion: &Confusion) {
        self.heading(format_args!(
            "{:14}{:>6}{:>7}{:>7}   {:>6}{:>7}{:>7}{:>10}",
            "gold \\ pred", "PER", "ORG", "LOC", "PER", "ORG", "LOC", "nothing"
        ));
        self.line(format_args!(
            "{:14}{:^20}   {:^20}",
            "", "same span", "other span"
        ));
        for label in Label::ALL {
            let (same, other) = (
                &confusion.same_span[label as usize],
                &confusion.other_span[label as usize],
            );
            self.line(format_args!(
                "{:14}{:>6}{:>7}{:>7}   {:>6}{:>7}{:>7}{:>10}",
                label.as_str(),
                thousands(same[0]),
                thousands(same[1]),
                thousands(same[2]),
                thousands(other[0]),
                thousands(other[1]),
                thousands(other[2]),
                thousands(confusion.missed[label as usize])
            ));
        }
        let [per, org, loc] = confusion.spurious.map(thousands);
        self.line(format_args!("{:14}{per:>6}{org:>7}{loc:>7}", "nothing"));
    }

    fn calibration(&mut self, report: &Report) {
        if report.calibration.is_empty() {
            return;
        }
        self.heading(format_args!(
            "{:13}{:>7}{:>7}{:>10}",
            "calibration", "ECE", "Brier", "mentions"
        ));
        for row in ROWS {
            if let Some(calibration) = report.calibration.get(row.as_str()) {
                self.line(format_args!(
                    "{:13}{:>7.3}{:>7.3}{:>10}",
                    row.as_str(),
                    calibration.ece,
                    calibration.brier,
                    thousands(calibration.mentions)
                ));
            }
        }
    }

    fn linking(&mut self, linking: &Linking) {
        self.heading(format_args!(
            "{:13}{:>6}{:>7}{:>12}{:>8}{:>7}{:>7}{:>11}{:>12}{:>9}{:>9}",
            "linking",
            "gold",
            "found",
            "acc. in KB",
            "NIL P",
            "NIL R",
            "NIL F1",
            "ambiguous",
            "unanswered",
            "strict",
            "relaxed"
        ));
        for row in ROWS {
            let row_name = row.as_str();
            let row = &linking.rows[row_name];
            self.line(format_args!(
                "{:13}{:>6}{:>7}{:>12}{:>8}{:>7}{:>7}{:>11}{:>12}{:>9}{:>9}",
                row_name,
                thousands(row.gold),
                thousands(row.found),
                percent(row.in_kb.accuracy),
                percent(row.nil.precision),
                percent(row.nil.recall),
                percent(row.nil.f1),
                thousands(row.ambiguous),
                thousands(row.unanswered),
                percent(row.end_to_end_strict.f1),
                percent(row.end_to_end_relaxed.f1)
            ));
        }
        for (tier, accuracy) in &linking.tiers {
            self.line(format_args!(
                "  by {tier}: {} of {} right ({})",
                thousands(accuracy.right),
                thousands(accuracy.of),
                percent(accuracy.accuracy)
            ));
        }
    }

    fn slicing(&mut self, slicing: &Slicing) {
        let names = slicing
            .slices
            .iter()
            .map(|slice| slice.value.chars().count());
        let width = names
            .chain([slicing.by.chars().count()])
            .max()
            .unwrap_or(0)
            .clamp(12, 40);
        self.heading(format_args!(
            "{:width$}{:>7}{:>7}{:>8}  {:14}{:>6}{:>7}{:>7}",
            slicing.by, "docs", "gold", "F1", "  95%", "PER", "ORG", "LOC"
        ));
        for slice in &slicing.slices {
            let micro = &slice.strict["micro"];
            self.line(format_args!(
                "{:width$}{:>7}{:>7}{:>8}  {:14}{:>6}{:>7}{:>7}",
                shortened(&slice.value, width),
                thousands(slice.documents),
                thousands(micro.gold),
                percent(micro.f1),
                interval(micro.interval),
                percent(slice.strict["PER"].f1),
                percent(slice.strict["ORG"].f1),
                percent(slice.strict["LOC"].f1)
            ));
        }
    }

    fn mistakes(&mut self, mistakes: &[Mistake]) {
        if mistakes.is_empty() {
            return;
        }
        self.heading("the most costly errors ([gold] {predicted})");
        for mistake in mistakes {
            let names = |names: &[Name]| {
                let names = names
                    .iter()
                    .map(|name| format!("{} {}", name.label, shortened(&name.text, 60)));
                names.collect::<Vec<_>>().join(" + ")
            };
            let what = match (&mistake.gold[..], &mistake.predicted[..]) {
                (gold, []) => names(gold),
                ([], predicted) => names(predicted),
                (gold, predicted) => format!("{} → {}", names(gold), names(predicted)),
            };
            self.line(format_args!(
                "{:>4}×  {}: {what}",
                mistake.times,
                mistake.kind.as_str()
            ));
            if let Some(example) = mistake.examples.first() {
                self.line(format_args!(
                    "       {}:{}  {}",
                    example.document,
                    example.start,
                    in_context(example)
                ));
            }
        }
    }
}

/// An error in its line of text: `[gold]`, `{predicted}`.
fn in_context(example: &Example) -> String {
    let mut line = String::new();
    let (mut gold, mut predicted) = (None, None);
    for segment in &example.segments {
        // What began last ends first, so that brackets nest where they can.
        if predicted.is_some() && segment.predicted != predicted {
            line.push('}');
        }
        if gold.is_some() && segment.gold != gold {
            line.push(']');
        }
        if segment.gold.is_some() && segment.gold != gold {
            line.push('[');
        }
        if segment.predicted.is_some() && segment.predicted != predicted {
            line.push('{');
        }
        (gold, predicted) = (segment.gold, segment.predicted);
        let mut space = false;
        for c in segment.text.chars() {
            if !c.is_whitespace() {
                line.push(c);
            } else if !space {
                line.push(' ');
            }
            space = c.is_whitespace();
        }
    }
    if predicted.is_some() {
        line.push('}');
    }
    if gold.is_some() {
        line.push(']');
    }
    line.trim().to_owned()
}

fn percent(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:.1}", 100.0 * value))
}

fn signed(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{:+.1}", 100.0 * value))
}

fn interval(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |[low, high]| {
        format!("[{}, {}]", percent(Some(low)), percent(Some(high)))
    })
}

/// A p-value as exactly as the number of draws can tell it.
fn p_value(p: Option<f64>, draws: usize) -> String {
    let least = 1.0 / (draws + 1) as f64;
    match p {
        None => "–".to_owned(),
        Some(p) if p <= least => format!("<{:.3}", least.max(0.001)),
        Some(p) => format!("{p:.3}"),
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A text of at most `width` characters.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width - 1).collect();
    format!("{kept}…")
}
