//! Text of documents and names of files, made safe to look at: escaping is maud's, the rest is here.

use maud::{Markup, html};
use nommer_core::label::Label;

use super::figures::count;
use crate::errors::{Example, Name, Segment};
use crate::shown::plain;

/// More stretches of text than that are not shown of one example, nor more names of one mistake.
const MOST: usize = 24;

/// A name, identifier or message, on its own: whatever its direction, its neighbours keep theirs.
pub(super) fn name(text: &str) -> Markup {
    html! { bdi { (plain(text)) } }
}

/// Names with their labels, or `nothing`.
pub(super) fn names(names: &[Name]) -> Markup {
    html! {
        @if names.is_empty() { span.muted { "nothing" } }
        @for (at, one) in names.iter().take(MOST).enumerate() {
            @if at > 0 { ", " }
            span.label { (one.label) } " " span lang="fr" { (name(&one.text)) }
        }
        @if names.len() > MOST { " and " (names.len() - MOST) " more" }
    }
}

/// The text around an error. Mentions of both sides may cross, so each stretch of text is an element of its own, and
/// knows whether a mention begins or ends with it.
pub(super) fn excerpt(example: &Example) -> Markup {
    let segments = &example.segments[..example.segments.len().min(MOST)];
    let before = segments.first().filter(|first| is_context(first));
    let context = before.map_or(0, |before| before.text.chars().count());
    let cut_after =
        segments.len() < example.segments.len() || segments.last().is_some_and(is_context);
    html! {
        div.excerpt {
            p lang="fr" dir="auto" {
                @if example.start > context { "…" }
                @for at in 0..segments.len() { (segment(segments, at)) }
                @if cut_after { "…" }
            }
            " "
            p.place { (name(&example.document)) ", " (count(example.start as u64)) }
        }
    }
}

fn is_context(segment: &Segment) -> bool {
    segment.gold.is_none() && segment.predicted.is_none()
}

/// A side's mention, as seen from one stretch of text.
struct Part {
    side: &'static str,
    label: Label,
    first: bool,
    last: bool,
}

impl Part {
    fn new(
        segments: &[Segment],
        at: usize,
        side: &'static str,
        label_of: fn(&Segment) -> Option<Label>,
    ) -> Option<Part> {
        let label = label_of(&segments[at])?;
        let goes_on = |at: Option<usize>| {
            let neighbour = at.and_then(|at| segments.get(at));
            neighbour.and_then(label_of) == Some(label)
        };
        Some(Part {
            side,
            label,
            first: !goes_on(at.checked_sub(1)),
            last: !goes_on(at.checked_add(1)),
        })
    }
}

fn segment(segments: &[Segment], at: usize) -> Markup {
    let text = lines(&segments[at].text);
    let gold = Part::new(segments, at, "gold", |segment| segment.gold);
    let predicted = Part::new(segments, at, "predicted", |segment| segment.predicted);
    if is_context(&segments[at]) {
        return text;
    }
    let parts = || gold.iter().chain(&predicted);
    let class = predicted
        .as_ref()
        .map(|part| match (part.first, part.last) {
            (true, true) => "box from to",
            (true, false) => "box from",
            (false, true) => "box to",
            (false, false) => "box",
        });
    // What is only heard stays outside of the box, so that no line ends between the text and the end of the box.
    html! {
        @for part in parts().filter(|part| part.first) { span.hidden { "[" (part.side) " " (part.label) ": " } }
        span class=[class] {
            @if gold.is_some() { u { (text) } } @else { (text) }
            @for part in parts().filter(|part| part.last) { (tag(part.side, part.label)) }
        }
        @for _ in parts().filter(|part| part.last) { span.hidden { "]" } }
    }
}

fn tag(side: &str, label: Label) -> Markup {
    html! { span class={ "tag " (side) } aria-hidden="true" { (label) } }
}

/// How excerpts are to be read.
pub(super) fn legend() -> Markup {
    html! {
        u { "gold" } (tag("gold", Label::Per)) " is underlined and has its label below, a "
        span class="box from to" { "prediction" (tag("predicted", Label::Org)) } " is boxed and has its label above; ⏎ is a line break. After each excerpt stand its document and the character the error begins at."
    }
}

/// Text whose line ends are marked rather than broken.
fn lines(text: &str) -> Markup {
    let text = plain(&text.replace("\r\n", "\n"));
    html! {
        @for (at, line) in text.split('\n').enumerate() {
            @if at > 0 { span.break title="line break" { "⏎" } " " }
            (line)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(segments: &[(&str, Option<Label>, Option<Label>)], start: usize) -> String {
        let segment = |&(text, gold, predicted): &(&str, _, _)| Segment {
            text: text.to_owned(),
            gold,
            predicted,
        };
        let example = Example {
            document: "a".to_owned(),
            start,
            segments: segments.iter().map(segment).collect(),
        };
        excerpt(&example).into_string()
    }

    #[test]
    fn mentions_that_cross_are_told_apart_by_ear_and_by_eye() {
        let (per, org) = (Some(Label::Per), Some(Label::Org));
        let page = example(
            &[
                ("de ", None, None),
                ("Jean ", per, None),
                ("Valjean", per, org),
                (" & Cie", None, org),
            ],
            3,
        );
        let tag = |side: &str, label| {
            format!(r#"<span class="tag {side}" aria-hidden="true">{label}</span>"#)
        };
        let hidden = |text| format!(r#"<span class="hidden">{text}</span>"#);
        let expected = [
            r#"<p lang="fr" dir="auto">de "#,
            &hidden("[gold PER: "),
            "<span><u>Jean </u></span>",
            &hidden("[predicted ORG: "),
            r#"<span class="box from"><u>Valjean</u>"#,
            &tag("gold", "PER"),
            "</span>",
            &hidden("]"),
            r#"<span class="box to"> &amp; Cie"#,
            &tag("predicted", "ORG"),
            "</span>",
            &hidden("]"),
            "</p>",
        ];
        assert!(page.contains(&expected.concat()), "{page}");
    }

    #[test]
    fn an_ellipsis_says_that_the_text_goes_on() {
        let loc = Some(Label::Loc);
        let within = example(
            &[
                ("à ", None, None),
                ("Paris", loc, None),
                (" et", None, None),
            ],
            9,
        );
        assert!(
            within.contains(">…à ") && within.contains(" et…<"),
            "{within}"
        );
        let whole = example(&[("à ", None, None), ("Paris", loc, None)], 2);
        assert!(!whole.contains('…'), "{whole}");
    }

    #[test]
    fn line_ends_are_marked_and_what_cannot_be_seen_is_written_out() {
        assert_eq!(
            lines("a\r\nb").into_string(),
            r#"a<span class="break" title="line break">⏎</span> b"#
        );
        assert_eq!(
            plain("\0\u{202e}é\u{feff}\u{1ffff}\t"),
            "⟨U+0000⟩⟨U+202E⟩é⟨U+FEFF⟩⟨U+1FFFF⟩\t"
        );
        assert_eq!(
            name("<a href='x'>&\"").into_string(),
            "<bdi>&lt;a href='x'&gt;&amp;&quot;</bdi>"
        );
    }

    #[test]
    fn what_is_too_long_is_cut_in_the_middle() {
        let long = format!("{}é{}", "a".repeat(80), "z".repeat(80));
        assert_eq!(
            plain(&long),
            format!("{}…{}", "a".repeat(80), "z".repeat(80))
        );
        assert_eq!(plain(&long[1..]), long[1..]);
    }

    #[test]
    fn many_names_are_counted() {
        let name = Name {
            label: Label::Per,
            text: "Zoé".to_owned(),
        };
        assert!(
            names(&vec![name; MOST + 2])
                .into_string()
                .ends_with(" and 2 more")
        );
        assert!(names(&[]).into_string().contains("nothing"));
    }
}
