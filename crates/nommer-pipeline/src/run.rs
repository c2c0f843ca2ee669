//! Many documents: read ahead, annotate in parallel, write in input order.
//!
//! One thread walks and reads, the workers of a pool annotate, the calling thread writes. Documents travel in
//! batches. A batch is handed over as soon as the pool is idle, and at the latest when it holds [`DOCUMENTS`]
//! documents or [`BYTES`] bytes; so memory is bounded by two batches, whatever the corpus, and a stream is
//! answered while it still runs. Within a batch the workers share long documents by sections.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::time::{Duration, Instant};

use nommer_core::label::Label;
use nommer_core::record::{Outcome, Record};
use rayon::prelude::*;

use crate::pipeline::Pipeline;
use crate::read::{Content, RawDocument, ReadLimits, read};
use crate::sink::{Sink, SinkError};
use crate::walk::{SkipReason, Walk, WalkItem};

/// The most documents in a batch.
const DOCUMENTS: usize = 256;

/// The bytes of documents after which a batch is full.
const BYTES: usize = 4 << 20;

/// How a run works, apart from what it finds.
#[derive(Debug, Clone, Copy)]
pub struct RunOptions {
    /// Worker threads.
    pub jobs: NonZeroUsize,
    /// How much of a document is read.
    pub limits: ReadLimits,
}

/// What happened to one thing met on the way, in input order.
#[derive(Debug)]
pub enum Event<'a> {
    /// A file or folder was left out by the rules.
    Skipped {
        /// Where.
        path: String,
        /// Why.
        reason: SkipReason,
    },
    /// A document has its record.
    Document {
        /// The record.
        record: &'a Record,
        /// Words in it, as separated by white space.
        words: u64,
    },
}

/// What a run did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Documents annotated.
    pub annotated: u64,
    /// Documents that failed, by stage and kind.
    pub failed: BTreeMap<String, u64>,
    /// Files and folders left out, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Entities found, in the order of [`Label::ALL`].
    pub entities: [u64; Label::ALL.len()],
    /// Words read, as separated by white space.
    pub words: u64,
    /// Bytes of text read, after decompression.
    pub bytes: u64,
    /// Subword tokens read.
    pub tokens: u64,
    /// Invalid byte sequences that became U+FFFD.
    pub replaced: u64,
    /// From the first document to the last.
    pub elapsed: Duration,
}

impl Summary {
    /// Documents that failed.
    pub fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

/// Why a run stopped before its end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The records cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The workers cannot be started.
    #[error("cannot start {jobs} workers: {error}; try a smaller --jobs")]
    Workers {
        /// How many were asked for.
        jobs: usize,
        /// Why.
        error: String,
    },
    /// Somebody asked it to stop.
    #[error("interrupted; no output file was written")]
    Interrupted,
}

/// What the reading thread hands over.
enum Item {
    Skipped {
        path: String,
        reason: SkipReason,
    },
    Read(RawDocument),
    Unread {
        id: String,
        path: String,
        line: Option<u64>,
        kind: String,
        message: String,
    },
}

/// Annotates everything `walk` gives, writes one line each to `sink`, tells `observe`.
///
/// # Errors
/// Only when the output fails, the workers cannot be started, or `stop` was set. A document never fails a
/// run.
pub fn run(
    pipeline: &Pipeline,
    walk: Walk,
    options: RunOptions,
    mut sink: Box<dyn Sink + Send>,
    stop: &AtomicBool,
    mut observe: impl FnMut(Event<'_>),
) -> Result<Summary, RunError> {
    let started = Instant::now();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs.get())
        .thread_name(|index| format!("nommer-{index}"))
        .build()
        .map_err(|error| RunError::Workers {
            jobs: options.jobs.get(),
            error: error.to_string(),
        })?;
    let mut summary = Summary::default();
    std::thread::scope(|scope| {
        let (sender, batches) = sync_channel(0);
        scope.spawn(move || read_all(walk, options.limits, stop, sender));
        // When this returns early the channel closes, and the reading thread ends with it.
        for batch in batches {
            let lines: Vec<Finished> = pool.install(|| {
                batch
                    .into_par_iter()
                    .map(|item| finish(pipeline, item, stop))
                    .collect()
            });
            if stop.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            for line in lines {
                line.write(&mut *sink, &mut summary, &mut observe)?;
            }
            sink.flush()?;
        }
        Ok(())
    })?;
    if stop.load(Ordering::Relaxed) {
        return Err(RunError::Interrupted);
    }
    sink.finish()?;
    summary.elapsed = started.elapsed();
    Ok(summary)
}

/// Walks and reads until the end, or until nobody takes the batches any more.
fn read_all(walk: Walk, limits: ReadLimits, stop: &AtomicBool, sender: SyncSender<Vec<Item>>) {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    let mut push = |item: Item| {
        if let Item::Read(document) = &item {
            bytes += match &document.content {
                Content::Bytes(content) => content.len(),
                Content::Text(content) => content.len(),
            };
        }
        batch.push(item);
        let batch_now = std::mem::take(&mut batch);
        if batch_now.len() >= DOCUMENTS || bytes >= BYTES {
            bytes = 0;
            return sender.send(batch_now).is_ok();
        }
        match sender.try_send(batch_now) {
            Ok(()) => {
                bytes = 0;
                true
            }
            Err(TrySendError::Full(kept)) => {
                batch = kept;
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        }
    };
    for item in walk {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let alive = match item {
            WalkItem::Skipped { path, reason } => push(Item::Skipped {
                path: crate::walk::shown_path(&path),
                reason,
            }),
            WalkItem::Failed { id, path, error } => push(Item::Unread {
                id,
                path: crate::walk::shown_path(&path),
                line: None,
                kind: error.kind().to_owned(),
                message: error.to_string(),
            }),
            WalkItem::File(file) => read(&file, &limits).all(|document| {
                !stop.load(Ordering::Relaxed)
                    && push(match document {
                        Ok(document) => Item::Read(document),
                        Err(failure) => Item::Unread {
                            id: failure.id,
                            path: failure.path,
                            line: failure.line,
                            kind: failure.error.kind().to_owned(),
                            message: failure.error.to_string(),
                        },
                    })
            }),
        };
        if !alive {
            return;
        }
    }
    if !batch.is_empty() {
        // A closed channel means that the run has ended already.
        let _ = sender.send(batch);
    }
}

/// An item with all work done but the writing.
enum Finished {
    Skipped {
        path: String,
        reason: SkipReason,
    },
    Document {
        record: Box<Record>,
        line: Vec<u8>,
        words: u64,
    },
}

fn finish(pipeline: &Pipeline, item: Item, stop: &AtomicBool) -> Finished {
    let (record, words) = match item {
        Item::Skipped { path, reason } => return Finished::Skipped { path, reason },
        Item::Unread {
            id,
            path,
            line,
            kind,
            message,
        } => (pipeline.unread(id, path, line, &kind, message), 0),
        // The batch will be thrown away: do not keep the user waiting.
        Item::Read(document) if stop.load(Ordering::Relaxed) => (
            pipeline.unread(
                document.id,
                document.path,
                document.line,
                "interrupted",
                String::new(),
            ),
            0,
        ),
        Item::Read(document) => pipeline.record(document),
    };
    let line = serde_json::to_vec(&record).expect("a record is made of plain values");
    Finished::Document {
        record: Box::new(record),
        line,
        words,
    }
}

impl Finished {
    fn write(
        self,
        sink: &mut dyn Sink,
        summary: &mut Summary,
        observe: &mut impl FnMut(Event<'_>),
    ) -> Result<(), SinkError> {
        match self {
            Finished::Skipped { path, reason } => {
                *summary.skipped.entry(reason.name().to_owned()).or_default() += 1;
                observe(Event::Skipped { path, reason });
            }
            Finished::Document {
                record,
                line,
                words,
            } => {
                sink.write_line(&line)?;
                summary.count(&record, words);
                observe(Event::Document {
                    record: &record,
                    words,
                });
            }
        }
        Ok(())
    }
}

impl Summary {
    fn count(&mut self, record: &Record, words: u64) {
        match &record.outcome {
            Outcome::Failed { error } => {
                *self
                    .failed
                    .entry(format!("{}: {}", error.stage, error.kind))
                    .or_default() += 1;
            }
            Outcome::Annotated {
                spans, coverage, ..
            } => {
                self.annotated += 1;
                self.words += words;
                self.bytes += record.source.bytes.unwrap_or(0);
                self.replaced += record.source.replaced.unwrap_or(0) as u64;
                self.tokens += coverage.tokens;
                for entity in spans {
                    self.entities[entity.label as usize] += 1;
                }
            }
        }
    }
}
