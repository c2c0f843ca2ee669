//! One module per command.

pub(crate) mod annotate;
pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod gazetteer;
pub(crate) mod generate;
pub(crate) mod model;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nommer_gazetteer::index::Gazetteer;
use nommer_gazetteer::layers::Gazetteers;
use nommer_hub::{Name, Remote, Snapshot, Store};
use nommer_model::model::{Model, ModelFiles};
use nommer_pipeline::config::{Config, SHIPPED};

/// The model the program carries, so that one file is all there is to install.
const BUILT_IN: &[(&str, &[u8])] = &[
    (
        "manifest.json",
        include_bytes!("../../../../models/ner-fr/manifest.json"),
    ),
    (
        "config.json",
        include_bytes!("../../../../models/ner-fr/config.json"),
    ),
    (
        "tokenizer.json",
        include_bytes!("../../../../models/ner-fr/tokenizer.json"),
    ),
    (
        "model.safetensors",
        include_bytes!("../../../../models/ner-fr/model.safetensors"),
    ),
];

/// Loads the model that is named, else the one the environment names, else the built-in one.
fn load_model(config: &Config) -> Result<Model> {
    let name = config.model.clone().or_else(|| named_by("NOMMER_MODEL"));
    let (files, stored) = match name {
        Some(name) => find_model(&name)?,
        None => (ModelFiles::Embedded(BUILT_IN), None),
    };
    let model = Model::load_with(&files, &config.load_options())?;
    if let Some((store, snapshot)) = stored {
        let files = model.manifest().files.iter();
        let hashes = files.map(|(name, file)| (name.as_str(), file.sha256.as_str()));
        store.compare(&snapshot, hashes)?;
    }
    Ok(model)
}

/// Says which labels of a model are left out because nobody said what they stand for; `option` is how to say it.
fn warn_of_unexplained_labels(model: &Model, option: &str) {
    if let [first, ..] = model.unexplained_labels() {
        let labels = model.unexplained_labels().join(" ");
        crate::complain(&format!(
            "{}: labels left out, as nobody said what they stand for: {labels}; say so with {option} {first}=PER, \
             {first}=ORG or {first}=LOC, or {first}=- to leave it out without a word",
            model.manifest().name
        ));
    }
}

/// The files of a model, and where they are recorded if they are of the hub. The built-in one's name is no folder's, whatever
/// lies here; a folder comes before a name of the hub that it is called like.
fn find_model(name: &Path) -> Result<(ModelFiles, Option<(Store, Snapshot)>)> {
    if name == Path::new(SHIPPED) {
        return Ok((ModelFiles::Embedded(BUILT_IN), None));
    }
    // Where it is no name of the hub either, what reads the folder complains of it.
    if !name.exists()
        && let Some(Ok(name)) = name.to_str().map(str::parse::<Name>)
    {
        let (store, _) = hub()?;
        let found = store.find(&name);
        let found = found.with_context(|| format!("there is no folder {name}"))?;
        return Ok((
            ModelFiles::Folder(found.folder.clone()),
            Some((store, found)),
        ));
    }
    Ok((ModelFiles::Folder(name.to_owned()), None))
}

/// Where models of the hub are kept, and the hub.
fn hub() -> Result<(Store, Remote)> {
    Ok(Store::shared(|name| std::env::var(name).ok())?)
}

/// The path in a variable of the environment.
fn named_by(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).filter(|path| !path.is_empty());
    path.map(PathBuf::from)
}

/// The gazetteer the program carries.
const BUILT_IN_GAZETTEER: &[u8] = include_bytes!("../../../../models/gazetteer-fr/gazetteer.gaz");

/// Opens the gazetteers in `files`, else the one the environment names, else the built-in one.
fn open_gazetteers(files: &[PathBuf]) -> Result<Vec<Gazetteer>> {
    let open = |file: &Path| -> Result<Gazetteer> {
        let gazetteer = Gazetteer::open(file)?;
        gazetteer.verify()?;
        Ok(gazetteer)
    };
    if !files.is_empty() {
        return files.iter().map(|file| open(file)).collect();
    }
    Ok(vec![match named_by("NOMMER_GAZETTEER") {
        Some(file) => open(&file)?,
        None => Gazetteer::from_static(BUILT_IN_GAZETTEER, "the built-in gazetteer")?,
    }])
}

/// All that a configuration looks entities up in.
fn load_gazetteers(config: &Config) -> Result<Gazetteers> {
    if config.no_gazetteer == Some(true) {
        return Ok(Gazetteers::default());
    }
    let files = config.gazetteer.as_deref().unwrap_or_default();
    let gazetteers = Gazetteers::new(open_gazetteers(files)?);
    let Some(table) = &config.user_gazetteer else {
        return Ok(gazetteers);
    };
    let mut problems = Vec::new();
    let rows = gazetteer::read(table, &mut problems)?;
    gazetteer::refuse(&problems, "nothing was annotated")?;
    Ok(gazetteers.with_user(&table.display().to_string(), rows)?)
}

/// Writes a file beside where it shall be, and moves it there when it is whole.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    let mut file = tempfile::NamedTempFile::new_in(parent(path)).with_context(cannot)?;
    file.write_all(bytes).with_context(cannot)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // It is for others, too.
        let readable = std::fs::Permissions::from_mode(0o644);
        let file = file.as_file();
        file.set_permissions(readable).with_context(cannot)?;
    }
    file.persist(path).with_context(cannot)?;
    Ok(())
}

/// Refuses an output that is, or lies in, one of the inputs.
fn refuse_overwriting<'a>(output: &Path, mut inputs: impl Iterator<Item = &'a Path>) -> Result<()> {
    let Ok(real) = output.canonicalize() else {
        return Ok(());
    };
    let read = |input: &&Path| {
        input
            .canonicalize()
            .is_ok_and(|input| real.starts_with(input))
    };
    match inputs.find(read) {
        None => Ok(()),
        Some(input) => bail!(
            "{} is, or lies in, {}, which is read; write elsewhere",
            output.display(),
            input.display()
        ),
    }
}

/// The folder a file is in.
fn parent(path: &Path) -> &Path {
    let folder = path.parent();
    let folder = folder.filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}
