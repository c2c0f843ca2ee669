//! Reads pages back: a page must be well-formed, hold nothing but what this module writes, and show the report.

use std::collections::{BTreeMap, BTreeSet};

use nommer_core::offset::OffsetUnit;

use super::*;
use crate::align::{Alignment, Selection, align, check_gold};
use crate::bootstrap::Draws;
use crate::document::{Annotation, Corpus, Document, Link, Place, Target};
use crate::report::{Choices, Options, Origin, Side, evaluate};

/// What stands in a page.
#[derive(Debug, Default)]
struct Read {
    elements: BTreeSet<String>,
    attributes: BTreeSet<(String, String)>,
    text: String,
    /// Rows of cells by the beginning of the table's caption.
    tables: BTreeMap<String, Vec<Vec<String>>>,
}

impl Read {
    fn new(page: &str) -> Read {
        const VOID: [&str; 2] = ["meta", "link"];
        let mut read = Read::default();
        let mut open: Vec<String> = Vec::new();
        let (mut caption, mut cell) = (String::new(), String::new());
        let page = page.replace(include_str!("report.css"), "");
        let mut rest = page.strip_prefix("<!DOCTYPE html>").unwrap();
        while let Some(at) = rest.find('<') {
            let text = unescape(&rest[..at]);
            read.text += &text;
            cell += &text;
            rest = &rest[at + 1..];
            let (name, after) = rest.split_at(rest.find([' ', '>']).unwrap());
            rest = after;
            if let Some(name) = name.strip_prefix('/') {
                assert_eq!(open.pop().as_deref(), Some(name), "before {rest:.80}");
                match name {
                    "caption" => caption = cell.split('.').next().unwrap().to_owned(),
                    "th" | "td" => read.table(&caption).last_mut().unwrap().push(cell.clone()),
                    _ => {}
                }
            } else {
                read.elements.insert(name.to_owned());
                while let Some(attribute) = rest.strip_prefix(' ') {
                    let (key, value) = attribute.split_once("=\"").unwrap();
                    let (value, after) = value.split_once('"').unwrap();
                    read.attributes.insert((key.to_owned(), unescape(value)));
                    rest = after;
                }
                match name {
                    "tr" => read.table(&caption).push(Vec::new()),
                    "caption" | "th" | "td" => cell.clear(),
                    _ => {}
                }
                if !VOID.contains(&name) {
                    open.push(name.to_owned());
                }
            }
            rest = &rest[rest.find('>').unwrap() + 1..];
        }
        assert_eq!((open.len(), rest), (0, ""));
        read
    }

    fn table(&mut self, caption: &str) -> &mut Vec<Vec<String>> {
        self.tables.entry(caption.to_owned()).or_default()
    }

    /// The cells of the row that begins so, without drawings.
    fn row(&self, caption: &str, first: &str) -> Vec<&str> {
        let mut rows = self.tables[caption].iter();
        let row = rows.find(|row| row[0].starts_with(first)).unwrap();
        row[1..]
            .iter()
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
            .collect()
    }
}

fn unescape(text: &str) -> String {
    assert!(!text.contains('>'), "{text}");
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    text.replace("&quot;", "\"").replace("&amp;", "&")
}

/// `[Jean|PER] vit à [Paris|LOC|Q90]` as a document; `?` for a mention that has no entry.
fn document(id: &str, genre: &str, marked: &str) -> Document {
    let (mut text, mut spans) = (String::new(), Vec::new());
    for (at, piece) in marked.split(['[', ']']).enumerate() {
        let mut fields = piece.split('|');
        let start = text.chars().count();
        text += fields.next().unwrap();
        if at % 2 == 1 {
            let label = fields.next().unwrap().to_owned();
            let link = fields.next().map(|target| Link {
                target: match target {
                    "?" => Target::Nil,
                    entry => Target::Linked(entry.to_owned()),
                },
                tier: Some("pays".to_owned()),
            });
            let score = Some(if label == "ORG" { 0.55 } else { 0.95 });
            let end = text.chars().count();
            spans.push(Annotation {
                start,
                end,
                label,
                text: None,
                score,
                link,
                line: None,
            });
        }
    }
    Document {
        id: id.to_owned(),
        place: Place {
            file: "essai.jsonl".to_owned(),
            line: None,
        },
        text: Some(text),
        unit: OffsetUnit::Codepoint,
        spans,
        failed: None,
        meta: BTreeMap::from([("genre".to_owned(), vec![genre.to_owned()])]),
    }
}

fn origin(name: &str) -> Origin {
    Origin {
        name: name.to_owned(),
        format: "nommer records".to_owned(),
    }
}

fn report(gold: Vec<Document>, predicted: Vec<Document>, other: Option<Vec<Document>>) -> Report {
    let corpus = |documents| Corpus {
        documents,
        format: String::new(),
        rejected: 0,
    };
    let (labels, mut problems) = (Selection::default(), Vec::new());
    let gold = check_gold(corpus(gold), &labels, &mut problems);
    let mut aligned = |documents| align(&gold, corpus(documents), &labels, &mut problems).unwrap();
    let (one, two): (Alignment, Option<Alignment>) = (aligned(predicted), other.map(&mut aligned));
    let (one_origin, two_origin) = (origin("un.jsonl"), origin("deux.jsonl"));
    let other = two.as_ref().map(|alignment| Side {
        alignment,
        origin: &two_origin,
    });
    let options = Options {
        choices: Choices::default(),
        draws: Draws {
            count: 200,
            seed: 7,
        },
        by: vec!["genre".to_owned()],
        errors: 9,
        seen: None,
    };
    let side = Side {
        alignment: &one,
        origin: &one_origin,
    };
    evaluate(&gold, &origin("or.jsonl"), side, other, &problems, &options)
}

/// A report with something in each section.
fn rich() -> Report {
    let gold = || {
        vec![
            document(
                "a",
                "presse",
                "[Jean|PER|Q1] vit à [Paris|LOC|Q90], près de l'[ONU|ORG|?].",
            ),
            document(
                "b",
                "presse",
                "[Marie Curie|PER|Q2] et la [Société des\nNations|ORG|Q3].",
            ),
            document("c", "loi", "Le [Sénat|ORG] siège à [Paris|LOC|Q90]."),
            document("d", "loi", "[Lyon|LOC] ; [Nice|LOC]."),
            document("e", "loi", "[Brest|LOC]."),
        ]
    };
    let mut predicted = vec![
        document(
            "a",
            "",
            "[Jean|PER|Q1] vit à [Paris|LOC|Q7], près de l'[ONU|LOC|?].",
        ),
        document(
            "b",
            "",
            "Marie [Curie|PER|Q2] et la [Société|ORG] des\n[Nations|ORG].",
        ),
        document("c", "", "[Le|PER] [Sénat|ORG] siège à [Paris|LOC|Q90]."),
        document("d", "", "Lyon ; Nice."),
        document("f", "", "[Rome|LOC]."),
    ];
    predicted[3].failed = Some("decode: invalid bytes".to_owned());
    let outside = Annotation {
        start: 900,
        end: 901,
        ..predicted[0].spans[0].clone()
    };
    predicted[0].spans.push(outside);
    report(gold(), predicted, Some(gold()))
}

#[test]
fn tables_show_the_figures_of_the_report() {
    let report = rich();
    let read = Read::new(&page(&report));
    let percent = |share: Option<f64>| {
        share.map_or("—undefined".to_owned(), |share| {
            format!("{:.1}", 100.0 * share)
        })
    };
    let interval = |interval: Option<Interval>| {
        interval.map_or("—undefined".to_owned(), |[from, to]| {
            format!("[{:.1}, {:.1}]", 100.0 * from, 100.0 * to)
        })
    };
    for (scheme, scores) in &report.scores {
        let cell = |mean: Mean| percent(mean.f1) + &interval(mean.interval);
        let mut expected = ["PER", "ORG", "LOC", "micro"]
            .map(|row| cell(mean_of(&scores.rows[row])))
            .to_vec();
        expected.push(cell(scores.mean));
        assert_eq!(read.row("Under other schemes", scheme), expected);
    }
    let strict = &report.scores["strict"].rows;
    for row in ["PER", "ORG", "LOC", "micro"] {
        let (name, score) = (row_name(row), &strict[row]);
        let counts = [
            score.gold,
            score.predicted,
            score.counts.correct,
            score.counts.incorrect,
            score.counts.missed,
            score.counts.spurious,
        ];
        let mut expected = vec![
            percent(score.f1),
            interval(score.interval),
            percent(score.precision),
            percent(score.recall),
        ];
        expected.extend(counts.map(|count| count.to_string()));
        assert_eq!(read.row("Strict scores", name), expected);
        let comparison = report.comparison.as_ref().unwrap();
        let difference = &comparison.differences["strict"][row];
        let shown = read.row("Strict F1 of both", name);
        assert_eq!(
            shown[..2],
            [percent(difference.f1), percent(difference.other)]
        );
        let size = format!("{:.1}", 100.0 * difference.difference.unwrap().abs());
        assert_eq!(shown[2].trim_start_matches(['+', '−']), size);
        assert_eq!(shown[4], format!("{:.3}", difference.p.unwrap()));
        let calibration = &report.calibration[row];
        let expected = [
            calibration.mentions.to_string(),
            format!("{:.3}", calibration.ece),
            format!("{:.3}", calibration.brier),
        ];
        assert_eq!(read.row("Calibration", name), expected);
        let linking = &report.linking.as_ref().unwrap().rows[row];
        let shown = read.row("Links of found mentions", name);
        assert_eq!(
            shown[..4],
            [
                linking.gold,
                linking.found,
                linking.in_kb.right,
                linking.in_kb.of
            ]
            .map(|count| count.to_string())
        );
        assert_eq!(
            read.row("From text to link", name)[0],
            percent(linking.end_to_end_strict.f1)
        );
    }
    for bin in &report.calibration["micro"].bins {
        let shown = read.row("Reliability", &format!("{:.0} to", 100.0 * bin.from));
        assert_eq!(
            shown[9..],
            [
                bin.mentions.to_string(),
                percent(Some(bin.score)),
                percent(Some(bin.accuracy))
            ]
        );
    }
    for slice in &report.slices[0].slices {
        let shown = read.row("By genre", &slice.value);
        assert_eq!(shown[..1], [slice.documents.to_string()]);
        assert_eq!(
            shown[6..8],
            [
                percent(slice.strict["micro"].f1),
                interval(slice.strict["micro"].interval)
            ]
        );
    }
}

#[test]
fn errors_add_up_to_those_of_the_documents() {
    let report = rich();
    let read = Read::new(&page(&report));
    let cost: u64 = report.errors.kinds.iter().map(|kind| kind.cost).sum();
    for kind in &report.errors.kinds {
        let share = format!("{:.1}", 100.0 * kind.cost as f64 / cost as f64);
        let name = format!("{}{}", kind.kind.as_str(), meaning(kind.kind));
        assert_eq!(
            read.row("Kinds of errors", &name),
            [kind.errors.to_string(), kind.cost.to_string(), share]
        );
    }
    let documents = &read.tables["Documents with most errors"];
    let errors = documents[1..]
        .iter()
        .map(|row| row[1].parse::<u64>().unwrap());
    assert_eq!(errors.sum::<u64>(), cost);
    let micro = &report.scores["strict"].rows["micro"];
    let confusion = &read.tables["Which label is taken for which"];
    let all: Vec<u64> = confusion[1..4]
        .iter()
        .map(|row| row[5].parse().unwrap())
        .collect();
    assert_eq!(all.iter().sum::<u64>(), micro.gold);
    let all: Vec<u64> = confusion[5][1..4]
        .iter()
        .map(|cell| cell.parse().unwrap())
        .collect();
    assert_eq!(all.iter().sum::<u64>(), micro.predicted);
    for mistake in &report.errors.top {
        for name in mistake.gold.iter().chain(&mistake.predicted) {
            assert!(
                read.text.contains(&format!("{} {}", name.label, name.text)),
                "{name:?}"
            );
        }
    }
}

#[test]
fn the_result_and_the_warnings_come_first() {
    let report = rich();
    let text = Read::new(&page(&report)).text;
    let before = &text[..text.find("Strict scores.").unwrap()];
    let micro = &report.scores["strict"].rows["micro"];
    for expected in [
        format!("The strict micro F1 is {:.1}%", 100.0 * micro.f1.unwrap()),
        format!(
            "over 5 documents: {:.1}% of 9 predictions right",
            100.0 * micro.precision.unwrap()
        ),
        format!(
            "{:.1}% of 10 gold mentions found",
            100.0 * micro.recall.unwrap()
        ),
        "Against deux.jsonl, which has 100.0%, these predictions are".to_owned(),
        "points worse".to_owned(),
        "Without a prediction: 1 of 5 documents; their 1 gold mention count".to_owned(),
        "Failed: 1 of 5 documents; their 2 gold mentions count".to_owned(),
        "d: decode: invalid bytes".to_owned(),
        "Not in the gold: 1 predicted document".to_owned(),
        "spans outside the text: 1 (left out)".to_owned(),
    ] {
        assert!(before.contains(&expected), "{expected}\n{before}");
    }
}

#[test]
fn what_others_wrote_stays_text() {
    let evil = "\"'</p></title></style><script>alert(1)</script><img src=x onerror=alert(1)>&lt;\0\u{202e}";
    let gold = document(
        "x",
        evil,
        &format!("[{evil}|PER|Q1] [{}|ORG] fin", "long".repeat(1250)),
    );
    let mut predicted = gold.clone();
    predicted.spans[0].label = "ORG".to_owned();
    predicted.spans[1].start += 7;
    predicted.spans[0].link.as_mut().unwrap().tier = Some(evil.to_owned());
    let second = |document: &Document| Document {
        id: evil.to_owned(),
        ..document.clone()
    };
    let mut failed = second(&predicted);
    failed.failed = Some(evil.to_owned());
    let gold = vec![second(&gold), gold];
    let mut report = report(gold.clone(), vec![failed, predicted], Some(gold));
    for origin in [
        &mut report.gold,
        &mut report.predictions,
        &mut report.comparison.as_mut().unwrap().other,
    ] {
        (origin.name, origin.format) = (evil.to_owned(), evil.to_owned());
    }
    report.slices[0].by = evil.to_owned();
    let hostile = page(&report);
    let (read, tame) = (Read::new(&hostile), Read::new(&page(&rich())));
    assert!(
        read.elements.is_subset(&tame.elements),
        "{:?}",
        read.elements
    );
    let keys = |read: &Read| -> BTreeSet<String> {
        read.attributes.iter().map(|(key, _)| key.clone()).collect()
    };
    assert!(keys(&read).is_subset(&keys(&tame)), "{:?}", keys(&read));
    assert!(read.text.contains("<script>alert(1)</script>") && read.text.contains("⟨U+202E⟩"));
    assert!(!hostile.contains(['\0', '\u{202e}']) && !read.text.contains(&"long".repeat(60)));
}

#[test]
fn a_page_stands_on_its_own_and_is_always_the_same() {
    let report = rich();
    let shown = page(&report);
    assert_eq!(shown, page(&report));
    for (key, value) in Read::new(&shown).attributes {
        assert!(
            key != "href" || value == "data:," || value.starts_with('#'),
            "{value}"
        );
        assert!(key != "src" && !key.starts_with("on"), "{key}");
    }
    for other in ["http:", "https:", "url(", "@import", "<script"] {
        assert!(!shown.contains(other), "{other}");
    }
}

#[test]
fn what_there_is_not_is_said() {
    let text = |report: &Report| Read::new(&page(report)).text;
    let nothing = text(&report(Vec::new(), Vec::new(), None));
    assert!(nothing.contains("the gold has no documents"), "{nothing}");
    for absent in ["no comparison", "no calibration", "no links"] {
        assert!(nothing.contains(absent), "{absent}");
    }
    let one = |marked: &str| vec![document("a", "", marked)];
    let (full, bare) = ("à [Paris|LOC]", "à Paris");
    let bare_both = text(&report(one(bare), one(bare), None));
    assert!(bare_both.contains("no mention in the gold, and none predicted, in 1 document."));
    let no_gold = text(&report(one(bare), one(full), Some(one(bare))));
    assert!(
        no_gold.contains("no gold mentions, so recall is undefined"),
        "{no_gold}"
    );
    assert!(
        no_gold.contains("It cannot be compared with deux.jsonl"),
        "{no_gold}"
    );
    let no_predictions = text(&report(one(full), one(bare), Some(one(full))));
    assert!(no_predictions.contains("nothing was predicted, so precision is undefined"));
    assert!(
        no_predictions.contains("There is one document only"),
        "{no_predictions}"
    );
    assert!(no_predictions.contains("100.0 points worse. Whether that is chance cannot be told"));
    let strangers = text(&report(one(full), Vec::new(), None));
    assert!(
        strangers.contains("No document could be compared."),
        "{strangers}"
    );
    let right = text(&report(one(full), one(full), None));
    assert!(
        right.contains("Nothing: no gold mention was missed"),
        "{right}"
    );
}

#[test]
fn long_lists_are_cut_and_counted() {
    let gold = (0..60)
        .map(|at| document(&format!("d{at}"), &at.to_string(), "[Paris|LOC]"))
        .collect();
    let read = Read::new(&page(&report(gold, Vec::new(), None)));
    assert!(read.text.contains("and 10 more"), "missing");
    assert_eq!(read.tables["Documents with most errors"].len(), 1 + WORST);
    assert!(read.text.contains("35 more have fewer errors, or as many"));
    assert_eq!(read.tables["By genre"].len(), 1 + SLICES);
    assert!(read.text.contains("10 more parts are not shown"));
}
