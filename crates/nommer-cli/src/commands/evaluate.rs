//! `nommer evaluate`.

use std::collections::BTreeSet;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nommer_core::entity;
use nommer_core::label::Label;
use nommer_core::offset::OffsetUnit;
use nommer_core::record::{Kb, LinkOutcome, Outcome, Record};
use nommer_core::text::case::restore_capitals;
use nommer_eval::align::{AlignedBy, Alignment, GoldDocument, Selection, align, check_gold};
use nommer_eval::bootstrap::Draws;
use nommer_eval::document::{
    Annotation, Corpus, Document, Link, Place, Problem, ProblemKind, Target,
};
use nommer_eval::labels::LabelMap;
use nommer_eval::read::{Format, ReadOptions, read};
use nommer_eval::report::{Choices, Options, Origin, Report, Side, evaluate};
use nommer_eval::slices::Seen;
use nommer_eval::{html, terminal};
use nommer_gazetteer::layers::Gazetteers;
use nommer_pipeline::config::Config;
use nommer_pipeline::pipeline::{Pipeline, Settings};
use nommer_pipeline::read::{Content, RawDocument};
use nommer_pipeline::reconcile;
use rayon::prelude::*;

use super::{
    load_gazetteers, load_model, parent, refuse_overwriting, warn_of_unexplained_labels,
    write_whole,
};
use crate::args::EvaluateArgs;
use crate::{Ending, complain};

pub(crate) fn run(args: EvaluateArgs) -> Result<Ending> {
    let config = args.config().with_defaults();
    let settings = config.settings()?;
    refuse_nonsense(&args)?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(config.workers()?.get())
        .build_global()?;
    let mut input = Input {
        args: &args,
        selection: Selection {
            map: LabelMap::with(&args.label_map),
            labels: settings.labels.clone(),
            min_score: args.common.min_score,
        },
        problems: Vec::new(),
    };
    let (gold_origin, corpus) = input.read(&args.gold, args.gold_format)?;
    let gold = check_gold(corpus, &input.selection, &mut input.problems);
    let seen = match &args.train {
        Some(path) => Some(input.names(path)?),
        None => None,
    };
    // Annotating takes long: what is wrong with the gold comes first.
    input.accept()?;
    refuse_unknown_fields(&args.by, &gold)?;

    let (origin, corpus) = match &args.pred {
        Some(path) => input.read(path, args.pred_format)?,
        None if args.link => link(&gold, &config, &settings)?,
        None => annotate(&gold, &args, &config, settings)?,
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

    let options = Options {
        draws: Draws {
            count: args.draws,
            seed: args.seed,
        },
        by: args.by.clone(),
        errors: args.errors,
        seen,
        choices: Choices {
            labels: (!args.common.labels.is_empty()).then(|| input.selection.labels.clone()),
            label_map: args.label_map.iter().map(ToString::to_string).collect(),
            min_score: args.common.min_score,
        },
    };
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
        &options,
    );
    // A reader of standard output that has seen enough takes neither the page nor the verdict away.
    if let Some(path) = &args.html {
        write_whole(path, html::page(&report).as_bytes())?;
    }
    let missed: Vec<String> = args
        .fail_under
        .iter()
        .filter_map(|threshold| threshold.missed(&report))
        .collect();
    for reason in &missed {
        complain(reason);
    }
    match print(&report, args.json) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => return Err(error.into()),
        _ => {}
    }
    Ok(if missed.is_empty() {
        Ending::Complete
    } else {
        Ending::SomeFailed
    })
}

fn print(report: &Report, json: bool) -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    if json {
        serde_json::to_writer_pretty(&mut out, report)?;
        writeln!(out)?;
    } else {
        out.write_all(terminal::text(report).as_bytes())?;
    }
    out.flush()
}

/// Refuses what can be known to be a mistake before anything is read.
fn refuse_nonsense(args: &EvaluateArgs) -> Result<()> {
    if args.common.model.is_some() && !args.run {
        bail!("--model has nothing to annotate; give --run, which annotates the gold's texts");
    }
    let common = &args.common;
    let gazetteer = !common.gazetteer.is_empty()
        || common.user_gazetteer.is_some()
        || common.no_gazetteer.is_some()
        || common.date.is_some();
    if gazetteer && !args.run && !args.link {
        bail!(
            "nothing is looked up; give --run, which annotates the gold's texts, or --link, which looks its mentions up"
        );
    }
    if args.link && common.no_gazetteer == Some(true) {
        bail!("--link looks mentions up, and --no-gazetteer forbids it; leave one out");
    }
    let inputs = [
        Some(&args.gold),
        args.pred.as_ref(),
        args.compare.as_ref(),
        args.train.as_ref(),
    ];
    let inputs = || inputs.into_iter().flatten();
    if inputs().filter(|path| path.as_os_str() == "-").count() > 1 {
        bail!("standard input can be read once only; name a file for the others");
    }
    let Some(page) = &args.html else {
        return Ok(());
    };
    let shown = page.display();
    let folder = parent(page);
    if page.as_os_str() == "-" || page.is_dir() || !folder.is_dir() {
        bail!("cannot write {shown}: --html takes the name of a file in a folder that exists");
    }
    refuse_overwriting(page, inputs().map(PathBuf::as_path))
}

/// Refuses fields to show figures by that no document has.
fn refuse_unknown_fields(by: &[String], gold: &[GoldDocument]) -> Result<()> {
    let fields: BTreeSet<&str> = gold
        .iter()
        .flat_map(|document| document.meta.keys().map(String::as_str))
        .collect();
    for field in by {
        if !fields.contains(field.as_str()) {
            let fields = match fields.is_empty() {
                true => "they have no fields besides their text and spans".to_owned(),
                false => format!(
                    "they have {}",
                    fields.into_iter().collect::<Vec<_>>().join(", ")
                ),
            };
            bail!("no gold document has a field {field:?} to show figures by; {fields}");
        }
    }
    Ok(())
}

/// What is read, and what is wrong with it.
struct Input<'a> {
    args: &'a EvaluateArgs,
    selection: Selection,
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
            &self.selection,
            &mut self.problems,
        )))
    }

    fn align(
        &mut self,
        gold: &[GoldDocument],
        mut origin: Origin,
        corpus: Corpus,
    ) -> Result<(Alignment, Origin)> {
        let alignment = align(gold, corpus, &self.selection, &mut self.problems)
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
    config: &Config,
    settings: Settings,
) -> Result<(Origin, Corpus)> {
    let model = load_model(config)?;
    warn_of_unexplained_labels(&model, "--model-label-map");
    let gazetteers = load_gazetteers(config)?;
    // What is left out is left out, and counted, when both sides are checked.
    let settings = Settings {
        labels: Label::ALL.to_vec(),
        min_score: 0.0,
        ..settings
    };
    let pipeline = Pipeline::new(model, gazetteers, settings);
    let documents = gold
        .par_iter()
        .map(|document| {
            let (record, _) = pipeline.record(RawDocument {
                id: document.id.clone(),
                path: args.gold.display().to_string(),
                line: None,
                content: Content::Text(document.text.clone()),
                meta: date(document).and_then(|date| {
                    let date = serde_json::value::to_raw_value(date).ok()?;
                    Some([("date".to_owned(), date)].into_iter().collect())
                }),
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

/// Looks the mentions of the gold up.
fn link(gold: &[GoldDocument], config: &Config, settings: &Settings) -> Result<(Origin, Corpus)> {
    let gazetteers = load_gazetteers(config)?;
    let documents = gold
        .par_iter()
        .map(|document| linked(document, &gazetteers, settings.year));
    let corpus = Corpus {
        documents: documents.collect(),
        format: "the gold's mentions, looked up now".to_owned(),
        rejected: 0,
    };
    let names = gazetteers.iter().map(|gazetteer| {
        let about = gazetteer.about();
        format!("{} {}", about.name, about.version)
    });
    let origin = Origin {
        name: names.collect::<Vec<_>>().join(", "),
        format: corpus.format.clone(),
    };
    Ok((origin, corpus))
}

/// A gold document with the links that the gazetteers give its mentions.
fn linked(document: &GoldDocument, gazetteers: &Gazetteers, year: Option<i16>) -> Document {
    let mentions = document.mentions.iter().map(|mention| entity::Mention {
        span: mention.span,
        label: mention.label,
        score: 1.0,
    });
    let mentions: Vec<entity::Mention> = mentions.collect();
    let own = date(document).and_then(reconcile::year_of_date);
    let text = restore_capitals(&document.text);
    let year = own.or(year).or_else(|| reconcile::year(&text));
    let decisions = reconcile::link(gazetteers, &text, &mentions, year);
    let annotations = document.mentions.iter().zip(&decisions);
    let annotations = annotations.map(|(mention, decision)| Annotation {
        start: mention.span.start(),
        end: mention.span.end(),
        label: mention.label.to_string(),
        text: None,
        score: None,
        link: Some(evaluated_link(&decision.kb())),
        line: None,
    });
    Document {
        unit: OffsetUnit::Byte,
        spans: annotations.collect(),
        ..unannotated(document.id.clone(), String::new())
    }
}

/// The date that a document brings along.
fn date(document: &GoldDocument) -> Option<&str> {
    document.meta.get("date")?.first().map(String::as_str)
}

/// A link of a record as the evaluation takes it.
fn evaluated_link(kb: &Kb) -> Link {
    let target = match (&kb.outcome, &kb.id) {
        (LinkOutcome::Linked, Some(id)) => Target::Linked(id.clone()),
        (LinkOutcome::Ambiguous, _) => Target::Ambiguous,
        _ => Target::Nil,
    };
    Link {
        target,
        tier: kb.tier.clone(),
    }
}

fn unannotated(id: String, file: String) -> Document {
    Document {
        id,
        place: Place { file, line: None },
        text: None,
        unit: OffsetUnit::default(),
        spans: Vec::new(),
        failed: None,
        meta: Default::default(),
    }
}

/// A record as the evaluation takes it.
fn evaluated(record: Record) -> Document {
    let mut document = unannotated(record.id, record.source.path);
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
                link: entity.kb.as_ref().map(evaluated_link),
                line: None,
            });
            document.spans = annotations.collect();
        }
    }
    document
}
