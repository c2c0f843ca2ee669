//! `nommer evaluate`.

use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result, bail};
use nommer_core::record::{Outcome, Record};
use nommer_eval::align::{AlignedBy, Alignment, GoldDocument, Labels, align, check_gold};
use nommer_eval::bootstrap::Draws;
use nommer_eval::document::{Annotation, Corpus, Document, Place, Problem, ProblemKind};
use nommer_eval::labels::LabelMap;
use nommer_eval::read::{Format, ReadOptions, read};
use nommer_eval::report::{Options, Origin, Side, evaluate};
use nommer_eval::slices::Seen;
use nommer_eval::{html, terminal};
use nommer_pipeline::pipeline::{Pipeline, Settings};
use nommer_pipeline::read::{Content, RawDocument};
use rayon::prelude::*;

use super::load_model;
use crate::args::EvaluateArgs;
use crate::{Ending, complain};

pub(crate) fn run(args: EvaluateArgs) -> Result<Ending> {
    let config = args.config().with_defaults();
    let settings = config.settings()?;
    if args.common.model.is_some() && !args.run {
        bail!("--model has nothing to annotate; give --run, which annotates the gold's texts");
    }
    rayon::ThreadPoolBuilder::new()
        .num_threads(config.workers()?.get())
        .build_global()?;
    let labels = Labels {
        map: LabelMap::with(&args.label_map),
        kept: settings.labels.clone(),
    };
    let mut input = Input {
        args: &args,
        labels,
        problems: Vec::new(),
    };
    let (gold_origin, corpus) = input.read(&args.gold, args.gold_format)?;
    let gold = check_gold(corpus, &input.labels, &mut input.problems);
    let seen = match &args.train {
        Some(path) => Some(input.names(path)?),
        None => None,
    };
    // Annotating takes long: what is wrong with the gold comes first.
    input.accept()?;

    let (origin, corpus) = match &args.pred {
        Some(path) => input.read(path, args.pred_format)?,
        None => annotate(&gold, &args, settings)?,
    };
    let (alignment, origin) = input.align(&gold, origin, corpus)?;
    let other = match &args.compare {
        Some(path) => {
            let (origin, corpus) = input.read(path, args.pred_format)?;
            Some(input.align(&gold, origin, corpus)?)
        }
        None => None,
    };
    input.accept()?;
    if gold.is_empty() {
        bail!("{}: no document is left to evaluate", args.gold.display());
    }

    let report = evaluate(
        &gold,
        &gold_origin,
        Side {
            alignment: &alignment,
            origin: &origin,
        },
        other
            .as_ref()
            .map(|(alignment, origin)| Side { alignment, origin }),
        &input.problems,
        &Options {
            draws: Draws {
                count: args.draws,
                seed: args.seed,
            },
            by: args.by.clone(),
            errors: args.errors,
            seen,
        },
    );
    if let Some(path) = &args.html {
        std::fs::write(path, html::page(&report))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &report)?;
        writeln!(out)?;
    } else {
        out.write_all(printable(&terminal::text(&report)).as_bytes())?;
    }
    out.flush()?;
    let missed: Vec<String> = args
        .fail_under
        .iter()
        .filter_map(|threshold| threshold.missed(&report))
        .collect();
    for reason in &missed {
        complain(reason);
    }
    Ok(if missed.is_empty() {
        Ending::Complete
    } else {
        Ending::SomeFailed
    })
}

/// What is read, and what is wrong with it.
struct Input<'a> {
    args: &'a EvaluateArgs,
    labels: Labels,
    problems: Vec<Problem>,
}

impl Input<'_> {
    fn read(&mut self, path: &Path, format: Option<Format>) -> Result<(Origin, Corpus)> {
        let options = ReadOptions {
            format,
            tags: self.args.tags,
            column: self.args.column.clone(),
        };
        let corpus = read(path, &options, &mut self.problems)?;
        let origin = Origin {
            name: path.display().to_string(),
            format: match corpus.rejected {
                0 => corpus.format.clone(),
                rejected => format!(
                    "{}, {rejected} examples rejected in it left out",
                    corpus.format
                ),
            },
        };
        Ok((origin, corpus))
    }

    /// The names of training data.
    fn names(&mut self, path: &Path) -> Result<Seen> {
        let (_, corpus) = self.read(path, None)?;
        Ok(Seen::new(&check_gold(
            corpus,
            &self.labels,
            &mut self.problems,
        )))
    }

    fn align(
        &mut self,
        gold: &[GoldDocument],
        mut origin: Origin,
        mut corpus: Corpus,
    ) -> Result<(Alignment, Origin)> {
        let least = f64::from(self.args.common.min_score.unwrap_or(0.0));
        for document in &mut corpus.documents {
            document
                .spans
                .retain(|span| span.score.is_none_or(|score| score >= least));
        }
        let alignment = align(gold, corpus, &self.labels, &mut self.problems)
            .with_context(|| format!("{} and {}", self.args.gold.display(), origin.name))?;
        if alignment.by == AlignedBy::Order {
            origin.format += ", aligned by order";
        }
        Ok((alignment, origin))
    }

    /// Whether what was read can be evaluated.
    fn accept(&self) -> Result<()> {
        const SHOWN: usize = 20;
        if self.args.lenient || self.problems.is_empty() {
            return Ok(());
        }
        let mut message: String = self
            .problems
            .iter()
            .take(SHOWN)
            .map(|problem| format!("{problem}\n"))
            .collect();
        if let Some(more) = self.problems.len().checked_sub(SHOWN + 1) {
            message += &format!("… and {} more\n", more + 1);
        }
        let mut kinds: Vec<ProblemKind> =
            self.problems.iter().map(|problem| problem.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let repairs: Vec<String> = kinds
            .into_iter()
            .map(|kind| {
                let (what, how) = kind.repair();
                format!("{what}: {how}")
            })
            .collect();
        bail!(
            "{message}--lenient goes on all the same ({})",
            repairs.join("; ")
        )
    }
}

/// Annotates the texts of the gold.
fn annotate(
    gold: &[GoldDocument],
    args: &EvaluateArgs,
    settings: Settings,
) -> Result<(Origin, Corpus)> {
    let model = load_model(args.common.model.as_deref())?;
    let pipeline = Pipeline::new(model, settings);
    let documents = gold
        .par_iter()
        .map(|document| {
            let (record, _) = pipeline.record(RawDocument {
                id: document.id.clone(),
                path: args.gold.display().to_string(),
                line: None,
                content: Content::Text(document.text.clone()),
                meta: None,
            });
            evaluated(record)
        })
        .collect();
    let manifest = pipeline.model().manifest();
    let origin = Origin {
        name: format!("{} {}", manifest.name, manifest.version),
        format: "annotated now".to_owned(),
    };
    let corpus = Corpus {
        documents,
        format: origin.format.clone(),
        rejected: 0,
    };
    Ok((origin, corpus))
}

/// A record as the evaluation takes it.
fn evaluated(record: Record) -> Document {
    let mut document = Document {
        id: record.id,
        place: Place {
            file: record.source.path,
            line: None,
        },
        text: None,
        unit: Default::default(),
        spans: Vec::new(),
        failed: None,
        meta: Default::default(),
    };
    match record.outcome {
        Outcome::Failed { error } => document.failed = Some(error.message),
        Outcome::Annotated {
            spans, offset_unit, ..
        } => {
            document.unit = offset_unit;
            let annotations = spans.into_iter().map(|entity| Annotation {
                start: entity.start,
                end: entity.end,
                label: entity.label.to_string(),
                text: Some(entity.text),
                // What the record shows, not what only this process knows.
                score: Some((f64::from(entity.score) * 1e4).round() / 1e4),
                link: None,
                line: None,
            });
            document.spans = annotations.collect();
        }
    }
    document
}

/// Text from documents, without what would steer a terminal.
fn printable(text: &str) -> String {
    let harmless = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{FFFD}'
        } else {
            c
        }
    };
    text.chars().map(harmless).collect()
}
