//! What a run does, from defaults, a configuration file and the command line.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use nommer_core::label::Label;
use nommer_core::offset::OffsetUnit;
use nommer_model::backend::Device;
use nommer_model::labels::LabelMapping;
use nommer_model::model::{Engine, LoadOptions};
use serde::{Deserialize, Serialize};

use crate::pipeline::{Settings, TextField};
use crate::read::ReadLimits;
use crate::reconcile::year_of_date;

/// The keys of `nommer.toml`, all optional, named like the options of the command.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Folder or name of the model; the one the program ships when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<PathBuf>,
    /// What computes the network; what suits it when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub engine: Option<Engine>,
    /// Where the network is computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<Device>,
    /// What labels of a model without manifest stand for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_map: Option<Vec<LabelMapping>>,
    /// Compiled gazetteers, the one asked first at the front; the one the program ships when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gazetteer: Option<Vec<PathBuf>>,
    /// A table of the user's own entries, laid over the gazetteers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_gazetteer: Option<PathBuf>,
    /// Look nothing up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_gazetteer: Option<bool>,
    /// The date of documents that bring none along: a year, or `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Documents annotated at the same time; one per core when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jobs: Option<NonZeroUsize>,
    /// Labels to keep; all when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<Label>>,
    /// The least score of an entity, in 0..=1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_score: Option<f32>,
    /// The unit of positions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offsets: Option<OffsetUnit>,
    /// Leave the text out of the records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_text: Option<bool>,
    /// Globs of files to take from folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include: Option<Vec<String>>,
    /// Globs of files and folders to leave out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exclude: Option<Vec<String>>,
    /// Take hidden files from folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    /// Follow symbolic links in folders.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub follow: Option<bool>,
    /// The longest document, in MiB after decompression.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_mib: Option<u64>,
}

/// The longest document when nothing else is said, in MiB.
const MAX_MIB: u64 = 64;

/// The most workers: beyond any machine's cores they only get in each other's way.
const MAX_JOBS: usize = 1024;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// The file is not TOML, or has a key or value of no meaning here.
    #[error("{path}: {message}\nevery key is optional and named like an option of `nommer annotate`; `--show-config` prints them", path = path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and what.
        message: String,
    },
    /// A date that is none.
    #[error("date is {0:?}; write a year, 2011, or a date, 2011-09-19")]
    Date(String),
    /// Gazetteers asked for and turned off.
    #[error("no-gazetteer turns off what gazetteer and user-gazetteer ask for; leave one out")]
    NoGazetteer,
    /// A score that is none.
    #[error("min-score is {0}; it must be between 0 and 1")]
    MinScore(f32),
    /// No label left.
    #[error("labels is empty; give some of PER, ORG and LOC, or leave it out")]
    NoLabels,
    /// More workers than any machine has cores.
    #[error("jobs is {0}; it must be 1 to {MAX_JOBS}, best the number of cores")]
    Jobs(usize),
    /// A limit that lets nothing through, or overflows.
    #[error("max-mib is {0}; it must be 1 to {max}", max = u64::MAX >> 20)]
    MaxMib(u64),
}

impl Config {
    /// Reads a configuration file. Relative paths in it are relative to the file.
    ///
    /// # Errors
    /// When the file cannot be read, is not TOML, or has an unknown key or a value of the wrong type.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::Read {
            path: path.to_owned(),
            error,
        })?;
        let mut config: Config = toml::from_str(&text).map_err(|error| ConfigError::Parse {
            path: path.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        if let Some(folder) = path.parent() {
            // Begun with a dot, which no name of a model is, or with the root.
            let here = Path::new(".").join(folder);
            config.place_paths(|path| here.join(path));
        }
        Ok(config)
    }

    /// The paths in it.
    pub fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let gazetteers = self.gazetteer.iter_mut().flatten();
        let others = self.model.iter_mut().chain(&mut self.user_gazetteer);
        others.chain(gazetteers)
    }

    /// Puts every path where `place` says. The name of a model stays a name wherever it is written: [`SHIPPED`] always,
    /// one of the hub unless there is such a folder.
    pub fn place_paths(&mut self, place: impl Fn(&Path) -> PathBuf) {
        let name = self.model.clone().filter(|model| is_model_name(model));
        for path in self.paths_mut() {
            let placed = place(path);
            let shipped = path == Path::new(SHIPPED);
            if name.as_ref() != Some(path) || !shipped && placed.exists() {
                *path = placed;
            }
        }
    }

    /// This configuration, where `self` says nothing filled from `other`. Gazetteers that it asks for are not turned off by
    /// `other`, nor asked for by it when this turns them off.
    #[must_use]
    pub fn or(self, mut other: Config) -> Config {
        let asks = self.gazetteer.is_some() || self.user_gazetteer.is_some();
        if asks && other.no_gazetteer == Some(true) {
            other.no_gazetteer = None;
        }
        if self.no_gazetteer == Some(true) {
            (other.gazetteer, other.user_gazetteer) = (None, None);
        }
        Config {
            model: self.model.or(other.model),
            engine: self.engine.or(other.engine),
            device: self.device.or(other.device),
            label_map: self.label_map.or(other.label_map),
            gazetteer: self.gazetteer.or(other.gazetteer),
            user_gazetteer: self.user_gazetteer.or(other.user_gazetteer),
            no_gazetteer: self.no_gazetteer.or(other.no_gazetteer),
            date: self.date.or(other.date),
            jobs: self.jobs.or(other.jobs),
            labels: self.labels.or(other.labels),
            min_score: self.min_score.or(other.min_score),
            offsets: self.offsets.or(other.offsets),
            no_text: self.no_text.or(other.no_text),
            include: self.include.or(other.include),
            exclude: self.exclude.or(other.exclude),
            hidden: self.hidden.or(other.hidden),
            follow: self.follow.or(other.follow),
            max_mib: self.max_mib.or(other.max_mib),
        }
    }

    /// The configuration with every default filled in that has a value: the model and the gazetteer that the program
    /// ships have no path, and documents no date.
    #[must_use]
    pub fn with_defaults(self) -> Config {
        self.or(Config {
            model: None,
            engine: Some(Engine::default()),
            device: Some(Device::default()),
            label_map: None,
            gazetteer: None,
            user_gazetteer: None,
            no_gazetteer: Some(false),
            date: None,
            jobs: Some(cores()),
            labels: Some(Label::ALL.to_vec()),
            min_score: Some(0.0),
            offsets: Some(OffsetUnit::default()),
            no_text: Some(false),
            include: Some(Vec::new()),
            exclude: Some(Vec::new()),
            hidden: Some(false),
            follow: Some(false),
            max_mib: Some(MAX_MIB),
        })
    }

    /// As TOML that [`Config::read`] takes.
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("a configuration is made of plain values")
    }

    /// What records shall hold.
    ///
    /// # Errors
    /// When a value makes no sense.
    pub fn settings(&self) -> Result<Settings, ConfigError> {
        let min_score = self.min_score.unwrap_or(0.0);
        if !(0.0..=1.0).contains(&min_score) {
            return Err(ConfigError::MinScore(min_score));
        }
        let labels = self.labels.clone().unwrap_or_else(|| Label::ALL.to_vec());
        if labels.is_empty() {
            return Err(ConfigError::NoLabels);
        }
        let text = if self.no_text == Some(true) {
            TextField::LeftOut
        } else {
            TextField::Included
        };
        let year = match &self.date {
            None => None,
            Some(date) => Some(year_of_date(date).ok_or_else(|| ConfigError::Date(date.clone()))?),
        };
        if self.no_gazetteer == Some(true)
            && (self.gazetteer.is_some() || self.user_gazetteer.is_some())
        {
            return Err(ConfigError::NoGazetteer);
        }
        Ok(Settings {
            labels,
            min_score,
            offsets: self.offsets.unwrap_or_default(),
            text,
            year,
        })
    }

    /// How the model is loaded.
    pub fn load_options(&self) -> LoadOptions {
        LoadOptions {
            engine: self.engine.unwrap_or_default(),
            device: self.device.unwrap_or_default(),
            label_map: self.label_map.clone().unwrap_or_default(),
        }
    }

    /// The number of workers.
    ///
    /// # Errors
    /// When it is beyond reason.
    pub fn workers(&self) -> Result<NonZeroUsize, ConfigError> {
        let jobs = self.jobs.unwrap_or_else(cores);
        if jobs.get() > MAX_JOBS {
            return Err(ConfigError::Jobs(jobs.get()));
        }
        Ok(jobs)
    }

    /// How much of a document is read.
    ///
    /// # Errors
    /// When the limit makes no sense.
    pub fn limits(&self) -> Result<ReadLimits, ConfigError> {
        let mib = self.max_mib.unwrap_or(MAX_MIB);
        let max_bytes = mib
            .checked_mul(1 << 20)
            .filter(|&bytes| bytes > 0)
            .ok_or(ConfigError::MaxMib(mib))?;
        Ok(ReadLimits { max_bytes })
    }
}

/// What the model that the command ships is called. A folder called so is `./ner-fr`.
pub const SHIPPED: &str = "ner-fr";

/// Whether a model may be called so that is no folder: [`SHIPPED`], or `ORG/NAME` of the hub, with `@REVISION` if you
/// like.
fn is_model_name(path: &Path) -> bool {
    let Some(name) = path.to_str() else {
        return false;
    };
    let name = name.split_once('@').map_or(name, |(name, _)| name);
    let part = |part: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(plain)
    };
    match name.split_once('/') {
        Some((organisation, name)) => part(organisation) && part(name),
        None => name == SHIPPED,
    }
}

fn cores() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nommer.toml");
        std::fs::write(&path, text).unwrap();
        Config::read(&path)
    }

    #[test]
    fn what_is_shown_reads_back() {
        let shown = Config::default().with_defaults();
        assert_eq!(parse(&shown.to_toml()).unwrap(), shown);
    }

    #[test]
    fn a_model_s_name_is_no_folder_beside_the_file() {
        let model = |text: &str| parse(text).unwrap().model.unwrap();
        assert_eq!(model("model = \"zoe/ner@main\""), Path::new("zoe/ner@main"));
        assert_eq!(model("model = \"ner-fr\""), Path::new("ner-fr"));
        assert!(model("model = \"./ner-fr\"").is_absolute());
        assert!(model("model = \"./ner\"").is_absolute());
        for path in [
            "ner", "a/b/c", "../ner", ".ner", "/ner", "a//b", "a/", "é/a",
        ] {
            assert!(!is_model_name(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn the_command_line_wins_over_the_file() {
        let file = parse("min-score = 0.5\nlabels = [\"PER\"]").unwrap();
        let merged = Config {
            min_score: Some(0.9),
            ..Config::default()
        }
        .or(file);
        assert_eq!(
            (merged.min_score, merged.labels),
            (Some(0.9), Some(vec![Label::Per]))
        );
    }

    #[test]
    fn unknown_keys_and_senseless_values_are_refused() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert!(
            message("min_score = 0.5").contains("unknown field `min_score`"),
            "{}",
            message("min_score = 0.5")
        );
        assert!(message("labels = [\"MISC\"]").contains("MISC"));
        assert!(message("jobs = 0").contains("jobs"));
        assert!(message("device = \"gpu\"").contains("cuda:1"));
        assert!(message("engine = \"onnx\"").contains("rust-bert"));
        assert!(message("label-map = [\"GPE\"]").contains("NAME=LOC"));
        assert!(parse("min-score = 2.0").unwrap().settings().is_err());
        assert!(parse("labels = []").unwrap().settings().is_err());
        assert!(parse("jobs = 2000").unwrap().workers().is_err());
        assert!(parse("max-mib = 0").unwrap().limits().is_err());
        assert!(parse("date = \"hier\"").unwrap().settings().is_err());
        let both = "no-gazetteer = true\nuser-gazetteer = \"u.tsv\"";
        assert!(parse(both).unwrap().settings().is_err());
    }

    #[test]
    fn the_command_line_turns_gazetteers_of_the_file_on_and_off() {
        let off = Config {
            no_gazetteer: Some(true),
            ..Config::default()
        };
        let on = Config {
            user_gazetteer: Some("u.tsv".into()),
            ..Config::default()
        };
        for (line, file) in [(off.clone(), on.clone()), (on, off)] {
            let merged = line.clone().or(file);
            assert_eq!(merged, line);
            assert!(merged.with_defaults().settings().is_ok());
        }
    }
}
