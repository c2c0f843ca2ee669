//! The hub: what it says of a file, and the file itself.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use hf_hub::api::sync::{Api, ApiBuilder, ApiError, ApiRepo};
use hf_hub::{Repo, RepoType};

use crate::{Content, FILES, HubError, Name, Receipt, Snapshot, Store};

const ENDPOINT: &str = "https://huggingface.co";

/// How often a transfer that breaks off is taken up again.
const RETRIES: usize = 3;

/// Whether the hub's client draws its progress on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// It does.
    Shown,
    /// It does not.
    Hidden,
}

/// A hub, and who asks.
#[derive(Debug, Clone)]
pub struct Remote {
    /// Where it is, such as `https://huggingface.co`.
    pub endpoint: String,
    /// The token that says who asks.
    pub token: Option<String>,
    /// Whether it may not be asked.
    pub offline: bool,
}

impl Store {
    /// The store that all programs of this machine share, and the hub it is filled from, by the variables that the
    /// hub's own client reads; `variable` looks one up.
    ///
    /// # Errors
    /// When there is no home to keep models in.
    pub fn shared(variable: impl Fn(&str) -> Option<String>) -> Result<(Store, Remote), HubError> {
        let set = |name: &str| variable(name).filter(|value| !value.is_empty());
        let home = set("HF_HOME").map(PathBuf::from).or_else(|| {
            let cache = set("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.or_else(|| Some(PathBuf::from(set("HOME")?).join(".cache")))?;
            Some(cache.join("huggingface"))
        });
        let folder = set("HF_HUB_CACHE").map(PathBuf::from);
        let folder = folder.or_else(|| Some(home.as_ref()?.join("hub")));
        let token_file = set("HF_TOKEN_PATH").map(PathBuf::from);
        let token_file = token_file.or_else(|| Some(home.as_ref()?.join("token")));
        let token = set("HF_TOKEN").or_else(|| std::fs::read_to_string(token_file?).ok());
        let no = ["", "0", "false", "no", "off"];
        let remote = Remote {
            endpoint: set("HF_ENDPOINT").map_or_else(
                || ENDPOINT.to_owned(),
                |endpoint| endpoint.trim_end_matches('/').to_owned(),
            ),
            token: token
                .map(|token| token.trim().to_owned())
                .filter(|token| !token.is_empty()),
            offline: set("HF_HUB_OFFLINE")
                .is_some_and(|value| !no.contains(&value.to_lowercase().as_str())),
        };
        Ok((Store::at(folder.ok_or(HubError::NoFolder)?), remote))
    }

    /// Fetches what is missing of a model, verifies it, and records its hashes. All files are of one commit.
    ///
    /// # Errors
    /// When the hub does not have it or does not give it, the transfer fails, or what arrives is not what the hub
    /// says it is; a damaged file is not kept.
    pub fn pull(
        &self,
        name: &Name,
        remote: &Remote,
        progress: Progress,
    ) -> Result<Snapshot, HubError> {
        if remote.offline {
            return self
                .find(name)
                .map_err(|_| HubError::Offline { name: name.clone() });
        }
        let session = Session {
            store: self,
            remote,
            name,
            api: ApiBuilder::new_in(self, remote, progress)
                .map_err(|error| Session::transfer(remote, name, "anything", &error.to_string()))?,
        };
        let revision = name.revision().unwrap_or("main");
        let mut commit: Option<String> = None;
        let mut files = BTreeMap::new();
        for file in FILES {
            // Once the commit is known it is asked for, so that a push meanwhile mixes nothing.
            let (found, content) = session.fetch(file, commit.as_deref().unwrap_or(revision))?;
            commit.get_or_insert(found);
            files.insert(file.to_owned(), (content.bytes, content.sha256));
        }
        let commit = commit.unwrap_or_default();
        hf_hub::Cache::new(self.folder().to_owned())
            .repo(repository_of(name, revision))
            .create_ref(&commit)
            .map_err(|error| HubError::Io {
                path: self.repository(name.repository()).join("refs"),
                error,
            })?;
        self.write_receipt(&Receipt {
            repository: name.repository().to_owned(),
            commit: commit.clone(),
            endpoint: remote.endpoint.clone(),
            files,
        })?;
        self.find(&Name::of(name.repository(), &commit))
    }
}

/// An [`ApiBuilder`] as we need it.
trait New {
    fn new_in(store: &Store, remote: &Remote, progress: Progress) -> Result<Api, ApiError>;
}

impl New for ApiBuilder {
    fn new_in(store: &Store, remote: &Remote, progress: Progress) -> Result<Api, ApiError> {
        ApiBuilder::from_cache(hf_hub::Cache::new(store.folder().to_owned()))
            .with_endpoint(remote.endpoint.clone())
            .with_token(remote.token.clone())
            .with_retries(RETRIES)
            .with_progress(progress == Progress::Shown)
            .build()
    }
}

/// One model being fetched.
struct Session<'a> {
    store: &'a Store,
    remote: &'a Remote,
    name: &'a Name,
    api: Api,
}

impl Session<'_> {
    /// Fetches one file of a revision, unless it is there. Returns its commit.
    fn fetch(&self, file: &str, revision: &str) -> Result<(String, Content), HubError> {
        let repository = self.repository(revision);
        let metadata = guarded(|| self.api.metadata(&repository.url(file)))
            .map_err(|error| self.explain(file, error))?;
        let (commit, tag) = (
            metadata.commit_hash().to_string(),
            metadata.etag().to_string(),
        );
        // The client makes names of files of them.
        for (what, hash) in [("commit", &commit), ("tag", &tag)] {
            let hexadecimal = hash
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            if !hexadecimal || ![40, 64].contains(&hash.len()) {
                let problem = format!("its {what} {hash:?} is no hash");
                return Err(self.failed(file, &problem));
            }
        }
        let folder = self.store.repository(self.name.repository());
        let place = folder.join("snapshots").join(&commit).join(file);
        let blob = folder.join("blobs").join(&tag);
        if let Ok(content) = Content::read(&place)
            && content.compare(&tag).is_ok()
        {
            return Ok((commit, content));
        }
        // Another commit may have the same file.
        if let Ok(content) = Content::read(&blob)
            && content.compare(&tag).is_ok()
            && point(&place, &blob, &tag).is_ok()
        {
            return Ok((commit, content));
        }
        // Whatever stands where it shall be is damaged: the client would take it for whole.
        for path in [&place, &blob] {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(HubError::Io {
                        path: path.clone(),
                        error,
                    });
                }
                _ => {}
            }
        }
        guarded(|| repository.download(file)).map_err(|error| {
            if matches!(error, Failure::Api(ApiError::InvalidResume)) {
                // It is longer than it should be: it was of something else.
                let _ = std::fs::remove_file(blob.with_extension("part"));
            }
            self.explain(file, error)
        })?;
        let content = Content::read(&place)?;
        if let Err(problem) = content.compare(&tag) {
            for path in [&place, &blob] {
                let _ = std::fs::remove_file(path);
            }
            return Err(HubError::Damaged {
                name: self.name.clone(),
                file: file.to_owned(),
                problem: format!("after the transfer {problem}"),
            });
        }
        Ok((commit, content))
    }

    fn repository(&self, revision: &str) -> ApiRepo {
        let repository = self.name.repository().to_owned();
        self.api.repo(Repo::with_revision(
            repository,
            RepoType::Model,
            revision.to_owned(),
        ))
    }

    fn explain(&self, file: &str, failure: Failure) -> HubError {
        let error = match failure {
            Failure::Api(error) => error,
            Failure::Panic(message) => return self.failed(file, &message),
        };
        let status = match &error {
            ApiError::RequestError(error) => match **error {
                ureq::Error::StatusCode(status) => Some(status),
                _ => None,
            },
            _ => None,
        };
        match status {
            Some(status @ (401 | 403)) => HubError::Denied {
                name: self.name.clone(),
                endpoint: self.remote.endpoint.clone(),
                status,
            },
            Some(404) => HubError::Missing {
                name: self.name.clone(),
                endpoint: self.remote.endpoint.clone(),
                file: file.to_owned(),
                hint: match file {
                    "model.safetensors" => {
                        "; nommer takes no weights in other formats, which may hold code"
                    }
                    "tokenizer.json" => {
                        "; nommer needs the fast tokenizer, which transformers writes with save_pretrained"
                    }
                    _ => "",
                },
            },
            _ => self.failed(file, &error.to_string()),
        }
    }

    fn failed(&self, file: &str, problem: &str) -> HubError {
        Session::transfer(self.remote, self.name, file, problem)
    }

    fn transfer(remote: &Remote, name: &Name, file: &str, problem: &str) -> HubError {
        HubError::Transfer {
            name: name.clone(),
            endpoint: remote.endpoint.clone(),
            file: file.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

fn repository_of(name: &Name, revision: &str) -> Repo {
    let repository = name.repository().to_owned();
    Repo::with_revision(repository, RepoType::Model, revision.to_owned())
}

/// Makes the file of a snapshot point to a blob that is there.
fn point(place: &Path, blob: &Path, tag: &str) -> std::io::Result<()> {
    if let Some(folder) = place.parent() {
        std::fs::create_dir_all(folder)?;
    }
    match std::fs::remove_file(place) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    if cfg!(unix) {
        // Relative, so that the store can be moved.
        link(&Path::new("../../blobs").join(tag), place)
    } else {
        std::fs::copy(blob, place).map(|_| ())
    }
}

#[cfg(unix)]
fn link(to: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, place)
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}

enum Failure {
    Api(ApiError),
    Panic(String),
}

/// The client panics on some answers that no hub gives.
fn guarded<T>(ask: impl FnOnce() -> Result<T, ApiError>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => answer.map_err(Failure::Api),
        Err(_) => Err(Failure::Panic("its answer makes no sense".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_say_where_models_are_and_who_asks() {
        let shared = |variables: &[(&str, &str)]| {
            Store::shared(|name| {
                let found = variables.iter().find(|(variable, _)| *variable == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        let folder =
            |variables: &[(&str, &str)]| shared(variables).map(|(store, _)| store.folder).ok();
        let at = |path: &str| Some(PathBuf::from(path));
        assert_eq!(folder(&[("HOME", "/h")]), at("/h/.cache/huggingface/hub"));
        assert_eq!(
            folder(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]),
            at("/x/huggingface/hub")
        );
        assert_eq!(folder(&[("HOME", "/h"), ("HF_HOME", "/f")]), at("/f/hub"));
        assert_eq!(
            folder(&[("HF_HOME", "/f"), ("HF_HUB_CACHE", "/c")]),
            at("/c")
        );
        assert_eq!(folder(&[("HF_HOME", "")]), None);
        let remote = |variables: &[(&str, &str)]| {
            let mut all = vec![("HF_HOME", "/nowhere")];
            all.extend(variables);
            shared(&all)
                .map(|(_, remote)| (remote.endpoint, remote.token, remote.offline))
                .ok()
        };
        assert_eq!(remote(&[]), Some((ENDPOINT.to_owned(), None, false)));
        assert_eq!(
            remote(&[
                ("HF_ENDPOINT", "http://hub/"),
                ("HF_TOKEN", " t\n"),
                ("HF_HUB_OFFLINE", "1")
            ]),
            Some(("http://hub".to_owned(), Some("t".to_owned()), true))
        );
        assert_eq!(
            remote(&[("HF_HUB_OFFLINE", "False")]),
            Some((ENDPOINT.to_owned(), None, false))
        );
    }
}
