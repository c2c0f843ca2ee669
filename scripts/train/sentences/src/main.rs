//! Training documents as the model will read them.
//!
//! Reads one `{"text", "entities": [{"start", "end", "label"}]}` a line, offsets in code points; writes one
//! `{"sentences": [{"text", "entities"}]}` a line and flushes, so that a training script can keep it running beside
//! itself. Sentences are nommer's own, normalised as at run time; an entity covers the characters of the normalised
//! sentence that its characters became, and is in every sentence that it reaches into.

use std::io::{BufRead, BufWriter, Write};

use nommer_core::span::Span;
use nommer_core::text::{case::restore_capitals, normalize::normalize, segment::sentences};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let document: Value = serde_json::from_str(&line?)?;
        serde_json::to_writer(&mut out, &read(&document)?)?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

fn read(document: &Value) -> Result<Value, Failure> {
    let text = document["text"].as_str().ok_or("a document without text")?;
    let mut bytes: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    bytes.push(text.len());
    let at = |value: &Value| {
        let position = value.as_u64().and_then(|n| usize::try_from(n).ok());
        position
            .and_then(|n| bytes.get(n).copied())
            .ok_or("an offset outside the text")
    };
    let mut entities = Vec::new();
    for entity in document["entities"].as_array().into_iter().flatten() {
        entities.push((at(&entity["start"])?..at(&entity["end"])?, &entity["label"]));
    }
    let mut read = Vec::new();
    let text = &*restore_capitals(text);
    for sentence in sentences(text) {
        let normalized = normalize(text, sentence.span);
        let origins: Vec<_> = normalized
            .text()
            .char_indices()
            .map(|(at, c)| {
                Span::new(at, at + c.len_utf8()).and_then(|span| normalized.to_source(span))
            })
            .collect();
        let mut found = Vec::new();
        for (range, label) in &entities {
            let inside = |origin: &Option<Span<_>>| {
                origin
                    .as_ref()
                    .is_some_and(|o| o.start() < range.end && range.start < o.end())
            };
            let first = origins.iter().position(inside);
            let last = origins.iter().rposition(inside);
            if let (Some(first), Some(last)) = (first, last) {
                found.push(json!({"start": first, "end": last + 1, "label": label}));
            }
        }
        if !origins.is_empty() {
            read.push(json!({"text": normalized.text(), "entities": found}));
        }
    }
    Ok(json!({ "sentences": read }))
}
