//! The progress bar and the summary.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use nommer_core::label::Label;
use nommer_pipeline::run::Summary;
use nommer_pipeline::walk::{self, Input, WalkOptions};

/// A bar on a terminal; nothing anywhere else.
pub(crate) struct Progress {
    bar: ProgressBar,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    documents: AtomicU64,
    words: AtomicU64,
    bytes: AtomicU64,
}

impl Progress {
    /// Starts a bar, and counts in the background how much there is to do.
    pub(crate) fn start(quiet: bool, inputs: Vec<Input>, options: WalkOptions) -> Progress {
        let counts = Arc::new(Counts::default());
        if quiet || !std::io::stderr().is_terminal() {
            return Progress {
                bar: ProgressBar::hidden(),
                counts,
            };
        }
        let counted = Arc::clone(&counts);
        let documents = move |_: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(
                out,
                "{}",
                HumanCount(counted.documents.load(Ordering::Relaxed))
            );
        };
        let counted = Arc::clone(&counts);
        let words = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let rate = per_second(counted.words.load(Ordering::Relaxed), state.elapsed());
            let _ = write!(out, "{}", HumanCount(rate));
        };
        let counted = Arc::clone(&counts);
        let megabytes = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let bytes = counted.bytes.load(Ordering::Relaxed) as f64;
            let _ = write!(
                out,
                "{:.2}",
                bytes / 1e6 / state.elapsed().as_secs_f64().max(1e-3)
            );
        };
        let style = ProgressStyle::with_template(
            "{bar:24} {documents} documents · {megabytes} MB/s · {words} words/s · {eta} left",
        )
        .expect("the template is fixed")
        .with_key("documents", documents)
        .with_key("megabytes", megabytes)
        .with_key("words", words);
        let bar = ProgressBar::new(0).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(250));
        let counting = bar.clone();
        // A corpus is walked faster than it is read; until then there is no estimate.
        std::thread::spawn(move || counting.set_length(walk::estimate(&inputs, &options).bytes));
        Progress { bar, counts }
    }

    /// Counts a document.
    pub(crate) fn document(&self, bytes: u64, words: u64, input_bytes: u64) {
        self.counts.documents.fetch_add(1, Ordering::Relaxed);
        self.counts.words.fetch_add(words, Ordering::Relaxed);
        self.counts.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.bar.inc(input_bytes);
    }

    /// Prints a message above the bar, or on its own where there is none.
    pub(crate) fn complain(&self, message: &str) {
        self.bar.suspend(|| crate::complain(message));
    }

    /// Takes the bar away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn per_second(count: u64, elapsed: Duration) -> u64 {
    (count as f64 / elapsed.as_secs_f64().max(1e-3)) as u64
}

fn duration(elapsed: Duration) -> String {
    if elapsed < Duration::from_secs(60) {
        format!("{:.1} s", elapsed.as_secs_f64())
    } else {
        HumanDuration(elapsed).to_string()
    }
}

/// The summary of a run, several lines.
pub(crate) fn summary(summary: &Summary, output: &Path) -> String {
    let list = |counts: &std::collections::BTreeMap<String, u64>| {
        let counts: Vec<String> = counts
            .iter()
            .map(|(what, count)| format!("{what} {}", HumanCount(*count)))
            .collect();
        counts.join(", ")
    };
    let mut text = format!(
        "annotated  {} documents, {} words in {} ({} words/s, {:.2} MB/s)\n",
        HumanCount(summary.annotated),
        HumanCount(summary.words),
        duration(summary.elapsed),
        HumanCount(per_second(summary.words, summary.elapsed)),
        summary.bytes as f64 / 1e6 / summary.elapsed.as_secs_f64().max(1e-3),
    );
    let entities: Vec<String> = Label::ALL
        .iter()
        .zip(summary.entities)
        .map(|(label, count)| format!("{label} {}", HumanCount(count)))
        .collect();
    text += &format!("entities   {}\n", entities.join(", "));
    if summary.failures() > 0 {
        text += &format!(
            "failed     {} documents ({})\n",
            HumanCount(summary.failures()),
            list(&summary.failed)
        );
    }
    if !summary.skipped.is_empty() {
        text += &format!("skipped    {}\n", list(&summary.skipped));
    }
    if summary.replaced > 0 {
        text += &format!(
            "replaced   {} invalid byte sequences by U+FFFD; see `replaced` in the records\n",
            HumanCount(summary.replaced)
        );
    }
    if output != Path::new("-") {
        text += &format!("written    {}\n", output.display());
    }
    text
}
