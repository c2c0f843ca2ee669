//! Where records go: whole files or none, streams, and readers and users who have had enough.

use std::process::Stdio;
use std::time::Duration;

use crate::support::{Folder, Running, gunzip, gzip, json_lines, records, tests_folder};

fn folder() -> Folder {
    Folder::with([("a.txt", "Zoé habite à Lyon.\n"), ("b.txt", "Brest.\n")])
}

/// Many documents, enough for several batches and for more than a pipe holds.
fn many_documents(count: usize) -> String {
    "{\"text\": \"Il pleut sur Brest.\"}\n".repeat(count)
}

#[test]
fn standard_output_takes_the_same_records_as_a_file() {
    let folder = folder();
    let streamed = folder
        .run(&["annotate", "a.txt", "b.txt", "-o", "-"])
        .clean();
    assert_eq!(streamed.records().len(), 2);
    let args = ["annotate", "a.txt", "b.txt", "-o", "out.jsonl"];
    assert!(folder.run(&args).clean().stdout.is_empty());
    assert!(folder.read("out.jsonl") == streamed.stdout);
    assert_eq!(folder.names(), ["a.txt", "b.txt", "out.jsonl"]);
}

#[test]
fn compressed_output_holds_the_same_bytes() {
    let folder = folder();
    for output in ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"] {
        folder
            .run(&["annotate", "a.txt", "b.txt", "-o", output])
            .clean();
    }
    let plain = folder.read("out.jsonl");
    assert!(gunzip(&folder.read("out.jsonl.gz")) == plain);
    let packed = folder.read("out.jsonl.zst");
    assert!(zstd::decode_all(packed.as_slice()).unwrap() == plain);
    // And once more, because the same records must give the same bytes.
    folder
        .run(&["annotate", "a.txt", "b.txt", "-o", "again.jsonl.gz"])
        .clean();
    assert!(folder.read("again.jsonl.gz") == folder.read("out.jsonl.gz"));
}

#[test]
fn an_existing_output_is_replaced_by_a_whole_one_or_not_at_all() {
    let folder = folder();
    folder.write("out.jsonl", "as it was");
    let refused: [&[&str]; 4] = [
        &["annotate", "nowhere", "-o", "out.jsonl"],
        &["annotate", "a.txt", "-o", "out.jsonl", "--model", "nowhere"],
        &["annotate", "a.txt", "-o", "out.jsonl", "--min-score", "7"],
        &[
            "annotate",
            "a.txt",
            "-o",
            "out.jsonl",
            "--log",
            "nowhere/log",
        ],
    ];
    for args in refused {
        folder.run(args).refused(&[]);
        assert_eq!(folder.read("out.jsonl"), b"as it was");
    }
    folder
        .run(&["annotate", "a.txt", "-o", "out.jsonl"])
        .clean();
    assert_eq!(records(&folder.read("out.jsonl")).len(), 1);
    assert_eq!(folder.names(), ["a.txt", "b.txt", "out.jsonl"]);
}

#[test]
fn an_output_that_cannot_be_written_is_refused() {
    let folder = folder();
    std::fs::create_dir(folder.path("sub")).unwrap();
    folder.write("fixed.jsonl", "as it was");
    let fixed = folder.path("fixed.jsonl");
    let mut permissions = std::fs::metadata(&fixed).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&fixed, permissions).unwrap();
    for (output, parts) in [
        ("nowhere/out.jsonl", ["`nowhere`", "create it first"]),
        ("sub", ["`sub` is a folder", "name a file in it"]),
        ("new/", ["`new/` is a folder", "name a file in it"]),
        ("a.txt/out.jsonl", ["`a.txt`", "is a file, not a folder"]),
        (
            "fixed.jsonl",
            ["`fixed.jsonl` is read-only", "make it writable"],
        ),
        ("", ["--output", "value"]),
    ] {
        folder
            .run(&["annotate", "b.txt", "-o", output])
            .refused(&parts);
        if !output.is_empty() {
            folder
                .run(&["annotate", "b.txt", "-o", "-", "--log", output])
                .refused(&parts);
        }
    }
    assert_eq!(folder.read("fixed.jsonl"), b"as it was");
    assert_eq!(folder.names(), ["a.txt", "b.txt", "fixed.jsonl", "sub"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_ends_a_run_with_a_message() {
    let folder = folder();
    folder
        .run(&["annotate", "a.txt", "-o", "/dev/full"])
        .refused(&["no room left", "`/dev/full`"]);
    let ran = folder.run(&["annotate", "a.txt", "-o", "-", "--log", "/dev/full"]);
    assert_eq!(ran.code, Some(2));
    ran.says(&["log /dev/full is not complete", "no room left"]);
}

#[test]
fn records_and_log_in_one_file_are_refused() {
    let folder = folder();
    std::fs::create_dir(folder.path("sub")).unwrap();
    for (output, log) in [
        ("x.jsonl", "x.jsonl"),
        ("x.jsonl", "sub/../x.jsonl"),
        ("-", "-"),
    ] {
        let ran = folder.run(&["annotate", "a.txt", "-o", output, "--log", log]);
        ran.refused(&["log"]);
        assert_eq!(folder.names(), ["a.txt", "b.txt", "sub"]);
    }
}

#[cfg(unix)]
#[test]
fn an_output_link_stays_and_what_it_leads_to_is_replaced() {
    let folder = folder();
    folder.write("sub/real.jsonl", "as it was");
    std::os::unix::fs::symlink("sub/real.jsonl", folder.path("out.jsonl")).unwrap();
    folder
        .run(&["annotate", "a.txt", "-o", "out.jsonl"])
        .clean();
    assert!(folder.path("out.jsonl").is_symlink());
    assert_eq!(records(&folder.read("sub/real.jsonl")).len(), 1);
    std::os::unix::fs::symlink("nowhere", folder.path("dangling.jsonl")).unwrap();
    folder
        .run(&["annotate", "a.txt", "-o", "dangling.jsonl"])
        .refused(&["`dangling.jsonl` is a symbolic link to nothing"]);
}

#[test]
fn a_reader_that_has_seen_enough_is_success() {
    let folder = folder();
    folder.write("many.jsonl", many_documents(1000));
    let commands: [&[&str]; 4] = [
        &["annotate", "many.jsonl", "-o", "-"],
        &["model", "info"],
        &["explain", "a.txt"],
        &["man"],
    ];
    for args in commands {
        let mut command = folder.command(args);
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let mut errors = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut errors).unwrap();
        let status = child.wait().unwrap();
        assert_eq!((status.code(), errors.as_str()), (Some(0), ""), "{args:?}");
    }
}

#[test]
fn messages_that_nobody_reads_do_not_stop_a_run() {
    let folder = folder();
    folder.write("bad.jsonl", "no\n{\"text\": \"Lyon.\"}\n");
    let args = ["annotate", "bad.jsonl", "--summary", "-o", "out.jsonl"];
    let mut child = folder.command(&args).stdout(Stdio::null()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    assert_eq!(records(&folder.read("out.jsonl")).len(), 2);
}

#[test]
fn a_stream_is_answered_while_it_runs() {
    use std::io::{BufRead, BufReader, Write};

    let folder = folder();
    let args = ["annotate", "-", "--format", "jsonl", "-o", "-"];
    let mut command = folder.command(&args);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    for name in ["Brest", "Lyon", "Dakar"] {
        writeln!(input, "{{\"text\": \"Il pleut à {name}.\"}}").unwrap();
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert_eq!(
            records(line.as_bytes())[0]["text"],
            format!("Il pleut à {name}.")
        );
    }
    drop(input);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Sends a signal to a process of this test.
#[cfg(unix)]
fn signal(running: &Running, name: &str) {
    let mut kill = std::process::Command::new("kill");
    let status = kill.args([name, &running.child.id().to_string()]).status();
    assert!(status.unwrap().success());
}

/// A run that was interrupted ends soon, and leaves an existing output and nothing else.
#[cfg(unix)]
#[track_caller]
fn check_interrupted(folder: &Folder, running: Running) {
    let ran = running.finish_within(Duration::from_secs(20));
    let ran = ran.expect("an interrupted run ends soon");
    assert_eq!(ran.code, Some(130), "{}", ran.stderr);
    ran.says(&["nommer: interrupted; no output file was written"]);
    assert_eq!(folder.read("out.jsonl"), b"as it was");
    let names = folder.names();
    assert!(
        !names.iter().any(|name| name.ends_with(".tmp")),
        "{names:?}"
    );
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_leaves_the_output_as_it_was() {
    let folder = folder();
    folder.write("many.jsonl", many_documents(100_000));
    folder.write("out.jsonl", "as it was");
    for name in ["-INT", "-TERM"] {
        let args = [
            "annotate",
            "many.jsonl",
            "-o",
            "out.jsonl",
            "--log",
            "log.jsonl",
        ];
        let mut running = Running::start(&mut folder.command(&args));
        folder.wait_for_start(&mut running, "out.jsonl");
        std::thread::sleep(Duration::from_millis(300));
        signal(&running, name);
        check_interrupted(&folder, running);
        let log = json_lines(&folder.read("log.jsonl"));
        assert_eq!(log.last().unwrap()["event"], "stopped");
    }
}

#[cfg(unix)]
#[test]
fn a_run_can_be_interrupted_within_a_long_document() {
    let folder = folder();
    let packed = std::fs::read(tests_folder().join("long/seance.txt.gz")).unwrap();
    folder.write("long.txt.gz", gzip(&gunzip(&packed).repeat(8)));
    folder.write("out.jsonl", "as it was");
    let args = ["annotate", "long.txt.gz", "--jobs", "1", "-o", "out.jsonl"];
    let mut running = Running::start(&mut folder.command(&args));
    folder.wait_for_start(&mut running, "out.jsonl");
    std::thread::sleep(Duration::from_millis(300));
    signal(&running, "-INT");
    check_interrupted(&folder, running);
}

#[cfg(unix)]
#[test]
fn a_run_that_waits_for_its_input_can_be_interrupted() {
    let folder = folder();
    folder.write("out.jsonl", "as it was");
    let args = ["annotate", "-", "-o", "out.jsonl"];
    let mut running = Running::start(folder.command(&args).stdin(Stdio::piped()));
    let _input = running.child.stdin.take();
    folder.wait_for_start(&mut running, "out.jsonl");
    std::thread::sleep(Duration::from_millis(300));
    signal(&running, "-INT");
    check_interrupted(&folder, running);
}

#[test]
fn a_log_is_whole_when_the_reader_of_the_records_has_gone() {
    let folder = folder();
    folder.write("many.jsonl", many_documents(1000));
    let args = ["annotate", "many.jsonl", "-o", "-", "--log", "log.jsonl"];
    let mut child = folder.command(&args).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let log = json_lines(&folder.read("log.jsonl"));
    assert_eq!(log.last().unwrap()["event"], "stopped");
    assert!(!folder.names().iter().any(|name| name.ends_with(".tmp")));
}
