//! Folders made for one test, runs of the program in them, and checks of the records it writes.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Long enough for any run on a busy machine: only a hang takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// `tests/` of the repository.
pub(crate) fn tests_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests")
}

/// The model that the program ships.
pub(crate) fn model_folder() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/ner-fr")).unwrap()
}

/// The program, to be run in `folder` and free of the user's environment.
pub(crate) fn nommer(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nommer"));
    command
        .args(args)
        .current_dir(folder)
        .env_remove("NOMMER_MODEL")
        .env_remove("NOMMER_GAZETTEER")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A folder for one test, removed with it. All paths are relative to it.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    /// A folder that holds these files.
    pub(crate) fn with<const N: usize>(files: [(&str, &str); N]) -> Folder {
        let folder = Folder::new();
        for (name, content) in files {
            folder.write(name, content);
        }
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and makes the folders above it.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The names in the folder, hidden ones too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        nommer(self.0.path(), args)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        Running::start(&mut self.command(args)).finish()
    }

    pub(crate) fn run_on(&self, stdin: &[u8], args: &[&str]) -> Ran {
        let mut running = Running::start(self.command(args).stdin(Stdio::piped()));
        let mut pipe = running.child.stdin.take().unwrap();
        let stdin = stdin.to_owned();
        // Apart, because the program may write before it has read everything.
        let writer = std::thread::spawn(move || {
            // A program that stops reading is judged by how it ends.
            let _ = pipe.write_all(&stdin);
        });
        let ran = running.finish();
        writer.join().unwrap();
        ran
    }

    /// Waits until a run in this folder has opened `output`, and so has checked all there is to check.
    pub(crate) fn wait_for_start(&self, running: &mut Running, output: &str) {
        let prefix = format!(".{output}.");
        let start = Instant::now();
        while !self.names().iter().any(|name| name.starts_with(&prefix)) {
            assert!(
                running.child.try_wait().unwrap().is_none() && start.elapsed() < PATIENCE,
                "the run did not start"
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// A run under way.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
}

impl Running {
    pub(crate) fn start(command: &mut Command) -> Running {
        let mut child = command.spawn().unwrap();
        Running {
            stdout: child.stdout.take().map(drain),
            stderr: child.stderr.take().map(drain),
            child,
        }
    }

    pub(crate) fn finish(self) -> Ran {
        self.finish_within(PATIENCE)
            .expect("the program hangs, or this machine is very slow")
    }

    /// How the run ended, or `None` if it had to be killed.
    pub(crate) fn finish_within(mut self, patience: Duration) -> Option<Ran> {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > patience {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                return None;
            }
            std::thread::sleep(Duration::from_millis(3));
        };
        let bytes = |reader: Option<JoinHandle<Vec<u8>>>| {
            reader.map_or_else(Vec::new, |reader| reader.join().unwrap())
        };
        let ran = Ran {
            code: status.code(),
            stdout: bytes(self.stdout),
            stderr: String::from_utf8(bytes(self.stderr)).expect("messages are UTF-8"),
        };
        assert!(
            ran.code.is_some() && ran.code != Some(101) && !ran.stderr.contains("panicked"),
            "the program must never crash: {status}\n{}",
            ran.stderr
        );
        Some(ran)
    }
}

fn drain(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Ran {
    /// All was well: exit code 0 and not a word.
    #[track_caller]
    pub(crate) fn clean(self) -> Ran {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""));
        self
    }

    /// The run could not be done: exit code 2, nothing on standard output, and a message with all of `parts`.
    #[track_caller]
    pub(crate) fn refused(self, parts: &[&str]) -> Ran {
        assert_eq!(self.code, Some(2), "{}", self.stderr);
        assert_eq!(String::from_utf8_lossy(&self.stdout), "");
        self.says(parts)
    }

    /// Some documents failed: exit code 1, and messages with all of `parts`.
    #[track_caller]
    pub(crate) fn incomplete(self, parts: &[&str]) -> Ran {
        assert_eq!(self.code, Some(1), "{}", self.stderr);
        self.says(parts)
    }

    #[track_caller]
    pub(crate) fn says(self, parts: &[&str]) -> Ran {
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "{part:?} is not in {:?}",
                self.stderr
            );
        }
        self
    }

    /// Standard output as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Standard output as checked records.
    #[track_caller]
    pub(crate) fn records(&self) -> Vec<Value> {
        records(&self.stdout)
    }
}

/// Lines of JSON as they are.
#[track_caller]
pub(crate) fn json_lines(bytes: &[u8]) -> Vec<Value> {
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "a torn last line");
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Records, each checked as far as it can be without its document.
#[track_caller]
pub(crate) fn records(bytes: &[u8]) -> Vec<Value> {
    let records = json_lines(bytes);
    for record in &records {
        check_shape(record);
        if let Some(text) = record["text"].as_str() {
            check_spans(record, text);
        }
    }
    records
}

/// The JSON Schema of records.
pub(crate) fn schema() -> Value {
    serde_json::from_slice(&fs::read(tests_folder().join("record.schema.json")).unwrap()).unwrap()
}

/// What the schema has against a record.
pub(crate) fn schema_errors(record: &Value) -> Vec<String> {
    static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
    VALIDATOR
        .get_or_init(|| jsonschema::validator_for(&schema()).unwrap())
        .iter_errors(record)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[track_caller]
fn check_shape(record: &Value) {
    let errors = schema_errors(record);
    assert!(errors.is_empty(), "{errors:#?}\n{record:#}");
}

/// Checks an annotated record by slicing its document's text.
#[track_caller]
pub(crate) fn check_spans(record: &Value, text: &str) {
    let id = &record["id"];
    let sliced = Sliced::new(text, record["offset_unit"].as_str().unwrap());
    let mut end_before = 0;
    for span in record["spans"].as_array().unwrap() {
        let position = |name: &str| span[name].as_u64().unwrap() as usize;
        let (start, end) = (position("start"), position("end"));
        assert!(
            end_before <= start && start < end,
            "{id}: {span} is empty, or out of order"
        );
        end_before = end;
        let name = span["text"].as_str().unwrap();
        assert_eq!(sliced.get(start, end).as_deref(), Some(name), "{id}");
        assert_eq!(name.trim(), name, "{id}: {span}");
        for was in span["change"]["was"].as_array().into_iter().flatten() {
            let position = |name: &str| was[name].as_u64().unwrap() as usize;
            let (from, to) = (position("start"), position("end"));
            // What was inside the entity, or the entity inside of it.
            let inside = start <= from && to <= end || from <= start && end <= to;
            assert!(inside && sliced.get(from, to).is_some(), "{id}: {span}");
        }
        let decimals = span["score"].as_f64().unwrap() * 1e4;
        assert!((decimals - decimals.round()).abs() < 1e-6, "{id}: {span}");
    }
    let coverage = &record["coverage"];
    assert_eq!(coverage["seen"], coverage["tokens"], "{id}");
}

/// A text to be sliced in some unit.
enum Sliced<'a> {
    Bytes(&'a str),
    Codepoints(Vec<char>),
    Utf16(Vec<u16>),
}

impl Sliced<'_> {
    fn new<'a>(text: &'a str, unit: &str) -> Sliced<'a> {
        match unit {
            "byte" => Sliced::Bytes(text),
            "codepoint" => Sliced::Codepoints(text.chars().collect()),
            "utf16" => Sliced::Utf16(text.encode_utf16().collect()),
            other => panic!("unknown unit {other}"),
        }
    }

    fn get(&self, start: usize, end: usize) -> Option<String> {
        match self {
            Sliced::Bytes(text) => text.get(start..end).map(str::to_owned),
            Sliced::Codepoints(chars) => chars.get(start..end).map(|part| part.iter().collect()),
            Sliced::Utf16(units) => String::from_utf16(units.get(start..end)?).ok(),
        }
    }
}

/// The identifiers of records, in order.
pub(crate) fn ids(records: &[Value]) -> Vec<&str> {
    records
        .iter()
        .map(|record| record["id"].as_str().unwrap())
        .collect()
}

/// What became of each document: its identifier, and `ok` or the stage and kind of its error.
pub(crate) fn outcomes(records: &[Value]) -> Vec<(&str, String)> {
    let outcome = |record: &Value| match record.get("error") {
        None => "ok".to_owned(),
        Some(error) => format!(
            "{}: {}",
            error["stage"].as_str().unwrap(),
            error["kind"].as_str().unwrap()
        ),
    };
    records
        .iter()
        .map(|record| (record["id"].as_str().unwrap(), outcome(record)))
        .collect()
}

/// The names found, each with its label.
pub(crate) fn names(record: &Value) -> Vec<(&str, &str)> {
    let spans = record["spans"].as_array().unwrap();
    spans
        .iter()
        .map(|span| {
            (
                span["label"].as_str().unwrap(),
                span["text"].as_str().unwrap(),
            )
        })
        .collect()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut unpacked = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .read_to_end(&mut unpacked)
        .unwrap();
    unpacked
}

pub(crate) fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
