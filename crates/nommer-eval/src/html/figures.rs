//! Numbers, tables and drawings.

use maud::{Markup, html};

use crate::bootstrap::Interval;
use crate::calibration::Calibration;

pub(super) use crate::shown::thousands as count;

/// A number of things.
pub(super) fn counted(number: u64, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", count(number))
}

/// A share as percent, without the sign.
pub(super) fn points(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

/// A share as percent, or a dash.
pub(super) fn percent(share: Option<f64>) -> Markup {
    or_dash(share.map(points))
}

/// The share of a part as percent, or a dash.
pub(super) fn share(part: u64, whole: u64) -> Markup {
    percent(crate::score::ratio(part, whole))
}

/// A difference in points, with its sign.
pub(super) fn signed(difference: f64) -> String {
    let size = points(difference.abs());
    match (size == "0.0", difference < 0.0) {
        (true, _) => size,
        (false, true) => format!("−{size}"),
        (false, false) => format!("+{size}"),
    }
}

/// An interval of shares.
pub(super) fn between(interval: Option<Interval>, number: fn(f64) -> String) -> Markup {
    or_dash(interval.map(|[from, to]| format!("[{}, {}]", number(from), number(to))))
}

/// A p-value.
pub(super) fn p_value(p: f64) -> String {
    if p < 0.001 {
        "<\u{a0}0.001".to_owned()
    } else {
        format!("{p:.3}")
    }
}

/// A figure, or a dash that says it is undefined.
pub(super) fn or_dash(figure: Option<String>) -> Markup {
    html! {
        @match figure {
            Some(figure) => (figure),
            None => {
                span.muted title="undefined: there is nothing to count" {
                    span aria-hidden="true" { "—" }
                    span.hidden { "undefined" }
                }
            }
        }
    }
}

/// A table in a box of its own that scrolls where it is too wide.
pub(super) fn table(title: &str, note: &Markup, head: &Markup, body: &Markup) -> Markup {
    html! {
        div.scroll tabindex="0" role="group" aria-label=(title) {
            table {
                caption { span { strong { (title) "." } " " (note) } }
                thead { (head) }
                tbody { (body) }
            }
        }
    }
}

/// Heads of columns.
pub(super) fn columns(names: &[&str]) -> Markup {
    html! { @for name in names { th scope="col" { (name) } } }
}

/// The scale that the bars of a table share, in points.
pub(super) struct Axis {
    from: f64,
    to: f64,
    step: f64,
    number: fn(f64) -> String,
}

/// How much of an axis is kept free at each end, in percent: for the labels of its ends.
const MARGIN: f64 = 5.0;

/// The middle of the first line of a cell, where its figures stand.
const MIDDLE: &str = "1.05em";

impl Axis {
    /// The smallest round scale that holds all of some shares or differences.
    pub(super) fn around(shares: impl Iterator<Item = f64>, number: fn(f64) -> String) -> Axis {
        const STEPS: [f64; 6] = [1.0, 2.0, 5.0, 10.0, 20.0, 25.0];
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for share in shares {
            (least, most) = (least.min(100.0 * share), most.max(100.0 * share));
        }
        if least > most {
            (least, most) = (0.0, 100.0);
        }
        let round = |step: f64| {
            let (from, to) = ((least / step).floor() * step, (most / step).ceil() * step);
            // All the same and round: the scale goes on where it can, which is not above 100.
            let (from, to) = if from < to {
                (from, to)
            } else if to < 100.0 {
                (from, to + step)
            } else {
                (from - step, to)
            };
            Axis {
                from,
                to,
                step,
                number,
            }
        };
        let fits = |axis: &Axis| axis.to - axis.from <= 5.0 * axis.step;
        let axes = STEPS.into_iter().map(round);
        axes.into_iter().find(fits).unwrap_or_else(|| round(50.0))
    }

    /// Where a share stands, in percent of the width.
    fn at(&self, share: f64) -> f64 {
        let part = (100.0 * share - self.from) / (self.to - self.from);
        MARGIN + part * (100.0 - 2.0 * MARGIN)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        let steps = ((self.to - self.from) / self.step).round() as u32;
        (0..=steps).map(|tick| self.from + f64::from(tick) * self.step)
    }

    /// The head of a column of bars.
    pub(super) fn head(&self, what: &str) -> Markup {
        let label = format!("{what}, drawn on a scale from {} to {}", self.from, self.to);
        html! {
            th.bar scope="col" {
                svg role="img" aria-label=(label) {
                    @for tick in self.ticks() {
                        text x=(length(self.at(tick / 100.0))) y="100%" dy="-0.4em" {
                            (format!("{tick}").replace('-', "−"))
                        }
                    }
                }
            }
        }
    }

    /// A dot at a figure, and a line over its interval.
    pub(super) fn interval(&self, figure: Option<f64>, interval: Option<Interval>) -> Markup {
        let number = self.number;
        let label = match (figure, interval) {
            (None, _) => "undefined".to_owned(),
            (Some(figure), None) => number(figure),
            (Some(figure), Some([from, to])) => {
                format!(
                    "{}, interval {} to {}",
                    number(figure),
                    number(from),
                    number(to)
                )
            }
        };
        let line = interval.map(|[from, to]| (length(self.at(from)), length(self.at(to))));
        let drawing = html! {
            @if let Some((from, to)) = line {
                line.whisker x1=(from) x2=(to) y1=(MIDDLE) y2=(MIDDLE) {}
            }
            @if let Some(figure) = figure {
                circle cx=(length(self.at(figure))) cy=(MIDDLE) r="3.5" {}
            }
        };
        self.cell(&label, &drawing)
    }

    /// A bar from 0 to a share.
    pub(super) fn bar(&self, share: f64) -> Markup {
        let (from, to) = (self.at(0.0), self.at(share));
        let drawing = html! {
            rect x=(length(from)) width=(length(to - from)) y="0.7em" height="0.7em" {}
        };
        self.cell(&points(share), &drawing)
    }

    fn cell(&self, label: &str, drawing: &Markup) -> Markup {
        html! {
            td.bar {
                svg role="img" aria-label=(label.replace('−', "minus ")) {
                    @for tick in self.ticks() {
                        @let x = length(self.at(tick / 100.0));
                        line class=(if tick == 0.0 { "zero" } else { "grid" }) x1=(x) x2=(x) y1="0" y2="100%" {}
                    }
                    (drawing)
                }
            }
        }
    }
}

fn length(percent: f64) -> String {
    format!("{percent:.2}%")
}

/// The share of right mentions by score: on the diagonal a score means what it says.
pub(super) fn reliability(name: &str, calibration: &Calibration) -> Markup {
    const SIDE: f64 = 140.0;
    let x = |share: f64| format!("{:.1}", 30.0 + SIDE * share);
    let y = |share: f64| format!("{:.1}", 20.0 + SIDE * (1.0 - share));
    let most = calibration
        .bins
        .iter()
        .map(|bin| bin.mentions)
        .max()
        .unwrap_or(1);
    let radius = |mentions: u64| {
        format!(
            "{:.1}",
            9.0 * (mentions as f64 / most as f64).sqrt().max(0.2)
        )
    };
    let curve: Vec<String> = calibration
        .bins
        .iter()
        .map(|bin| format!("{},{}", x(bin.score), y(bin.accuracy)))
        .collect();
    html! {
        svg.reliability viewBox="0 0 180 200" role="img" aria-label={ "Reliability of " (name) "; the figures are in the table" } {
            text.title x=(x(0.5)) y="11" { (name) }
            @for tick in [0.0, 0.5, 1.0] {
                line.grid x1=(x(tick)) x2=(x(tick)) y1=(y(0.0)) y2=(y(1.0)) {}
                line.grid x1=(x(0.0)) x2=(x(1.0)) y1=(y(tick)) y2=(y(tick)) {}
                text x=(x(tick)) y="174" { (100.0 * tick) }
                text.end x="25" y=(y(tick)) dy="0.35em" { (100.0 * tick) }
            }
            text x=(x(0.5)) y="192" { "mean score" }
            line.diagonal x1=(x(0.0)) x2=(x(1.0)) y1=(y(0.0)) y2=(y(1.0)) {}
            polyline points=(curve.join(" ")) {}
            @for bin in &calibration.bins {
                circle cx=(x(bin.score)) cy=(y(bin.accuracy)) r=(radius(bin.mentions)) {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            [0, 999, 1_000, 1_234_567].map(count),
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(
            [counted(1, "document"), counted(2, "document")],
            ["1 document", "2 documents"]
        );
        assert_eq!([0.012, -0.0004, -0.5].map(signed), ["+1.2", "0.0", "−50.0"]);
        assert_eq!([0.0005, 0.0123].map(p_value), ["<\u{a0}0.001", "0.012"]);
        assert_eq!(
            between(Some([0.849, 0.894]), points).into_string(),
            "[84.9, 89.4]"
        );
        assert!(percent(None).into_string().contains("undefined"));
    }

    fn ticks(shares: &[f64]) -> Vec<f64> {
        Axis::around(shares.iter().copied(), points)
            .ticks()
            .collect()
    }

    #[test]
    fn an_axis_is_round() {
        assert_eq!(ticks(&[0.71, 0.923]), [70.0, 75.0, 80.0, 85.0, 90.0, 95.0]);
        assert_eq!(
            ticks(&[-0.013, 0.0, 0.021]),
            [-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]
        );
        assert_eq!(ticks(&[]), [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(ticks(&[1.0]), [99.0, 100.0]);
        assert_eq!(ticks(&[0.0]), [0.0, 1.0]);
    }

    proptest! {
        #[test]
        fn an_axis_holds_its_figures(shares in prop::collection::vec(-1.0..=1.0, 1..9)) {
            let axis = Axis::around(shares.iter().copied(), signed);
            prop_assert!((2..=6).contains(&axis.ticks().count()), "{shares:?}");
            for share in shares {
                prop_assert!((MARGIN - 1e-9..=100.0 - MARGIN + 1e-9).contains(&axis.at(share)), "{share}");
            }
        }
    }
}
