//! Arguments and their help.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use nommer_core::label::Label;
use nommer_core::offset::OffsetUnit;
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
    Explain(ExplainArgs),
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
    /// Folder of the model [default: $NOMMER_MODEL, else the one built in]
    #[arg(short, long, value_name = "FOLDER")]
    pub(crate) model: Option<PathBuf>,

    /// Keep entities of these labels: PER, ORG, LOC [default: all]
    #[arg(short, long, value_name = "LABEL,…", value_delimiter = ',')]
    pub(crate) labels: Vec<Label>,

    /// Keep entities of at least this score, 0 to 1 [default: 0]
    #[arg(long, value_name = "SCORE")]
    pub(crate) min_score: Option<f32>,

    /// Longest document to read, in MiB after decompression; a longer one fails [default: 64]
    #[arg(long, value_name = "N")]
    pub(crate) max_mib: Option<u64>,
}

/// Show what each stage makes of one document
///
/// Prints the encoding, each sentence with the windows it was scored in, each subword token with its best tags
/// and their probabilities, each word with its tag, and the entities.
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
}

/// Show models
#[derive(Debug, clap::Args)]
pub(crate) struct ModelArgs {
    #[command(subcommand)]
    pub(crate) command: ModelCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Verify a model and show its manifest: labels, licence, training data, measured scores, hashes
    Info {
        /// Folder of the model [default: $NOMMER_MODEL, else the one built in]
        #[arg(value_name = "FOLDER")]
        model: Option<PathBuf>,

        /// Print the manifest as JSON
        #[arg(long)]
        json: bool,
    },
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
            labels: (!self.labels.is_empty()).then(|| self.labels.clone()),
            min_score: self.min_score,
            max_mib: self.max_mib,
            ..Config::default()
        }
    }
}

impl ExplainArgs {
    /// What the command line says.
    pub(crate) fn config(&self) -> Config {
        self.common.config()
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
            ..self.common.config()
        }
    }

    /// The inputs.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        self.inputs.iter().cloned().map(Input::from).collect()
    }
}
