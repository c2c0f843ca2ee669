//! From the user's INPUT arguments to an ordered, lazy stream of sources.
//!
//! ```text
//! INPUT … ─ check once ─▶ Walk ─▶ File | Skipped | Failed, one at a time, always in the same order
//! ```
//!
//! Whatever is met below an input becomes exactly one [`WalkItem`], so nothing is lost silently; only a
//! folder that is left out stands for all it contains. Memory is bounded by the listings of the folders
//! between an input and the current entry, never by the number of files.
//!
//! # Identifiers
//!
//! | INPUT | identifier of a source |
//! |---|---|
//! | exactly one folder | path relative to that folder |
//! | exactly one file | its file name |
//! | several | the path as typed, without `./` |
//! | standard input | `stdin` |
//!
//! Parts are joined by `/` on every system. A path that is not Unicode has its undecodable bytes written
//! `%XX`, and, only then, each literal `%` written `%25`.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use walkdir::{DirEntry, WalkDir};

/// How many bytes at the start of a text file [`WalkOptions::is_binary`] is shown, at most.
pub const HEAD_BYTES: usize = 8 * 1024;

/// One INPUT argument, and also the place the bytes of a [`SourceFile`] come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Standard input, typed `-`. A file of that name is reached as `./-`.
    Stdin,
    /// A file, a folder or a pipe.
    Path(PathBuf),
}

impl From<OsString> for Input {
    fn from(argument: OsString) -> Self {
        if argument == "-" {
            Input::Stdin
        } else {
            Input::Path(argument.into())
        }
    }
}

impl From<&str> for Input {
    fn from(argument: &str) -> Self {
        OsString::from(argument).into()
    }
}

/// What to take from the folders among the inputs.
///
/// None of this applies to a file that the user named: it is taken whatever it is.
#[derive(Clone, Debug)]
pub struct WalkOptions {
    /// Take only files that match one of these globs; empty takes all.
    ///
    /// A glob is matched against the path relative to the INPUT, and `*` does not cross a `/`. A glob
    /// without `/` is matched against the name at any depth; a leading `/` ties it to the INPUT, and a
    /// trailing `/` means everything in folders of that name.
    pub include: Vec<String>,
    /// Leave out files and folders that match one of these globs, even where `include` matches too.
    ///
    /// Read like `include`, except that a trailing `/` means folders only. A folder left out is not
    /// entered.
    pub exclude: Vec<String>,
    /// Take files and folders whose name starts with a dot.
    pub hidden: bool,
    /// Follow symbolic links, to files and to folders; a link back to a folder that contains it is a
    /// failure of that link.
    pub follow_links: bool,
    /// Says from the first [`HEAD_BYTES`] bytes that a file is not text. Asked for uncompressed text
    /// files found in folders.
    pub is_binary: fn(&[u8]) -> bool,
    /// The format of standard input, and of a named file whose name does not tell.
    pub default_format: Format,
    /// The files this run writes: they are not read, not even when they lie in a folder that is.
    pub outputs: Vec<PathBuf>,
}

impl Default for WalkOptions {
    /// Visible files of every supported format, no links followed, no file taken for binary.
    fn default() -> Self {
        WalkOptions {
            include: Vec::new(),
            exclude: Vec::new(),
            hidden: false,
            follow_links: false,
            is_binary: |_| false,
            default_format: Format::Text,
            outputs: Vec::new(),
        }
    }
}

/// How documents lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The whole file is one document: `.txt`, `.text`, `.md`, `.markdown`.
    Text,
    /// Each line is a JSON object that holds one document: `.jsonl`, `.ndjson`.
    Jsonl,
}

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip (RFC 1952), a last extension of `.gz`.
    Gzip,
    /// Zstandard (RFC 8878), a last extension of `.zst`.
    Zstd,
}

impl Compression {
    /// The compression that the last extension of `path` names, in any case.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        match extension(path).as_deref() {
            Some("gz") => Compression::Gzip,
            Some("zst") => Compression::Zstd,
            _ => Compression::None,
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Compression::None => "uncompressed",
            Compression::Gzip => "gzip",
            Compression::Zstd => "zstd",
        })
    }
}

/// One file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The identifier, as the [module](self) describes it.
    pub id: String,
    /// Where to read.
    pub origin: Input,
    /// How documents lie in it.
    pub format: Format,
    /// How its bytes are packed.
    pub compression: Compression,
    /// Size on disk when it was listed, in bytes; `None` for what is not a regular file.
    pub bytes: Option<u64>,
}

impl SourceFile {
    /// The path as records and messages show it; `stdin` for standard input.
    #[must_use]
    pub fn shown_path(&self) -> String {
        match &self.origin {
            Input::Stdin => STDIN_ID.to_owned(),
            Input::Path(path) => shown_path(path),
        }
    }
}

/// Why something in a folder was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SkipReason {
    /// Its name starts with a dot.
    Hidden,
    /// Its extension is not one of those of [`Format`].
    Extension,
    /// It matches [`WalkOptions::exclude`].
    Excluded,
    /// It matches nothing in [`WalkOptions::include`].
    NotIncluded,
    /// A pipe, a socket or a device.
    Special,
    /// A symbolic link, and links are not followed.
    Symlink,
    /// Named like text, but [`WalkOptions::is_binary`] says otherwise.
    Binary,
    /// This run writes it.
    Output,
}

impl SkipReason {
    /// The stable name, in snake case, for counts and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            SkipReason::Hidden => "hidden",
            SkipReason::Extension => "extension",
            SkipReason::Excluded => "excluded",
            SkipReason::NotIncluded => "not_included",
            SkipReason::Special => "special",
            SkipReason::Symlink => "symlink",
            SkipReason::Binary => "binary",
            SkipReason::Output => "output",
        }
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SkipReason::Hidden => "its name starts with a dot",
            SkipReason::Extension => "its extension is not that of a text or JSON Lines file",
            SkipReason::Excluded => "an exclude pattern matches it",
            SkipReason::NotIncluded => "no include pattern matches it",
            SkipReason::Special => "it is a pipe, a socket or a device",
            SkipReason::Symlink => "it is a symbolic link",
            SkipReason::Binary => "its content is not text",
            SkipReason::Output => "this run writes it",
        })
    }
}

/// What the walk met.
#[derive(Debug)]
pub enum WalkItem {
    /// A file to read.
    File(SourceFile),
    /// A file or folder left out; a folder stands for all it contains.
    Skipped {
        /// Where it is.
        path: PathBuf,
        /// Why it was left out.
        reason: SkipReason,
    },
    /// A file or folder that should have been read and cannot be.
    Failed {
        /// The identifier it has, or would have.
        id: String,
        /// Where it is.
        path: PathBuf,
        /// What went wrong. Its message does not repeat the path.
        error: EntryError,
    },
}

/// Why a file or folder met on the way cannot be read. It does not end the walk.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    /// The folder cannot be listed, or the file not examined.
    #[error("cannot be listed: {cause}; check the permissions, or exclude it")]
    Unreadable {
        /// What the system said.
        cause: io::Error,
    },
    /// It was there when its folder was listed, and is no longer.
    #[error("vanished during the run; run again once nothing else changes the folder")]
    Vanished,
    /// A symbolic link leads back to a folder that contains it.
    #[error("this link leads back to `{}`, which contains it; remove the link, or exclude it", .ancestor.display())]
    LinkLoop {
        /// The folder that the link leads back to.
        ancestor: PathBuf,
    },
    /// A symbolic link leads nowhere.
    #[error("this link leads to nothing; repair it, or exclude it")]
    DanglingLink,
}

impl EntryError {
    /// The stable name, in snake case, for counts and reports.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            EntryError::Unreadable { .. } => "unreadable",
            EntryError::Vanished => "vanished",
            EntryError::LinkLoop { .. } => "link_loop",
            EntryError::DanglingLink => "dangling_link",
        }
    }
}

/// Why a walk cannot start. Found before anything is read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalkError {
    /// There is nothing to walk.
    #[error("no input; name a file or a folder, or `-` for standard input")]
    NoInputs,
    /// An input is not there.
    #[error("input `{}` does not exist; check the spelling and the current folder", .path.display())]
    NotFound {
        /// The input, as typed.
        path: PathBuf,
    },
    /// An input cannot be examined.
    #[error("input `{}` cannot be examined: {cause}; check the permissions of the folders above it", .path.display())]
    Inaccessible {
        /// The input, as typed.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A glob cannot be read.
    #[error(
        "{role} pattern `{pattern}` cannot be read: {cause}; write a `[`, `{{`, `*` or `?` of a name between brackets, as in `[[]`"
    )]
    BadGlob {
        /// `include` or `exclude`.
        role: &'static str,
        /// The pattern, as typed.
        pattern: String,
        /// What is wrong with it.
        cause: String,
    },
    /// Two inputs are one file or folder.
    #[error("inputs `{}` and `{}` are the same; name it once", .first.display(), .second.display())]
    Duplicate {
        /// The input typed first.
        first: PathBuf,
        /// The input typed after it.
        second: PathBuf,
    },
    /// An input lies inside another, so its documents would be read twice.
    #[error("input `{}` lies inside input `{}` and would be read twice; remove one of the two", .inner.display(), .outer.display())]
    Nested {
        /// The folder.
        outer: PathBuf,
        /// The file or folder inside it.
        inner: PathBuf,
    },
    /// Standard input can be read only once.
    #[error("standard input (`-`) is named twice; name it once")]
    StdinTwice,
    /// The run would replace what it reads.
    #[error("input `{}` is also an output of this run; write to another file", .path.display())]
    InputIsOutput {
        /// The input, as typed.
        path: PathBuf,
    },
}

/// Checks the inputs and the options, and starts the walk.
///
/// Inputs are walked in the order given; the entries of a folder by the bytes of their names, a folder's
/// content in its place. Files are listed and text files sniffed as the iterator advances, not before.
///
/// # Errors
///
/// See [`WalkError`]. What goes wrong afterwards is a [`WalkItem::Failed`].
pub fn walk(inputs: &[Input], options: &WalkOptions) -> Result<Walk, WalkError> {
    let rules = Rules::new(options)?;
    let starts = starts(inputs, &rules)?;
    Ok(Walk {
        rules,
        starts: starts.into_iter(),
        folder: None,
    })
}

/// How much there is to read, for a progress bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Files to read, standard input included.
    pub files: u64,
    /// Their size on disk, in bytes; pipes and standard input count as 0.
    pub bytes: u64,
}

/// Counts what [`walk`] would give, by the same rules but without opening files: one that turns out to be
/// binary is counted.
///
/// What cannot be walked counts as nothing here, because [`walk`] reports it.
#[must_use]
pub fn estimate(inputs: &[Input], options: &WalkOptions) -> Totals {
    let Ok(mut walk) = walk(inputs, options) else {
        return Totals::default();
    };
    walk.rules.is_binary = None;
    walk.fold(Totals::default(), |totals, item| match item {
        WalkItem::File(file) => Totals {
            files: totals.files + 1,
            bytes: totals.bytes.saturating_add(file.bytes.unwrap_or(0)),
        },
        WalkItem::Skipped { .. } | WalkItem::Failed { .. } => totals,
    })
}

/// `path` as identifiers and records show it: parts joined by `/`, no `.` parts, always Unicode.
///
/// Bytes that are not Unicode are written `%XX`, and then each literal `%` is written `%25`.
#[must_use]
pub fn shown_path(path: &Path) -> String {
    let mut bytes = Vec::with_capacity(path.as_os_str().len());
    for component in path.components() {
        let part = match component {
            Component::CurDir => continue,
            // Each part brings the separator before it, so the root itself is an empty first part.
            Component::RootDir => OsStr::new(""),
            Component::Prefix(_) | Component::ParentDir | Component::Normal(_) => {
                component.as_os_str()
            }
        };
        // `C:` is followed by its root, which must not add a second separator.
        let starts = bytes.is_empty() && !matches!(component, Component::RootDir);
        if !starts && bytes.last() != Some(&b'/') {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(part.as_encoded_bytes());
    }
    if bytes.is_empty() {
        return ".".to_owned();
    }
    String::from_utf8(bytes).unwrap_or_else(|error| percent_encoded(error.as_bytes()))
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut encoded = String::with_capacity(bytes.len() + 8);
    for chunk in bytes.utf8_chunks() {
        encoded.push_str(&chunk.valid().replace('%', "%25"));
        for byte in chunk.invalid() {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

const STDIN_ID: &str = "stdin";

/// The walk under way; made by [`walk`].
#[derive(Debug)]
pub struct Walk {
    rules: Rules,
    starts: std::vec::IntoIter<Start>,
    folder: Option<Folder>,
}

impl Iterator for Walk {
    type Item = WalkItem;

    fn next(&mut self) -> Option<WalkItem> {
        loop {
            let Some(folder) = &mut self.folder else {
                match self.starts.next()? {
                    Start::File(file) => return Some(WalkItem::File(file)),
                    Start::Folder { root, id_base } => {
                        self.folder = Some(Folder::open(root, id_base, self.rules.follow_links));
                    }
                }
                continue;
            };
            let item = match folder.entries.next() {
                Some(Ok(entry)) => folder.entry(&entry, &self.rules),
                Some(Err(error)) => Some(folder.failure(error, &self.rules)),
                None => {
                    self.folder = None;
                    None
                }
            };
            if item.is_some() {
                return item;
            }
        }
    }
}

/// An input that passed the checks.
#[derive(Debug)]
enum Start {
    File(SourceFile),
    Folder {
        root: PathBuf,
        /// What goes before the path relative to `root` in an identifier.
        id_base: PathBuf,
    },
}

/// Checks the inputs, one against the other too.
fn starts(inputs: &[Input], rules: &Rules) -> Result<Vec<Start>, WalkError> {
    if inputs.is_empty() {
        return Err(WalkError::NoInputs);
    }
    let alone = inputs.len() == 1;
    let mut starts = Vec::with_capacity(inputs.len());
    let mut stdin = false;
    let mut places: Vec<(PathBuf, &Path)> = Vec::new();
    for input in inputs {
        let path = match input {
            Input::Stdin if stdin => return Err(WalkError::StdinTwice),
            Input::Stdin => {
                stdin = true;
                starts.push(Start::File(SourceFile {
                    id: STDIN_ID.to_owned(),
                    origin: Input::Stdin,
                    format: rules.default_format,
                    compression: Compression::None,
                    bytes: None,
                }));
                continue;
            }
            Input::Path(path) => path,
        };
        let metadata = fs::metadata(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => WalkError::NotFound { path: path.clone() },
            _ => WalkError::Inaccessible {
                path: path.clone(),
                cause,
            },
        })?;
        let place = place(path);
        if rules.outputs.contains(&place) {
            return Err(WalkError::InputIsOutput { path: path.clone() });
        }
        places.push((place, path));
        starts.push(if metadata.is_dir() {
            let id_base = if alone { PathBuf::new() } else { path.clone() };
            Start::Folder {
                root: path.clone(),
                id_base,
            }
        } else {
            let name = path.file_name().filter(|_| alone).map(Path::new);
            Start::File(SourceFile {
                id: shown_path(name.unwrap_or(path)),
                origin: Input::Path(path.clone()),
                format: Format::of(path).unwrap_or(rules.default_format),
                compression: Compression::of(path),
                bytes: metadata.is_file().then_some(metadata.len()),
            })
        });
    }
    check_apart(&places)?;
    Ok(starts)
}

/// Refuses inputs that would give one document twice.
fn check_apart(places: &[(PathBuf, &Path)]) -> Result<(), WalkError> {
    let mut seen: HashMap<&Path, &Path> = HashMap::with_capacity(places.len());
    for (place, typed) in places {
        if let Some(first) = seen.insert(place, typed) {
            return Err(WalkError::Duplicate {
                first: first.into(),
                second: typed.into(),
            });
        }
    }
    for (place, typed) in places {
        for ancestor in place.ancestors().skip(1) {
            if let Some(outer) = seen.get(ancestor) {
                return Err(WalkError::Nested {
                    outer: outer.into(),
                    inner: typed.into(),
                });
            }
        }
    }
    Ok(())
}

/// One name for all the ways to type a path.
fn place(path: &Path) -> PathBuf {
    // A shell's `<(command)` has no canonical path: `/dev/fd/63` leads to a pipe without a name.
    fs::canonicalize(path)
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

/// The options, checked and compiled.
#[derive(Debug)]
struct Rules {
    include: Option<GlobSet>,
    exclude: GlobSet,
    exclude_folders: GlobSet,
    hidden: bool,
    follow_links: bool,
    is_binary: Option<fn(&[u8]) -> bool>,
    default_format: Format,
    /// Canonical paths of regular files that exist: no other output can be met in a folder.
    outputs: Vec<PathBuf>,
}

impl Rules {
    fn new(options: &WalkOptions) -> Result<Self, WalkError> {
        let mut include = GlobSetBuilder::new();
        for pattern in &options.include {
            let Pattern { glob, folders_only } = Pattern::parse(pattern);
            let glob = if folders_only {
                format!("{glob}/**")
            } else {
                glob
            };
            add_glob(&mut include, &glob, "include", pattern)?;
        }
        let mut exclude = GlobSetBuilder::new();
        let mut exclude_folders = GlobSetBuilder::new();
        for pattern in &options.exclude {
            let Pattern { glob, folders_only } = Pattern::parse(pattern);
            let set = if folders_only {
                &mut exclude_folders
            } else {
                &mut exclude
            };
            add_glob(set, &glob, "exclude", pattern)?;
        }
        let include = build_globs(&include, "include", &options.include)?;
        Ok(Rules {
            include: (!options.include.is_empty()).then_some(include),
            exclude: build_globs(&exclude, "exclude", &options.exclude)?,
            exclude_folders: build_globs(&exclude_folders, "exclude", &options.exclude)?,
            hidden: options.hidden,
            follow_links: options.follow_links,
            is_binary: Some(options.is_binary),
            default_format: options.default_format,
            outputs: options
                .outputs
                .iter()
                .filter_map(|output| fs::canonicalize(output).ok())
                .filter(|output| output.is_file())
                .collect(),
        })
    }

    /// Whether something of this name is left out, whatever it contains.
    fn leaves_out(&self, relative: &Path, is_dir: bool) -> Option<SkipReason> {
        let name = relative.file_name().unwrap_or_default();
        if !self.hidden && name.as_encoded_bytes().starts_with(b".") {
            Some(SkipReason::Hidden)
        } else if self.exclude.is_match(relative)
            || (is_dir && self.exclude_folders.is_match(relative))
        {
            Some(SkipReason::Excluded)
        } else {
            None
        }
    }

    /// The format of the file in a folder, or why it is not read.
    fn format(&self, path: &Path, relative: &Path) -> Result<Format, SkipReason> {
        let format = Format::of(path).ok_or(SkipReason::Extension)?;
        if self
            .include
            .as_ref()
            .is_some_and(|include| !include.is_match(relative))
        {
            return Err(SkipReason::NotIncluded);
        }
        if self.is_output(path) {
            return Err(SkipReason::Output);
        }
        if format == Format::Text
            && Compression::of(path) == Compression::None
            && self.is_binary_file(path)
        {
            return Err(SkipReason::Binary);
        }
        Ok(format)
    }

    fn is_output(&self, path: &Path) -> bool {
        // Names are compared first: asking the system for the place of every file would cost a call each.
        // With links followed the name of the link says nothing, so there the call is needed.
        let maybe = |output: &PathBuf| self.follow_links || output.file_name() == path.file_name();
        self.outputs.iter().any(maybe) && self.outputs.contains(&place(path))
    }

    fn is_binary_file(&self, path: &Path) -> bool {
        let Some(is_binary) = self.is_binary else {
            return false;
        };
        let mut head = Vec::with_capacity(HEAD_BYTES);
        let read =
            File::open(path).and_then(|file| file.take(HEAD_BYTES as u64).read_to_end(&mut head));
        // A file that cannot be read is not binary: it goes on, and reading it reports the error.
        read.is_ok() && is_binary(&head)
    }
}

impl Format {
    /// The format that the name of `path` tells, below a compression's extension.
    fn of(path: &Path) -> Option<Self> {
        let inner = match Compression::of(path) {
            Compression::None => extension(path),
            Compression::Gzip | Compression::Zstd => extension(Path::new(path.file_stem()?)),
        };
        match inner?.as_str() {
            "txt" | "text" | "md" | "markdown" => Some(Format::Text),
            "jsonl" | "ndjson" => Some(Format::Jsonl),
            _ => None,
        }
    }
}

/// The last extension of `path`, in lower case.
fn extension(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

/// A user's pattern, read as `.gitignore` does.
struct Pattern {
    glob: String,
    folders_only: bool,
}

impl Pattern {
    fn parse(pattern: &str) -> Self {
        let stripped = pattern.strip_prefix("./").unwrap_or(pattern);
        let (body, folders_only) = match stripped.strip_suffix('/') {
            Some(body) => (body, true),
            None => (stripped, false),
        };
        // `./a` says where as clearly as `/a`: only a bare name may lie at any depth.
        let tied = body.contains('/') || stripped.len() < pattern.len();
        let body = body.strip_prefix('/').unwrap_or(body);
        let glob = match body {
            "" => String::new(),
            _ if tied => body.to_owned(),
            _ => format!("**/{body}"),
        };
        Pattern { glob, folders_only }
    }
}

fn add_glob(
    set: &mut GlobSetBuilder,
    glob: &str,
    role: &'static str,
    pattern: &str,
) -> Result<(), WalkError> {
    let bad = |cause: String| WalkError::BadGlob {
        role,
        pattern: pattern.to_owned(),
        cause,
    };
    if glob.is_empty() || glob == "/**" {
        return Err(bad("it matches nothing".to_owned()));
    }
    let glob = GlobBuilder::new(glob)
        .literal_separator(true)
        .build()
        .map_err(|error| bad(error.kind().to_string()))?;
    set.add(glob);
    Ok(())
}

/// Compiles globs that are each fine; together they can still be too many for one automaton.
fn build_globs(
    set: &GlobSetBuilder,
    role: &'static str,
    patterns: &[String],
) -> Result<GlobSet, WalkError> {
    set.build().map_err(|error| WalkError::BadGlob {
        role,
        pattern: error
            .glob()
            .map_or_else(|| patterns.join("`, `"), str::to_owned),
        cause: error.kind().to_string(),
    })
}

/// A folder among the inputs, being walked.
#[derive(Debug)]
struct Folder {
    entries: walkdir::IntoIter,
    root: PathBuf,
    id_base: PathBuf,
}

impl Folder {
    fn open(root: PathBuf, id_base: PathBuf, follow_links: bool) -> Self {
        let entries = WalkDir::new(&root)
            .min_depth(1)
            .follow_links(follow_links)
            // On Unix a name compares by its bytes. Without a fixed order the file system's would show.
            .sort_by(|a, b| a.file_name().cmp(b.file_name()))
            .into_iter();
        Folder {
            entries,
            root,
            id_base,
        }
    }

    /// What to say of an entry; nothing of a folder that is entered.
    fn entry(&mut self, entry: &DirEntry, rules: &Rules) -> Option<WalkItem> {
        let path = entry.path();
        let relative = self.relative(path);
        let file_type = entry.file_type();
        let skipped = |reason| {
            Some(WalkItem::Skipped {
                path: path.to_owned(),
                reason,
            })
        };
        if let Some(reason) = rules.leaves_out(relative, file_type.is_dir()) {
            if file_type.is_dir() {
                self.entries.skip_current_dir();
            }
            return skipped(reason);
        }
        if file_type.is_dir() {
            return None;
        }
        if file_type.is_symlink() {
            return skipped(SkipReason::Symlink);
        }
        if !file_type.is_file() {
            return skipped(SkipReason::Special);
        }
        let format = match rules.format(path, relative) {
            Ok(format) => format,
            Err(reason) => return skipped(reason),
        };
        let id = self.id(relative);
        Some(match entry.metadata() {
            Ok(metadata) => WalkItem::File(SourceFile {
                id,
                origin: Input::Path(path.to_owned()),
                format,
                compression: Compression::of(path),
                bytes: Some(metadata.len()),
            }),
            Err(error) => WalkItem::Failed {
                id,
                path: path.to_owned(),
                error: entry_error(error),
            },
        })
    }

    /// What to say of something that could not be listed or followed.
    fn failure(&self, error: walkdir::Error, rules: &Rules) -> WalkItem {
        // A listing that breaks off half-way carries no path.
        let path = error.path().unwrap_or(&self.root).to_owned();
        let relative = self.relative(&path);
        // A broken link is found before its name is judged (editors leave hidden ones as locks); a folder
        // that is left out never gets here.
        if !relative.as_os_str().is_empty()
            && let Some(reason) = rules.leaves_out(relative, false)
        {
            return WalkItem::Skipped { path, reason };
        }
        WalkItem::Failed {
            id: self.id(relative),
            error: entry_error(error),
            path,
        }
    }

    fn relative<'a>(&self, path: &'a Path) -> &'a Path {
        path.strip_prefix(&self.root).unwrap_or(path)
    }

    fn id(&self, relative: &Path) -> String {
        if relative.as_os_str().is_empty() {
            shown_path(&self.root)
        } else {
            shown_path(&self.id_base.join(relative))
        }
    }
}

fn entry_error(error: walkdir::Error) -> EntryError {
    if let Some(ancestor) = error.loop_ancestor() {
        return EntryError::LinkLoop {
            ancestor: ancestor.to_owned(),
        };
    }
    let is_link = error.path().is_some_and(Path::is_symlink);
    match error.into_io_error() {
        Some(cause) if cause.kind() != io::ErrorKind::NotFound => EntryError::Unreadable { cause },
        _ if is_link => EntryError::DanglingLink,
        _ => EntryError::Vanished,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics fails, as it should")]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A folder with these files, each holding its own path; a path that ends in `/` is a folder.
    fn tree(paths: &[&str]) -> TempDir {
        let folder = TempDir::new().unwrap();
        for path in paths {
            let full = folder.path().join(path);
            if path.ends_with('/') {
                fs::create_dir_all(full).unwrap();
            } else {
                fs::create_dir_all(full.parent().unwrap()).unwrap();
                fs::write(full, path).unwrap();
            }
        }
        folder
    }

    fn input(folder: &TempDir, path: &str) -> Input {
        Input::Path(if path.is_empty() {
            folder.path().to_owned()
        } else {
            folder.path().join(path)
        })
    }

    /// One line for each item: `id`, `path: reason` or `id ! kind`.
    fn list(folder: &TempDir, inputs: &[&str], options: &WalkOptions) -> Vec<String> {
        let inputs: Vec<Input> = inputs.iter().map(|path| input(folder, path)).collect();
        let items: Vec<WalkItem> = walk(&inputs, options).unwrap().collect();
        let mut totals = Totals::default();
        let base = format!("{}/", shown_path(folder.path()));
        let shown = items.into_iter().map(|item| match item {
            WalkItem::File(file) => {
                totals.files += 1;
                totals.bytes += file.bytes.unwrap_or(0);
                file.id.replace(&base, "/")
            }
            WalkItem::Skipped { path, reason } => {
                format!(
                    "{}: {}",
                    shown_path(path.strip_prefix(folder.path()).unwrap()),
                    reason.name()
                )
            }
            WalkItem::Failed { id, error, .. } => {
                format!("{} ! {}", id.replace(&base, "/"), error.kind())
            }
        });
        let shown = shown.collect();
        let unread = WalkOptions {
            is_binary: |_| false,
            ..options.clone()
        };
        if list_binaries(&inputs, options) == 0 {
            assert_eq!(totals, estimate(&inputs, options));
        }
        assert_eq!(estimate(&inputs, &unread), estimate(&inputs, options));
        shown
    }

    fn list_binaries(inputs: &[Input], options: &WalkOptions) -> usize {
        let binary = |item: &WalkItem| {
            matches!(
                item,
                WalkItem::Skipped {
                    reason: SkipReason::Binary,
                    ..
                }
            )
        };
        walk(inputs, options).unwrap().filter(binary).count()
    }

    fn globs(include: &[&str], exclude: &[&str]) -> WalkOptions {
        let owned = |globs: &[&str]| globs.iter().map(|glob| (*glob).to_owned()).collect();
        WalkOptions {
            include: owned(include),
            exclude: owned(exclude),
            ..WalkOptions::default()
        }
    }

    fn refusal(inputs: &[Input], options: &WalkOptions) -> WalkError {
        walk(inputs, options).unwrap_err()
    }

    #[test]
    fn walks_move_to_other_threads() {
        fn is_send<T: Send + 'static>() {}
        is_send::<Walk>();
        is_send::<WalkItem>();
        is_send::<WalkError>();
    }

    #[test]
    fn one_folder_is_walked_in_the_order_of_name_bytes() {
        let folder = tree(&[
            "b.txt",
            "a/z.md",
            "a/É.txt",
            "a.txt",
            "B.txt",
            "a/b/c.jsonl",
            "empty/",
            "é.txt",
        ]);
        let expected = [
            "B.txt",
            "a/b/c.jsonl",
            "a/z.md",
            "a/É.txt",
            "a.txt",
            "b.txt",
            "é.txt",
        ];
        assert_eq!(list(&folder, &[""], &WalkOptions::default()), expected);
    }

    #[test]
    fn identifiers_follow_the_inputs() {
        let folder = tree(&["d/a.txt", "d/s/b.txt", "c.txt"]);
        let options = WalkOptions::default();
        assert_eq!(list(&folder, &["d"], &options), ["a.txt", "s/b.txt"]);
        assert_eq!(list(&folder, &["d/s/../a.txt"], &options), ["a.txt"]);
        assert_eq!(
            list(&folder, &["d/", "c.txt"], &options),
            ["/d/a.txt", "/d/s/b.txt", "/c.txt"]
        );
        assert_eq!(
            list(&folder, &["c.txt", "./d"], &options),
            ["/c.txt", "/d/a.txt", "/d/s/b.txt"]
        );
        let both = [Input::Stdin, input(&folder, "c.txt")];
        let ids: Vec<_> = walk(&both, &options)
            .unwrap()
            .map(|item| match item {
                WalkItem::File(file) => (file.origin == Input::Stdin, file.shown_path() == file.id),
                _ => panic!("{item:?}"),
            })
            .collect();
        assert_eq!(ids, [(true, true), (false, true)]);
    }

    #[test]
    fn shown_paths_are_plain() {
        let check = |path: &str, expected: &str| assert_eq!(shown_path(Path::new(path)), expected);
        check("./a//b/./c.txt", "a/b/c.txt");
        check("../a/", "../a");
        check("/", "/");
        check("/a/b", "/a/b");
        check(".", ".");
        check("", ".");
        check("100 %/é", "100 %/é");
    }

    #[cfg(unix)]
    #[test]
    fn names_that_are_not_unicode_are_encoded() {
        use std::os::unix::ffi::OsStrExt;

        let path = Path::new(OsStr::from_bytes(b"50%/\xE9t\xC3\xA9\xE2\x82.txt"));
        assert_eq!(shown_path(path), "50%25/%E9té%E2%82.txt");
        let folder = tree(&["a.txt"]);
        if fs::write(folder.path().join(OsStr::from_bytes(b"\xE9.TXT")), "").is_ok() {
            assert_eq!(
                list(&folder, &[""], &WalkOptions::default()),
                ["a.txt", "%E9.TXT"]
            );
            assert_eq!(
                list(&folder, &[""], &globs(&["*.TXT"], &[])),
                ["a.txt: not_included", "%E9.TXT"]
            );
        }
    }

    #[test]
    fn extensions_tell_format_and_compression() {
        let check = |name: &str, format, compression| {
            let path = Path::new(name);
            assert_eq!(
                (Format::of(path), Compression::of(path)),
                (format, compression),
                "{name}"
            );
        };
        use Compression::{Gzip, None as Plain, Zstd};
        check("a.txt", Some(Format::Text), Plain);
        check("a.b.TEXT", Some(Format::Text), Plain);
        check("d.jsonl/a.Md", Some(Format::Text), Plain);
        check("a.markdown.gz", Some(Format::Text), Gzip);
        check("a.JSONL.ZST", Some(Format::Jsonl), Zstd);
        check("a.ndjson", Some(Format::Jsonl), Plain);
        check("a.json", None, Plain);
        check("a.gz", None, Gzip);
        check("a.txt.gz.zst", None, Zstd);
        check(".txt", None, Plain);
        check(".gz", None, Plain);
        check("a", None, Plain);
    }

    #[test]
    fn named_files_are_taken_whatever_they_are() {
        let folder = tree(&[".hidden", "a.log", "b.gz"]);
        let options = WalkOptions {
            is_binary: |_| true,
            ..globs(&["*.none"], &["*"])
        };
        assert_eq!(
            list(&folder, &[".hidden", "a.log", "b.gz"], &options),
            ["/.hidden", "/a.log", "/b.gz"]
        );
        let options = WalkOptions {
            default_format: Format::Jsonl,
            ..options
        };
        let formats: Vec<_> = walk(&[input(&folder, "a.log"), Input::Stdin], &options)
            .unwrap()
            .map(|item| {
                matches!(
                    item,
                    WalkItem::File(SourceFile {
                        format: Format::Jsonl,
                        ..
                    })
                )
            })
            .collect();
        assert_eq!(formats, [true, true]);
    }

    #[test]
    fn what_is_left_out_is_named_with_its_reason() {
        let folder = tree(&[
            ".git/a.txt",
            ".b.txt",
            "c.pdf",
            "d.txt",
            "e.txt.gz",
            "f.jsonl",
        ]);
        let options = WalkOptions {
            is_binary: |head| head == b"d.txt",
            ..WalkOptions::default()
        };
        assert_eq!(
            list(&folder, &[""], &options),
            [
                ".b.txt: hidden",
                ".git: hidden",
                "c.pdf: extension",
                "d.txt: binary",
                "e.txt.gz",
                "f.jsonl"
            ]
        );
        let options = WalkOptions {
            hidden: true,
            is_binary: |_| true,
            ..WalkOptions::default()
        };
        assert_eq!(
            list(&folder, &[""], &options),
            [
                ".b.txt: binary",
                ".git/a.txt: binary",
                "c.pdf: extension",
                "d.txt: binary",
                "e.txt.gz",
                "f.jsonl"
            ]
        );
    }

    #[test]
    fn only_the_head_is_judged() {
        let folder = tree(&[]);
        fs::write(folder.path().join("a.txt"), vec![b'a'; 3 * HEAD_BYTES]).unwrap();
        let options = WalkOptions {
            is_binary: |head| head.len() != HEAD_BYTES,
            ..WalkOptions::default()
        };
        assert_eq!(list(&folder, &[""], &options), ["a.txt"]);
    }

    #[test]
    fn globs_choose_files_and_keep_out_of_folders() {
        let folder = tree(&["a.txt", "d/a.txt", "d/b.md", "d/e/a.txt", "e.txt"]);
        let check = |include: &[&str], exclude: &[&str], expected: &[&str]| {
            let files = list(&folder, &[""], &globs(include, exclude));
            let files: Vec<_> = files
                .iter()
                .filter(|line| !line.ends_with(": not_included"))
                .collect();
            assert_eq!(files, expected, "{include:?} {exclude:?}");
        };
        check(&["a.txt"], &[], &["a.txt", "d/a.txt", "d/e/a.txt"]);
        check(&["/a.txt"], &[], &["a.txt"]);
        check(&["./a.txt"], &[], &["a.txt"]);
        check(&["d/*.txt"], &[], &["d/a.txt"]);
        check(&["d/**"], &[], &["d/a.txt", "d/b.md", "d/e/a.txt"]);
        check(&["e/"], &[], &["d/e/a.txt"]);
        check(&["*.md", "/e.*"], &[], &["d/b.md", "e.txt"]);
        check(
            &[],
            &["e"],
            &["a.txt", "d/a.txt", "d/b.md", "d/e: excluded", "e.txt"],
        );
        check(
            &[],
            &["e.txt/"],
            &["a.txt", "d/a.txt", "d/b.md", "d/e/a.txt", "e.txt"],
        );
        check(&[], &["d/"], &["a.txt", "d: excluded", "e.txt"]);
        check(
            &["a.txt"],
            &["d/*/"],
            &["a.txt", "d/a.txt", "d/e: excluded"],
        );
        check(
            &[],
            &["*.{txt,md}"],
            &[
                "a.txt: excluded",
                "d/a.txt: excluded",
                "d/b.md: excluded",
                "d/e/a.txt: excluded",
                "e.txt: excluded",
            ],
        );
        // Globs are relative to the INPUT, also when identifiers are not.
        assert_eq!(
            list(&folder, &["d", "a.txt"], &globs(&["/b.md"], &["/e"])),
            [
                "d/a.txt: not_included",
                "/d/b.md",
                "d/e: excluded",
                "/a.txt",
            ]
        );
    }

    #[test]
    fn what_this_run_writes_is_not_read() {
        let folder = tree(&["a.txt", "out.jsonl", "d/out.jsonl"]);
        let outputs = vec![
            folder.path().join("d/../out.jsonl"),
            folder.path().join("none"),
            "/dev/null".into(),
        ];
        let options = WalkOptions {
            outputs,
            ..WalkOptions::default()
        };
        assert_eq!(
            list(&folder, &[""], &options),
            ["a.txt", "d/out.jsonl", "out.jsonl: output"]
        );
        let error = refusal(&[input(&folder, "out.jsonl")], &options);
        assert!(matches!(error, WalkError::InputIsOutput { .. }), "{error}");
    }

    #[test]
    fn set_up_errors_say_which() {
        let folder = tree(&["d/a.txt", "b.txt"]);
        let options = WalkOptions::default();
        let of = |inputs: &[&str]| {
            let inputs: Vec<Input> = inputs.iter().map(|path| input(&folder, path)).collect();
            refusal(&inputs, &options)
                .to_string()
                .replace(&folder.path().display().to_string(), "")
        };
        assert_eq!(
            refusal(&[], &options).to_string(),
            "no input; name a file or a folder, or `-` for standard input"
        );
        assert_eq!(
            of(&["b.txt", "c"]),
            "input `/c` does not exist; check the spelling and the current folder"
        );
        assert_eq!(
            of(&["d", "b.txt", "d/../d"]),
            "inputs `/d` and `/d/../d` are the same; name it once"
        );
        assert_eq!(
            of(&["d/a.txt", "b.txt", "d"]),
            "input `/d/a.txt` lies inside input `/d` and would be read twice; remove one of the two"
        );
        let error = refusal(&["-".into(), "-".into()], &options);
        assert!(matches!(error, WalkError::StdinTwice), "{error}");
        assert!(matches!(
            refusal(&["nul\0".into()], &options),
            WalkError::Inaccessible { .. }
        ));
    }

    #[test]
    fn bad_globs_are_named() {
        let folder = tree(&["a.txt"]);
        for bad in ["[", "{a", "a[z-a]", "", "/", "./"] {
            for (options, role) in [
                (globs(&["ok", bad], &[]), "include"),
                (globs(&[], &["ok", bad]), "exclude"),
            ] {
                let message = refusal(&[input(&folder, "")], &options).to_string();
                assert!(
                    message.starts_with(&format!("{role} pattern `{bad}` cannot be read: ")),
                    "{message}"
                );
            }
        }
    }

    #[test]
    fn a_folder_that_vanishes_is_a_failure() {
        let folder = tree(&["d/a.txt"]);
        let walk = walk(&[input(&folder, "d")], &WalkOptions::default()).unwrap();
        fs::remove_dir_all(folder.path().join("d")).unwrap();
        let items: Vec<_> = walk.collect();
        assert!(
            matches!(
                &items[..],
                [WalkItem::Failed {
                    error: EntryError::Vanished,
                    ..
                }]
            ),
            "{items:?}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_on_request_and_loops_end() {
        use std::os::unix::fs::symlink;

        let folder = tree(&["d/a.txt", "real/b.txt", "real/c.txt"]);
        let link = |to: &str, from: &str| symlink(to, folder.path().join(from)).unwrap();
        link("../real", "d/folder");
        link("../real/b.txt", "d/file.txt");
        link("..", "d/loop");
        link("nothing", "d/broken.txt");
        link("nothing", "d/.#lock");
        assert_eq!(
            list(&folder, &["d"], &WalkOptions::default()),
            [
                "d/.#lock: hidden",
                "a.txt",
                "d/broken.txt: symlink",
                "d/file.txt: symlink",
                "d/folder: symlink",
                "d/loop: symlink"
            ]
        );
        let options = WalkOptions {
            follow_links: true,
            ..globs(&[], &["c.txt"])
        };
        let expected = [
            "d/.#lock: hidden",
            "d/a.txt",
            "d/broken.txt ! dangling_link",
            "d/file.txt",
            "d/folder/b.txt",
            "d/folder/c.txt: excluded",
            "d/loop ! link_loop",
            "real/b.txt",
            "real/c.txt: excluded",
        ];
        assert_eq!(list(&folder, &[""], &options), expected);
        // What the user names is followed, links or not.
        let options = WalkOptions::default();
        assert_eq!(list(&folder, &["d/file.txt"], &options), ["file.txt"]);
        assert_eq!(list(&folder, &["d/folder"], &options), ["b.txt", "c.txt"]);
    }

    #[cfg(unix)]
    #[test]
    fn an_output_is_found_behind_a_link() {
        let folder = tree(&["out.jsonl", "d/a.txt"]);
        std::os::unix::fs::symlink("../out.jsonl", folder.path().join("d/link.jsonl")).unwrap();
        let outputs = vec![folder.path().join("out.jsonl")];
        let options = WalkOptions {
            outputs,
            follow_links: true,
            ..WalkOptions::default()
        };
        assert_eq!(
            list(&folder, &["d"], &options),
            ["a.txt", "d/link.jsonl: output"]
        );
    }

    #[cfg(unix)]
    #[test]
    fn pipes_are_skipped_in_folders_and_taken_when_named() {
        use std::os::fd::AsRawFd;

        let folder = tree(&["a.txt"]);
        let pipe = folder.path().join("pipe.txt");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let options = WalkOptions::default();
        assert_eq!(
            list(&folder, &[""], &options),
            ["a.txt", "pipe.txt: special"]
        );
        assert_eq!(list(&folder, &["pipe.txt"], &options), ["pipe.txt"]);
        // What a shell gives for `<(command)` has no canonical path.
        let (reader, _writer) = io::pipe().unwrap();
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let items: Vec<_> = walk(&[path.as_str().into()], &options).unwrap().collect();
        let [WalkItem::File(file)] = &items[..] else {
            panic!("{items:?}")
        };
        assert_eq!((file.bytes, file.shown_path()), (None, path.clone()));
        let twice = refusal(&[path.as_str().into(), path.as_str().into()], &options);
        assert!(matches!(twice, WalkError::Duplicate { .. }), "{twice}");
    }

    #[cfg(unix)]
    #[test]
    #[allow(clippy::print_stderr, reason = "says why the test is skipped")]
    fn a_folder_that_may_not_be_read_fails_alone() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tree(&["a.txt", "closed/b.txt", "z.txt", "zz.txt"]);
        let close = |path: &str| {
            fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(0o000))
                .unwrap();
        };
        close("closed");
        close("z.txt");
        if fs::read_dir(folder.path().join("closed")).is_ok() {
            eprintln!("skipped: this user (root?) may read everything");
            return;
        }
        // The file is left to its reader, which says why it cannot be read.
        let options = WalkOptions {
            is_binary: |head| head == b"zz.txt",
            ..WalkOptions::default()
        };
        assert_eq!(
            list(&folder, &[""], &options),
            ["a.txt", "closed ! unreadable", "z.txt", "zz.txt: binary"]
        );
        assert_eq!(
            list(&folder, &[""], &globs(&[], &["closed"])),
            ["a.txt", "closed: excluded", "z.txt", "zz.txt"]
        );
    }
}
