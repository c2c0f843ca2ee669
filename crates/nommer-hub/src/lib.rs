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

pub use fetch::{Progress, Remote};
pub use name::Name;

/// The files of a model, the small ones first.
pub const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

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

/// What was fetched, and when it was right: one file per snapshot, beside the shared layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// `ORG/NAME`.
    pub repository: String,
    /// The commit.
    pub commit: String,
    /// The server it is from.
    pub endpoint: String,
    /// SHA-256 of each file, in lower-case hexadecimal, with its size.
    pub files: BTreeMap<String, (u64, String)>,
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

    /// The snapshot of a model: of the revision if it names one, else of `main`.
    ///
    /// # Errors
    /// When it is not there, or not complete.
    pub fn find(&self, name: &Name) -> Result<Snapshot, HubError> {
        let wanted = name.revision().unwrap_or("main");
        let complete = |snapshot: &Snapshot| snapshot.files.len() == FILES.len();
        let snapshots = self.snapshots(name.repository())?;
        snapshots
            .into_iter()
            .find(|snapshot| {
                let called = snapshot.commit == wanted
                    || snapshot.revisions.iter().any(|revision| revision == wanted);
                called && complete(snapshot)
            })
            .ok_or_else(|| HubError::NotHere { name: name.clone() })
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
        let failed = |error: std::io::Error| HubError::Io {
            path: path.clone(),
            error,
        };
        let folder = path.parent().unwrap_or(&self.folder);
        std::fs::create_dir_all(folder).map_err(failed)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        serde_json::to_writer_pretty(&mut file, receipt).map_err(|error| failed(error.into()))?;
        file.persist(&path).map_err(|error| failed(error.error))?;
        Ok(())
    }

    /// Reads all files of a snapshot, and compares them with what was recorded when they were fetched. Of a model that
    /// another program fetched, weights are compared with the hash that their blob is called by.
    ///
    /// # Errors
    /// When a file is missing, cannot be read, or is another.
    pub fn verify(&self, snapshot: &Snapshot) -> Result<Receipt, HubError> {
        let name = Name::of(&snapshot.repository, &snapshot.commit);
        let path = self.receipt_path(&snapshot.repository, &snapshot.commit);
        let recorded: Option<Receipt> = match std::fs::read(&path) {
            Ok(bytes) => {
                Some(
                    serde_json::from_slice(&bytes).map_err(|error| HubError::Damaged {
                        name: name.clone(),
                        file: path.display().to_string(),
                        problem: error.to_string(),
                    })?,
                )
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(HubError::Io { path, error }),
        };
        let mut files = BTreeMap::new();
        for file in FILES {
            let damaged = |problem: String| HubError::Damaged {
                name: name.clone(),
                file: file.to_owned(),
                problem,
            };
            let path = snapshot.folder.join(file);
            let content = Content::read(&path)?;
            let recorded = recorded
                .as_ref()
                .and_then(|receipt| receipt.files.get(file));
            if let Some((bytes, sha256)) = recorded {
                if content.bytes != *bytes {
                    return Err(damaged(format!(
                        "it has {} bytes, not {bytes}",
                        content.bytes
                    )));
                }
                if content.sha256 != *sha256 {
                    return Err(damaged(format!(
                        "its SHA-256 is {}, not {sha256}",
                        content.sha256
                    )));
                }
            } else if let Some(tag) = blob_of(&path) {
                content.compare(&tag).map_err(damaged)?;
            }
            files.insert(file.to_owned(), (content.bytes, content.sha256));
        }
        Ok(Receipt {
            repository: snapshot.repository.clone(),
            commit: snapshot.commit.clone(),
            endpoint: recorded.map(|receipt| receipt.endpoint).unwrap_or_default(),
            files,
        })
    }

    /// Removes a model with everything that was fetched of it, or only the snapshot of the revision it names. Returns
    /// the bytes that are free now.
    ///
    /// # Errors
    /// When it is not there, or cannot be removed.
    pub fn remove(&self, name: &Name) -> Result<u64, HubError> {
        let folder = self.repository(name.repository());
        let io = |path: &Path| {
            let path = path.to_owned();
            move |error| HubError::Io { path, error }
        };
        if !folder.is_dir() {
            return Err(HubError::NotHere { name: name.clone() });
        }
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

/// Size and hashes of a file.
struct Content {
    bytes: u64,
    sha256: String,
    /// The hash git knows it by.
    git: String,
}

impl Content {
    fn read(path: &Path) -> Result<Content, HubError> {
        let failed = |error| HubError::Io {
            path: path.to_owned(),
            error,
        };
        let mut file = std::fs::File::open(path).map_err(failed)?;
        let bytes = file.metadata().map_err(failed)?.len();
        let (mut sha256, mut git) = (sha2::Sha256::new(), sha1::Sha1::new());
        git.update(format!("blob {bytes}\0"));
        let mut buffer = vec![0; 1 << 20];
        loop {
            match std::io::Read::read(&mut file, &mut buffer).map_err(failed)? {
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
    let failed = |error| HubError::Io {
        path: folder.to_owned(),
        error,
    };
    let read = match std::fs::read_dir(folder) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in read {
        // A name that is no Unicode is none of the hub's.
        names.extend(entry.map_err(failed)?.file_name().into_string().ok());
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
