//! Where annotated lines go: a file that appears only once it is whole, or a stream.
//!
//! | output | how it is written |
//! |---|---|
//! | `-` or `/dev/stdout` | standard output, as the run goes |
//! | a pipe or a device | directly, as the run goes |
//! | anything else | a hidden file beside it, renamed at the end |
//!
//! A last extension of `.gz` or `.zst` compresses. The same lines give the same bytes.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::GzBuilder;
use flate2::write::GzEncoder;
use tempfile::TempPath;

use crate::walk::Compression;

/// Takes lines, in order.
pub trait Sink {
    /// Takes one line, given without its end, and adds `\n`.
    ///
    /// # Errors
    ///
    /// [`SinkError::BrokenPipe`] once the reader has gone, which is no failure of the run; else why the
    /// line cannot be written. After an error no line is taken any more, and [`finish`](Self::finish)
    /// fails.
    fn write_line(&mut self, line: &[u8]) -> Result<(), SinkError>;

    /// Hands the lines so far to whoever reads along; call it where the run would pause.
    ///
    /// Does nothing where nobody can read along, in a file and in compressed output, so that the bytes
    /// never depend on when it was called.
    ///
    /// # Errors
    ///
    /// As [`write_line`](Self::write_line).
    fn flush(&mut self) -> Result<(), SinkError>;

    /// Completes the output. A sink dropped without it leaves no file, and an existing one as it was.
    ///
    /// # Errors
    ///
    /// Why the output is not complete.
    fn finish(self: Box<Self>) -> Result<(), SinkError>;
}

/// Why the output cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SinkError {
    /// Whoever read the output has gone, as `head` does: nothing more is wanted.
    #[error("nobody reads the output any more")]
    BrokenPipe,
    /// The folder to write to is not there.
    #[error("folder `{}` for output `{}` does not exist; create it first", .folder.display(), .path.display())]
    NoFolder {
        /// The output, as typed.
        path: PathBuf,
        /// The folder that is missing.
        folder: PathBuf,
    },
    /// The output is a folder, or is written like one.
    #[error("output `{}` is a folder; name a file in it", .path.display())]
    IsFolder {
        /// The output, as typed.
        path: PathBuf,
    },
    /// What should be the folder to write to is a file.
    #[error("`{}` in output `{}` is a file, not a folder; name another output", .folder.display(), .path.display())]
    NotAFolder {
        /// The output, as typed.
        path: PathBuf,
        /// What should be a folder.
        folder: PathBuf,
    },
    /// The output is a symbolic link to nothing.
    #[error("output `{}` is a symbolic link to nothing; remove it, or name the file itself", .path.display())]
    DanglingLink {
        /// The output, as typed.
        path: PathBuf,
    },
    /// The output exists and must not be changed.
    #[error("output `{}` is read-only; make it writable, or name another output", .path.display())]
    ReadOnly {
        /// The output, as typed.
        path: PathBuf,
    },
    /// The output cannot be created or opened.
    #[error("output `{}` cannot be opened: {cause}; check the permissions of its folder, or name another output", .path.display())]
    Open {
        /// The output, as typed.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// There is no room.
    #[error("no room left to write output `{}`: {cause}; free some space, compress it (`.zst`), or write to another disk", .path.display())]
    Full {
        /// The output, as typed.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The system does not take more bytes.
    #[error("output `{}` cannot be written: {cause}; check the disk, or name another output", .path.display())]
    Write {
        /// The output, as typed.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The output is whole, but cannot take its name.
    #[error("output `{}` cannot be put in place: {cause}; check the permissions of its folder, and run again", .path.display())]
    Replace {
        /// The output, as typed.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// An earlier line could not be written, so what there is must not pass for the whole.
    #[error("output `{}` is incomplete, because an earlier line could not be written", .path.display())]
    Incomplete {
        /// The output, as typed.
        path: PathBuf,
    },
}

impl SinkError {
    fn of_write(path: &Path, cause: io::Error) -> Self {
        use io::ErrorKind::{BrokenPipe, FileTooLarge, QuotaExceeded, StorageFull};
        let path = path.to_owned();
        match cause.kind() {
            BrokenPipe => SinkError::BrokenPipe,
            StorageFull | QuotaExceeded | FileTooLarge => SinkError::Full { path, cause },
            _ => SinkError::Write { path, cause },
        }
    }
}

/// Opens an output, `-` for standard output; the [module](self) says how it is written.
///
/// Waits for a reader if `path` is a named pipe.
///
/// # Errors
///
/// All that is known to stand in the way, so that a run does not find out at its end.
pub fn open_output(path: &Path) -> Result<Box<dyn Sink + Send>, SinkError> {
    if STDOUT.iter().any(|name| path.as_os_str() == *name) {
        // Not opened by name: that would start again at the beginning of a file the shell appends to.
        let stdout = Box::new(io::stdout());
        return Ok(Box::new(StreamSink::new(stdout, Compression::None, path)?));
    }
    let open_error = |cause| SinkError::Open {
        path: path.to_owned(),
        cause,
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(SinkError::IsFolder {
            path: path.to_owned(),
        }),
        Ok(metadata) if !metadata.is_file() || is_descriptor(path) => {
            // Appending matters only behind a descriptor, where the shell may have put a file.
            let file = OpenOptions::new()
                .append(true)
                .open(path)
                .map_err(open_error)?;
            Ok(Box::new(StreamSink::new(
                Box::new(file),
                Compression::of(path),
                path,
            )?))
        }
        Ok(metadata) if metadata.permissions().readonly() => Err(SinkError::ReadOnly {
            path: path.to_owned(),
        }),
        // A link stays, and what it leads to is replaced.
        Ok(metadata) => {
            let target = fs::canonicalize(path).map_err(open_error)?;
            Ok(Box::new(FileSink::create(
                path,
                target,
                Some(metadata.permissions()),
            )?))
        }
        Err(_) if path.is_symlink() => Err(SinkError::DanglingLink {
            path: path.to_owned(),
        }),
        Err(_) => Ok(Box::new(FileSink::create(path, path.to_owned(), None)?)),
    }
}

/// The names of standard output.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Whether `path` names something that this process already holds open.
fn is_descriptor(path: &Path) -> bool {
    path == "/dev/stderr" || path.starts_with("/dev/fd") || path.starts_with("/proc/self/fd")
}

/// Writes directly to what cannot be replaced.
struct StreamSink {
    writer: LineWriter<Box<dyn Write + Send>>,
}

impl StreamSink {
    fn new(
        stream: Box<dyn Write + Send>,
        compression: Compression,
        path: &Path,
    ) -> Result<Self, SinkError> {
        Ok(StreamSink {
            writer: LineWriter::new(stream, compression, path)?,
        })
    }
}

impl Sink for StreamSink {
    fn write_line(&mut self, line: &[u8]) -> Result<(), SinkError> {
        self.writer.write_line(line)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.writer.flush()
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        let path = self.writer.path.clone();
        let mut stream = self.writer.finish()?;
        stream
            .flush()
            .map_err(|cause| SinkError::of_write(&path, cause))
    }
}

/// Writes to a hidden file in the same folder, so that putting it in place is one rename.
struct FileSink {
    // Dropped first, because not every system removes an open file.
    writer: LineWriter<File>,
    temporary: TempPath,
    target: PathBuf,
}

impl FileSink {
    fn create(
        path: &Path,
        target: PathBuf,
        permissions: Option<fs::Permissions>,
    ) -> Result<Self, SinkError> {
        let ends_like_folder = path
            .as_os_str()
            .as_encoded_bytes()
            .last()
            .is_some_and(|last| is_separator(*last));
        let name = match target.file_name() {
            Some(name) if !ends_like_folder => name,
            _ => {
                return Err(SinkError::IsFolder {
                    path: path.to_owned(),
                });
            }
        };
        let folder = folder_of(&target);
        match fs::metadata(folder) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => {
                return Err(SinkError::NotAFolder {
                    path: path.to_owned(),
                    folder: folder.to_owned(),
                });
            }
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
                return Err(SinkError::NoFolder {
                    path: path.to_owned(),
                    folder: folder.to_owned(),
                });
            }
            Err(cause) => {
                return Err(SinkError::Open {
                    path: path.to_owned(),
                    cause,
                });
            }
        }
        let created = temporary(folder, name, permissions);
        let (file, temporary) = created.map_err(|cause| match cause.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                SinkError::of_write(path, cause)
            }
            _ => SinkError::Open {
                path: path.to_owned(),
                cause,
            },
        })?;
        let writer = LineWriter::new(file, Compression::of(path), path)?;
        Ok(FileSink {
            writer,
            temporary,
            target,
        })
    }
}

fn is_separator(byte: u8) -> bool {
    std::path::is_separator(char::from(byte))
}

fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// A new `.NAME.XXXXXX.tmp` in `folder`, removed when dropped.
fn temporary(
    folder: &Path,
    name: &OsStr,
    permissions: Option<fs::Permissions>,
) -> io::Result<(File, TempPath)> {
    // Most file systems take names of at most 255 bytes, and `name` alone may come close.
    const LONGEST_NAME: usize = 240;
    let mut prefix = OsString::from(".");
    prefix.push(if name.len() > LONGEST_NAME {
        OsStr::new("nommer")
    } else {
        name
    });
    prefix.push(".");
    // Opened here and not by `tempfile`, by whose default only the user could read the output.
    let file = tempfile::Builder::new()
        .prefix(&prefix)
        .suffix(".tmp")
        .make_in(folder, |path| {
            OpenOptions::new().write(true).create_new(true).open(path)
        })?;
    if let Some(permissions) = permissions {
        file.as_file().set_permissions(permissions)?;
    }
    // Apart, the file's errors are the system's own, without the random name.
    Ok(file.into_parts())
}

impl Sink for FileSink {
    fn write_line(&mut self, line: &[u8]) -> Result<(), SinkError> {
        self.writer.write_line(line)
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), SinkError> {
        let FileSink {
            writer,
            temporary,
            target,
        } = *self;
        let path = writer.path.clone();
        let file = writer.finish()?;
        // The content must reach the disk before the name does, or a crash could leave an empty file.
        match file.sync_all() {
            // Some network and user-space file systems know no such call.
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::Unsupported | io::ErrorKind::InvalidInput
                ) => {}
            synced => synced.map_err(|cause| SinkError::of_write(&path, cause))?,
        }
        drop(file);
        temporary
            .persist(&target)
            .map_err(|error| SinkError::Replace {
                path,
                cause: error.error,
            })?;
        sync_folder(folder_of(&target));
        Ok(())
    }
}

/// Makes a rename last. Not every file system can, and the output is whole either way.
fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|folder| folder.sync_all());
    }
}

/// Lines to bytes, compressed or not.
struct LineWriter<W: Write> {
    /// `None` once a write has failed: what a buffer still holds then has no known place in the output.
    out: Option<BufWriter<Encoder<W>>>,
    compressed: bool,
    path: PathBuf,
}

impl<W: Write> LineWriter<W> {
    const BUFFER_BYTES: usize = 64 * 1024;

    fn new(inner: W, compression: Compression, path: &Path) -> Result<Self, SinkError> {
        let encoder =
            Encoder::new(inner, compression).map_err(|cause| SinkError::of_write(path, cause))?;
        Ok(LineWriter {
            out: Some(BufWriter::with_capacity(Self::BUFFER_BYTES, encoder)),
            compressed: compression != Compression::None,
            path: path.to_owned(),
        })
    }

    fn write_line(&mut self, line: &[u8]) -> Result<(), SinkError> {
        self.attempt(|out| {
            out.write_all(line)?;
            out.write_all(b"\n")
        })
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        if self.compressed {
            Ok(())
        } else {
            self.attempt(Write::flush)
        }
    }

    fn attempt(
        &mut self,
        write: impl FnOnce(&mut BufWriter<Encoder<W>>) -> io::Result<()>,
    ) -> Result<(), SinkError> {
        let Some(out) = &mut self.out else {
            return Err(SinkError::Incomplete {
                path: self.path.clone(),
            });
        };
        write(out).map_err(|cause| {
            self.abandon();
            SinkError::of_write(&self.path, cause)
        })
    }

    /// Gives up, without trying once more to write what is buffered.
    fn abandon(&mut self) {
        if let Some(out) = self.out.take() {
            let (_encoder, _buffered) = out.into_parts();
        }
    }

    fn finish(mut self) -> Result<W, SinkError> {
        let Some(out) = self.out.take() else {
            return Err(SinkError::Incomplete { path: self.path });
        };
        out.into_inner()
            .map_err(io::IntoInnerError::into_error)
            .and_then(Encoder::finish)
            .map_err(|cause| SinkError::of_write(&self.path, cause))
    }
}

enum Encoder<W: Write> {
    Plain(W),
    Gzip(GzEncoder<W>),
    Zstd(zstd::stream::write::Encoder<'static, W>),
}

impl<W: Write> Encoder<W> {
    fn new(inner: W, compression: Compression) -> io::Result<Self> {
        Ok(match compression {
            Compression::None => Encoder::Plain(inner),
            // Neither a time nor a name, so that the same lines give the same bytes.
            Compression::Gzip => Encoder::Gzip(
                GzBuilder::new()
                    .mtime(0)
                    .write(inner, flate2::Compression::default()),
            ),
            Compression::Zstd => {
                let mut encoder =
                    zstd::stream::write::Encoder::new(inner, zstd::DEFAULT_COMPRESSION_LEVEL)?;
                encoder.include_checksum(true)?;
                Encoder::Zstd(encoder)
            }
        })
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Encoder::Plain(inner) => Ok(inner),
            Encoder::Gzip(encoder) => encoder.finish(),
            Encoder::Zstd(encoder) => encoder.finish(),
        }
    }
}

impl<W: Write> Write for Encoder<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Encoder::Plain(inner) => inner.write(bytes),
            Encoder::Gzip(encoder) => encoder.write(bytes),
            Encoder::Zstd(encoder) => encoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Encoder::Plain(inner) => inner.flush(),
            // Cutting a block short would change the bytes.
            Encoder::Gzip(_) | Encoder::Zstd(_) => Ok(()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that panics fails, as it should")]
mod tests {
    use std::io::Read;

    use tempfile::TempDir;

    use super::*;

    fn write(path: &Path, lines: &[&str]) -> Result<(), SinkError> {
        let mut sink = open_output(path)?;
        for line in lines {
            sink.write_line(line.as_bytes())?;
        }
        sink.finish()
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn open_fails(path: &Path) -> String {
        open_output(path).err().unwrap().to_string()
    }

    #[test]
    fn sinks_move_to_other_threads() {
        fn is_send<T: Send + 'static>() {}
        is_send::<Box<dyn Sink + Send>>();
        is_send::<SinkError>();
    }

    #[test]
    fn a_file_appears_only_when_it_is_whole() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("out.jsonl");
        let mut sink = open_output(&path).unwrap();
        sink.write_line(b"{}").unwrap();
        sink.flush().unwrap();
        let names_now = names(folder.path());
        assert_eq!(names_now.len(), 1);
        assert!(
            names_now[0].starts_with(".out.jsonl.") && names_now[0].ends_with(".tmp"),
            "{names_now:?}"
        );
        sink.finish().unwrap();
        assert_eq!(names(folder.path()), ["out.jsonl"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n");
    }

    #[test]
    fn an_existing_file_stays_until_the_end() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("out.jsonl");
        fs::write(&path, "old").unwrap();
        let mut sink = open_output(&path).unwrap();
        sink.write_line("new".repeat(100_000).as_bytes()).unwrap();
        drop(sink);
        assert_eq!(names(folder.path()), ["out.jsonl"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        write(&path, &["new"]).unwrap();
        assert_eq!(names(folder.path()), ["out.jsonl"]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
    }

    #[test]
    fn a_name_of_full_length_is_fine() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("n".repeat(255));
        write(&path, &["a"]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\n");
    }

    #[test]
    fn compressed_output_reads_back_and_repeats_byte_for_byte() {
        let folder = TempDir::new().unwrap();
        let lines: Vec<String> = (0..20_000)
            .map(|i| format!("{{\"n\":{}}}", i * i))
            .collect();
        for name in ["a.jsonl.gz", "a.jsonl.ZST"] {
            let path = folder.path().join(name);
            let mut bytes = Vec::new();
            for flush_every in [usize::MAX, 7] {
                let mut sink = open_output(&path).unwrap();
                for (i, line) in lines.iter().enumerate() {
                    sink.write_line(line.as_bytes()).unwrap();
                    if i % flush_every == 0 {
                        sink.flush().unwrap();
                    }
                }
                sink.finish().unwrap();
                bytes.push(fs::read(&path).unwrap());
            }
            assert!(bytes[0] == bytes[1], "{name} changes with flushing");
            let mut text = String::new();
            if name.ends_with("gz") {
                assert_eq!(bytes[0][4..8], [0; 4], "the header holds a time");
                flate2::read::GzDecoder::new(&bytes[0][..])
                    .read_to_string(&mut text)
                    .unwrap();
            } else {
                text = String::from_utf8(zstd::decode_all(&bytes[0][..]).unwrap()).unwrap();
            }
            assert_eq!(text, lines.join("\n") + "\n");
        }
    }

    #[test]
    fn what_stands_in_the_way_is_said_at_once() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let message = open_fails(&folder.path().join("no/out"));
        assert!(
            message.ends_with("/no/out` does not exist; create it first"),
            "{message}"
        );
        assert!(open_fails(folder.path()).ends_with("` is a folder; name a file in it"));
        assert!(
            open_fails(&folder.path().join("new/")).ends_with("` is a folder; name a file in it")
        );
        let message = open_fails(&file.join("out"));
        assert!(
            message.ends_with("is a file, not a folder; name another output"),
            "{message}"
        );
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions).unwrap();
        assert!(
            open_fails(&file).ends_with("is read-only; make it writable, or name another output")
        );
        assert_eq!(names(folder.path()), ["file"]);
    }

    #[test]
    fn after_a_failed_line_nothing_passes_for_whole() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut sink =
            StreamSink::new(Box::new(Full), Compression::None, Path::new("out")).unwrap();
        sink.write_line(b"fits the buffer").unwrap();
        let error = sink.write_line(&[b'a'; 100_000]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("no room left to write output `out`: "),
            "{error}"
        );
        assert!(matches!(
            sink.write_line(b"a"),
            Err(SinkError::Incomplete { .. })
        ));
        assert!(matches!(sink.flush(), Err(SinkError::Incomplete { .. })));
        assert!(matches!(
            Box::new(sink).finish(),
            Err(SinkError::Incomplete { .. })
        ));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn devices_are_written_directly() {
        write(Path::new("/dev/null"), &["a"]).unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        let error = write(Path::new("/dev/full"), &["a"]).unwrap_err();
        assert!(matches!(error, SinkError::Full { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_gets_lines_when_flushed_and_says_when_its_reader_has_gone() {
        use std::io::{BufRead, BufReader};
        use std::os::fd::AsRawFd;

        let (reader, writer) = io::pipe().unwrap();
        let mut sink = open_output(format!("/dev/fd/{}", writer.as_raw_fd()).as_ref()).unwrap();
        sink.write_line(b"a").unwrap();
        sink.flush().unwrap();
        let mut reader = BufReader::new(reader);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert_eq!(line, "a\n");
        drop(reader);
        sink.write_line(b"b").unwrap();
        assert!(matches!(sink.flush(), Err(SinkError::BrokenPipe)));
        assert!(matches!(sink.finish(), Err(SinkError::Incomplete { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_named_pipe_stays_a_pipe() {
        use std::os::unix::fs::FileTypeExt;

        let folder = TempDir::new().unwrap();
        let path = folder.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&path)
                .status()
                .unwrap()
                .success()
        );
        let reader = std::thread::spawn({
            let path = path.clone();
            move || fs::read_to_string(path).unwrap()
        });
        write(&path, &["a", "b"]).unwrap();
        assert_eq!(reader.join().unwrap(), "a\nb\n");
        assert!(fs::metadata(&path).unwrap().file_type().is_fifo());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let folder = TempDir::new().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link.gz"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("file", &link).unwrap();
        write(&link, &["new"]).unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&file).unwrap()[..2], [0x1F, 0x8B]);
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
        symlink("nothing", folder.path().join("broken")).unwrap();
        assert!(
            open_fails(&folder.path().join("broken")).contains("is a symbolic link to nothing")
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_gets_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;

        let folder = TempDir::new().unwrap();
        let (usual, ours) = (folder.path().join("usual"), folder.path().join("ours"));
        fs::write(&usual, "").unwrap();
        write(&ours, &[]).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&usual), mode(&ours));
    }

    #[cfg(unix)]
    #[test]
    #[allow(clippy::print_stderr, reason = "says why the test is skipped")]
    fn a_read_only_folder_is_said_at_once() {
        use std::os::unix::fs::PermissionsExt;

        let folder = TempDir::new().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
        if fs::write(folder.path().join("probe"), "").is_ok() {
            eprintln!("skipped: this user (root?) may write everywhere");
            return;
        }
        let message = open_fails(&folder.path().join("out"));
        assert!(
            message.contains("cannot be opened: ") && message.contains("check the permissions"),
            "{message}"
        );
    }
}
