//! `nommer explain`.

use std::fmt::{self, Write as _};
use std::io::Write as _;

use anyhow::{Context, Result, bail};
use nommer_core::entity::Mention;
use nommer_core::text::case::restore_capitals;
use nommer_core::text::decode::decode;
use nommer_model::decode::softmax;
use nommer_model::manifest::sha256;
use nommer_model::model::Model;
use nommer_pipeline::config::Config;
use nommer_pipeline::pipeline::{Pipeline, ReadSentence};
use nommer_pipeline::read::{Content, RawDocument, read};
use nommer_pipeline::reconcile::{Decision, FullName, Reconciled};
use nommer_pipeline::walk::{Input, WalkItem, WalkOptions, walk};

use super::gazetteer::described;
use super::{load_gazetteers, load_model, warn_of_unexplained_labels};
use crate::Ending;
use crate::args::ExplainArgs;

pub(crate) fn run(args: ExplainArgs) -> Result<Ending> {
    let config = args.config();
    let settings = config.settings()?;
    let document = find_document(&args, &config)?;
    let model = load_model(&config)?;
    warn_of_unexplained_labels(&model, "--label-map");
    let pipeline = Pipeline::new(model, load_gazetteers(&config)?, settings);

    let mut out = String::new();
    writeln!(out, "document   {} ({})", document.id, document.path)?;
    let text = match document.content {
        Content::Bytes(bytes) => {
            writeln!(out, "bytes      {}, sha256 {}", bytes.len(), sha256(&bytes))?;
            let decoded = decode(bytes).with_context(|| document.path.clone())?;
            write!(out, "encoding   {}", decoded.encoding)?;
            if decoded.replaced > 0 {
                write!(
                    out,
                    ", {} invalid byte sequences replaced",
                    decoded.replaced
                )?;
            }
            writeln!(out)?;
            decoded.text
        }
        Content::Text(text) => text,
    };
    let read = restore_capitals(&text);
    if *read != *text {
        writeln!(out, "capitals   restored, for the text has none")?;
    }
    let sentences = pipeline.explain(&read)?;
    writeln!(out, "sentences  {}", sentences.len())?;
    // The whole document decides, whatever is shown of it.
    let mentions = pipeline.mentions(&read, &sentences);
    let names: Vec<Vec<FullName>> = sentences
        .iter()
        .map(|sentence| pipeline.names(sentence))
        .collect();
    let mut shown = Vec::new();
    for (index, sentence) in sentences.iter().enumerate() {
        let wanted = |find: &String| sentence.span.slice(&text).contains(find);
        if args.find.as_ref().is_none_or(wanted) {
            shown.push(sentence.span);
            writeln!(out, "\nsentence {}", index + 1)?;
            explain_sentence(&mut out, &pipeline, sentence, &text)?;
            explain_names(&mut out, sentence, &names[index], &text)?;
            explain_entities(&mut out, &pipeline, (sentence, &mentions), &text)?;
        }
    }
    if let (Some(find), []) = (&args.find, &shown[..]) {
        bail!("no sentence of {} contains {find:?}", document.id);
    }
    if !pipeline.gazetteers().is_empty() {
        let meta = document.meta.as_ref();
        match pipeline.year(&read, meta) {
            Some(year) => writeln!(out, "\nreconciliation, in {year}")?,
            None => writeln!(out, "\nreconciliation, in no known year")?,
        }
        let names = names.concat();
        for reconciled in pipeline.reconcile(&read, &mentions, &names, meta) {
            let span = reconciled.mention.span;
            if shown.iter().any(|sentence| sentence.overlaps(span)) {
                explain_decision(&mut out, &reconciled, &text)?;
            }
        }
    }
    std::io::stdout().write_all(out.as_bytes())?;
    Ok(Ending::Complete)
}

/// The one document to explain.
fn find_document(args: &ExplainArgs, config: &Config) -> Result<RawDocument> {
    let input = Input::from(args.file.clone());
    if matches!(&input, Input::Path(path) if path.is_dir()) {
        bail!(
            "{} is a folder; explain takes one document",
            args.file.display()
        );
    }
    let Some(WalkItem::File(file)) = walk(&[input], &WalkOptions::default())?.next() else {
        bail!(
            "{} is not a file; explain takes one document",
            args.file.display()
        );
    };
    let mut documents = read(&file, &config.limits()?);
    match &args.id {
        None => documents
            .next()
            .with_context(|| format!("{} holds no document", file.shown_path()))?
            .map_err(Into::into),
        Some(id) => documents
            .filter_map(Result::ok)
            .find(|document| document.id == *id)
            .with_context(|| format!("{} holds no document of id {id:?}", file.shown_path())),
    }
}

fn explain_sentence(
    out: &mut String,
    pipeline: &Pipeline,
    sentence: &ReadSentence,
    text: &str,
) -> fmt::Result {
    let analysis = &sentence.analysis;
    writeln!(out, "  bytes       {:?}", sentence.span)?;
    writeln!(out, "  source      {:?}", sentence.span.slice(text))?;
    if sentence.normalized.text() != sentence.span.slice(text) {
        writeln!(out, "  normalised  {:?}", sentence.normalized.text())?;
    }
    let mut windows = analysis.windows.clone();
    windows.dedup();
    let windows: Vec<String> = windows
        .iter()
        .map(|window| (window + 1).to_string())
        .collect();
    writeln!(out, "  windows     {} (of its section)", windows.join(", "))?;
    writeln!(out, "  tokens      {}", analysis.pieces.ids.len())?;
    for (piece, (id, logits)) in analysis
        .pieces
        .ids
        .iter()
        .zip(analysis.logits.rows())
        .enumerate()
    {
        let name = pipeline.model().tokenizer().piece(*id).unwrap_or_default();
        let range = &analysis.pieces.ranges[piece];
        let tags = best_tags(pipeline.model(), logits.as_slice().unwrap_or_default());
        writeln!(
            out,
            "    {name:<18} {:>9}  {tags}",
            format!("{}..{}", range.start, range.end)
        )?;
    }
    writeln!(out, "  words")?;
    for word in &analysis.words {
        let name = &sentence.normalized.text()[word.range.clone()];
        writeln!(
            out,
            "    {name:<18} {:<5} {:.3}",
            word.tag, word.probability
        )?;
    }
    Ok(())
}

/// The names of the gazetteers in a sentence, and what the model thought of those it made nothing of.
fn explain_names(
    out: &mut String,
    sentence: &ReadSentence,
    names: &[FullName],
    text: &str,
) -> fmt::Result {
    if !names.is_empty() {
        writeln!(out, "  names of the gazetteer")?;
    }
    for name in names {
        let (label, span) = (name.label, name.span);
        write!(out, "    {label} bytes {span:?} {:?}", span.slice(text))?;
        if sentence.mentions().any(|found| found.span.overlaps(span)) {
            writeln!(out)?;
        } else {
            let doubt = name.doubt;
            writeln!(out, ", a name to the model with probability {doubt:.3}")?;
        }
    }
    Ok(())
}

/// The entities of a sentence, among `mentions`, those of the document.
fn explain_entities(
    out: &mut String,
    pipeline: &Pipeline,
    (sentence, mentions): (&ReadSentence, &[Mention]),
    text: &str,
) -> fmt::Result {
    writeln!(out, "  entities")?;
    for found in sentence.mentions() {
        let same = mentions.binary_search_by_key(&found.span, |mention| mention.span);
        let mention = same.map_or(&found, |at| &mentions[at]);
        write!(
            out,
            "    {} {:.4} bytes {:?} {:?}",
            mention.label,
            mention.score,
            mention.span,
            mention.span.slice(text)
        )?;
        if mention.label != found.label {
            let (label, score) = (found.label, found.score);
            write!(
                out,
                "  (as elsewhere in the document; here {label} {score:.4})"
            )?;
        }
        if !pipeline.wanted(mention) {
            write!(out, "  (left out by --labels or --min-score)")?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// What the gazetteer made of a mention, and of what else it could have meant.
fn explain_decision(out: &mut String, reconciled: &Reconciled<'_>, text: &str) -> fmt::Result {
    const SHOWN: usize = 3;
    let mention = &reconciled.mention;
    let name = mention.span.slice(text);
    write!(out, "  {} {:?} {name:?}", mention.label, mention.span)?;
    if let Some((rule, was)) = &reconciled.change {
        write!(out, ", {} by the gazetteer", rule.as_str())?;
        for was in was {
            write!(out, ", was {} {:?}", was.label, was.span.slice(text))?;
        }
    }
    match &*reconciled.decision {
        Decision::Linked { .. } => writeln!(out, ": linked")?,
        Decision::Ambiguous { .. } => writeln!(out, ": ambiguous")?,
        Decision::Nil { local_id, .. } => writeln!(out, ": {local_id}")?,
    }
    for ranked in reconciled.decision.ranked().iter().take(SHOWN) {
        let [what, why] = described(&ranked.candidate, &ranked.features);
        writeln!(out, "    {what}\n          {why}")?;
    }
    Ok(())
}

/// The tags of a token with a probability worth showing, best first.
fn best_tags(model: &Model, logits: &[f32]) -> String {
    let mut tags: Vec<(f32, &String)> = softmax(logits.iter().copied())
        .into_iter()
        .zip(&model.manifest().labels)
        .collect();
    tags.sort_by(|a, b| b.0.total_cmp(&a.0));
    let shown = tags
        .iter()
        .enumerate()
        .filter(|(rank, (probability, _))| *rank == 0 || *probability >= 0.01);
    shown
        .map(|(_, (probability, tag))| format!("{tag} {probability:.3}"))
        .collect::<Vec<_>>()
        .join("  ")
}
