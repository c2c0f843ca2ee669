//! `nommer model pull` and what follows it, against a small hub on this machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use nommer_model::manifest::sha256;
use sha1::Digest;

use crate::support::{Folder, Ran, tests_folder};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const NAME: &str = "zoe/tiny";
const FILES: [&str; 3] = ["config.json", "tokenizer.json", "model.safetensors"];

/// How the hub behaves; what it does wrong it does to the weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Good,
    /// Breaks off in the middle, once.
    TornOnce,
    /// Breaks off in the middle, and gives nothing after that.
    Torn,
    /// Sends other bytes than those it gives the hash of.
    WrongBytes,
    /// Gives a tag that leads out of the store.
    HostileTag,
    /// Gives such a tag the second time it is asked.
    HostileLater,
    /// Sends away to another host.
    Redirect,
    /// Is busy, once.
    Busy,
    /// Sends all of a file whatever part is asked for.
    Whole,
    /// Gives tags as mirrors do that compress.
    WeakTag,
    /// Wants a token.
    Private,
    /// Has only weights of another format.
    Pickled,
    /// Answers something else.
    Broken,
}

/// A hub with one model.
struct Hub {
    endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    files: BTreeMap<&'static str, Vec<u8>>,
    manner: Mutex<Manner>,
    commit: Mutex<String>,
    /// Where it sends away to.
    elsewhere: Mutex<String>,
    asked: Mutex<Vec<Asked>>,
}

/// A request.
#[derive(Debug, Clone, Default)]
struct Asked {
    method: String,
    path: String,
    range: String,
    token: String,
}

impl Hub {
    fn start(manner: Manner) -> Hub {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let folder = tests_folder().join("fixtures/checkpoints/bert");
        let files = FILES.map(|name| (name, fs::read(folder.join(name)).unwrap()));
        let shared = Arc::new(Shared {
            files: BTreeMap::from(files),
            manner: Mutex::new(manner),
            commit: Mutex::new(COMMIT.to_owned()),
            elsewhere: Mutex::default(),
            asked: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // Who hangs up meanwhile has what it wants.
                let _ = serving.answer(stream.unwrap());
            }
        });
        Hub { endpoint, shared }
    }

    fn behave(&self, manner: Manner) {
        *self.shared.manner.lock().unwrap() = manner;
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.shared.asked.lock().unwrap())
    }

    /// Runs the command in `folder`, whose `hub` is the store.
    fn run(&self, folder: &Folder, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = folder.command(args);
        for name in [
            "HF_TOKEN",
            "HF_TOKEN_PATH",
            "HF_HUB_CACHE",
            "HF_HUB_OFFLINE",
        ] {
            command.env_remove(name);
        }
        command
            .env("HF_HOME", folder.path("hf"))
            .env("HF_ENDPOINT", &self.endpoint)
            .env("NO_PROXY", "*")
            .envs(variables.iter().copied());
        crate::support::Running::start(&mut command).finish()
    }
}

impl Shared {
    fn answer(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut lines = BufReader::new(stream.try_clone()?).lines();
        let request = lines.next().unwrap()?;
        let mut words = request.split(' ').map(str::to_owned);
        let mut asked = Asked {
            method: words.next().unwrap_or_default(),
            path: words.next().unwrap_or_default(),
            ..Asked::default()
        };
        for line in lines {
            let line = line?;
            let Some((name, value)) = line.split_once(": ") else {
                break;
            };
            match name.to_lowercase().as_str() {
                "range" => asked.range = value.to_owned(),
                "authorization" => asked.token = value.to_owned(),
                _ => {}
            }
        }
        let before = {
            let mut all = self.asked.lock().unwrap();
            all.push(asked.clone());
            let same = |other: &&Asked| other.path == asked.path && other.method == asked.method;
            all.iter().filter(same).count() - 1
        };
        let Asked {
            method,
            path,
            range,
            token,
        } = asked;
        let manner = *self.manner.lock().unwrap();
        let commit = self.commit.lock().unwrap().clone();
        let file = FILES.into_iter().find(|file| {
            let of_model = ["main", "v1", "refs%2Fpr%2F1", &commit]
                .map(|revision| format!("/{NAME}/resolve/{revision}/{file}"));
            of_model.contains(&path) || path == format!("/elsewhere/{file}")
        });
        let status = |stream: &mut TcpStream, status: &str, headers: &str| {
            write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n{headers}\r\n"
            )
        };
        if manner == Manner::Private && token != "Bearer secret" {
            return status(&mut stream, "401 Unauthorized", "");
        }
        let weights = file == Some("model.safetensors");
        let Some(file) = file.filter(|_| !(manner == Manner::Pickled && weights)) else {
            return status(&mut stream, "404 Not Found", "");
        };
        let mut content = self.files[file].clone();
        // As the hub does: SHA-256 of large files, git's hash of small ones.
        let tag = match weights {
            true if manner == Manner::HostileTag => "../../../../evil".to_owned(),
            true if manner == Manner::HostileLater && before > 0 => "/tmp/evil".to_owned(),
            true => sha256(&content),
            false => git_hash(&content),
        };
        let weak = if manner == Manner::WeakTag { "W/" } else { "" };
        let about = format!("X-Repo-Commit: {commit}\r\nX-Linked-Etag: {weak}\"{tag}\"\r\n");
        if manner == Manner::Broken && weights {
            return status(&mut stream, "200 OK", "");
        }
        if manner == Manner::Redirect && weights && path.starts_with("/zoe") {
            let elsewhere = self.elsewhere.lock().unwrap();
            let there = format!("{about}Location: {elsewhere}/elsewhere/{file}\r\n");
            return status(&mut stream, "302 Found", &there);
        }
        if manner == Manner::Busy && weights && before == 0 {
            return status(&mut stream, "503 Service Unavailable", "");
        }
        if manner == Manner::WrongBytes && weights {
            content.reverse();
        }
        let first = range.trim_start_matches("bytes=").trim_end_matches('-');
        let first = match first.parse::<usize>() {
            Ok(first) if manner != Manner::Whole => first,
            _ => 0,
        };
        if first >= content.len() {
            return status(&mut stream, "416 Range Not Satisfiable", "");
        }
        let part = &content[first..];
        let (answer, of) = match first {
            0 => ("200 OK", String::new()),
            _ => {
                let (last, all) = (content.len() - 1, content.len());
                let of = format!("Content-Range: bytes {first}-{last}/{all}\r\n");
                ("206 Partial Content", of)
            }
        };
        write!(
            stream,
            "HTTP/1.1 {answer}\r\nContent-Length: {}\r\n{of}ETag: \"other\"\r\nConnection: close\r\n{about}\r\n",
            part.len(),
        )?;
        let sent = match manner {
            _ if method == "HEAD" => 0,
            Manner::TornOnce | Manner::Torn if weights && first == 0 => part.len() / 2,
            Manner::Torn if weights => 0,
            _ => part.len(),
        };
        stream.write_all(&part[..sent])
    }
}

fn git_hash(content: &[u8]) -> String {
    let mut hash = sha1::Sha1::new();
    hash.update(format!("blob {}\0", content.len()));
    hash.update(content);
    hash.finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn snapshot(folder: &Folder) -> PathBuf {
    folder.path(&format!("hf/hub/models--zoe--tiny/snapshots/{COMMIT}"))
}

#[track_caller]
fn is_whole(folder: &Folder) {
    let source = tests_folder().join("fixtures/checkpoints/bert");
    for name in FILES {
        let there = fs::read(snapshot(folder).join(name)).unwrap();
        assert!(there == fs::read(source.join(name)).unwrap(), "{name}");
    }
}

#[test]
fn a_model_is_pulled_listed_used_verified_and_removed() {
    let hub = Hub::start(Manner::Good);
    let folder = Folder::with([("a.txt", "Zoé habite à Lyon.\n")]);
    let use_it = ["annotate", "a.txt", "--model", NAME, "-o", "-"];
    hub.run(&folder, &use_it, &[]).refused(&[
        "zoe/tiny is not on this machine",
        "nommer model pull zoe/tiny",
    ]);
    assert!(hub.asked().is_empty(), "only pull uses the network");

    let pulled = hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    assert!(
        pulled.text().contains(COMMIT) && pulled.text().contains("verified"),
        "{}",
        pulled.text()
    );
    is_whole(&folder);
    let listed = hub.run(&folder, &["model", "list"], &[]).clean();
    assert!(listed.text().contains("ner-fr") && listed.text().contains("built in"));
    assert!(
        listed.text().contains("zoe/tiny") && listed.text().contains("main"),
        "{}",
        listed.text()
    );

    let records = hub.run(&folder, &use_it, &[]).clean().records();
    assert_eq!(records[0]["model"]["name"], "zoe/tiny");
    assert_eq!(records[0]["model"]["version"], COMMIT);
    let info = hub
        .run(&folder, &["model", "info", "zoe/tiny@main"], &[])
        .clean();
    for part in [
        "zoe/tiny",
        "B-PER",
        "LOC",
        sha256(&hub.shared.files["config.json"]).as_str(),
    ] {
        assert!(info.text().contains(part), "{part}: {}", info.text());
    }
    let verified = hub.run(&folder, &["model", "verify"], &[]).clean();
    assert!(verified.text().contains("intact"), "{}", verified.text());

    // What is there is not fetched again, under another name neither.
    hub.asked();
    for name in ["zoe/tiny@v1", "zoe/tiny@refs/pr/1"] {
        hub.run(&folder, &["model", "pull", name], &[]).clean();
    }
    assert!(hub.asked().iter().all(|asked| asked.method == "HEAD"));
    hub.run(
        &folder,
        &["model", "pull", NAME],
        &[("HF_HUB_OFFLINE", "1")],
    )
    .clean();
    assert!(hub.asked().is_empty());

    // A name goes alone while others are left.
    let name = ["model", "remove", "zoe/tiny@v1"];
    hub.run(&folder, &name, &[]).clean();
    hub.run(&folder, &name, &[])
        .refused(&["not on this machine"]);
    let short = format!("zoe/tiny@{}", &COMMIT[..12]);
    hub.run(&folder, &["model", "info", &short], &[]).clean();

    let removed = hub.run(&folder, &["model", "remove", NAME], &[]).clean();
    assert!(removed.text().contains("removed"));
    assert!(!folder.path("hf/hub/models--zoe--tiny").exists());
    hub.run(&folder, &["model", "remove", NAME], &[])
        .refused(&["not on this machine"]);
    hub.run(
        &folder,
        &["model", "pull", NAME],
        &[("HF_HUB_OFFLINE", "1")],
    )
    .refused(&["HF_HUB_OFFLINE"]);
}

#[test]
fn a_torn_transfer_goes_on_where_it_broke_off() {
    let hub = Hub::start(Manner::TornOnce);
    let folder = Folder::new();
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    is_whole(&folder);

    hub.behave(Manner::Torn);
    let folder = Folder::new();
    hub.run(&folder, &["model", "pull", NAME], &[])
        .refused(&["cannot fetch model.safetensors of zoe/tiny", "try again"]);
    hub.run(&folder, &["model", "info", NAME], &[])
        .refused(&["not on this machine"]);
    hub.behave(Manner::Good);
    hub.asked();
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    is_whole(&folder);
    let half = format!("bytes={}-", hub.shared.files["model.safetensors"].len() / 2);
    assert!(
        hub.asked().iter().any(|asked| asked.range == half),
        "it began from the beginning"
    );
}

#[test]
fn what_is_left_of_a_transfer_is_used_or_dropped() {
    for manner in [Manner::Busy, Manner::Whole, Manner::Good] {
        let hub = Hub::start(manner);
        let weights = &hub.shared.files["model.safetensors"];
        let half = &weights[..weights.len() / 2];
        for left in [half, weights, &[half, weights].concat()] {
            let folder = Folder::new();
            let part = format!("hf/hub/models--zoe--tiny/blobs/{}.nommer", sha256(weights));
            folder.write(&part, left);
            let pulled = hub.run(&folder, &["model", "pull", NAME], &[]);
            if left.len() > weights.len() && manner != Manner::Whole {
                // Of something else. It is gone now.
                pulled.refused(&["is damaged"]);
                hub.run(&folder, &["model", "pull", NAME], &[]).clean();
            } else {
                pulled.clean();
            }
            is_whole(&folder);
        }
    }
}

#[test]
fn a_failed_update_leaves_what_was_there() {
    let hub = Hub::start(Manner::Good);
    let folder = Folder::new();
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    hub.behave(Manner::Pickled);
    *hub.shared.commit.lock().unwrap() = "9".repeat(40);
    hub.run(&folder, &["model", "pull", NAME], &[])
        .refused(&["no model.safetensors"]);
    let info = hub.run(&folder, &["model", "info", NAME], &[]).clean();
    assert!(info.text().contains(COMMIT), "{}", info.text());
    hub.behave(Manner::Good);
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    let info = hub.run(&folder, &["model", "info", NAME], &[]).clean();
    assert!(info.text().contains(&"9".repeat(40)), "{}", info.text());
}

#[test]
fn two_pulls_of_one_model_take_turns() {
    let hub = Hub::start(Manner::Good);
    let folder = Folder::new();
    folder.write("hf/hub/.locks/zoe--tiny.nommer", "");
    let lock = fs::File::open(folder.path("hf/hub/.locks/zoe--tiny.nommer")).unwrap();
    lock.lock().unwrap();
    std::thread::scope(|scope| {
        let pulling = scope.spawn(|| hub.run(&folder, &["model", "pull", NAME], &[]));
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert!(hub.asked().is_empty(), "it did not wait");
        lock.unlock().unwrap();
        let pulled = pulling.join().unwrap();
        assert_eq!(pulled.code, Some(0));
        pulled.says(&["another program is fetching zoe/tiny"]);
    });
    is_whole(&folder);
}

#[test]
fn bytes_that_do_not_fit_their_hash_are_not_kept() {
    let hub = Hub::start(Manner::WrongBytes);
    let folder = Folder::new();
    let pull = ["model", "pull", NAME];
    hub.run(&folder, &pull, &[])
        .refused(&["model.safetensors of zoe/tiny is damaged", "SHA-256"]);
    hub.run(&folder, &["model", "info", NAME], &[])
        .refused(&["not on this machine"]);
    assert!(!snapshot(&folder).join("model.safetensors").exists());
    hub.behave(Manner::Good);
    hub.run(&folder, &pull, &[]).clean();
    is_whole(&folder);
}

#[test]
fn a_damaged_file_is_noticed_and_fetched_again() {
    let hub = Hub::start(Manner::Good);
    let folder = Folder::new();
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    let weights = fs::canonicalize(snapshot(&folder).join("model.safetensors")).unwrap();
    let mut content = fs::read(&weights).unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    fs::write(&weights, &content).unwrap();
    hub.run(&folder, &["model", "verify", NAME], &[])
        .incomplete(&["model.safetensors", "damaged", "SHA-256"]);
    folder.write("a.txt", "Zoé habite à Lyon.\n");
    let annotate = ["annotate", "a.txt", "--model", NAME, "-o", "-"];
    hub.run(&folder, &annotate, &[])
        .refused(&["model.safetensors", "damaged"]);
    let offline = [("HF_HUB_OFFLINE", "1")];
    hub.run(&folder, &["model", "pull", NAME], &offline)
        .refused(&["model.safetensors", "damaged"]);
    fs::write(&weights, &content[..middle]).unwrap();
    hub.run(&folder, &["model", "verify"], &[])
        .incomplete(&["model.safetensors", "bytes, not"]);
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    is_whole(&folder);
}

#[test]
fn a_redirect_to_another_host_gets_no_token() {
    let hub = Hub::start(Manner::Redirect);
    let other = Hub::start(Manner::Good);
    let other_name = other.endpoint.replace("127.0.0.1", "localhost");
    *hub.shared.elsewhere.lock().unwrap() = other_name;
    let folder = Folder::new();
    let token = [("HF_TOKEN", "secret")];
    hub.run(&folder, &["model", "pull", NAME], &token).clean();
    is_whole(&folder);
    let (here, there) = (hub.asked(), other.asked());
    assert!(here.iter().all(|asked| asked.token == "Bearer secret"));
    assert!(!there.is_empty() && there.iter().all(|asked| asked.token.is_empty()));
}

#[test]
fn a_redirect_within_the_hub_is_followed_as_oneself() {
    let hub = Hub::start(Manner::Redirect);
    let folder = Folder::new();
    let token = [("HF_TOKEN", "secret")];
    hub.run(&folder, &["model", "pull", NAME], &token).clean();
    is_whole(&folder);
    let asked = hub.asked();
    assert!(
        asked
            .iter()
            .any(|asked| asked.path.starts_with("/elsewhere"))
    );
    assert!(asked.iter().all(|asked| asked.token == "Bearer secret"));
}

#[test]
fn weak_tags_are_tags() {
    let hub = Hub::start(Manner::WeakTag);
    let folder = Folder::new();
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    is_whole(&folder);
}

#[test]
fn who_may_not_have_it_is_told_how() {
    let hub = Hub::start(Manner::Private);
    let folder = Folder::new();
    let pull = ["model", "pull", NAME];
    hub.run(&folder, &pull, &[])
        .refused(&["zoe/tiny", "401", "HF_TOKEN"]);
    hub.run(&folder, &pull, &[("HF_TOKEN", "wrong")])
        .refused(&["401"]);
    hub.run(&folder, &pull, &[("HF_TOKEN", "secret")]).clean();
    let folder = Folder::new();
    folder.write("hf/token", "secret\n");
    hub.run(&folder, &pull, &[]).clean();
    is_whole(&folder);
}

#[test]
fn what_is_not_there_is_named() {
    let hub = Hub::start(Manner::Good);
    let folder = Folder::new();
    let pull = |name: &str| hub.run(&folder, &["model", "pull", name], &[]);
    pull("zoe/huge").refused(&["no config.json of zoe/huge"]);
    pull("zoe/tiny@v2").refused(&["no config.json of zoe/tiny@v2", "revision"]);
    for name in ["tiny", "zoe/../tiny", "zoe/tiny@../x"] {
        let ran = pull(name);
        assert_eq!(ran.code, Some(2));
        ran.says(&["ORG/NAME"]);
    }
    hub.behave(Manner::Pickled);
    pull(NAME).refused(&["no model.safetensors", "numbers and no code"]);
    let listed = hub.run(&folder, &["model", "list"], &[]).clean();
    assert!(
        !listed.text().contains("zoe"),
        "an incomplete model is none"
    );
}

#[test]
fn answers_that_make_no_sense_are_refused() {
    for manner in [Manner::HostileTag, Manner::HostileLater, Manner::Broken] {
        let hub = Hub::start(manner);
        let folder = Folder::new();
        hub.run(&folder, &["model", "pull", NAME], &[])
            .refused(&["cannot fetch model.safetensors"]);
        assert_eq!(folder.names(), ["hf"]);
        let mut kept: Vec<_> = fs::read_dir(folder.path("hf")).unwrap().collect();
        assert_eq!(kept.len(), 1, "{kept:?}");
        assert_eq!(kept.remove(0).unwrap().file_name(), "hub");
    }
    let folder = Folder::new();
    let nowhere = [("HF_ENDPOINT", "http://127.0.0.1:1")];
    let hub = Hub::start(Manner::Good);
    hub.run(&folder, &["model", "pull", NAME], &nowhere)
        .refused(&["cannot fetch config.json", "127.0.0.1:1"]);
}

#[test]
fn one_snapshot_of_several_is_removed_alone() {
    let hub = Hub::start(Manner::Good);
    let folder = Folder::new();
    hub.run(&folder, &["model", "pull", NAME], &[]).clean();
    // As another program leaves it: an older commit with weights of its own.
    let repository = "hf/hub/models--zoe--tiny";
    let old = "f".repeat(40);
    for file in FILES {
        folder.write(
            &format!("{repository}/snapshots/{old}/{file}"),
            format!("old {file}"),
        );
    }
    folder.write(&format!("{repository}/refs/old"), &old);
    let removed = hub
        .run(&folder, &["model", "remove", "zoe/tiny@old"], &[])
        .clean();
    assert!(removed.text().contains("zoe/tiny@old removed"));
    is_whole(&folder);
    hub.run(&folder, &["model", "verify", NAME], &[]).clean();
    hub.run(
        &folder,
        &["model", "remove", &format!("zoe/tiny@{COMMIT}")],
        &[],
    )
    .clean();
    assert!(!folder.path(repository).exists());
}
