//! `nommer model`.

use std::fmt::Write as _;
use std::io::Write as _;

use anyhow::Result;
use nommer_model::manifest::{Manifest, Origin};

use super::load_model;
use crate::Ending;
use crate::args::{ModelArgs, ModelCommand};

pub(crate) fn run(args: ModelArgs) -> Result<Ending> {
    let ModelCommand::Info { model, json } = args.command;
    let model = load_model(model.as_deref())?;
    let text = if json {
        serde_json::to_string_pretty(model.manifest())? + "\n"
    } else {
        let runtime = model.classifier().description();
        describe(model.manifest(), model.sha256(), &runtime)?
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(Ending::Complete)
}

fn describe(manifest: &Manifest, sha256: &str, runtime: &str) -> Result<String, std::fmt::Error> {
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
        "sha256          {sha256} (of the manifest, which covers all files)"
    )?;
    writeln!(
        out,
        "network         {}, {} weights, at most {} tokens",
        manifest.architecture, manifest.dtype, manifest.max_pieces
    )?;
    writeln!(out, "windows         {} tokens", manifest.window_pieces)?;
    writeln!(out, "runtime here    {runtime}")?;
    writeln!(out, "labels          {}", manifest.labels.join(" "))?;
    writeln!(out, "licence         {}", manifest.license)?;
    writeln!(out, "base model      {}", origin(&manifest.base_model))?;
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
    writeln!(out, "\nfiles (verified)")?;
    for (name, file) in &manifest.files {
        writeln!(
            out,
            "  {name:<18} {:>10} bytes  {}",
            file.bytes, file.sha256
        )?;
    }
    Ok(out)
}
