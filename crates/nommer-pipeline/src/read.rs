//! From one [`SourceFile`] to the bytes or text of its documents.
//!
//! A text file is one document; each line of a JSON Lines file is one. Whatever goes wrong becomes the
//! [`ReadFailure`] of one document and names the line; reading then goes on where that is possible.
//! Memory is bounded by one document: no more than [`ReadLimits::max_bytes`] is kept, however well it was
//! compressed and however endless the pipe.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::bufread::MultiGzDecoder;
use nommer_core::meta::Meta;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;
use zstd::zstd_safe;
use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode;

use crate::walk::{Compression, Format, Input, SourceFile};

/// How much to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// The longest document, in bytes after decompression: a text file, or a line of JSON Lines.
    pub max_bytes: u64,
}

/// One document, not decoded yet.
#[derive(Clone, Debug, PartialEq)]
pub struct RawDocument {
    /// The identifier: the file's, the record's own `id`, or `{file id}#{line}`.
    pub id: String,
    /// The file, as records and messages show it.
    pub path: String,
    /// The line of a JSON Lines file, from 1.
    pub line: Option<u64>,
    /// The content.
    pub content: Content,
    /// The entries of a JSON Lines record's own `meta`, then its other fields, in its order and as it writes
    /// them; `None` if there are none.
    pub meta: Option<Meta>,
}

impl RawDocument {
    /// The bytes of its content and of its other fields, to bound memory by.
    #[must_use]
    pub fn weight(&self) -> usize {
        let content = match &self.content {
            Content::Bytes(bytes) => bytes.len(),
            Content::Text(text) => text.len(),
        };
        content + self.meta.as_ref().map_or(0, Meta::bytes)
    }
}

/// The content of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Bytes of an encoding to be found out.
    Bytes(Vec<u8>),
    /// Unicode already.
    Text(String),
}

/// One document that could not be read. Shown as `path:line: error`, without the control characters that a
/// path may have.
#[derive(Debug)]
pub struct ReadFailure {
    /// The identifier that the document has, or would have.
    pub id: String,
    /// The file, as records and messages show it.
    pub path: String,
    /// The line of a JSON Lines file, from 1.
    pub line: Option<u64>,
    /// What went wrong. Its message repeats neither path nor line.
    pub error: ReadError,
}

impl fmt::Display for ReadFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = shown(&self.path);
        match self.line {
            Some(line) => write!(f, "{path}:{line}: {}", self.error),
            None => write!(f, "{path}: {}", self.error),
        }
    }
}

impl std::error::Error for ReadFailure {}

/// Why a document could not be read. Columns count characters from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be opened.
    #[error("cannot be opened: {cause}; check its permissions")]
    Open {
        /// What the system said.
        cause: io::Error,
    },
    /// The system stopped giving bytes.
    #[error(
        "reading broke off: {cause}; check the disk or the program that feeds the pipe, and run again"
    )]
    Read {
        /// What the system said.
        cause: io::Error,
    },
    /// The file was listed, and is no longer there or no longer a file.
    #[error(
        "vanished or was replaced during the run; run again once nothing else changes the folder"
    )]
    Vanished,
    /// The document is too long.
    #[error(
        "longer than the limit of {}{}; split it, or raise --max-mib",
        shown_bytes(*limit),
        unpacked(.compression)
    )]
    TooLarge {
        /// The limit, in bytes after decompression.
        limit: u64,
        /// How the document is packed.
        compression: Compression,
    },
    /// The compressed data are torn or damaged, or something else altogether.
    #[error(
        "not whole and sound {compression} data: {cause}; test the file with `{compression} -t`, and fetch it again"
    )]
    Decompress {
        /// How the file claims to be packed.
        compression: Compression,
        /// What the decompressor said.
        cause: io::Error,
    },
    /// The zstd data may be sound, but were packed to be unpacked with more memory than there is for it.
    #[error(
        "takes too much memory to unpack: {cause}; unpack it with `zstd -d --long=31`, or pack it again without `--long`"
    )]
    UnpackMemory {
        /// What the decompressor said.
        cause: io::Error,
    },
    /// A line of JSON Lines is not UTF-8.
    #[error("column {column}: byte 0x{found:02x} is not UTF-8; convert the file to UTF-8")]
    NotUtf8 {
        /// Where the first such byte is.
        column: u64,
        /// That byte.
        found: u8,
    },
    /// A JSON Lines file is UTF-16. The whole file is refused, because its lines cannot be told apart.
    #[error("a byte-order mark says UTF-16, JSON Lines are UTF-8; convert the file to UTF-8")]
    Utf16,
    /// A line is not JSON.
    #[error(
        "column {column}: not JSON, {message}, found {found}; write one whole JSON object per line"
    )]
    Json {
        /// Where.
        column: u64,
        /// What was expected there.
        message: String,
        /// What is there.
        found: String,
    },
    /// A line nests deeper than the readers of records take.
    #[error("nested deeper than {MAX_NESTING} levels; flatten the record")]
    TooDeep,
    /// A line is JSON, but no object.
    #[error("found {found}; write one JSON object per line, as in {{\"text\": \"…\"}}")]
    NotAnObject {
        /// The kind of value.
        found: &'static str,
    },
    /// A record has no text.
    #[error("field `text`: found {found}; give the document there, as a string")]
    NoText {
        /// The kind of value.
        found: &'static str,
    },
    /// A record's identifier cannot be kept as it is.
    #[error("field `id`: found {found}; give a string or a number below 2^53, or leave it out")]
    BadId {
        /// The kind of value.
        found: &'static str,
    },
}

impl ReadError {
    /// The stable name, in snake case, for counts and reports.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            ReadError::Open { .. } => "open",
            ReadError::Read { .. } => "read",
            ReadError::Vanished => "vanished",
            ReadError::TooLarge { .. } => "too_large",
            ReadError::Decompress { .. } => "decompress",
            ReadError::UnpackMemory { .. } => "unpack_memory",
            ReadError::NotUtf8 { .. } | ReadError::Utf16 => "not_utf8",
            ReadError::Json { .. } => "json",
            ReadError::TooDeep => "too_deep",
            ReadError::NotAnObject { .. } => "not_an_object",
            ReadError::NoText { .. } => "no_text",
            ReadError::BadId { .. } => "bad_id",
        }
    }

    /// Sorts an error of a stream into the system's and the decompressor's.
    fn of_stream(cause: io::Error, compression: Compression) -> Self {
        // Only what the system says has a number; a decompressor makes its errors up.
        let of_system =
            cause.raw_os_error().is_some() || cause.kind() == io::ErrorKind::OutOfMemory;
        if of_system || compression == Compression::None {
            ReadError::Read { cause }
        } else if compression == Compression::Zstd && is_of_memory(&cause) {
            ReadError::UnpackMemory { cause }
        } else {
            ReadError::Decompress { compression, cause }
        }
    }
}

/// Whether zstd wants more memory, for a window above its limit of 128 MiB or at all.
fn is_of_memory(cause: &io::Error) -> bool {
    // Of zstd's error codes, which are negative sizes, only the names come through.
    let name = |code: ZSTD_ErrorCode| zstd_safe::get_error_name((code as usize).wrapping_neg());
    let cause = cause.to_string();
    cause == name(ZSTD_ErrorCode::ZSTD_error_frameParameter_windowTooLarge)
        || cause == name(ZSTD_ErrorCode::ZSTD_error_memory_allocation)
}

/// A number of bytes, as the option that limits them counts if that is exact.
fn shown_bytes(bytes: u64) -> String {
    const MIB: u64 = 1 << 20;
    if bytes > 0 && bytes.is_multiple_of(MIB) {
        format!("{} MiB", bytes / MIB)
    } else {
        format!("{bytes} bytes")
    }
}

fn unpacked(compression: &Compression) -> &'static str {
    match compression {
        Compression::None => "",
        Compression::Gzip | Compression::Zstd => " once unpacked",
    }
}

/// Reads the documents of `file`, one at a time. Nothing is opened before the first is asked for.
///
/// A JSON Lines record is an object with its document in `text`. An `id`, a string or a number, is taken
/// as it is, and identifiers are not compared: keeping them all would take memory by the corpus. Other fields
/// become [`RawDocument::meta`]; the entries of an object `meta` join them there, but those that have the name
/// of another field, which wins. Blank lines, a UTF-8 byte-order mark and CR LF ends are fine.
#[must_use]
pub fn read(file: &SourceFile, limits: &ReadLimits) -> Documents {
    Documents {
        file: file.clone(),
        path: file.shown_path(),
        limit: limits.max_bytes,
        consumed: Arc::default(),
        state: State::Unopened,
    }
}

/// The documents of one file; made by [`read`].
#[derive(Debug)]
pub struct Documents {
    file: SourceFile,
    path: String,
    limit: u64,
    /// Shared with the [`Counted`] that `state` keeps below its decoders.
    consumed: Arc<AtomicU64>,
    state: State,
}

#[derive(Debug)]
enum State {
    Unopened,
    Lines(Lines),
    Done,
}

impl Iterator for Documents {
    type Item = Result<RawDocument, ReadFailure>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.state {
            State::Done => None,
            State::Lines(lines) => {
                let (number, record) = lines.next()?;
                Some(self.record(number, record))
            }
            State::Unopened => {
                // Whatever opening gives, it is not tried again.
                self.state = State::Done;
                let stream = open(&self.file, self.limit, &self.consumed);
                match (self.file.format, stream) {
                    (Format::Text, stream) => {
                        let bytes = stream
                            .and_then(|stream| whole(stream, self.file.compression, self.limit));
                        Some(self.text(bytes))
                    }
                    (Format::Jsonl, Ok(stream)) => {
                        self.state =
                            State::Lines(Lines::new(stream, self.file.compression, self.limit));
                        self.next()
                    }
                    (Format::Jsonl, Err(error)) => {
                        Some(Err(self.failure(self.file.id.clone(), None, error)))
                    }
                }
            }
        }
    }
}

impl Documents {
    /// The bytes taken from the file so far, before decompression; those read ahead count. What a failure
    /// leaves unread never counts.
    #[must_use]
    pub fn consumed(&self) -> u64 {
        self.consumed.load(Ordering::Relaxed)
    }

    fn text(&self, bytes: Result<Vec<u8>, ReadError>) -> Result<RawDocument, ReadFailure> {
        let id = self.file.id.clone();
        match bytes {
            Ok(bytes) => Ok(RawDocument {
                id,
                path: self.path.clone(),
                line: None,
                content: Content::Bytes(bytes),
                meta: None,
            }),
            Err(error) => Err(self.failure(id, None, error)),
        }
    }

    fn record(
        &self,
        line: u64,
        record: Result<Record, RecordError>,
    ) -> Result<RawDocument, ReadFailure> {
        let id_of = |id: Option<String>| id.unwrap_or_else(|| format!("{}#{line}", self.file.id));
        match record {
            Ok(Record { id, text, meta }) => Ok(RawDocument {
                id: id_of(id),
                path: self.path.clone(),
                line: Some(line),
                content: Content::Text(text),
                meta: (!meta.is_empty()).then_some(meta),
            }),
            Err(RecordError { id, error }) => Err(self.failure(id_of(id), Some(line), error)),
        }
    }

    fn failure(&self, id: String, line: Option<u64>, error: ReadError) -> ReadFailure {
        ReadFailure {
            id,
            path: self.path.clone(),
            line,
            error,
        }
    }
}

/// The bytes of a file, unpacked.
type Stream = Box<dyn BufRead + Send>;

fn open(file: &SourceFile, limit: u64, taken: &Arc<AtomicU64>) -> Result<Stream, ReadError> {
    let taken = Arc::clone(taken);
    let Input::Path(path) = &file.origin else {
        // Not locked: a lock cannot move to another thread, and large reads make it cheap to take.
        let source = io::stdin();
        return unpack(Counted { source, taken }, file.compression);
    };
    // What was a regular file may be a pipe by now, and opening a pipe waits for a writer, perhaps for ever.
    let listed_as_file = file.bytes.is_some();
    let now = fs::metadata(path).map_err(open_error)?;
    if listed_as_file && !now.is_file() {
        return Err(ReadError::Vanished);
    }
    // Said before a byte is read; a file that lies about its length is caught when it is.
    let plain_text = file.format == Format::Text && file.compression == Compression::None;
    if plain_text && now.is_file() && now.len() > limit {
        return Err(ReadError::TooLarge {
            limit,
            compression: file.compression,
        });
    }
    let source = File::open(path).map_err(open_error)?;
    unpack(Counted { source, taken }, file.compression)
}

/// Counts the bytes taken from `source`.
struct Counted<R> {
    source: R,
    taken: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.taken.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

fn open_error(cause: io::Error) -> ReadError {
    match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Vanished,
        _ => ReadError::Open { cause },
    }
}

const BUFFER_BYTES: usize = 64 * 1024;

fn unpack(
    packed: impl Read + Send + 'static,
    compression: Compression,
) -> Result<Stream, ReadError> {
    let mut packed = BufReader::with_capacity(BUFFER_BYTES, packed);
    if compression == Compression::None {
        return Ok(Box::new(packed));
    }
    let failed = |cause| ReadError::of_stream(cause, compression);
    // No data at all is no archive either, but a decompressor may take it for the end of one.
    if packed.fill_buf().map_err(failed)?.is_empty() {
        return Err(failed(io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "the file is empty",
        )));
    }
    // Both decoders go on to the next gzip member or zstd frame until the file ends.
    let unpacked: Box<dyn Read + Send> = match compression {
        Compression::Zstd => {
            Box::new(zstd::stream::read::Decoder::with_buffer(packed).map_err(failed)?)
        }
        Compression::Gzip | Compression::None => Box::new(MultiGzDecoder::new(packed)),
    };
    Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, unpacked)))
}

fn whole(stream: Stream, compression: Compression, limit: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    stream
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|cause| ReadError::of_stream(cause, compression))?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit, compression });
    }
    Ok(bytes)
}

/// The records of a JSON Lines stream.
struct Lines {
    stream: Stream,
    compression: Compression,
    limit: u64,
    /// The line last read, from 1.
    number: u64,
    line: Vec<u8>,
    /// The rest of a line that was too long lies ahead.
    inside_line: bool,
    ended: bool,
}

impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("number", &self.number)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Iterator for Lines {
    /// A line's number, and what it holds.
    type Item = (u64, Result<Record, RecordError>);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let record = match self.read_line() {
                Ok(true) if self.line.trim_ascii().is_empty() => continue,
                Ok(true) => Record::parse(&self.line),
                Ok(false) => {
                    self.ended = true;
                    return None;
                }
                Err(error) => Err(error.into()),
            };
            return Some((self.number, record));
        }
        None
    }
}

impl Lines {
    fn new(stream: Stream, compression: Compression, limit: u64) -> Self {
        Lines {
            stream,
            compression,
            limit,
            number: 0,
            line: Vec::new(),
            inside_line: false,
            ended: false,
        }
    }

    /// Reads the next line, without its end, and says whether there was one.
    fn read_line(&mut self) -> Result<bool, ReadError> {
        self.line.clear();
        // One long line must not hold its memory for the rest of the file.
        self.line.shrink_to(BUFFER_BYTES);
        self.fill_line().map_err(|cause| {
            self.ended = true;
            ReadError::of_stream(cause, self.compression)
        })?;
        if self.line.is_empty() {
            return Ok(false);
        }
        self.inside_line = self.line.pop_if(|byte| *byte == b'\n').is_none();
        self.line.pop_if(|byte| *byte == b'\r');
        if self.number == 1 {
            if self.line.starts_with(b"\xFF\xFE") || self.line.starts_with(b"\xFE\xFF") {
                self.ended = true;
                return Err(ReadError::Utf16);
            }
            if self.line.starts_with(b"\xEF\xBB\xBF") {
                self.line.drain(..3);
            }
        }
        if self.line.len() as u64 > self.limit {
            return Err(ReadError::TooLarge {
                limit: self.limit,
                compression: self.compression,
            });
        }
        Ok(true)
    }

    /// Reads up to the end of the next line, or a little more than the limit of it.
    fn fill_line(&mut self) -> io::Result<()> {
        // Counted first: a line that is too long has had its outcome, so what breaks off now is the next.
        self.number += 1;
        if self.inside_line {
            self.inside_line = false;
            self.stream.skip_until(b'\n')?;
        }
        // A byte-order mark and a CR LF do not count.
        let most = self.limit.saturating_add(5);
        (&mut self.stream)
            .take(most)
            .read_until(b'\n', &mut self.line)?;
        Ok(())
    }
}

/// What a line holds.
#[derive(Debug)]
struct Record {
    id: Option<String>,
    text: String,
    meta: Meta,
}

/// Why a line holds no document, and whose it would have been, as far as the line says.
#[derive(Debug)]
struct RecordError {
    id: Option<String>,
    error: ReadError,
}

impl From<ReadError> for RecordError {
    fn from(error: ReadError) -> Self {
        RecordError { id: None, error }
    }
}

impl Record {
    fn parse(line: &[u8]) -> Result<Self, RecordError> {
        let line = std::str::from_utf8(line).map_err(|error| {
            let (valid, rest) = line.split_at(error.valid_up_to());
            ReadError::NotUtf8 {
                column: column_after(&String::from_utf8_lossy(valid)),
                found: rest.first().copied().unwrap_or_default(),
            }
        })?;
        let fields = Fields::parse(line)?;
        let id = fields.id.map_or(Ok(None), given_id)?;
        match fields.text {
            Some(Value::String(text)) => {
                let meta = fields.meta.map(own_meta).unwrap_or_default();
                // The other fields come last, because the last of a name wins.
                let meta = meta.into_iter().chain(fields.others).collect();
                Ok(Record { id, text, meta })
            }
            other => {
                let found = other.as_ref().map_or("no such field", kind_of);
                Err(RecordError {
                    id,
                    error: ReadError::NoText { found },
                })
            }
        }
    }
}

/// The fields of a line; the last of a name, and of `others` all.
#[derive(Default)]
struct Fields {
    id: Option<Value>,
    text: Option<Value>,
    meta: Option<Box<RawValue>>,
    others: Vec<(String, Box<RawValue>)>,
}

impl Fields {
    fn parse(line: &str) -> Result<Self, ReadError> {
        if nesting(line) > MAX_NESTING {
            return Err(ReadError::TooDeep);
        }
        serde_json::from_str(line).or_else(|error| {
            if !error.is_data() {
                return Err(json_error(line, &error));
            }
            // No object. If it is no JSON either, that is the thing to say.
            let value = serde_json::from_str(line).map_err(|error| json_error(line, &error))?;
            let found = kind_of(&value);
            Err(ReadError::NotAnObject { found })
        })
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Fields::default();
                while let Some(name) = map.next_key::<String>()? {
                    match name.as_str() {
                        "id" => fields.id = Some(map.next_value()?),
                        "text" => fields.text = Some(map.next_value()?),
                        "meta" => fields.meta = Some(map.next_value()?),
                        _ => fields.others.push((name, map.next_value()?)),
                    }
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// The deepest nesting of a line. Fields pass through unread, and common readers of JSON stop at 128 levels.
const MAX_NESTING: usize = 100;

/// How deep arrays and objects nest.
fn nesting(json: &str) -> usize {
    let (mut depth, mut deepest, mut inside_string, mut escaped) = (0usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside_string => escaped = true,
            b'"' => inside_string = !inside_string,
            b'[' | b'{' if !inside_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !inside_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// The entries of a record's field `meta`; what is no object is an entry itself.
fn own_meta(value: Box<RawValue>) -> Meta {
    serde_json::from_str(value.get())
        .unwrap_or_else(|_| Meta::from_iter([("meta".to_owned(), value)]))
}

/// A record's own identifier, if it has one.
fn given_id(value: Value) -> Result<Option<String>, ReadError> {
    /// From here on, neighbouring integers are one and the same float.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Null => Ok(None),
        Value::String(id) => Ok(Some(id)),
        Value::Number(id) if id.is_u64() || id.is_i64() => Ok(Some(id.to_string())),
        Value::Number(id) if id.as_f64().is_some_and(|id| id.abs() < EXACT) => {
            Ok(Some(id.to_string()))
        }
        // Rounded, it could become another document's.
        Value::Number(_) => Err(ReadError::BadId {
            found: "a number too large to be exact",
        }),
        other => Err(ReadError::BadId {
            found: kind_of(&other),
        }),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn json_error(line: &str, error: &serde_json::Error) -> ReadError {
    // `serde_json` counts bytes from 1; its message ends with a line number that is always 1 here.
    let message = error.to_string();
    let message = message
        .rsplit_once(" at line ")
        .map_or(message.as_str(), |(message, _)| message);
    let mut at = if error.is_eof() {
        line.len()
    } else {
        error.column().saturating_sub(1).min(line.len())
    };
    while !line.is_char_boundary(at) {
        at -= 1;
    }
    let (before, rest) = line.split_at(at);
    ReadError::Json {
        column: column_after(before),
        message: shown(message),
        found: excerpt(rest),
    }
}

/// The column, in characters from 1, of what follows `before`.
fn column_after(before: &str) -> u64 {
    before.chars().count() as u64 + 1
}

/// The beginning of `rest`, fit for a message.
fn excerpt(rest: &str) -> String {
    const MOST_CHARS: usize = 20;
    if rest.is_empty() {
        return "the end of the line".to_owned();
    }
    let (start, more) = match rest.char_indices().nth(MOST_CHARS) {
        Some((end, _)) => (&rest[..end], "…"),
        None => (rest, ""),
    };
    format!("`{}{more}`", shown(start))
}

/// A text of the input, fit for a message: a control character would garble a terminal.
fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics fails, as it should")]
mod tests {
    use std::io::Write;
    use std::path::Path;

    use tempfile::TempDir;

    use super::*;

    fn source(path: &Path, format: Format, compression: Compression) -> SourceFile {
        SourceFile {
            id: "f".to_owned(),
            origin: Input::Path(path.to_owned()),
            format,
            compression,
            bytes: Some(fs::metadata(path).map_or(0, |metadata| metadata.len())),
        }
    }

    fn read_bytes(
        bytes: &[u8],
        format: Format,
        compression: Compression,
        max_bytes: u64,
    ) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, bytes).unwrap();
        let mut file = source(&path, format, compression);
        let shown: Vec<String> = read(&file, &ReadLimits { max_bytes }).map(show).collect();
        // The same through the checks of what has no known length.
        file.bytes = None;
        let piped: Vec<String> = read(&file, &ReadLimits { max_bytes }).map(show).collect();
        assert_eq!(shown, piped);
        shown
            .iter()
            .map(|line| line.replace(&shown_folder(&folder), ""))
            .collect()
    }

    fn shown_folder(folder: &TempDir) -> String {
        format!("{}/", crate::walk::shown_path(folder.path()))
    }

    /// `id [line] = content meta` or `id ! path:line: message`.
    fn show(outcome: Result<RawDocument, ReadFailure>) -> String {
        match outcome {
            Ok(RawDocument {
                id,
                path: _,
                line,
                content,
                meta,
            }) => {
                let line = line.map(|line| format!(" line {line}")).unwrap_or_default();
                let meta = meta
                    .map(|meta| format!(" {}", serde_json::to_string(&meta).unwrap()))
                    .unwrap_or_default();
                match content {
                    Content::Bytes(bytes) => format!("{id}{line} = {bytes:?}{meta}"),
                    Content::Text(text) => format!("{id}{line} = {text:?}{meta}"),
                }
            }
            Err(failure) => format!("{} ! {failure}", failure.id),
        }
    }

    fn jsonl(bytes: &[u8]) -> Vec<String> {
        read_bytes(bytes, Format::Jsonl, Compression::None, 1000)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 3).unwrap()
    }

    #[test]
    fn streams_move_to_other_threads() {
        fn is_send<T: Send + 'static>() {}
        is_send::<Documents>();
        is_send::<ReadFailure>();
    }

    #[test]
    fn text_is_one_document_of_untouched_bytes() {
        let text = |bytes: &[u8]| read_bytes(bytes, Format::Text, Compression::None, 3);
        assert_eq!(text(b"\xFF\r\n"), ["f = [255, 13, 10]"]);
        assert_eq!(text(b""), ["f = []"]);
        assert_eq!(
            text(b"abcd"),
            ["f ! f: longer than the limit of 3 bytes; split it, or raise --max-mib"]
        );
    }

    #[test]
    fn archives_are_read_to_their_end() {
        for (compression, pack) in [
            (Compression::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
            (Compression::Zstd, zstd),
        ] {
            let both = [pack(b"a"), pack(b""), pack(b"b")].concat();
            assert_eq!(
                read_bytes(&both, Format::Text, compression, 2),
                ["f = [97, 98]"]
            );
            let records = [pack(b"{\"text\":\"a\"}\n{\"te"), pack(b"xt\":\"b\"}")].concat();
            let read = read_bytes(&records, Format::Jsonl, compression, 100);
            assert_eq!(read, [r#"f#1 line 1 = "a""#, r#"f#2 line 2 = "b""#]);
        }
    }

    #[test]
    fn torn_damaged_and_false_archives_fail() {
        let noise: Vec<u8> = (0..100_000_u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        for (compression, pack) in [
            (Compression::Gzip, gzip as fn(&[u8]) -> Vec<u8>),
            (Compression::Zstd, zstd),
        ] {
            let packed = pack(&noise);
            let mut damaged = packed.clone();
            damaged[packed.len() / 2] ^= 0xFF;
            let torn = &packed[..packed.len() - 1];
            let trailing = [&packed[..], b"more"].concat();
            let mut bad = vec![
                torn,
                &packed[..packed.len() / 2],
                &packed[..3],
                b"",
                b"plain text",
                &trailing,
            ];
            if compression == Compression::Gzip {
                // zstd's checksum is optional, and an error in raw bytes then goes unnoticed.
                bad.push(&damaged);
            }
            for bytes in bad {
                let failures = read_bytes(bytes, Format::Text, compression, 1_000_000);
                assert_eq!(failures.len(), 1);
                let expected = format!("f ! f: not whole and sound {compression} data: ");
                assert!(failures[0].starts_with(&expected), "{}", failures[0]);
            }
        }
    }

    #[test]
    fn bombs_stop_at_the_limit() {
        let zeros = vec![0; 50_000_000];
        for (compression, bomb) in [
            (Compression::Gzip, gzip(&zeros)),
            (Compression::Zstd, zstd(&zeros)),
        ] {
            let failures = read_bytes(&bomb, Format::Text, compression, 1000);
            let expected = "f ! f: longer than the limit of 1000 bytes once unpacked; split it, or raise --max-mib";
            assert_eq!(failures, [expected]);
            let failures = read_bytes(&bomb, Format::Jsonl, compression, 1000);
            assert_eq!(failures, [expected.replace("f ! f:", "f#1 ! f:1:")]);
        }
    }

    #[test]
    fn a_torn_archive_of_records_keeps_those_before_the_tear() {
        let records: String = (0..50_000_u32)
            .map(|i| format!("{{\"text\":\"{}\"}}\n", i.wrapping_mul(i)))
            .collect();
        let packed = gzip(records.as_bytes());
        let read = read_bytes(
            &packed[..packed.len() / 2],
            Format::Jsonl,
            Compression::Gzip,
            1000,
        );
        assert!(read.len() > 1000);
        let failures: Vec<_> = read.iter().filter(|line| line.contains(" ! ")).collect();
        assert_eq!(failures, [read.last().unwrap()]);
        let place = format!("f#{0} ! f:{0}: not whole and sound gzip data", read.len());
        assert!(failures[0].starts_with(&place), "{}", failures[0]);
    }

    #[test]
    fn a_tear_inside_a_long_line_is_the_outcome_of_the_next() {
        let packed = gzip(&vec![b' '; 10_000_000]);
        let read = read_bytes(
            &packed[..packed.len() / 2],
            Format::Jsonl,
            Compression::Gzip,
            10,
        );
        assert_eq!(read.len(), 2);
        assert!(read[0].starts_with("f#1 ! f:1: longer than"), "{}", read[0]);
        assert!(
            read[1].starts_with("f#2 ! f:2: not whole and sound"),
            "{}",
            read[1]
        );
    }

    #[test]
    fn records_bring_identifiers_text_and_the_rest_in_order() {
        let bytes = "\u{FEFF}{\"z\":1,\"id\":\"é#1\",\"text\":\"Où ?\\n\",\"a\":[null]}\r\n\n  \t\r\n\
                     {\"id\":-7,\"text\":\"\"}\n{\"id\":1.5,\"text\":\"b\"}\n{\"id\":null,\"text\":\"c\"}\n{\"text\":\"d\"}";
        let read = jsonl(bytes.as_bytes());
        assert_eq!(
            read,
            [
                r#"é#1 line 1 = "Où ?\n" {"z":1,"a":[null]}"#,
                r#"-7 line 4 = """#,
                r#"1.5 line 5 = "b""#,
                r#"f#6 line 6 = "c""#,
                r#"f#7 line 7 = "d""#,
            ]
        );
    }

    #[test]
    fn a_bad_line_fails_alone_and_says_where() {
        let advice = "write one whole JSON object per line";
        for (line, expected) in [
            (
                &b"{\"text\": nul}"[..],
                format!("f#1 ! f:1: column 13: not JSON, expected ident, found `}}`; {advice}"),
            ),
            ("{\"é\": x\t\u{1b}".as_bytes(), {
                format!(
                    "f#1 ! f:1: column 7: not JSON, expected value, found `x\\t\\u{{1b}}`; {advice}"
                )
            }),
            (b"{\"text\": \"a", {
                format!(
                    "f#1 ! f:1: column 12: not JSON, EOF while parsing a string, found the end of the line; {advice}"
                )
            }),
            (b"{\"text\":\"a\"} {\"text\":\"aaaaaaaaaaaaaaaa\"}", {
                format!(
                    "f#1 ! f:1: column 14: not JSON, trailing characters, found `{{\"text\":\"aaaaaaaaaaa…`; {advice}"
                )
            }),
            (b"{\"text\":\"\xC3\xA9\xE9\"}", {
                "f#1 ! f:1: column 11: byte 0xe9 is not UTF-8; convert the file to UTF-8".to_owned()
            }),
            (b"[1]", {
                "f#1 ! f:1: found an array; write one JSON object per line, as in {\"text\": \"…\"}"
                    .to_owned()
            }),
            (b"{\"id\":\"x\",\"text\":3}", {
                "x ! f:1: field `text`: found a number; give the document there, as a string"
                    .to_owned()
            }),
            (b"{\"Text\":\"a\"}", {
                "f#1 ! f:1: field `text`: found no such field; give the document there, as a string"
                    .to_owned()
            }),
            (b"{\"id\":[],\"text\":\"\"}", {
                "f#1 ! f:1: field `id`: found an array; give a string or a number below 2^53, or leave it out".to_owned()
            }),
            (b"{\"id\":123456789012345678901234567890,\"text\":\"\"}", {
                "f#1 ! f:1: field `id`: found a number too large to be exact; \
                 give a string or a number below 2^53, or leave it out"
                    .to_owned()
            }),
        ] {
            let read = jsonl(&[line, b"\n{\"text\":\"next\"}\n"].concat());
            assert_eq!(read, [expected.as_str(), r#"f#2 line 2 = "next""#]);
        }
    }

    #[test]
    fn a_line_nested_deeper_than_readers_take_fails() {
        let line = format!(
            r#"{{"text":"a","deep":{}{}}}"#,
            "[".repeat(100),
            "]".repeat(100)
        );
        assert_eq!(
            jsonl(line.as_bytes()),
            ["f#1 ! f:1: nested deeper than 100 levels; flatten the record"]
        );
    }

    #[test]
    fn other_fields_come_out_byte_for_byte() {
        for other in [
            r#"{"n":12345678901234567890123,"x":1e400,"y":-0.0,"z":1.10}"#,
            r#"{"s":"\u00e9\ud800\/","o":{"b" : 1,"a":[ ],"b":2}}"#,
            // A bracket in a string is no level.
            &format!(
                r#"{{"s":"[\"[[","deep":{}{}}}"#,
                "[".repeat(99),
                "]".repeat(99)
            ),
        ] {
            let fields = &other[1..other.len() - 1];
            let line = format!(r#"{{"text":"a",{fields},"id":"b"}}"#);
            assert_eq!(
                jsonl(line.as_bytes()),
                [format!(r#"b line 1 = "a" {other}"#)]
            );
        }
    }

    #[test]
    fn of_equal_fields_the_last_wins() {
        let line = br#"{"text":"a","x":1,"id":"b","y":2,"x":3,"text":"c","id":"d"}"#;
        assert_eq!(jsonl(line), [r#"d line 1 = "c" {"x":3,"y":2}"#]);
    }

    #[test]
    fn a_meta_of_the_record_joins_the_other_fields() {
        for (fields, expected) in [
            (
                r#""a":1,"meta":{"n":1e400,"id":2},"b":3"#,
                r#" {"n":1e400,"id":2,"a":1,"b":3}"#,
            ),
            // Top level wins, wherever it stands.
            (
                r#""a":1,"meta":{"a":2,"b":3,"c":4},"b":5"#,
                r#" {"a":1,"b":5,"c":4}"#,
            ),
            (r#""meta":{"meta":{"meta":1}}"#, r#" {"meta":{"meta":1}}"#),
            (r#""meta":[1, 2],"a":3"#, r#" {"meta":[1, 2],"a":3}"#),
            (r#""meta":null"#, r#" {"meta":null}"#),
            (r#""meta":{}"#, ""),
            (r#""meta":{"a":1},"meta":{"b":2}"#, r#" {"b":2}"#),
        ] {
            let line = format!(r#"{{"text":"t",{fields}}}"#);
            let expected = format!(r#"f#1 line 1 = "t"{expected}"#);
            assert_eq!(jsonl(line.as_bytes()), [expected]);
        }
    }

    #[test]
    fn weight_counts_content_and_meta() {
        let weights = |bytes: &[u8], format: Format| -> Vec<usize> {
            let folder = TempDir::new().unwrap();
            let path = folder.path().join("f");
            fs::write(&path, bytes).unwrap();
            read(
                &source(&path, format, Compression::None),
                &ReadLimits { max_bytes: 1000 },
            )
            .map(|document| document.unwrap().weight())
            .collect()
        };
        assert_eq!(weights("été".as_bytes(), Format::Text), [5]);
        let records = "{\"text\":\"été\"}\n{\"text\":\"été\",\"a\":[1, 2],\"meta\":{\"bc\":\"\"}}";
        let meta = "a[1, 2]bc\"\"".len();
        assert_eq!(weights(records.as_bytes(), Format::Jsonl), [5, 5 + meta]);
    }

    #[test]
    fn consumed_counts_what_was_taken_from_the_disk() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("f");
        let limits = ReadLimits { max_bytes: 2 << 20 };
        let records: String = (0..50_000_u32)
            .map(|i| format!("{{\"text\":\"{}\"}}\n", i.wrapping_mul(2_654_435_761)))
            .collect();
        for (compression, bytes) in [
            (Compression::None, records.clone().into_bytes()),
            (Compression::Gzip, gzip(records.as_bytes())),
            (Compression::Zstd, zstd(records.as_bytes())),
        ] {
            fs::write(&path, &bytes).unwrap();
            let all = bytes.len() as u64;
            let mut documents = read(&source(&path, Format::Jsonl, compression), &limits);
            assert_eq!(documents.consumed(), 0);
            let mut before = 0;
            for number in 0..50_000 {
                documents.next().unwrap().unwrap();
                let now = documents.consumed();
                assert!(before <= now && now <= all);
                assert!(number > 0 || (now > 0 && now < all), "{compression}: {now}");
                before = now;
            }
            assert!(documents.next().is_none());
            assert_eq!(documents.consumed(), all);

            let mut text = read(&source(&path, Format::Text, compression), &limits);
            text.next().unwrap().unwrap();
            assert_eq!(text.consumed(), all);
        }
    }

    #[test]
    fn limits_are_shown_as_the_option_counts() {
        for (bytes, expected) in [
            (64 << 20, "64 MiB"),
            (1 << 20, "1 MiB"),
            ((1 << 20) + 1, "1048577 bytes"),
            (0, "0 bytes"),
        ] {
            let error = ReadError::TooLarge {
                limit: bytes,
                compression: Compression::None,
            };
            let expected =
                format!("longer than the limit of {expected}; split it, or raise --max-mib");
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn a_zstd_window_above_the_limit_is_not_called_damage() {
        // A frame of one raw block, `a`, with a window of 2 to the 10 + `exponent`.
        let frame = |exponent: u8| {
            let header = [0x28, 0xB5, 0x2F, 0xFD, 0, exponent << 3];
            [&header[..], &[9, 0, 0, b'a']].concat()
        };
        let text = |bytes: &[u8]| read_bytes(bytes, Format::Text, Compression::Zstd, 10);
        assert_eq!(text(&frame(17)), ["f = [97]"]);
        for exponent in [18, 21] {
            assert_eq!(
                text(&frame(exponent)),
                [
                    "f ! f: takes too much memory to unpack: Frame requires too much memory for decoding; \
                     unpack it with `zstd -d --long=31`, or pack it again without `--long`"
                ]
            );
        }
    }

    #[test]
    fn control_characters_of_the_input_are_escaped() {
        assert_eq!(shown("a\0\t\n\u{1b}[é\u{9b}"), r"a\0\t\n\u{1b}[é\u{9b}");
        let failure = ReadFailure {
            id: "a".to_owned(),
            path: "a\u{1b}]\n.txt".to_owned(),
            line: None,
            error: ReadError::Utf16,
        };
        let message = failure.to_string();
        assert!(message.starts_with(r"a\u{1b}]\n.txt: a byte-order"));
        for byte in (0..=0x1F_u8).chain([0x7F]) {
            for line in [
                vec![byte],
                vec![b'{', byte, b'x'],
                [&b"{\"text\":\"a"[..], &[byte], b"\"}"].concat(),
                [&b"{\"meta\":"[..], &[byte], b"x}"].concat(),
            ] {
                for message in jsonl(&line) {
                    assert!(!message.contains(char::is_control), "{message:?}");
                }
            }
        }
    }

    #[test]
    fn no_line_makes_reading_panic() {
        let deep = "[".repeat(500);
        let whole =
            "{\"id\":\"é\",\"text\":\"\\ud83d\\ude00 É\",\"m\":{\"a\":[1e999,-0.0]}}\u{FEFF}\r\n";
        for end in 0..whole.len() {
            let read = jsonl(&whole.as_bytes()[..end]);
            assert!(read.len() <= 1);
        }
        assert_eq!(jsonl(deep.as_bytes()).len(), 1);
        assert_eq!(jsonl(&[0; 300]).len(), 1);
        assert_eq!(jsonl(br#"{"text":"\ud800"}"#).len(), 1);
    }

    #[test]
    fn the_limit_counts_the_line_without_its_ends() {
        let line = br#"{"text":"a"}"#;
        let limit = line.len() as u64;
        for end in [&b""[..], b"\n", b"\r\n"] {
            for start in [&b""[..], b"\xEF\xBB\xBF"] {
                for (max_bytes, fits) in [
                    (limit, true),
                    (limit - 1, false),
                    (0, false),
                    (u64::MAX, true),
                ] {
                    let bytes = [start, line, end].concat();
                    let read = read_bytes(&bytes, Format::Jsonl, Compression::None, max_bytes);
                    assert_eq!(read.len(), 1);
                    assert_eq!(read[0] == r#"f#1 line 1 = "a""#, fits, "{}", read[0]);
                }
            }
        }
    }

    #[test]
    fn reading_goes_on_after_a_line_that_is_too_long() {
        for excess in [1, 2, 3, 4, 5, 6, 7, 200_000] {
            let long = format!("{}\n{{\"text\":\"b\"}}\n", " ".repeat(20 + excess));
            let read = read_bytes(long.as_bytes(), Format::Jsonl, Compression::None, 20);
            let failure =
                "f#1 ! f:1: longer than the limit of 20 bytes; split it, or raise --max-mib";
            assert_eq!(read, [failure, r#"f#2 line 2 = "b""#]);
        }
    }

    #[test]
    fn utf16_lines_fail_once() {
        let bytes: Vec<u8> = "\u{FEFF}{}\n{}\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        let read = jsonl(&bytes);
        assert_eq!(read.len(), 1);
        assert!(
            read[0].starts_with("f#1 ! f:1: a byte-order mark says UTF-16"),
            "{}",
            read[0]
        );
    }

    #[test]
    fn what_vanished_or_was_replaced_says_so() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "a").unwrap();
        for format in [Format::Text, Format::Jsonl] {
            let kinds = |file: &SourceFile| -> Vec<_> {
                read(file, &ReadLimits { max_bytes: 10 })
                    .map(|outcome| outcome.unwrap_err().error.kind())
                    .collect()
            };
            let mut file = source(&path, format, Compression::None);
            file.origin = Input::Path(folder.path().join("gone"));
            assert_eq!(kinds(&file), ["vanished"]);
            file.origin = Input::Path(path.join("below"));
            assert_eq!(kinds(&file), ["vanished"]);
            file.origin = Input::Path(folder.path().to_owned());
            assert_eq!(kinds(&file), ["vanished"]);
            file.bytes = None;
            assert_eq!(kinds(&file), ["read"]);
            file.origin = Input::Path("nul\0".into());
            assert_eq!(kinds(&file), ["open"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_read_within_the_limit_and_never_waited_for_by_surprise() {
        use std::os::fd::AsRawFd;

        let (reader, mut writer) = io::pipe().unwrap();
        let feeder = std::thread::spawn(move || {
            // Fails once the reader has had enough, which an endless pipe would never do.
            while writer.write_all(&[b'a'; 4096]).is_ok() {}
        });
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let mut file = source(Path::new(&path), Format::Text, Compression::None);
        file.bytes = None;
        let read_all = |file: &SourceFile| -> Vec<_> {
            read(file, &ReadLimits { max_bytes: 100_000 })
                .map(|outcome| outcome.unwrap_err().error.kind())
                .collect()
        };
        assert_eq!(read_all(&file), ["too_large"]);
        // Listed as a regular file, and a pipe nobody writes to by now.
        file.bytes = Some(1);
        assert_eq!(read_all(&file), ["vanished"]);
        drop(reader);
        feeder.join().unwrap();
    }

    #[cfg(unix)]
    #[test]
    #[allow(clippy::print_stderr, reason = "says why the test is skipped")]
    fn what_may_not_be_read_says_so() {
        use std::os::unix::fs::PermissionsExt;

        let folder = TempDir::new().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "a").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
        if File::open(&path).is_ok() {
            eprintln!("skipped: this user (root?) may read everything");
            return;
        }
        let file = source(&path, Format::Text, Compression::None);
        let failure = read(&file, &ReadLimits { max_bytes: 10 })
            .next()
            .unwrap()
            .unwrap_err();
        assert_eq!(failure.error.kind(), "open");
    }
}
