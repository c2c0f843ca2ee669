//! `nommer annotate`.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

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

use super::{load_gazetteers, load_model, refuse_overwriting, warn_of_unexplained_labels};
use crate::Ending;
use crate::args::AnnotateArgs;
use crate::progress::{self, Progress};

pub(crate) fn run(args: AnnotateArgs) -> Result<Ending> {
    let mut config = args.config();
    if let Some(file) = &args.config {
        config = config.or(Config::read(file)?);
    }
    let mut config = config.with_defaults();
    let (settings, limits, jobs) = (config.settings()?, config.limits()?, config.workers()?);
    if args.show_config {
        // A relative path would be looked for beside the file that this is saved to.
        let here = std::env::current_dir()?;
        config.place_paths(|path| here.join(path).components().collect());
        std::io::stdout().write_all(config.to_toml().as_bytes())?;
        return Ok(Ending::Complete);
    }
    let Some(output) = &args.output else {
        bail!("no output; name one with -o")
    };

    for output in [Some(output), args.log.as_ref()].into_iter().flatten() {
        let tables = config.paths_mut().map(|path| &*path);
        refuse_overwriting(output, tables.chain(&args.config).map(PathBuf::as_path))?;
    }

    // Everything that can be wrong with the set-up is found before the first document is read.
    let inputs = args.inputs();
    let options = WalkOptions {
        include: config.include.clone().unwrap_or_default(),
        exclude: config.exclude.clone().unwrap_or_default(),
        hidden: config.hidden.unwrap_or_default(),
        follow_links: config.follow.unwrap_or_default(),
        is_binary: |head| looks_binary(head).is_some(),
        default_format: args.format.into(),
        outputs: [Some(output.clone()), args.log.clone()]
            .into_iter()
            .flatten()
            .collect(),
    };
    let walk = walk::walk(&inputs, &options)?;
    let model = load_model(&config)?;
    if !args.quiet {
        warn_of_unexplained_labels(&model, "--label-map");
    }
    let gazetteers = load_gazetteers(&config)?;
    refuse_same_target(output, args.log.as_deref())?;
    let mut log = args.log.as_deref().map(Log::open).transpose()?;
    let sink = sink::open_output(output)?;
    let stop = stop_on_signal()?;
    let pipeline = Arc::new(Pipeline::new(model, gazetteers, settings));

    let progress = Progress::start(args.quiet, inputs, options);
    let mut observe = |event: Event<'_>| {
        if let Event::Document {
            record,
            words,
            input_bytes,
        } = &event
        {
            progress.document(record.source.bytes.unwrap_or(0), *words, *input_bytes);
            if let Outcome::Failed { error } = &record.outcome {
                let line = record
                    .source
                    .line
                    .map_or(String::new(), |line| format!(":{line}"));
                let path = record.source.path.escape_debug();
                progress.complain(&format!("{path}{line}: {}: {}", error.stage, error.message));
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
    if let Some(log) = log {
        log.finish(&result)?;
    }
    let summary = match result {
        Ok(summary) => summary,
        Err(RunError::Sink(SinkError::BrokenPipe)) => return Ok(Ending::Complete),
        Err(RunError::Interrupted) => {
            crate::complain(&RunError::Interrupted.to_string());
            return Ok(Ending::Interrupted);
        }
        Err(error) => return Err(error.into()),
    };
    if args.summary || (!args.quiet && std::io::stderr().is_terminal()) {
        let _ = std::io::stderr().write_all(progress::summary(&summary, output).as_bytes());
    }
    Ok(if summary.failures() > 0 {
        Ending::SomeFailed
    } else {
        Ending::Complete
    })
}

/// Two streams into one file would garble or replace each other.
fn refuse_same_target(output: &Path, log: Option<&Path>) -> Result<()> {
    let Some(log) = log else { return Ok(()) };
    // Neither file may exist yet, but their folders do.
    let place = |path: &Path| {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = std::fs::canonicalize(folder.unwrap_or(Path::new("."))).ok()?;
        std::fs::canonicalize(path)
            .ok()
            .or_else(|| Some(folder.join(path.file_name()?)))
    };
    if output == log || (place(output).is_some() && place(output) == place(log)) {
        bail!(
            "the output and the log are both {}; name two files",
            output.display()
        );
    }
    Ok(())
}

/// A flag that an interrupt or a request to terminate sets, so that no half-written file is left behind. A hang-up
/// keeps the meaning it was started with (`nohup`).
fn stop_on_signal() -> Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    use signal_hook::flag::register;
    let stop = Arc::new(AtomicBool::new(false));
    let context = "cannot listen for interrupts";
    for signal in [SIGINT, SIGTERM] {
        register(signal, Arc::clone(&stop)).context(context)?;
    }
    // A file size limit then fails the write, with a message, rather than killing the program.
    #[cfg(unix)]
    register(signal_hook::consts::SIGXFSZ, Arc::default()).context(context)?;
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
            Event::Document { record, words, .. } => match &record.outcome {
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

    /// Writes how the run ended, however it did.
    fn finish(mut self, result: &Result<Summary, RunError>) -> Result<()> {
        let entry = match result {
            Ok(summary) => summary_entry(summary),
            Err(error) => json!({"event": "stopped", "message": error.to_string()}),
        };
        self.write(&entry);
        let context = || format!("log {} is not complete", self.path.display());
        match self.failure {
            Some(error) => Err(error).with_context(context),
            None => self.sink.finish().with_context(context),
        }
    }
}

fn summary_entry(summary: &Summary) -> serde_json::Value {
    let labels = Label::ALL.iter().map(ToString::to_string);
    let entities: serde_json::Map<_, _> = labels
        .zip(summary.entities.map(serde_json::Value::from))
        .collect();
    json!({
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
    })
}
