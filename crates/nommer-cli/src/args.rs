//! Arguments and their help.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use nommer_core::label::Label;
use nommer_core::offset::OffsetUnit;
use nommer_eval::labels::Mapping;
use nommer_eval::read::TagScheme;
use nommer_eval::threshold::Threshold;
use nommer_model::backend::Device;
use nommer_model::labels::LabelMapping;
use nommer_model::model::Engine;
use nommer_pipeline::config::Config;
use nommer_pipeline::walk::{Format, Input};

/// Find every person, organisation and place in folders of French documents.
#[derive(Debug, Parser)]
#[command(name = "nommer", version, max_term_width = 100)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Annotate(AnnotateArgs),
    Evaluate(EvaluateArgs),
    Explain(ExplainArgs),
    Gazetteer(GazetteerArgs),
    Model(ModelArgs),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, in roff
    Man,
}

/// Annotate documents: one JSON object per document, in input order
///
/// INPUT is a file, a folder (read recursively, in the order of names) or `-` for standard input. Text is
/// taken from .txt, .text, .md and .markdown files, one document each, and from .jsonl and .ndjson files, one
/// document per line with its `text`, `id` and any other fields; all of them also as .gz or .zst.
///
/// A document that cannot be annotated gets a record with an `error` instead of entities, and the run goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 all documents annotated, 1 some failed, 2 the run could not start or end, 130 interrupted.

Examples:
  nommer annotate archives/ -o archives.jsonl
  nommer annotate archives/ --exclude 'brouillons/' --labels PER --min-score 0.8 -o persons.jsonl.zst
  zcat corpus.jsonl.gz | nommer annotate - --format jsonl -o - | jq -r '.spans[]?.text'")]
pub(crate) struct AnnotateArgs {
    /// Files and folders to read; `-` is standard input
    #[arg(required_unless_present = "show_config", value_name = "INPUT")]
    pub(crate) inputs: Vec<OsString>,

    /// Where to write; `-` is standard output, .gz and .zst compress. A file appears when it is complete
    #[arg(
        short,
        long,
        value_name = "OUT.jsonl",
        required_unless_present = "show_config"
    )]
    pub(crate) output: Option<PathBuf>,

    /// How standard input, and a named file whose name does not tell, is read
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = FormatArg::Text)]
    pub(crate) format: FormatArg,

    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// What labels of a plain Hugging Face model stand for; `-` leaves one out: GPE=LOC,MISC=-,LABEL_1=B-PER.
    /// `nommer model info` shows them
    #[arg(long, value_name = "NAME=LABEL,…", value_delimiter = ',')]
    pub(crate) label_map: Vec<LabelMapping>,

    /// Longest document to read, in MiB after decompression; a longer one fails [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) max_mib: Option<u64>,

    /// Documents annotated at the same time [default: one per core]
    #[arg(short, long, value_name = "N", help_heading = "Speed")]
    pub(crate) jobs: Option<NonZeroUsize>,

    /// What positions count: code points (Python, spaCy, Prodigy), UTF-8 bytes (Rust, Go) or UTF-16 units
    /// (JavaScript, Java, doccano) [default: codepoint]
    #[arg(long, value_name = "UNIT", value_enum, help_heading = "Records")]
    pub(crate) offsets: Option<OffsetArg>,

    /// Leave the text out of the records
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Records"
    )]
    pub(crate) no_text: Option<bool>,

    /// In folders, take only files whose path or name matches; may be repeated
    #[arg(long, value_name = "GLOB", help_heading = "Folders")]
    pub(crate) include: Vec<String>,

    /// In folders, leave out files and folders whose path or name matches; may be repeated
    #[arg(long, value_name = "GLOB", help_heading = "Folders")]
    pub(crate) exclude: Vec<String>,

    /// In folders, take hidden files too
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Folders"
    )]
    pub(crate) hidden: Option<bool>,

    /// In folders, follow symbolic links
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Folders"
    )]
    pub(crate) follow: Option<bool>,

    /// Read options from a TOML file; the command line wins over it
    #[arg(long, value_name = "nommer.toml", help_heading = "Configuration")]
    pub(crate) config: Option<PathBuf>,

    /// Print the options in force, as a configuration file, and stop
    #[arg(long, help_heading = "Configuration")]
    pub(crate) show_config: bool,

    /// Print errors only: no progress and no summary
    #[arg(short, long, help_heading = "Reporting", conflicts_with = "summary")]
    pub(crate) quiet: bool,

    /// Print the summary even when standard error is not a terminal
    #[arg(long, help_heading = "Reporting")]
    pub(crate) summary: bool,

    /// Write what happened to every file and document, one JSON object a line
    #[arg(long, value_name = "LOG.jsonl", help_heading = "Reporting")]
    pub(crate) log: Option<PathBuf>,
}

/// Options of every command that reads text with a model.
#[derive(Debug, clap::Args)]
pub(crate) struct CommonArgs {
    /// The model: ner-fr for the one built in, a folder (./ner-fr if it is called so), or once pulled from the hub ORG/NAME
    /// or ORG/NAME@REVISION [default: $NOMMER_MODEL, else ner-fr]
    #[arg(short, long, value_name = "MODEL")]
    pub(crate) model: Option<PathBuf>,

    /// What computes the network: nommer (BERT, on the CPU), rust-bert (any of five architectures, in a build that has
    /// libtorch) or auto, the first of them that can [default: auto]
    #[arg(long, value_name = "ENGINE", value_enum, help_heading = "Speed")]
    pub(crate) engine: Option<EngineArg>,

    /// Where the network is computed: cpu, cuda, cuda:1 … [default: cpu]
    #[arg(long, value_name = "DEVICE", help_heading = "Speed")]
    pub(crate) device: Option<Device>,

    /// Compiled gazetteer to look entities up in instead of the one built in; may be repeated, the one asked first at the
    /// front [default: $NOMMER_GAZETTEER, else the one built in]
    #[arg(short, long, value_name = "FILE.gaz", help_heading = "Gazetteer")]
    pub(crate) gazetteer: Vec<PathBuf>,

    /// Table of your own entries (.tsv, .csv or .jsonl) that add to the gazetteer, override or block it; `nommer gazetteer
    /// build --help` says what is in it
    #[arg(long, value_name = "TABLE", help_heading = "Gazetteer")]
    pub(crate) user_gazetteer: Option<PathBuf>,

    /// Look nothing up: entities as the model finds them
    #[arg(
        long,
        value_name = "true|false",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true",
        help_heading = "Gazetteer"
    )]
    pub(crate) no_gazetteer: Option<bool>,

    /// Date of documents without a field `date`, which tells namesakes apart: 2011 or 2011-09-19 [default: a date in their
    /// text]
    #[arg(long, value_name = "DATE", help_heading = "Gazetteer")]
    pub(crate) date: Option<String>,

    /// Keep entities of these labels: PER, ORG, LOC [default: all]
    #[arg(short, long, value_name = "LABEL,…", value_delimiter = ',')]
    pub(crate) labels: Vec<Label>,

    /// Keep entities of at least this score, 0 to 1 [default: 0]
    #[arg(long, value_name = "SCORE")]
    pub(crate) min_score: Option<f32>,
}

/// Measure predicted entities against gold ones
///
/// GOLD and the predictions are nommer's records, Prodigy or spaCy JSONL, CoNLL columns, a brat folder, or HIPE columns; a
/// folder is read recursively. Documents are aligned by id, and must have the same text. A document without a
/// prediction counts as all missed.
///
/// Prints precision, recall and F1 by label, strict and by four laxer schemes, each F1 with its 95% interval over
/// documents (in --json and --html); what goes wrong; whether scores and links can be trusted; and the same
/// figures for parts of the corpus.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exit codes: 0 evaluated, 1 a figure is below --fail-under, 2 the evaluation could not be done.

Examples:
  nommer evaluate --gold gold.jsonl --run --by genre --html report.html
  nommer evaluate --gold corpus-brat/ --pred spacy.jsonl --compare nommer.jsonl
  nommer evaluate --gold test.conll --pred out.conll --label-map MISC=- --fail-under strict=0.85,PER=0.9")]
pub(crate) struct EvaluateArgs {
    /// File or folder of the gold annotation; `-` is standard input
    #[arg(long, value_name = "GOLD")]
    pub(crate) gold: PathBuf,

    /// File or folder of the predictions; `-` is standard input
    #[arg(long, value_name = "PRED", required_unless_present_any = ["run", "link"])]
    pub(crate) pred: Option<PathBuf>,

    /// Annotate the gold's texts now, and evaluate that
    #[arg(long, conflicts_with_all = ["pred", "link"])]
    pub(crate) run: bool,

    /// Look the gold's own mentions up now, and evaluate the links alone
    #[arg(long, conflicts_with = "pred")]
    pub(crate) link: bool,

    /// Other predictions for the same gold: are they better, and could that be chance?
    #[arg(long, value_name = "PRED")]
    pub(crate) compare: Option<PathBuf>,

    /// Fields of the gold documents, in `meta` or beside it, to show figures by; may be repeated
    #[arg(long, value_name = "FIELD,…", value_delimiter = ',')]
    pub(crate) by: Vec<String>,

    /// Training data in any of the formats, to tell mentions seen in it from unseen ones
    #[arg(long, value_name = "FILE")]
    pub(crate) train: Option<PathBuf>,

    /// How many of the most costly errors to show in context
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) errors: usize,

    /// Print the whole report as JSON
    #[arg(long)]
    pub(crate) json: bool,

    /// Also write the report as one HTML page
    #[arg(long, value_name = "REPORT.html")]
    pub(crate) html: Option<PathBuf>,

    /// Fail when a figure is less: strict=0.85, PER=0.9, ORG.recall=0.8, macro=0.8, linking=0.9 …
    #[arg(long, value_name = "FIGURE=VALUE,…", value_delimiter = ',')]
    pub(crate) fail_under: Vec<Threshold>,

    /// Repair what is wrong with the input, and count it, instead of refusing it
    #[arg(long, help_heading = "Reading")]
    pub(crate) lenient: bool,

    /// What labels of other tools stand for; `-` leaves one out: GPE=LOC,MISC=-
    #[arg(
        long,
        value_name = "NAME=LABEL,…",
        value_delimiter = ',',
        help_heading = "Reading"
    )]
    pub(crate) label_map: Vec<Mapping>,

    /// Format of the gold: jsonl, conll, brat, hipe [default: what it looks like]
    #[arg(long, value_name = "FORMAT", help_heading = "Reading")]
    pub(crate) gold_format: Option<nommer_eval::read::Format>,

    /// Format of the predictions, also of --compare [default: what they look like]
    #[arg(long, value_name = "FORMAT", help_heading = "Reading")]
    pub(crate) pred_format: Option<nommer_eval::read::Format>,

    /// How columns are tagged: iob1, iob2, bioes [default: what they look like]
    #[arg(long, value_name = "SCHEME", help_heading = "Reading")]
    pub(crate) tags: Option<TagScheme>,

    /// Which column holds the tags: its number in CoNLL, its name in HIPE [default: the last, NE-COARSE-LIT]
    #[arg(long, value_name = "COLUMN", help_heading = "Reading")]
    pub(crate) column: Option<String>,

    /// How many times documents are drawn for intervals and p-values: 100 to 1000000, or 0 for none
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = draws, help_heading = "Intervals")]
    pub(crate) draws: usize,

    /// Where the random numbers of the draws begin
    #[arg(
        long,
        value_name = "N",
        default_value_t = 0,
        help_heading = "Intervals"
    )]
    pub(crate) seed: u64,

    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// With --run: what labels of a plain Hugging Face model stand for, as --label-map of `nommer annotate`
    #[arg(
        long,
        value_name = "NAME=LABEL,…",
        value_delimiter = ',',
        requires = "run"
    )]
    pub(crate) model_label_map: Vec<LabelMapping>,

    /// Threads [default: one per core]
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<NonZeroUsize>,
}

/// Show what each stage makes of one document
///
/// Prints the encoding, each sentence with the windows it was scored in, each subword token with its best tags
/// and their probabilities, each word with its tag, the entities; then what the gazetteer made of each, with the next
/// best candidates and what speaks for them.
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The document; `-` is standard input. Of a .jsonl file, the first document, or the one of --id
    #[arg(value_name = "FILE")]
    pub(crate) file: OsString,

    /// The document of this id in a .jsonl file
    #[arg(long)]
    pub(crate) id: Option<String>,

    /// Show only sentences that contain this text
    #[arg(long, value_name = "TEXT")]
    pub(crate) find: Option<String>,

    #[command(flatten)]
    pub(crate) common: CommonArgs,

    /// What labels of a plain Hugging Face model stand for; `-` leaves one out: GPE=LOC,MISC=-,LABEL_1=B-PER.
    /// `nommer model info` shows them
    #[arg(long, value_name = "NAME=LABEL,…", value_delimiter = ',')]
    pub(crate) label_map: Vec<LabelMapping>,

    /// Longest document to read, in MiB after decompression; a longer one fails [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) max_mib: Option<u64>,
}

/// Compile, inspect and search gazetteers
#[derive(Debug, clap::Args)]
pub(crate) struct GazetteerArgs {
    #[command(subcommand)]
    pub(crate) command: GazetteerCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GazetteerCommand {
    /// Compile tables into one file; later tables lie over earlier ones
    ///
    /// A table is TSV, CSV (by commas or semicolons) or JSON Lines, in UTF-8, under a header that
    /// names the columns. It needs
    ///
    /// - id: AUTHORITY:NAME, such as insee:75056, or nommer:NAME for your own;
    /// - type: person, country, city, company …; a wrong one is answered with the list;
    /// - name: the canonical name.
    ///
    /// It may have
    ///
    /// - aliases: other names, separated by `|`, with their years if they have some: `Areva@2001..`;
    /// - country: two letters, FR; lat and lon: degrees;
    /// - prominence: 0 to 100, by which the better known of two namesakes is preferred [default: 30];
    /// - valid: the years it lived or existed, 1940..2020, 1991.. or ..1989;
    /// - titles: offices, separated by `;`: `président du Kazakhstan 1991..2019`;
    /// - source: where the row comes from;
    /// - action: add, the default, adds an entry, or names to that of the same id; override takes its
    ///   place; block takes the row's names from it, or all of it when the row has none.
    ///
    /// Lines that begin with `#` are left out. The same tables give the same bytes.
    #[command(verbatim_doc_comment)]
    Build {
        /// The tables, the lowest layer first
        #[arg(required = true, value_name = "TABLE")]
        tables: Vec<PathBuf>,

        /// Where to write
        #[arg(short, long, value_name = "OUT.gaz")]
        output: PathBuf,

        /// What it is called in records
        #[arg(long, default_value = "gazetteer")]
        name: String,

        /// Its version
        #[arg(long = "release", value_name = "VERSION", default_value = "1")]
        version: String,

        /// JSON file that describes the layers: a list of objects with name, licence, sources
        #[arg(long, value_name = "LAYERS.json")]
        layers: Option<PathBuf>,
    },
    /// Verify a compiled gazetteer and show what it is made of
    Info {
        /// The file [default: $NOMMER_GAZETTEER, else the one built in]
        #[arg(value_name = "FILE.gaz")]
        file: Option<PathBuf>,

        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show what a name may mean, and why
    Lookup {
        /// The name
        name: String,

        /// Compiled gazetteer; may be repeated [default: $NOMMER_GAZETTEER, else the one built in]
        #[arg(short, long, value_name = "FILE.gaz")]
        gazetteer: Vec<PathBuf>,

        /// The label the model gives it
        #[arg(short, long)]
        label: Option<Label>,

        /// The words before it
        #[arg(long, value_name = "TEXT", default_value = "")]
        context: String,

        /// The date of the document: 2011 or 2011-09-19
        #[arg(long, value_name = "DATE")]
        date: Option<String>,
    },
    /// Lint tables: malformed rows, ids and names that stand twice, names that are common words
    Check {
        /// The tables
        #[arg(required = true, value_name = "TABLE")]
        tables: Vec<PathBuf>,
    },
}

/// Show, verify and fetch models
///
/// Models of the Hugging Face hub are kept where all programs of this machine keep them: HF_HUB_CACHE, or hub below
/// HF_HOME [default: ~/.cache/huggingface]. HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are heeded, and so are proxies. Only
/// config.json, tokenizer.json and model.safetensors are fetched: numbers and no code.
#[derive(Debug, clap::Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Verify a model and show what it says of itself: labels, licence, training data, measured scores, hashes
    Info {
        /// The model: ner-fr, a folder, or ORG/NAME or ORG/NAME@REVISION of the hub [default: $NOMMER_MODEL, else ner-fr]
        #[arg(value_name = "MODEL")]
        model: Option<PathBuf>,

        /// What computes the network
        #[arg(long, value_name = "ENGINE", value_enum)]
        engine: Option<EngineArg>,

        /// Where the network is computed: cpu, cuda, cuda:1 …
        #[arg(long, value_name = "DEVICE")]
        device: Option<Device>,

        /// What labels of a plain Hugging Face model stand for; `-` leaves one out
        #[arg(long, value_name = "NAME=LABEL,…", value_delimiter = ',')]
        label_map: Vec<LabelMapping>,

        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch a model of the hub, verify it and record its hashes
    Pull {
        /// The model, and a branch, tag or commit of it [default: main]
        #[arg(value_name = "ORG/NAME[@REVISION]")]
        name: nommer_hub::Name,
    },
    /// List the models that are on this machine
    List,
    /// Remove a model of the hub from this machine
    Remove {
        /// The model; with a revision, only that snapshot of it
        #[arg(value_name = "ORG/NAME[@REVISION]")]
        name: nommer_hub::Name,
    },
    /// Read all files of models of the hub, and compare them with the hashes recorded when they were fetched
    Verify {
        /// The models [default: all that are on this machine]
        #[arg(value_name = "ORG/NAME[@REVISION]")]
        names: Vec<nommer_hub::Name>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum EngineArg {
    Auto,
    Nommer,
    RustBert,
}

impl From<EngineArg> for Engine {
    fn from(engine: EngineArg) -> Engine {
        match engine {
            EngineArg::Auto => Engine::Auto,
            EngineArg::Nommer => Engine::Nommer,
            EngineArg::RustBert => Engine::RustBert,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum OffsetArg {
    Codepoint,
    Byte,
    Utf16,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum FormatArg {
    /// One document
    Text,
    /// One document per line
    Jsonl,
}

impl From<FormatArg> for Format {
    fn from(format: FormatArg) -> Format {
        match format {
            FormatArg::Text => Format::Text,
            FormatArg::Jsonl => Format::Jsonl,
        }
    }
}

impl CommonArgs {
    fn config(&self) -> Config {
        Config {
            model: self.model.clone(),
            engine: self.engine.map(Engine::from),
            device: self.device,
            gazetteer: (!self.gazetteer.is_empty()).then(|| self.gazetteer.clone()),
            user_gazetteer: self.user_gazetteer.clone(),
            no_gazetteer: self.no_gazetteer,
            date: self.date.clone(),
            labels: (!self.labels.is_empty()).then(|| self.labels.clone()),
            min_score: self.min_score,
            ..Config::default()
        }
    }
}

fn label_map(mappings: &[LabelMapping]) -> Option<Vec<LabelMapping>> {
    (!mappings.is_empty()).then(|| mappings.to_vec())
}

/// A number of draws that says something and ends.
fn draws(text: &str) -> Result<usize, String> {
    let count = text.parse().map_err(|error| format!("{error}"))?;
    match count {
        0 | 100..=1_000_000 => Ok(count),
        _ => Err("give 100 to 1000000, or 0 for no intervals and p-values".to_owned()),
    }
}

impl EvaluateArgs {
    /// What the command line says of annotating.
    pub(crate) fn config(&self) -> Config {
        Config {
            jobs: self.jobs,
            no_text: Some(true),
            label_map: label_map(&self.model_label_map),
            ..self.common.config()
        }
    }
}

impl ExplainArgs {
    /// What the command line says.
    pub(crate) fn config(&self) -> Config {
        Config {
            label_map: label_map(&self.label_map),
            max_mib: self.max_mib,
            ..self.common.config()
        }
    }
}

impl AnnotateArgs {
    /// What the command line says, without the configuration file.
    pub(crate) fn config(&self) -> Config {
        Config {
            jobs: self.jobs,
            offsets: self.offsets.map(|unit| match unit {
                OffsetArg::Codepoint => OffsetUnit::Codepoint,
                OffsetArg::Byte => OffsetUnit::Byte,
                OffsetArg::Utf16 => OffsetUnit::Utf16,
            }),
            no_text: self.no_text,
            include: (!self.include.is_empty()).then(|| self.include.clone()),
            exclude: (!self.exclude.is_empty()).then(|| self.exclude.clone()),
            hidden: self.hidden,
            follow: self.follow,
            label_map: label_map(&self.label_map),
            max_mib: self.max_mib,
            ..self.common.config()
        }
    }

    /// The inputs.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        self.inputs.iter().cloned().map(Input::from).collect()
    }
}
