//! What linking is measured against: given documents whose mentions are linked, writes them with the links of the naive
//! baseline (the entry of exactly this folded name, the most prominent one), and says how often the right entry is among
//! the candidates, and what reconciliation gets wrong.
//!
//! Usage: `cargo run --release -p nommer-pipeline --example linking GOLD.jsonl… > BASELINE.jsonl`

use std::io::Write;

use nommer_core::entity::Mention;
use nommer_core::offset::{ByteOffsets, OffsetUnit};
use nommer_core::span::Span;
use nommer_gazetteer::candidates::candidates;
use nommer_gazetteer::compile::Family;
use nommer_gazetteer::index::Gazetteer;
use nommer_gazetteer::key;
use nommer_gazetteer::layers::Gazetteers;
use nommer_pipeline::reconcile::{Decision, link, year};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shipped = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../models/gazetteer-fr/gazetteer.gaz"
    );
    let gazetteers = Gazetteers::new(vec![Gazetteer::open(shipped.as_ref())?]);
    let (mut known, mut recalled) = (0, 0);
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr().lock());
    for path in std::env::args().skip(1) {
        for line in std::fs::read_to_string(&path)?.lines() {
            let mut document: Value = serde_json::from_str(line)?;
            let text = document["text"].as_str().unwrap_or_default().to_owned();
            let bytes = ByteOffsets::new(&text, OffsetUnit::Codepoint);
            let mut mentions = Vec::new();
            for span in document["spans"].as_array().into_iter().flatten() {
                let byte = |field: &str| bytes.get(span[field].as_u64()? as usize);
                let range = byte("start").zip(byte("end"));
                mentions.push(Mention {
                    span: range
                        .and_then(|(start, end)| Span::new(start, end))
                        .ok_or("a span out of bounds")?,
                    label: span["label"].as_str().unwrap_or_default().parse()?,
                    score: 1.0,
                });
            }
            let decisions = link(&gazetteers, &text, &mentions, year(&text));
            let id = document["id"].as_str().unwrap_or_default().to_owned();
            let spans = document["spans"].as_array_mut().into_iter().flatten();
            for ((span, mention), decision) in spans.zip(&mentions).zip(&decisions) {
                let name = mention.span.slice(&text);
                let gold = span["kb"]["id"].as_str().map(str::to_owned);
                let best = decision.ranked().first();
                let linked = best.filter(|_| matches!(**decision, Decision::Linked { .. }));
                if let Some(gold) = &gold {
                    known += 1;
                    let found = candidates(&gazetteers, name);
                    let mut all = found.iter().map(|candidate| candidate.entity.id);
                    recalled += usize::from(all.any(|id| id == gold));
                }
                if linked.map(|linked| linked.candidate.entity.id) != gold.as_deref() {
                    let shown: Vec<String> = decision
                        .ranked()
                        .iter()
                        .take(3)
                        .map(|ranked| {
                            let entity = &ranked.candidate.entity;
                            format!(
                                "{} {} {} {:.2}",
                                ranked.candidate.tier.as_str(),
                                entity.id,
                                entity.name,
                                ranked.features.score()
                            )
                        })
                        .collect();
                    let gold = gold.as_deref().unwrap_or("nil");
                    let outcome = match **decision {
                        Decision::Linked { .. } => "linked",
                        Decision::Ambiguous { .. } => "ambiguous",
                        Decision::Nil { .. } => "nil",
                    };
                    let label = mention.label;
                    writeln!(
                        err,
                        "{id} {label} {name:?}: {gold}, not {outcome} {shown:?}"
                    )?;
                }
                let baseline = gazetteers
                    .get(Family::Exact, &key::fold(name))
                    .max_by(|a, b| {
                        let prominence = a.entity.prominence.cmp(&b.entity.prominence);
                        prominence.then_with(|| b.entity.id.cmp(a.entity.id))
                    });
                span["kb"] = match baseline {
                    Some(named) => json!({"outcome": "linked", "id": named.entity.id}),
                    None => json!({"outcome": "nil"}),
                };
            }
            writeln!(out, "{document}")?;
        }
    }
    writeln!(err, "candidate recall@16: {recalled} of {known}")?;
    Ok(())
}
