//! Many documents: read ahead, annotate in parallel, write in input order.
//!
//! One thread walks and reads, the workers of a pool annotate, the calling thread writes:
//!
//! ```text
//! reading thread ── Item ──▶ calling thread ── spawn ──▶ workers
//!        ▲                       │    ▲                      │
//!        └──── budget ◀── write ─┘    └────── Finished ──────┘
//! ```
//!
//! Everything arrives at the calling thread over one channel, which writes each document as soon as all before
//! it are written. The reading thread waits while the budget is spent, so memory is bounded by the work in
//! flight, whatever the corpus; a long document is shared by all workers, section by section.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nommer_core::label::Label;
use nommer_core::record::{Outcome, Record};

use crate::pipeline::Pipeline;
use crate::read::{RawDocument, ReadLimits, read};
use crate::sink::{Sink, SinkError};
use crate::walk::{SkipReason, Walk, WalkItem, shown_path};

/// The most items in flight: read, and not yet written.
const ITEMS: usize = 512;

/// The bytes of documents in flight at which the reading thread waits. A single document may exceed it.
const BYTES: usize = 16 << 20;

/// How often a waiting run looks whether it shall stop.
const PATIENCE: Duration = Duration::from_millis(100);

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
        /// Bytes of input read for it from disk, before decompression.
        input_bytes: u64,
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
    /// The reading thread died.
    #[error("reading stopped by a defect of nommer, please report it; no output file was written")]
    Reader,
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

/// What arrives at the calling thread.
enum Message {
    /// The next item, in input order.
    Item(Ticket, Item),
    /// An item is finished, in any order; its number in input order.
    Finished(u64, Ticket, Finished),
    /// There are no more items.
    End,
}

/// What an item took from the budget, and from the disk.
#[derive(Clone, Copy)]
struct Ticket {
    weight: usize,
    input_bytes: u64,
}

/// Room for work in flight, counted in items and bytes.
#[derive(Default)]
struct Budget {
    spent: Mutex<(usize, usize)>,
    freed: Condvar,
}

impl Budget {
    /// Waits until there is room, then takes it. Something always fits into an empty budget.
    fn take(&self, weight: usize) {
        let spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |spent: &mut (usize, usize)| spent.0 >= ITEMS || spent.1 >= BYTES;
        let mut spent = self
            .freed
            .wait_while(spent, full)
            .unwrap_or_else(PoisonError::into_inner);
        spent.0 += 1;
        spent.1 += weight;
    }

    fn give_back(&self, weight: usize) {
        let mut spent = self.spent.lock().unwrap_or_else(PoisonError::into_inner);
        spent.0 -= 1;
        spent.1 -= weight;
        self.freed.notify_one();
    }
}

/// Annotates everything `walk` gives, writes one line each to `sink`, tells `observe`.
///
/// # Errors
/// Only when the output fails, the workers cannot be started, or `stop` was set. A document never fails a
/// run. After an error, threads may still be at work on documents that nobody waits for.
pub fn run(
    pipeline: &Arc<Pipeline>,
    walk: Walk,
    options: RunOptions,
    mut sink: Box<dyn Sink + Send>,
    stop: &AtomicBool,
    mut observe: impl FnMut(Event<'_>),
) -> Result<Summary, RunError> {
    let started = Instant::now();
    let no_workers = |error: String| RunError::Workers {
        jobs: options.jobs.get(),
        error,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs.get())
        .thread_name(|index| format!("nommer-{index}"))
        .build()
        .map_err(|error| no_workers(error.to_string()))?;
    let budget = Arc::new(Budget::default());
    let (sender, messages) = channel();
    // Not joined: it may be waiting for input that never comes when the run ends early.
    let (reader_sender, reader_budget) = (sender.clone(), Arc::clone(&budget));
    let reader = std::thread::Builder::new()
        .name("nommer-read".to_owned())
        .spawn(move || read_all(walk, options.limits, &reader_budget, &reader_sender))
        .map_err(|error| no_workers(error.to_string()))?;

    let mut summary = Summary::default();
    let mut waiting: BTreeMap<u64, (Ticket, Finished)> = BTreeMap::new();
    let (mut arrived, mut written, mut ended) = (0u64, 0u64, false);
    let mut reader_gone = false;
    while !(ended && written == arrived) {
        let message = match messages.try_recv() {
            Ok(message) => message,
            // About to wait: whoever reads along gets what there is.
            Err(_) => {
                sink.flush()?;
                match messages.recv_timeout(PATIENCE) {
                    Ok(message) => message,
                    Err(_) if stop.load(Ordering::Relaxed) => return Err(RunError::Interrupted),
                    // It says `End` before it goes, unless it panicked.
                    Err(_) if reader_gone && !ended => return Err(RunError::Reader),
                    Err(_) => {
                        reader_gone = reader.is_finished();
                        continue;
                    }
                }
            }
        };
        if stop.load(Ordering::Relaxed) {
            return Err(RunError::Interrupted);
        }
        match message {
            Message::Item(ticket, item) => {
                let (number, sender, pipeline) = (arrived, sender.clone(), Arc::clone(pipeline));
                arrived += 1;
                pool.spawn_fifo(move || {
                    // Nobody listens any more when the run ended early.
                    let _ = sender.send(Message::Finished(number, ticket, finish(&pipeline, item)));
                });
            }
            Message::Finished(number, ticket, finished) => {
                waiting.insert(number, (ticket, finished));
                while let Some((ticket, finished)) = waiting.remove(&written) {
                    finished.write(ticket, &mut *sink, &mut summary, &mut observe)?;
                    budget.give_back(ticket.weight);
                    written += 1;
                }
            }
            Message::End => ended = true,
        }
    }
    sink.finish()?;
    summary.elapsed = started.elapsed();
    Ok(summary)
}

/// Walks and reads until the end, or until nobody takes the items any more.
fn read_all(walk: Walk, limits: ReadLimits, budget: &Budget, sender: &Sender<Message>) {
    let send = |weight: usize, input_bytes: u64, item: Item| {
        budget.take(weight);
        let ticket = Ticket {
            weight,
            input_bytes,
        };
        sender.send(Message::Item(ticket, item)).is_ok()
    };
    for entry in walk {
        let alive = match entry {
            WalkItem::Skipped { path, reason } => {
                let path = shown_path(&path);
                send(0, 0, Item::Skipped { path, reason })
            }
            WalkItem::Failed { id, path, error } => {
                let item = Item::Unread {
                    id,
                    path: shown_path(&path),
                    line: None,
                    kind: error.kind().to_owned(),
                    message: error.to_string(),
                };
                send(0, 0, item)
            }
            WalkItem::File(file) => {
                let mut documents = read(&file, &limits);
                let (mut consumed, mut alive) = (0, true);
                while let (true, Some(document)) = (alive, documents.next()) {
                    let input_bytes = documents.consumed() - consumed;
                    consumed += input_bytes;
                    alive = match document {
                        Ok(document) => send(document.weight(), input_bytes, Item::Read(document)),
                        Err(failure) => {
                            let item = Item::Unread {
                                id: failure.id,
                                path: failure.path,
                                line: failure.line,
                                kind: failure.error.kind().to_owned(),
                                message: failure.error.to_string(),
                            };
                            send(0, input_bytes, item)
                        }
                    };
                }
                alive
            }
        };
        if !alive {
            return;
        }
    }
    let _ = sender.send(Message::End);
}

fn finish(pipeline: &Pipeline, item: Item) -> Finished {
    let (record, words) = match item {
        Item::Skipped { path, reason } => return Finished::Skipped { path, reason },
        Item::Unread {
            id,
            path,
            line,
            kind,
            message,
        } => (pipeline.unread(id, path, line, &kind, message), 0),
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
        ticket: Ticket,
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
                    input_bytes: ticket.input_bytes,
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
