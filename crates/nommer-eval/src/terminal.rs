//! The report as text for a terminal.

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

use nommer_core::label::Label;

use crate::bootstrap::Interval;
use crate::errors::{Confusion, Errors, Example, Mistake, Name};
use crate::linking::Linking;
use crate::report::{Choices, Comparison, Documents, Repair, Report, SchemeScores};
use crate::score::{Row, Scheme};
use crate::shown::{in_line, plain, thousands};
use crate::slices::Slicing;

/// Figures in tables, in percent with one decimal; what is undefined is a dash.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut out = Text(String::new());
    for (side, origin) in [("gold", &report.gold), ("predictions", &report.predictions)] {
        out.line(format_args!(
            "{side:13}{}, {}",
            in_line(&origin.name),
            in_line(&origin.format)
        ));
    }
    out.documents("documents    ", &report.documents);
    out.choices(&report.choices);
    out.repairs(&report.repairs);
    out.strict(&report.scores["strict"], report);
    out.schemes(&report.scores);
    if let Some(comparison) = &report.comparison {
        out.comparison(comparison);
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

    /// A line with a line before it.
    fn heading(&mut self, line: impl Display) {
        self.0.push('\n');
        self.line(line);
    }

    /// Rows in columns as wide as what they hold, the first row being the head. The first column reads from the left, the others end
    /// together.
    fn table(&mut self, rows: &[Vec<String>]) {
        self.0.push('\n');
        let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for row in rows {
            let cells = row
                .iter()
                .zip(&widths)
                .enumerate()
                .map(|(at, (cell, width))| match at {
                    0 => format!("{cell:width$}"),
                    // Intervals line up with their own beginnings.
                    _ if cell.starts_with('[') || cell == INTERVAL => format!("  {cell:width$}"),
                    _ => format!("  {cell:>width$}"),
                });
            self.line(cells.collect::<String>());
        }
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
        let missing = documents
            .missing
            .iter()
            .map(|id| format!("missing: {}", in_line(id)));
        let failed = documents.failed.iter();
        let failed = failed.map(|(id, why)| format!("failed: {}: {}", in_line(id), in_line(why)));
        let extra = documents
            .extra
            .iter()
            .map(|id| format!("not in the gold: {}", in_line(id)));
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
        let (gold, predictions) = (documents.gold_left_out, documents.predictions_left_out);
        if gold + predictions > 0 {
            self.line(format_args!(
                "left out     {} gold mentions and {} predictions, by choice",
                thousands(gold),
                thousands(predictions)
            ));
        }
    }

    fn choices(&mut self, choices: &Choices) {
        let said = choices.in_words();
        if !said.is_empty() {
            let said: Vec<String> = said.iter().map(|choice| in_line(choice)).collect();
            self.line(format_args!("evaluated    {}", said.join("; ")));
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
        let head = [
            "strict",
            "P",
            "R",
            "F1",
            INTERVAL,
            "gold",
            "predicted",
            "correct",
            "incorrect",
            "missed",
            "spurious",
        ];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for row in ROWS {
            let score = &scores.rows[row.as_str()];
            let counts = [
                score.gold,
                score.predicted,
                score.counts.correct,
                score.counts.incorrect,
                score.counts.missed,
                score.counts.spurious,
            ];
            let mut cells = vec![
                row.as_str().to_owned(),
                percent(score.precision),
                percent(score.recall),
                percent(score.f1),
                interval(score.interval),
            ];
            cells.extend(counts.map(thousands));
            rows.push(cells);
        }
        for (name, mean) in [
            ("macro", scores.mean),
            ("by document", report.macro_documents),
        ] {
            let none = String::new;
            rows.push(vec![
                name.to_owned(),
                none(),
                none(),
                percent(mean.f1),
                interval(mean.interval),
            ]);
        }
        self.table(&rows);
        self.line("A label's row knows that label only: a wrong label is missed for one and spurious for the other.");
        const FEW: u64 = 20;
        if (2..FEW).contains(&report.documents.gold) {
            self.line("There are few documents to draw from: take the intervals as rough.");
        }
    }

    fn schemes(&mut self, scores: &BTreeMap<&'static str, SchemeScores>) {
        let row = |name: &str, cell: &dyn Fn(Scheme) -> String| {
            let cells = Scheme::ALL.into_iter().map(cell);
            std::iter::once(name.to_owned())
                .chain(cells)
                .collect::<Vec<_>>()
        };
        let mut rows = vec![row("F1", &|scheme| scheme.as_str().to_owned())];
        rows.extend(ROWS.map(|label| {
            row(label.as_str(), &|scheme| {
                percent(scores[scheme.as_str()].rows[label.as_str()].f1)
            })
        }));
        rows.push(row("macro", &|scheme| {
            percent(scores[scheme.as_str()].mean.f1)
        }));
        self.table(&rows);
    }

    fn comparison(&mut self, comparison: &Comparison) {
        self.heading(format_args!(
            "compared with {}, {}",
            in_line(&comparison.other.name),
            in_line(&comparison.other.format)
        ));
        self.documents("documents    ", &comparison.documents);
        let mut rows = vec![
            ["strict", "F1", "other", "difference", INTERVAL, "p"]
                .map(str::to_owned)
                .to_vec(),
        ];
        let strict = &comparison.differences["strict"];
        for name in ROWS.map(Row::as_str).into_iter().chain(["macro"]) {
            let difference = &strict[name];
            let between = difference.interval.map_or_else(String::new, |[low, high]| {
                format!("[{}, {}]", signed(Some(low)), signed(Some(high)))
            });
            rows.push(vec![
                name.to_owned(),
                percent(difference.f1),
                percent(difference.other),
                signed(difference.difference),
                between,
                difference.p.map_or_else(|| DASH.to_owned(), p_value),
            ]);
        }
        self.table(&rows);
    }

    fn errors(&mut self, errors: &Errors) {
        let mut rows = vec![["errors", "times", "cost"].map(str::to_owned).to_vec()];
        for kind in errors.kinds.iter().filter(|kind| kind.errors > 0) {
            rows.push(vec![
                kind.kind.as_str().to_owned(),
                thousands(kind.errors),
                thousands(kind.cost),
            ]);
        }
        if rows.len() > 1 {
            self.table(&rows);
        }
        self.confusion(&errors.confusion);
    }

    fn confusion(&mut self, confusion: &Confusion) {
        let labels = Label::ALL.map(|label| label.as_str().to_owned());
        let mut head = vec!["gold \\ predicted".to_owned()];
        head.extend(labels.clone());
        head.extend(labels.map(|label| format!("≈{label}")));
        head.push("nothing".to_owned());
        let mut rows = vec![head];
        for label in Label::ALL {
            let (same, other) = (
                &confusion.same_span[label as usize],
                &confusion.other_span[label as usize],
            );
            let counts = same
                .iter()
                .chain(other)
                .chain([&confusion.missed[label as usize]]);
            let mut cells = vec![label.as_str().to_owned()];
            cells.extend(counts.map(|count| thousands(*count)));
            rows.push(cells);
        }
        let mut nothing = vec!["nothing".to_owned()];
        nothing.extend(confusion.spurious.map(thousands));
        rows.push(nothing);
        self.table(&rows);
        self.line("≈ overlaps only: an end is wrong, too.");
    }

    fn calibration(&mut self, report: &Report) {
        if report.calibration.is_empty() {
            return;
        }
        let mut rows = vec![
            ["calibration", "ECE", "Brier", "mentions"]
                .map(str::to_owned)
                .to_vec(),
        ];
        for row in ROWS {
            if let Some(calibration) = report.calibration.get(row.as_str()) {
                rows.push(vec![
                    row.as_str().to_owned(),
                    format!("{:.3}", calibration.ece),
                    format!("{:.3}", calibration.brier),
                    thousands(calibration.mentions),
                ]);
            }
        }
        self.table(&rows);
    }

    fn linking(&mut self, linking: &Linking) {
        let head = [
            "linking",
            "gold",
            "found",
            "acc. in KB",
            "NIL P",
            "NIL R",
            "NIL F1",
            "ambiguous",
            "unanswered",
            "strict F1",
            "relaxed F1",
        ];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for name in ROWS.map(Row::as_str) {
            let row = &linking.rows[name];
            rows.push(vec![
                name.to_owned(),
                thousands(row.gold),
                thousands(row.found),
                percent(row.in_kb.accuracy),
                percent(row.nil.precision),
                percent(row.nil.recall),
                percent(row.nil.f1),
                thousands(row.ambiguous),
                thousands(row.unanswered),
                percent(row.end_to_end_strict.f1),
                percent(row.end_to_end_relaxed.f1),
            ]);
        }
        self.table(&rows);
        if !linking.tiers.is_empty() {
            let mut rows = vec![
                ["tier", "right", "of", "accuracy"]
                    .map(str::to_owned)
                    .to_vec(),
            ];
            for (tier, accuracy) in &linking.tiers {
                rows.push(vec![
                    in_line(tier),
                    thousands(accuracy.right),
                    thousands(accuracy.of),
                    percent(accuracy.accuracy),
                ]);
            }
            self.table(&rows);
        }
    }

    fn slicing(&mut self, slicing: &Slicing) {
        /// More parts of a corpus are for the JSON report.
        const SHOWN: usize = 50;
        let mut rows = vec![
            [
                slicing.by.as_str(),
                "docs",
                "gold",
                "F1",
                INTERVAL,
                "PER",
                "ORG",
                "LOC",
            ]
            .map(in_line)
            .to_vec(),
        ];
        for slice in slicing.slices.iter().take(SHOWN) {
            let micro = &slice.strict["micro"];
            rows.push(vec![
                shortened(&in_line(&slice.value), 40),
                thousands(slice.documents),
                thousands(micro.gold),
                percent(micro.f1),
                interval(micro.interval),
                percent(slice.strict["PER"].f1),
                percent(slice.strict["ORG"].f1),
                percent(slice.strict["LOC"].f1),
            ]);
        }
        self.table(&rows);
        if slicing.slices.len() > SHOWN {
            self.line(format_args!("… and {} more", slicing.slices.len() - SHOWN));
        }
    }

    fn mistakes(&mut self, mistakes: &[Mistake]) {
        if mistakes.is_empty() {
            return;
        }
        self.heading("the most costly errors ([gold] {predicted})");
        for mistake in mistakes {
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
                let place = format!("{}:{}", in_line(&example.document), example.start);
                self.line(format_args!("       {place}  {}", in_context(example)));
            }
        }
    }
}

/// The head of columns of intervals.
const INTERVAL: &str = "95%";

/// What is undefined.
const DASH: &str = "–";

fn names(names: &[Name]) -> String {
    const SHOWN: usize = 6;
    let shown = names.iter().take(SHOWN);
    let shown: Vec<String> = shown
        .map(|name| format!("{} {}", name.label, shortened(&in_line(&name.text), 60)))
        .collect();
    match names.len().checked_sub(SHOWN + 1) {
        None => shown.join(" + "),
        Some(more) => format!("{} + {} more", shown.join(" + "), more + 1),
    }
}

/// An error in its line of text: `[gold]`, `{predicted}`.
fn in_context(example: &Example) -> String {
    let mut line = String::new();
    let (mut gold, mut predicted) = (None, None);
    for segment in &example.segments {
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
        for c in plain(&segment.text).chars() {
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
    value.map_or_else(|| DASH.to_owned(), |value| format!("{:.1}", 100.0 * value))
}

fn signed(value: Option<f64>) -> String {
    match value.map(|value| format!("{:+.1}", 100.0 * value)) {
        None => DASH.to_owned(),
        Some(zero) if zero == "+0.0" || zero == "-0.0" => "0.0".to_owned(),
        Some(signed) => signed,
    }
}

fn interval(interval: Option<Interval>) -> String {
    interval.map_or_else(String::new, |[low, high]| {
        format!("[{}, {}]", percent(Some(low)), percent(Some(high)))
    })
}

fn p_value(p: f64) -> String {
    if p < 0.001 {
        "<0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// A text of at most `width` characters.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width - 1).collect();
    format!("{kept}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_never_run_together() {
        let mut text = Text(String::new());
        let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
        text.table(&[
            row(["strict", "F1", "95%", "gold"]),
            row(["PER", "9.1", "[1.0, 2.0]", "1,486,370"]),
            row(["micro", "–", "", "0"]),
        ]);
        let expected = "\nstrict   F1  95%              gold\nPER     9.1  [1.0, 2.0]  1,486,370\nmicro     –                      0\n";
        assert_eq!(text.0, expected);
    }

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            [0, 999, 1000, 1_234_567].map(thousands),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [0.0, -0.0, 0.00001, -0.5].map(|value| signed(Some(value))),
            ["0.0", "0.0", "0.0", "-50.0"]
        );
        assert_eq!(
            [0.0009, 0.001, 1.0].map(p_value),
            ["<0.001", "0.001", "1.000"]
        );
        assert_eq!(
            (percent(None), percent(Some(0.873))),
            ("–".to_owned(), "87.3".to_owned())
        );
    }
}
