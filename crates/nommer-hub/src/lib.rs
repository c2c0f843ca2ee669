//! Models of the Hugging Face hub: fetch, verify, list, remove.
//!
//! A [`Store`] is the folder that all programs of this machine keep such models in (`HF_HUB_CACHE`, or `hub` below
//! `HF_HOME`), in the layout they share. Only the three files of a token classifier are fetched, and of the weights only
//! safetensors, which hold numbers and no code. What was fetched is compared with the hashes the hub gives, and the
//! hashes are recorded beside it, so that a model can be verified later without a network.
//!
//! This crate knows files and a server; it never loads a model.
//!
//! ```
//! let name: nommer_hub::Name = "zoe/ner-fr@v1".parse()?;
//! assert_eq!((name.repository(), name.revision()), ("zoe/ner-fr", Some("v1")));
//! # Ok::<(), nommer_hub::HubError>(())
//! ```

mod fetch;
mod name;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::Digest;

pub use fetch::{Remote, Step};
pub use name::Name;

/// The files of a model, the small ones first.
pub const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// The fewest digits of a commit that stand for it.
const SHORT_COMMIT: usize = 7;

/// Where models of the hub are kept on this machine.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// One snapshot of a model in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// `ORG/NAME`.
    pub repository: String,
    /// The commit it is of.
    pub commit: String,
    /// The branches and tags that were fetched as this commit.
    pub revisions: Vec<String>,
    /// The folder that holds the files.
    pub folder: PathBuf,
    /// The files of [`FILES`] that are there, with their sizes.
    pub files: BTreeMap<String, u64>,
}

/// What was fetched: one file per snapshot, beside the shared layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// `ORG/NAME`.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// SHA-256 of each file, in lower-case hexadecimal, with its size.
    pub files: BTreeMap<String, (u64, String)>,
}

/// A file of a snapshot, after it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Its name.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// Whether there was anything to compare it with.
    pub compared: bool,
}

impl Snapshot {
    /// What it is called best.
    fn name(&self) -> Name {
        let main = self.revisions.iter().any(|revision| revision == "main");
        let revision = self.revisions.first().unwrap_or(&self.commit);
        Name::of(&self.repository, if main { "main" } else { revision })
    }

    fn damaged(&self, file: &str, problem: String) -> HubError {
        HubError::Damaged {
            name: self.name(),
            file: file.to_owned(),
            problem,
        }
    }
}

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// A name that is none.
    #[error("{0:?} is no model of the hub; write ORG/NAME or ORG/NAME@REVISION")]
    Name(String),
    /// There is no folder to keep models in.
    #[error("no folder to keep models in: neither HF_HUB_CACHE nor HF_HOME nor HOME is set")]
    NoFolder,
    /// The model was not fetched yet.
    #[error("{name} is not on this machine; fetch it with `nommer model pull {name}`")]
    NotHere {
        /// The model.
        name: Name,
    },
    /// The network is not to be used.
    #[error("{name} is not complete on this machine, and HF_HUB_OFFLINE forbids to fetch it")]
    Offline {
        /// The model.
        name: Name,
    },
    /// The server wants to know who asks.
    #[error(
        "{endpoint} does not give {name} to just anyone ({status}): it is private, gated or does not exist; set HF_TOKEN \
         to a token that may read it"
    )]
    Denied {
        /// The model.
        name: Name,
        /// The server.
        endpoint: String,
        /// Its status code.
        status: u16,
    },
    /// The model, the revision or a file does not exist.
    #[error("{endpoint} has no {file} of {name}; check name and revision{hint}")]
    Missing {
        /// The model.
        name: Name,
        /// The server.
        endpoint: String,
        /// The file.
        file: String,
        /// What else it may be.
        hint: &'static str,
    },
    /// The transfer failed.
    #[error(
        "cannot fetch {file} of {name} from {endpoint}: {problem}; try again, what is there is kept"
    )]
    Transfer {
        /// The model.
        name: Name,
        /// The server.
        endpoint: String,
        /// The file.
        file: String,
        /// What happened.
        problem: String,
    },
    /// A file is not what the hub says, or not what was fetched.
    #[error(
        "{file} of {name} is damaged: {problem}; fetch it again with `nommer model pull {name}`"
    )]
    Damaged {
        /// The model.
        name: Name,
        /// The file.
        file: String,
        /// What differs.
        problem: String,
    },
    /// The file system fails.
    #[error("{path}: {error}", path = path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Store {
    /// The store in this folder, whether it exists or not.
    pub fn at(folder: PathBuf) -> Store {
        Store { folder }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn repository(&self, repository: &str) -> PathBuf {
        let name = format!("models--{}", repository.replace('/', "--"));
        self.folder.join(name)
    }

    /// The snapshot of a model: of the revision if it names one, a commit by its first seven digits or more, else of
    /// `main`.
    ///
    /// # Errors
    /// When it is not there, or not complete.
    pub fn find(&self, name: &Name) -> Result<Snapshot, HubError> {
        let wanted = name.revision().unwrap_or("main");
        let mut snapshots = self.snapshots(name.repository())?;
        snapshots.retain(|snapshot| snapshot.files.len() == FILES.len());
        let called = snapshots.iter().position(|snapshot| {
            let mut revisions = snapshot.revisions.iter();
            snapshot.commit == wanted || revisions.any(|revision| revision == wanted)
        });
        let begun = || {
            let mut begun = snapshots.iter().enumerate().filter(|(_, snapshot)| {
                wanted.len() >= SHORT_COMMIT && snapshot.commit.starts_with(wanted)
            });
            begun.next().filter(|_| begun.next().is_none())
        };
        match called.or_else(|| begun().map(|(index, _)| index)) {
            Some(index) => Ok(snapshots.swap_remove(index)),
            None => Err(HubError::NotHere { name: name.clone() }),
        }
    }

    /// All models that are there, complete or not, by name.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn list(&self) -> Result<Vec<Snapshot>, HubError> {
        let mut all = Vec::new();
        for folder in entries(&self.folder)? {
            if let Some(name) = folder.strip_prefix("models--") {
                all.extend(self.snapshots(&name.replacen("--", "/", 1))?);
            }
        }
        all.retain(|snapshot| !snapshot.files.is_empty());
        Ok(all)
    }

    fn snapshots(&self, repository: &str) -> Result<Vec<Snapshot>, HubError> {
        let folder = self.repository(repository);
        let mut revisions: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let refs = folder.join("refs");
        for name in files_below(&refs)? {
            // A file that vanishes or holds no text names no commit.
            if let Ok(commit) = std::fs::read_to_string(refs.join(&name)) {
                revisions
                    .entry(commit.trim().to_owned())
                    .or_default()
                    .push(name);
            }
        }
        let snapshots = folder.join("snapshots");
        let commits = entries(&snapshots)?.into_iter();
        Ok(commits
            .map(|commit| {
                let folder = snapshots.join(&commit);
                let size = |name: &str| {
                    std::fs::metadata(folder.join(name))
                        .ok()
                        .map(|data| data.len())
                };
                Snapshot {
                    repository: repository.to_owned(),
                    revisions: revisions
                        .remove(&commit)
                        .unwrap_or_default()
                        .into_iter()
                        .filter(|revision| *revision != commit)
                        .collect(),
                    files: FILES
                        .iter()
                        .filter_map(|name| Some(((*name).to_owned(), size(name)?)))
                        .collect(),
                    folder,
                    commit,
                }
            })
            .collect())
    }

    fn receipt_path(&self, repository: &str, commit: &str) -> PathBuf {
        let folder = self.repository(repository).join("nommer");
        folder.join(format!("{commit}.json"))
    }

    fn write_receipt(&self, receipt: &Receipt) -> Result<(), HubError> {
        let path = self.receipt_path(&receipt.repository, &receipt.commit);
        let json = serde_json::to_vec_pretty(receipt).map_err(|error| HubError::Io {
            path: path.clone(),
            error: error.into(),
        })?;
        fetch::replace(&path, &json)
    }

    /// What was recorded when a snapshot was fetched; nothing if another program did.
    fn receipt(&self, snapshot: &Snapshot) -> Result<Option<Receipt>, HubError> {
        let path = self.receipt_path(&snapshot.repository, &snapshot.commit);
        match std::fs::read(&path) {
            Ok(bytes) => match serde_json::from_slice(&bytes) {
                Ok(receipt) => Ok(Some(receipt)),
                Err(error) => Err(HubError::Damaged {
                    name: snapshot.name(),
                    file: path.display().to_string(),
                    problem: error.to_string(),
                }),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(HubError::Io { path, error }),
        }
    }

    /// Reads all files of a snapshot, and compares them with what was recorded when they were fetched. Of a model that
    /// another program fetched, files are compared with the hash that their blob is called by.
    ///
    /// # Errors
    /// When a file is missing, cannot be read, or is another.
    pub fn verify(&self, snapshot: &Snapshot) -> Result<Vec<Verified>, HubError> {
        let receipt = self.receipt(snapshot)?;
        let verify = |file: &str| {
            let path = snapshot.folder.join(file);
            let content = Content::read(&path)?;
            let recorded = receipt.as_ref().and_then(|receipt| receipt.files.get(file));
            let compared = match (recorded, blob_of(&path)) {
                (Some((bytes, _)), _) if content.bytes != *bytes => {
                    Err(format!("it has {} bytes, not {bytes}", content.bytes))
                }
                (Some((_, sha256)), _) => content.compare(sha256).map(|()| true),
                (None, Some(tag)) => content.compare(&tag).map(|()| true),
                (None, None) => Ok(false),
            };
            let compared = compared.map_err(|problem| snapshot.damaged(file, problem))?;
            Ok(Verified {
                file: file.to_owned(),
                bytes: content.bytes,
                sha256: content.sha256,
                compared,
            })
        };
        FILES.iter().map(|file| verify(file)).collect()
    }

    /// Compares the SHA-256 of files of a snapshot, read by somebody, with what was recorded when they were fetched.
    ///
    /// # Errors
    /// When one is another.
    pub fn compare<'a>(
        &self,
        snapshot: &Snapshot,
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<(), HubError> {
        let Some(receipt) = self.receipt(snapshot)? else {
            return Ok(());
        };
        for (file, found) in files {
            if let Some((_, sha256)) = receipt.files.get(file)
                && sha256 != found
            {
                let problem = format!("its SHA-256 is {found}, not {sha256}");
                return Err(snapshot.damaged(file, problem));
            }
        }
        Ok(())
    }

    /// Removes a model with everything that was fetched of it, or only the snapshot of the revision it names; where the
    /// snapshot has other names too, only the name. Returns the bytes that are free now.
    ///
    /// # Errors
    /// When it is not there, or cannot be removed.
    pub fn remove(&self, name: &Name) -> Result<u64, HubError> {
        let folder = self.repository(name.repository());
        if !folder.is_dir() {
            return Err(HubError::NotHere { name: name.clone() });
        }
        let _alone = self.lock(name.repository(), || {})?;
        let before = size_below(&folder)?;
        let Some(wanted) = name.revision() else {
            std::fs::remove_dir_all(&folder).map_err(io(&folder))?;
            return Ok(before);
        };
        let snapshots = self.snapshots(name.repository())?;
        let (gone, left): (Vec<Snapshot>, Vec<Snapshot>) =
            snapshots.into_iter().partition(|snapshot| {
                snapshot.commit == wanted
                    || snapshot.revisions.iter().any(|revision| revision == wanted)
            });
        if gone.is_empty() {
            return Err(HubError::NotHere { name: name.clone() });
        }
        if gone
            .iter()
            .all(|snapshot| snapshot.commit != wanted && snapshot.revisions.len() > 1)
        {
            let path = folder.join("refs").join(wanted);
            std::fs::remove_file(&path).map_err(io(&path))?;
            return Ok(0);
        }
        if left.is_empty() {
            std::fs::remove_dir_all(&folder).map_err(io(&folder))?;
            return Ok(before);
        }
        for snapshot in &gone {
            // A commit that was asked for by itself has a reference of its own name.
            for revision in snapshot.revisions.iter().chain([&snapshot.commit]) {
                let path = folder.join("refs").join(revision);
                match std::fs::remove_file(&path) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                        return Err(io(&path)(error));
                    }
                    _ => {}
                }
            }
            std::fs::remove_dir_all(&snapshot.folder).map_err(io(&snapshot.folder))?;
            // There is no receipt of what another program fetched.
            let _ = std::fs::remove_file(self.receipt_path(name.repository(), &snapshot.commit));
        }
        // Blobs that no snapshot points to any more, of any file: others may have fetched more than ours.
        let mut used = Vec::new();
        for snapshot in &left {
            for file in files_below(&snapshot.folder)? {
                used.extend(blob_of(&snapshot.folder.join(file)));
            }
        }
        let blobs = folder.join("blobs");
        for blob in entries(&blobs)? {
            if !used.contains(&blob) {
                let path = blobs.join(&blob);
                std::fs::remove_file(&path).map_err(io(&path))?;
            }
        }
        Ok(before.saturating_sub(size_below(&folder)?))
    }
}

/// What fails at a path.
fn io(path: &Path) -> impl Fn(std::io::Error) -> HubError + use<> {
    let path = path.to_owned();
    move |error| HubError::Io {
        path: path.clone(),
        error,
    }
}

/// Size and hashes of a file.
struct Content {
    bytes: u64,
    sha256: String,
    /// The hash git knows it by.
    git: String,
}

impl Content {
    fn read(path: &Path) -> Result<Content, HubError> {
        let failed = io(path);
        let mut file = std::fs::File::open(path).map_err(&failed)?;
        let bytes = file.metadata().map_err(&failed)?.len();
        let (mut sha256, mut git) = (sha2::Sha256::new(), sha1::Sha1::new());
        git.update(format!("blob {bytes}\0"));
        let mut buffer = vec![0; 1 << 20];
        loop {
            match std::io::Read::read(&mut file, &mut buffer).map_err(&failed)? {
                0 => break,
                read => {
                    sha256.update(&buffer[..read]);
                    git.update(&buffer[..read]);
                }
            }
        }
        Ok(Content {
            bytes,
            sha256: hex(&sha256.finalize()),
            git: hex(&git.finalize()),
        })
    }

    /// Compares with the tag of the hub: SHA-256 of large files, git's hash of small ones.
    fn compare(&self, tag: &str) -> Result<(), String> {
        let (kind, found) = match tag.len() {
            64 => ("SHA-256", &self.sha256),
            40 => ("git hash", &self.git),
            _ => return Err(format!("{tag:?} is no hash")),
        };
        if found == tag {
            Ok(())
        } else {
            Err(format!("its {kind} is {found}, not {tag}"))
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut hex = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// The blob that a file of a snapshot points to.
fn blob_of(path: &Path) -> Option<String> {
    let blob = std::fs::canonicalize(path).ok()?;
    let name = blob.file_name()?.to_str()?.to_owned();
    (blob.parent()?.file_name()? == "blobs").then_some(name)
}

/// The names in a folder, sorted; none if it does not exist.
fn entries(folder: &Path) -> Result<Vec<String>, HubError> {
    let failed = io(folder);
    let read = match std::fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in read {
        // A name that is no Unicode is none of the hub's.
        names.extend(entry.map_err(&failed)?.file_name().into_string().ok());
    }
    names.sort();
    Ok(names)
}

/// The files below a folder, with `/` in their names; links are not followed.
fn files_below(folder: &Path) -> Result<Vec<String>, HubError> {
    let mut files = Vec::new();
    for name in entries(folder)? {
        let path = folder.join(&name);
        if path.is_dir() && !path.is_symlink() {
            let below = files_below(&path)?;
            files.extend(below.into_iter().map(|file| format!("{name}/{file}")));
        } else {
            files.push(name);
        }
    }
    Ok(files)
}

fn size_below(folder: &Path) -> Result<u64, HubError> {
    let sizes = files_below(folder)?.into_iter().map(|file| {
        let data = std::fs::symlink_metadata(folder.join(file));
        data.map_or(0, |data| data.len())
    });
    Ok(sizes.sum())
}
