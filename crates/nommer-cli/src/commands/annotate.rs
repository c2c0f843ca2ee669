//! `nommer annotate`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use nommer_core::label::Label;
use nommer_core::record::Outcome;
use nommer_core::text::decode::looks_binary;
use nommer_pipeline::config::Config;
use nommer_pipeline::pipeline::Pipeline;
use nommer_pipeline::run::{self, Event, RunError, RunOptions, Summary};
use nommer_pipeline::sink::{self, Sink, SinkError};
use nommer_pipeline::walk::{self, WalkOptions};
use serde_json::json;

use super::load_model;
use crate::Ending;
use crate::args::AnnotateArgs;
use crate::progress::{self, Progress};

pub(crate) fn run(args: AnnotateArgs) -> Result<Ending> {
    let mut config = args.config();
    if let Some(file) = &args.config {
        config = config.or(Config::read(file)?);
    }
    let config = config.with_defaults();
    let (settings, limits) = (config.settings()?, config.limits()?);
    if args.show_config {
        std::io::stdout().write_all(config.to_toml().as_bytes())?;
        return Ok(Ending::Complete);
    }
    let Some(output) = &args.output else {
        bail!("no output; name one with -o")
    };

    // Everything that can be wrong with the set-up is found before the first document is read.
    let inputs = args.inputs();
    let options = WalkOptions {
        include: config.include.clone().unwrap_or_default(),
        exclude: config.exclude.clone().unwrap_or_default(),
        hidden: config.hidden.unwrap_or_default(),
        follow_links: config.follow.unwrap_or_default(),
        is_binary: |head| looks_binary(head).is_some(),
        default_format: args.stdin_format.into(),
        outputs: [Some(output.clone()), args.log.clone()]
            .into_iter()
            .flatten()
            .collect(),
    };
    let walk = walk::walk(&inputs, &options)?;
    let model = load_model(config.model.as_deref())?;
    let mut log = args.log.as_deref().map(Log::open).transpose()?;
    let sink = sink::open_output(output)?;
    let stop = stop_on_signal()?;
    let pipeline = Pipeline::new(model, settings);
    let jobs = config
        .jobs
        .context("with_defaults sets the number of jobs")?;

    let progress = Progress::start(args.quiet, inputs, options);
    let mut observe = |event: Event<'_>| {
        if let Event::Document { record, words } = &event {
            progress.document(record.source.bytes.unwrap_or(0), *words);
            if let Outcome::Failed { error } = &record.outcome {
                let line = record
                    .source
                    .line
                    .map_or(String::new(), |line| format!(":{line}"));
                progress.print(&format!(
                    "nommer: {}{line}: {}: {}",
                    record.source.path, error.stage, error.message
                ));
            }
        }
        if let Some(log) = &mut log {
            log.event(&event);
        }
    };
    let result = run::run(
        &pipeline,
        walk,
        RunOptions { jobs, limits },
        sink,
        &stop,
        &mut observe,
    );
    progress.finish();
    let summary = match result {
        Ok(summary) => summary,
        Err(RunError::Sink(SinkError::BrokenPipe)) => return Ok(Ending::Complete),
        Err(RunError::Interrupted) => {
            eprintln!("nommer: {}", RunError::Interrupted);
            return Ok(Ending::Interrupted);
        }
        Err(error) => return Err(error.into()),
    };
    if let Some(log) = log {
        log.finish(&summary)?;
    }
    if args.summary || (!args.quiet && std::io::stderr().is_terminal()) {
        eprint!("{}", progress::summary(&summary, output));
    }
    Ok(if summary.failures() > 0 {
        Ending::SomeFailed
    } else {
        Ending::Complete
    })
}

/// A flag that an interrupt or a request to terminate sets, so that no half-written file is left behind.
fn stop_on_signal() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        // Asked twice: the user means it.
        if flag.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .context("cannot listen for interrupts")?;
    Ok(stop)
}

/// What happened to every file and document, one JSON object a line.
struct Log {
    path: PathBuf,
    sink: Box<dyn Sink + Send>,
    // The first failure to write; the run itself goes on without its log.
    failure: Option<SinkError>,
}

impl Log {
    fn open(path: &Path) -> Result<Log> {
        Ok(Log {
            path: path.to_owned(),
            sink: sink::open_output(path)?,
            failure: None,
        })
    }

    fn write(&mut self, entry: &serde_json::Value) {
        if self.failure.is_none() {
            self.failure = self.sink.write_line(entry.to_string().as_bytes()).err();
        }
    }

    fn event(&mut self, event: &Event<'_>) {
        let entry = match event {
            Event::Skipped { path, reason } => {
                json!({"event": "skipped", "path": path, "reason": reason.name()})
            }
            Event::Document { record, words } => match &record.outcome {
                Outcome::Annotated { spans, .. } => {
                    json!({"event": "annotated", "id": record.id, "words": words, "entities": spans.len()})
                }
                Outcome::Failed { error } => json!({
                    "event": "failed",
                    "id": record.id,
                    "path": record.source.path,
                    "line": record.source.line,
                    "stage": error.stage,
                    "kind": error.kind,
                    "message": error.message,
                }),
            },
        };
        self.write(&entry);
    }

    fn finish(mut self, summary: &Summary) -> Result<()> {
        let entities: serde_json::Map<_, _> = Label::ALL
            .iter()
            .zip(summary.entities)
            .map(|(label, count)| (label.to_string(), count.into()))
            .collect();
        self.write(&json!({
            "event": "summary",
            "annotated": summary.annotated,
            "failed": summary.failed,
            "skipped": summary.skipped,
            "entities": entities,
            "words": summary.words,
            "bytes": summary.bytes,
            "tokens": summary.tokens,
            "replaced": summary.replaced,
            "seconds": summary.elapsed.as_secs_f64(),
        }));
        let context = || format!("log {} is not complete", self.path.display());
        match self.failure {
            Some(error) => Err(error).with_context(context),
            None => self.sink.finish().with_context(context),
        }
    }
}
