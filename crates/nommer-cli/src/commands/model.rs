//! `nommer model`.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use nommer_core::label::Label;
use nommer_hub::{FILES, HubError, Name, Snapshot, Step};
use nommer_model::manifest::{Manifest, Origin};
use nommer_model::model::{Engine, Model};
use nommer_model::tags::Tag;
use nommer_model::tokenizer::SubwordTokenizer;
use nommer_pipeline::config::{Config, SHIPPED};

use super::{hub, load_model};
use crate::Ending;
use crate::args::{ModelArgs, ModelCommand};

pub(crate) fn run(args: ModelArgs) -> Result<Ending> {
    let mut ending = Ending::Complete;
    let text = match args.command {
        ModelCommand::Info {
            model,
            engine,
            device,
            label_map,
            json,
        } => {
            let config = Config {
                model,
                engine: engine.map(Engine::from),
                device,
                label_map: Some(label_map),
                ..Config::default()
            };
            let model = load_model(&config)?;
            if json {
                serde_json::to_string_pretty(model.manifest())? + "\n"
            } else {
                describe(&model)?
            }
        }
        ModelCommand::Pull { name } => {
            let (store, remote) = hub()?;
            let mut bar = Transfer::default();
            let snapshot = store.pull(&name, &remote, &mut |step| bar.show(&name, step))?;
            format!(
                "{} {}, {:.1} MB, verified\n{}\n",
                snapshot.repository,
                snapshot.commit,
                megabytes(&snapshot),
                snapshot.folder.display()
            )
        }
        ModelCommand::List => list()?,
        ModelCommand::Remove { name } => {
            let bytes = hub()?.0.remove(&name)?;
            format!("{name} removed, {:.1} MB are free\n", bytes as f64 / 1e6)
        }
        ModelCommand::Verify { names } => {
            let (text, damaged) = verify(&names)?;
            if damaged {
                ending = Ending::SomeFailed;
            }
            text
        }
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ending)
}

/// A bar for the file that is being fetched, where somebody looks.
#[derive(Default)]
struct Transfer {
    bar: Option<(String, ProgressBar)>,
}

impl Transfer {
    fn show(&mut self, name: &Name, step: Step<'_>) {
        match step {
            Step::Waiting => crate::complain(&format!(
                "another program is fetching {name}; this one waits for it"
            )),
            Step::Arrived { file, bytes, total } if std::io::stderr().is_terminal() => {
                if self.bar.as_ref().is_none_or(|(shown, _)| shown != file) {
                    let bar =
                        ProgressBar::new(total.unwrap_or(bytes)).with_message(file.to_owned());
                    let style = "{msg:18} {bytes}/{total_bytes} {bytes_per_sec} {wide_bar} {eta}";
                    let style = ProgressStyle::with_template(style);
                    self.bar = Some((
                        file.to_owned(),
                        bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar())),
                    ));
                }
                if let Some((_, bar)) = &self.bar {
                    bar.set_position(bytes);
                    if Some(bytes) == total {
                        bar.finish();
                    }
                }
            }
            Step::Arrived { .. } => {}
        }
    }
}

fn megabytes(snapshot: &Snapshot) -> f64 {
    snapshot.files.values().sum::<u64>() as f64 / 1e6
}

fn list() -> Result<String> {
    let mut out = format!("{SHIPPED:<40} built in\n");
    // Of other programs' models only those of all three files are any use here.
    let complete = |snapshot: &Snapshot| snapshot.files.len() == FILES.len();
    for snapshot in hub()?.0.list()?.into_iter().filter(complete) {
        let commit = snapshot.commit.get(..12).unwrap_or(&snapshot.commit);
        writeln!(
            out,
            "{:<40} {commit:<12} {:>8.1} MB  {}",
            snapshot.repository,
            megabytes(&snapshot),
            snapshot.revisions.join(" ")
        )?;
    }
    Ok(out)
}

/// Verifies models, and tells whether any is damaged.
fn verify(names: &[Name]) -> Result<(String, bool)> {
    let (store, _) = hub()?;
    let snapshots = if names.is_empty() {
        let all = store.list()?.into_iter();
        all.filter(|snapshot| snapshot.files.len() == FILES.len())
            .collect()
    } else {
        let named = names.iter().map(|name| store.find(name));
        named.collect::<Result<Vec<_>, _>>()?
    };
    let (mut out, mut damaged) = (String::new(), false);
    for snapshot in snapshots {
        match store.verify(&snapshot) {
            Ok(files) => {
                let all = files.iter().all(|file| file.compared);
                let state = if all {
                    "intact"
                } else {
                    "no hashes to compare with: fetched by another program"
                };
                writeln!(out, "{} {}: {state}", snapshot.repository, snapshot.commit)?;
                for file in files {
                    writeln!(
                        out,
                        "  {:<18} {:>10} bytes  {}",
                        file.file, file.bytes, file.sha256
                    )?;
                }
            }
            Err(error @ (HubError::Damaged { .. } | HubError::Io { .. })) => {
                damaged = true;
                crate::complain(&error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok((out, damaged))
}

fn describe(model: &Model) -> Result<String, std::fmt::Error> {
    let (manifest, sha256) = (model.manifest(), model.sha256());
    let runtime = model.classifier().description();
    let mut out = String::new();
    let origin = |origin: &Origin| {
        format!(
            "{}\n                {} · {}",
            origin.name, origin.license, origin.source
        )
    };
    writeln!(
        out,
        "name            {} {}",
        manifest.name, manifest.version
    )?;
    writeln!(
        out,
        "sha256          {sha256} ({})",
        if model.is_plain() {
            "of the files' hashes and what the labels stand for"
        } else {
            "of the manifest, which covers all files"
        }
    )?;
    writeln!(
        out,
        "network         {}, {} weights, at most {} tokens",
        manifest.architecture, manifest.dtype, manifest.max_pieces
    )?;
    let windows = manifest.window_pieces;
    writeln!(
        out,
        "windows         {windows} tokens{}",
        frame(model.tokenizer())
    )?;
    writeln!(out, "runtime here    {runtime}")?;
    if model.is_plain() {
        describe_labels(&mut out, model)?;
        writeln!(
            out,
            "\na plain Hugging Face folder: licence, training data and accuracy are not stated here; measure it with\n\
             `nommer evaluate --run --model`"
        )?;
        // Nothing says what they should be.
        describe_files(&mut out, "files", manifest)?;
        return Ok(out);
    }
    writeln!(out, "labels          {}", manifest.labels.join(" "))?;
    let scores = match manifest.calibration {
        Some(_) => "calibrated: probabilities that a name is right",
        None => "not calibrated: they rank names, but are no probabilities",
    };
    writeln!(out, "scores          {scores}")?;
    if let Some(license) = &manifest.license {
        writeln!(out, "licence         {license}")?;
    }
    if let Some(base) = &manifest.base_model {
        writeln!(out, "base model      {}", origin(base))?;
    }
    for (index, data) in manifest.training_data.iter().enumerate() {
        writeln!(
            out,
            "{:<16}{}",
            if index == 0 { "trained on" } else { "" },
            origin(data)
        )?;
    }
    writeln!(
        out,
        "\nmeasured                                            PER    ORG    LOC    all  [95%]"
    )?;
    for score in &manifest.scores {
        let what = format!("{} {}, {}", score.data, score.split, score.metric);
        let [low, high] = score.interval;
        writeln!(
            out,
            "  {what:<46} {:>6.1} {:>6.1} {:>6.1} {:>6.1}  [{low:.1}, {high:.1}]",
            score.per, score.org, score.loc, score.micro
        )?;
    }
    describe_files(&mut out, "files (verified)", manifest)?;
    Ok(out)
}

/// The tokens around every window, where they are our own guess.
fn frame(tokenizer: &SubwordTokenizer) -> String {
    if tokenizer.states_frame() {
        return String::new();
    }
    let (start, end) = tokenizer.frame();
    let piece = |id| tokenizer.piece(id).unwrap_or_default();
    format!(
        " between {} and {}, of which tokenizer.json does not say",
        piece(start),
        piece(end)
    )
}

/// What each label of a model without manifest was taken for.
fn describe_labels(out: &mut String, model: &Model) -> std::fmt::Result {
    for (index, (name, tag)) in model
        .manifest()
        .labels
        .iter()
        .zip(model.tags().tags())
        .enumerate()
    {
        let head = if index == 0 { "labels" } else { "" };
        let meaning = match tag {
            Tag::Outside => "outside names, or left out",
            Tag::Begin(_) => "begins a name",
            Tag::Inside(_) => "in a name; begins one after another label",
        };
        let label = tag.label().map_or("-", Label::as_str);
        writeln!(out, "{head:<16}{name:<14} {label:<4} {meaning}")?;
    }
    writeln!(out, "{:<16}--label-map NAME=LABEL says otherwise", "")
}

fn describe_files(out: &mut String, heading: &str, manifest: &Manifest) -> std::fmt::Result {
    writeln!(out, "\n{heading}")?;
    for (name, file) in &manifest.files {
        writeln!(
            out,
            "  {name:<18} {:>10} bytes  {}",
            file.bytes, file.sha256
        )?;
    }
    Ok(())
}
