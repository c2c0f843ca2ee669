//! The hub: what it says of a file, and the file itself.
//!
//! The client of our own is small because the one of the `hf-hub` crate (0.5) sends the token on to the host of another
//! company that a hub redirects to, and makes file names of answers that nobody checked.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::http::{HeaderMap, Response, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use crate::{Content, FILES, HubError, Name, Receipt, Snapshot, Store, io};

const ENDPOINT: &str = "https://huggingface.co";

/// How often a transfer that gets no further is taken up again.
const RETRIES: u32 = 3;

/// The longest wait for a connection, and for the next bytes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The most relative redirects on the way to a file: repositories are renamed, but not that often.
const REDIRECTS: usize = 5;

/// What happens during a pull.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// Another program is fetching the same model; this one waits for it.
    Waiting,
    /// Bytes of a file have arrived.
    Arrived {
        /// The file.
        file: &'a str,
        /// How many of it are here.
        bytes: u64,
        /// How many there are, if the hub says so.
        total: Option<u64>,
    },
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
        let path = |name: &str| {
            let path = set(name)?;
            Some(match (path.strip_prefix("~/"), set("HOME")) {
                (Some(below), Some(home)) => Path::new(&home).join(below),
                _ => PathBuf::from(path),
            })
        };
        let home = path("HF_HOME").or_else(|| {
            let cache = path("XDG_CACHE_HOME").or_else(|| Some(path("HOME")?.join(".cache")))?;
            Some(cache.join("huggingface"))
        });
        let folder = path("HF_HUB_CACHE").or_else(|| Some(home.as_ref()?.join("hub")));
        let token_file = path("HF_TOKEN_PATH").or_else(|| Some(home.as_ref()?.join("token")));
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

    /// Fetches what is missing of a model, verifies it, and records its hashes. All files are of one commit. Offline,
    /// what is there is verified.
    ///
    /// # Errors
    /// When the hub does not have it or does not give it, the transfer fails, or what arrives is not what the hub
    /// says it is; a damaged file is not kept, and what the name stood for before stays as it is.
    pub fn pull(
        &self,
        name: &Name,
        remote: &Remote,
        watch: &mut dyn FnMut(Step<'_>),
    ) -> Result<Snapshot, HubError> {
        if remote.offline {
            let offline = |_| HubError::Offline { name: name.clone() };
            let snapshot = self.find(name).map_err(offline)?;
            self.verify(&snapshot)?;
            return Ok(snapshot);
        }
        let _alone = self.lock(name.repository(), || watch(Step::Waiting))?;
        let mut session = Session {
            store: self,
            remote,
            name,
            agent: agent(),
            watch,
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
        self.write_receipt(&Receipt {
            repository: name.repository().to_owned(),
            commit: commit.clone(),
            files,
        })?;
        if revision != commit {
            let path = self
                .repository(name.repository())
                .join("refs")
                .join(revision);
            replace(&path, commit.as_bytes())?;
        }
        self.find(&Name::of(name.repository(), &commit))
    }

    /// Keeps other programs from fetching the same model, until the file is dropped.
    pub(crate) fn lock(&self, repository: &str, waiting: impl FnOnce()) -> Result<File, HubError> {
        let folder = self.folder().join(".locks");
        let path = folder.join(format!("{}.nommer", repository.replace('/', "--")));
        let failed = io(&path);
        std::fs::create_dir_all(&folder).map_err(&failed)?;
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let file = file.map_err(&failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                waiting();
                file.lock().map_err(&failed)?;
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(failed(error)),
        }
        Ok(file)
    }
}

/// Where a file is, and what the hub says it is.
struct Found {
    /// Invariant: 40 or 64 hexadecimal digits, as `tag`: file names are made of them.
    commit: String,
    tag: String,
    /// Where its bytes are, at the hub or elsewhere.
    location: Uri,
}

/// Why an attempt to fetch a file failed.
enum Failure {
    /// It may work the next time.
    Passing(String),
    /// It will not.
    Lasting(HubError),
}

impl From<HubError> for Failure {
    fn from(error: HubError) -> Failure {
        Failure::Lasting(error)
    }
}

/// One model being fetched.
struct Session<'a> {
    store: &'a Store,
    remote: &'a Remote,
    name: &'a Name,
    agent: Agent,
    watch: &'a mut dyn FnMut(Step<'_>),
}

impl Session<'_> {
    /// Fetches one file of a revision, unless it is there. Returns its commit.
    fn fetch(&mut self, file: &str, revision: &str) -> Result<(String, Content), HubError> {
        let Found { commit, tag, .. } =
            self.persist(file, |session| session.ask(file, revision), || 0)?;
        let folder = self.store.repository(self.name.repository());
        let place = folder.join("snapshots").join(&commit).join(file);
        let blob = folder.join("blobs").join(&tag);
        let intact = |path: &Path| {
            let content = Content::read(path).ok()?;
            content.compare(&tag).is_ok().then_some(content)
        };
        if let Some(content) = intact(&place) {
            return Ok((commit, content));
        }
        // Another commit may have the same file.
        if let Some(content) = intact(&blob) {
            point(&place, &blob, &tag).map_err(io(&place))?;
            return Ok((commit, content));
        }
        std::fs::create_dir_all(folder.join("blobs")).map_err(io(&blob))?;
        let part = blob.with_extension("nommer");
        let size = || std::fs::metadata(&part).map_or(0, |data| data.len());
        self.persist(
            file,
            |session| session.transfer(file, (&commit, &tag), &part),
            size,
        )?;
        let content = Content::read(&part)?;
        if let Err(problem) = content.compare(&tag) {
            std::fs::remove_file(&part).map_err(io(&part))?;
            return Err(HubError::Damaged {
                name: self.name.clone(),
                file: file.to_owned(),
                problem: format!("after the transfer {problem}"),
            });
        }
        std::fs::rename(&part, &blob).map_err(io(&blob))?;
        point(&place, &blob, &tag).map_err(io(&place))?;
        Ok((commit, content))
    }

    /// Tries until it works, lastingly fails, or fails too often without `progress` getting larger.
    fn persist<T>(
        &mut self,
        file: &str,
        mut attempt: impl FnMut(&mut Self) -> Result<T, Failure>,
        progress: impl Fn() -> u64,
    ) -> Result<T, HubError> {
        let mut failures = 0;
        loop {
            let before = progress();
            let problem = match attempt(self) {
                Ok(value) => return Ok(value),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Passing(problem)) => problem,
            };
            failures = if progress() > before { 0 } else { failures + 1 };
            if failures > RETRIES {
                return Err(self.failed(file, &problem));
            }
            std::thread::sleep(Duration::from_millis(200 << failures));
        }
    }

    /// Asks where a file of a revision is, and what it is.
    fn ask(&self, file: &str, revision: &str) -> Result<Found, Failure> {
        let nonsense = |problem: &str| Failure::Lasting(self.failed(file, problem));
        // All else that a name may hold stands for itself in a URL.
        let revision = revision.replace('/', "%2F");
        let repository = self.name.repository();
        let url = format!(
            "{}/{repository}/resolve/{revision}/{file}",
            self.remote.endpoint
        );
        let mut url: Uri = url
            .parse()
            .map_err(|error| nonsense(&format!("{url} is no address: {error}")))?;
        for _ in 0..=REDIRECTS {
            let mut request = self.agent.head(&url);
            if let Some(token) = &self.remote.token {
                request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
            }
            let answer = self.accept(file, request.call())?;
            let about = answer.headers();
            let location = match text(about, header::LOCATION.as_str()) {
                Some(location) if answer.status().is_redirection() => {
                    let there = resolve(&url, location);
                    Some(there.ok_or_else(|| nonsense("it sends to a place that is none"))?)
                }
                _ => None,
            };
            let tag = text(about, "x-linked-etag").or_else(|| text(about, header::ETAG.as_str()));
            match (text(about, "x-repo-commit"), tag, location) {
                (Some(commit), Some(tag), location) => {
                    let tag = tag.trim_start_matches("W/").trim_matches('"');
                    for (what, hash) in [("commit", commit), ("tag", tag)] {
                        if !is_hash(hash) {
                            return Err(nonsense(&format!("its {what} {hash:?} is no hash")));
                        }
                    }
                    return Ok(Found {
                        commit: commit.to_owned(),
                        tag: tag.to_owned(),
                        location: location.unwrap_or(url),
                    });
                }
                // The token goes to nobody else.
                (_, _, Some(there)) if same_host(&url, &there) => url = there,
                (_, _, Some(there)) => {
                    return Err(nonsense(&format!(
                        "it sends to {there}, which is another hub"
                    )));
                }
                _ => {
                    return Err(nonsense(
                        "it does not say which commit and which file this is, as hubs do",
                    ));
                }
            }
        }
        Err(nonsense("it sends from place to place"))
    }

    /// Fetches what is missing of a file in `part`.
    fn transfer(
        &mut self,
        file: &str,
        (commit, tag): (&str, &str),
        part: &Path,
    ) -> Result<(), Failure> {
        // Places elsewhere are good for a while only, so each attempt asks anew.
        let found = self.ask(file, commit)?;
        if (found.commit.as_str(), found.tag.as_str()) != (commit, tag) {
            return Err(self
                .failed(file, "it is another file than a moment ago")
                .into());
        }
        let mut out = OpenOptions::new()
            .append(true)
            .create(true)
            .open(part)
            .map_err(io(part))?;
        let mut here = out.metadata().map_err(io(part))?.len();
        let mut request = self.agent.get(&found.location);
        if let Some(token) = &self.remote.token
            && self.is_ours(&found.location)
        {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if here > 0 {
            request = request.header(header::RANGE, format!("bytes={here}-"));
        }
        let answer = request.call();
        if here > 0
            && answer
                .as_ref()
                .is_ok_and(|answer| answer.status().as_u16() == 416)
        {
            // There is no more. The hash tells whether what is here is it.
            return Ok(());
        }
        let answer = self.accept(file, answer)?;
        if !answer.status().is_success() {
            let problem = format!("it answers {}", answer.status());
            return Err(self.failed(file, &problem).into());
        }
        let range = text(answer.headers(), header::CONTENT_RANGE.as_str());
        if !range.is_some_and(|range| range.starts_with(&format!("bytes {here}-"))) {
            // It sends all of it.
            out.set_len(0).map_err(io(part))?;
            here = 0;
        }
        let length = text(answer.headers(), header::CONTENT_LENGTH.as_str());
        let length = length.and_then(|length| length.parse::<u64>().ok());
        let total = length.map(|length| here.saturating_add(length));
        let mut body = answer.into_body().into_reader();
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = match body.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Failure::Passing(format!("it broke off: {error}"))),
            };
            out.write_all(&buffer[..read]).map_err(io(part))?;
            here += read as u64;
            (self.watch)(Step::Arrived {
                file,
                bytes: here,
                total,
            });
        }
        match total {
            Some(total) if here != total => Err(Failure::Passing(format!(
                "it broke off after {here} of {total} bytes"
            ))),
            _ => Ok(()),
        }
    }

    /// An answer that is of use, redirects included.
    fn accept(
        &self,
        file: &str,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<Response<Body>, Failure> {
        let answer = answer.map_err(|error| Failure::Passing(error.to_string()))?;
        let (name, endpoint) = (self.name.clone(), self.remote.endpoint.clone());
        Err(match answer.status().as_u16() {
            status @ (401 | 403) => Failure::Lasting(HubError::Denied {
                name,
                endpoint,
                status,
            }),
            404 => Failure::Lasting(HubError::Missing {
                name,
                endpoint,
                file: file.to_owned(),
                hint: match file {
                    "model.safetensors" => {
                        "; nommer takes weights in one file of safetensors only, which holds numbers and no code"
                    }
                    "tokenizer.json" => {
                        "; nommer needs the fast tokenizer, which transformers writes with save_pretrained"
                    }
                    _ => "",
                },
            }),
            408 | 429 | 500..=599 => Failure::Passing(format!("it answers {}", answer.status())),
            400..=499 => {
                Failure::Lasting(self.failed(file, &format!("it answers {}", answer.status())))
            }
            _ => return Ok(answer),
        })
    }

    fn is_ours(&self, place: &Uri) -> bool {
        let hub = self.remote.endpoint.parse();
        hub.is_ok_and(|hub: Uri| same_host(&hub, place))
    }

    fn failed(&self, file: &str, problem: &str) -> HubError {
        HubError::Transfer {
            name: self.name.clone(),
            endpoint: self.remote.endpoint.clone(),
            file: file.to_owned(),
            problem: problem.to_owned(),
        }
    }
}

/// A client that follows no redirect by itself, trusts whom the machine trusts, and gives up when nothing comes.
fn agent() -> Agent {
    let trust = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .accept_encoding("identity")
        .user_agent(concat!("nommer/", env!("CARGO_PKG_VERSION")))
        .tls_config(trust)
        .timeout_connect(Some(PATIENCE))
        .timeout_recv_response(Some(PATIENCE))
        .timeout_per_read(Some(PATIENCE))
        .build()
        .new_agent()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// Where a redirect leads.
fn resolve(from: &Uri, location: &str) -> Option<Uri> {
    if !location.starts_with('/') || location.starts_with("//") {
        return location
            .parse()
            .ok()
            .filter(|there: &Uri| there.host().is_some());
    }
    Uri::builder()
        .scheme(from.scheme_str()?)
        .authority(from.authority()?.as_str())
        .path_and_query(location)
        .build()
        .ok()
}

fn same_host(a: &Uri, b: &Uri) -> bool {
    a.scheme() == b.scheme() && a.authority() == b.authority()
}

fn is_hash(text: &str) -> bool {
    let hexadecimal = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    hexadecimal && [40, 64].contains(&text.len())
}

/// Puts a file where it shall be, whole.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<(), HubError> {
    let failed = io(path);
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(&failed)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(&failed)?;
    file.write_all(content).map_err(&failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
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
