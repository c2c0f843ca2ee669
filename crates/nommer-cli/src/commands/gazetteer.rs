//! `nommer gazetteer`.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use nommer_gazetteer::candidates::{Candidate, Context, Features, Mentioned, candidates, weigh};
use nommer_gazetteer::compile::{About, Layer, compile, merge};
use nommer_gazetteer::entry::Years;
use nommer_gazetteer::index::Gazetteer;
use nommer_gazetteer::layers::Gazetteers;
use nommer_gazetteer::table::{self, Row, TableFormat, TableProblem};
use nommer_pipeline::config::Config;

use super::{open_gazetteers, refuse_overwriting, write_whole};
use crate::args::{GazetteerArgs, GazetteerCommand};
use crate::{Ending, complain};

pub(crate) fn run(args: GazetteerArgs) -> Result<Ending> {
    match args.command {
        GazetteerCommand::Build {
            tables,
            output,
            name,
            version,
            layers,
        } => build(&tables, &output, name, version, layers.as_deref()),
        GazetteerCommand::Info { file, json } => info(file, json),
        GazetteerCommand::Lookup {
            name,
            gazetteer,
            label,
            context,
            date,
        } => {
            let gazetteers = Gazetteers::new(open_gazetteers(&gazetteer)?);
            let settings = Config {
                date,
                ..Config::default()
            };
            let document = Context {
                year: settings.settings()?.year,
                ..Context::default()
            };
            let mentioned = Mentioned {
                label,
                before: &context,
            };
            let mut out = std::io::stdout().lock();
            let mut weighed: Vec<_> = candidates(&gazetteers, &name)
                .into_iter()
                .map(|candidate| (weigh(&candidate, mentioned, &document), candidate))
                .collect();
            weighed.sort_by(|a, b| b.0.score().total_cmp(&a.0.score()));
            if weighed.is_empty() {
                let searched = gazetteers.iter().map(Gazetteer::about);
                let searched: Vec<String> = searched
                    .map(|about| format!("{} {}", about.name, about.version))
                    .collect();
                writeln!(out, "{name:?} is not in {}", searched.join(", "))?;
            }
            for (features, candidate) in &weighed {
                let [what, why] = described(candidate, features);
                writeln!(out, "{what}\n      {why}")?;
            }
            Ok(Ending::Complete)
        }
        GazetteerCommand::Check { tables } => check(&tables),
    }
}

/// A candidate and what speaks for it, in two lines.
pub(super) fn described(candidate: &Candidate<'_>, features: &Features) -> [String; 2] {
    let entity = &candidate.entity;
    let country = entity
        .country
        .map_or_else(String::new, |code| format!(", {code}"));
    let years = match entity.years {
        Years::ALWAYS => String::new(),
        years => format!(", {years}"),
    };
    let what = format!(
        "{:.2}  {}  {} ({}{country}{years})",
        features.score(),
        entity.id,
        entity.name,
        entity.kind
    );
    let reasons: Vec<String> = features
        .named()
        .into_iter()
        .filter(|(_, value)| *value != 0.0)
        .map(|(name, value)| format!("{name} {value:+.2}"))
        .collect();
    let why = format!(
        "{} of {:?}: {}",
        candidate.tier.as_str(),
        candidate.alias,
        reasons.join(", ")
    );
    [what, why]
}

/// The rows of a table, and what is wrong in it.
pub(super) fn read(path: &Path, problems: &mut Vec<TableProblem>) -> Result<Vec<Row>> {
    let extension = path
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let Some(format) = TableFormat::of_extension(extension) else {
        bail!(
            "{}: not .tsv, .csv or .jsonl; name the table by its format",
            path.display()
        );
    };
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(table::read(
        &path.display().to_string(),
        &bytes,
        format,
        problems,
    ))
}

fn report(problems: &[TableProblem]) {
    for problem in problems {
        complain(&problem.to_string());
    }
}

/// Says all that is wrong in tables, and fails if anything is.
pub(super) fn refuse(problems: &[TableProblem], consequence: &str) -> Result<()> {
    report(problems);
    match problems.len() {
        0 => Ok(()),
        1 => bail!("1 problem in the tables; {consequence}"),
        count => bail!("{count} problems in the tables; {consequence}"),
    }
}

fn build(
    tables: &[PathBuf],
    output: &Path,
    name: String,
    version: String,
    layers: Option<&Path>,
) -> Result<Ending> {
    let mut problems = Vec::new();
    let rows = tables
        .iter()
        .map(|table| read(table, &mut problems))
        .collect::<Result<Vec<_>>>()?;
    refuse(&problems, "nothing was built")?;
    refuse_overwriting(output, tables.iter().map(PathBuf::as_path).chain(layers))?;
    let layers: Vec<Layer> = match layers {
        Some(path) => {
            let json =
                std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            serde_json::from_slice(&json)
                .with_context(|| format!("{}: not a list of layers", path.display()))?
        }
        None => Vec::new(),
    };
    let entries = merge(rows);
    let about = About {
        name,
        version,
        layers,
        types: BTreeMap::new(),
        aliases: 0,
    };
    let bytes = compile(&entries, about)?;
    write_whole(output, &bytes)?;
    println!(
        "{} entries, {:.1} MB  {}",
        entries.len(),
        bytes.len() as f64 / 1e6,
        output.display()
    );
    Ok(Ending::Complete)
}

fn info(file: Option<PathBuf>, json: bool) -> Result<Ending> {
    let gazetteers = open_gazetteers(file.as_slice())?;
    let Some(gazetteer) = gazetteers.first() else {
        bail!("no gazetteer")
    };
    gazetteer.verify()?;
    let about = gazetteer.about();
    let mut out = std::io::stdout().lock();
    if json {
        let value = serde_json::json!({"about": about, "entries": gazetteer.len(), "sha256": gazetteer.sha256()});
        serde_json::to_writer_pretty(&mut out, &value)?;
        writeln!(out)?;
        return Ok(Ending::Complete);
    }
    writeln!(
        out,
        "{} {}, {} entries, {} names",
        about.name,
        about.version,
        gazetteer.len(),
        about.aliases
    )?;
    writeln!(out, "sha256  {}", gazetteer.sha256())?;
    for layer in &about.layers {
        writeln!(out, "layer   {} ({})", layer.name, layer.licence)?;
        for source in &layer.sources {
            writeln!(out, "        {source}")?;
        }
    }
    for (kind, count) in &about.types {
        writeln!(out, "{kind:14} {count:>8}")?;
    }
    Ok(Ending::Complete)
}

fn check(tables: &[PathBuf]) -> Result<Ending> {
    let mut problems = Vec::new();
    let mut notes = Vec::new();
    let mut count = 0;
    for table in tables {
        let rows = read(table, &mut problems)?;
        count += rows.len();
        let lint = table::lint(&table.display().to_string(), &rows);
        problems.extend(lint.problems);
        notes.extend(lint.notes);
    }
    let mut out = std::io::stdout().lock();
    for note in &notes {
        writeln!(out, "note: {note}")?;
    }
    report(&problems);
    writeln!(
        out,
        "{count} entries, {} findings, {} notes",
        problems.len(),
        notes.len()
    )?;
    Ok(if problems.is_empty() {
        Ending::Complete
    } else {
        Ending::SomeFailed
    })
}
