//! Documents that are broken, odd or meant to harm: each has one outcome, and none disturbs the others.

use crate::support::{Folder, Ran, gzip, ids, names, outcomes, tests_folder, zstd};

/// Annotates the folder `in`: never a crash, one outcome for each file, and exit code 1 if one failed.
#[track_caller]
fn annotate(folder: &Folder, options: &[&str]) -> Ran {
    let args = ["annotate", "in", "-o", "-", "--log", "log.jsonl"];
    let ran = folder.run(&[&args[..], options].concat());
    let records = ran.records();
    let events = crate::support::json_lines(&folder.read("log.jsonl"));
    let skipped = events
        .iter()
        .filter(|event| event["event"] == "skipped")
        .count();
    let files = std::fs::read_dir(folder.path("in")).unwrap().count();
    assert_eq!(records.len() + skipped, files);
    let failed = records.iter().any(|record| record.get("error").is_some());
    assert_eq!(ran.code, Some(failed.into()), "{}", ran.stderr);
    ran
}

/// The same bytes at every run: a linear congruential generator.
struct Random(u64);

impl Random {
    fn byte(&mut self) -> u8 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 56) as u8
    }

    fn below(&mut self, limit: usize) -> usize {
        (usize::from(self.byte()) << 16 | usize::from(self.byte()) << 8 | usize::from(self.byte()))
            % limit
    }

    fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.byte()).collect()
    }
}

#[test]
fn a_document_that_is_too_large_fails_alone() {
    let folder = Folder::with([("in/a.txt", "Zoé."), ("in/z.txt", "Lyon.")]);
    let huge = "Il pleut.\n".repeat((2 << 20) / 10 + 1);
    folder.write("in/huge.txt", &huge);
    folder.write("in/huge1.txt.gz", gzip(huge.as_bytes()));
    folder.write("in/huge2.txt.zst", zstd(huge.as_bytes()));
    let line = serde_json::json!({"text": huge}).to_string();
    folder.write("in/huge3.jsonl", line + "\n{\"text\": \"Brest.\"}\n");
    let ran = folder.run(&["annotate", "in", "--max-mib", "1", "-o", "-"]);
    let ran = ran.incomplete(&["nommer: in/huge.txt: read: longer than the limit of 1 MiB"]);
    let records = ran.records();
    let large = || "read: too_large".to_owned();
    assert_eq!(
        outcomes(&records),
        [
            ("a.txt", "ok".to_owned()),
            ("huge.txt", large()),
            ("huge1.txt.gz", large()),
            ("huge2.txt.zst", large()),
            ("huge3.jsonl#1", large()),
            ("huge3.jsonl#2", "ok".to_owned()),
            ("z.txt", "ok".to_owned()),
        ]
    );
}

#[test]
fn what_is_not_text_fails_when_named_and_is_skipped_in_folders() {
    let folder = Folder::new();
    let files: [(&str, &[u8], &str); 6] = [
        (
            "a.pdf.txt",
            b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n1 0 obj",
            "decode: binary",
        ),
        (
            "b.zip.txt",
            b"PK\x03\x04\x14\0\0\0\x08\0rest of the archive",
            "decode: binary",
        ),
        (
            "c.png.txt",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x01\0",
            "decode: binary",
        ),
        (
            "d.exe.txt",
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0",
            "decode: binary",
        ),
        ("e.zeros.txt", &[0; 4096], "decode: binary"),
        (
            "f.utf32.txt",
            b"\xFF\xFE\0\0Z\0\0\0o\0\0\0",
            "decode: encoding",
        ),
    ];
    for (name, bytes, _) in files {
        folder.write(&format!("in/{name}"), bytes);
    }
    let mut args = vec!["annotate"];
    let paths: Vec<String> = files
        .iter()
        .map(|(name, ..)| format!("in/{name}"))
        .collect();
    args.extend(paths.iter().map(String::as_str));
    let ran = folder
        .run(&[&args[..], &["-o", "-"]].concat())
        .incomplete(&[]);
    let records = ran.records();
    for ((record, (id, outcome)), (name, bytes, expected)) in
        records.iter().zip(outcomes(&records)).zip(files)
    {
        assert_eq!((id, outcome.as_str()), (&*format!("in/{name}"), expected));
        assert_eq!(record["source"]["bytes"], bytes.len());
        assert!(record["source"].get("encoding").is_none());
    }
    let ran = annotate(&folder, &[]);
    assert_eq!(ids(&ran.records()), ["f.utf32.txt"]);
}

#[test]
fn a_broken_archive_fails_alone() {
    let folder = Folder::with([("in/a.txt", "Zoé."), ("in/z.txt", "Lyon.")]);
    let text = "Zoé habite à Lyon. ".repeat(50);
    let (gz, zst) = (gzip(text.as_bytes()), zstd(text.as_bytes()));
    folder.write("in/b.txt.gz", &gz[..gz.len() - 12]);
    folder.write("in/c.txt.gz", "no archive");
    folder.write("in/d.txt.gz", "");
    folder.write("in/e.txt.zst", &zst[..zst.len() - 5]);
    folder.write("in/f.txt.zst", "no archive");
    folder.write("in/g.txt.zst", "");
    let mut flipped = gz.clone();
    flipped[gz.len() - 6] ^= 1;
    folder.write("in/h.txt.gz", flipped);
    let ran =
        annotate(&folder, &[]).incomplete(&["nommer: in/b.txt.gz: read: not whole and sound gzip"]);
    let records = ran.records();
    let outcomes = outcomes(&records);
    assert_eq!(outcomes.len(), 9);
    for (id, outcome) in outcomes {
        let sound = id == "a.txt" || id == "z.txt";
        assert_eq!(
            outcome,
            if sound { "ok" } else { "read: decompress" },
            "{id}"
        );
    }
}

#[test]
fn a_bad_line_of_json_lines_fails_alone() {
    let folder = Folder::new();
    let deep = format!("{{\"text\": \"x\", \"deep\": {}", "[".repeat(200_000));
    let lines: [(&[u8], &str, &str); 13] = [
        (
            b"{\"id\": \"un\", \"text\": \"Zo\xC3\xA9.\", \"n\": [1, {\"b\": 1, \"a\": null}]}\r",
            "un",
            "ok",
        ),
        (b"not JSON", "l.jsonl#2", "read: json"),
        (b"{\"text\": \"Lyon\"", "l.jsonl#3", "read: json"),
        (b"[1, 2]", "l.jsonl#4", "read: not_an_object"),
        (b"{\"id\": \"cinq\"}", "cinq", "read: no_text"),
        (b"{\"id\": 6, \"text\": 7}", "6", "read: no_text"),
        (
            b"{\"id\": [8], \"text\": \"x\"}",
            "l.jsonl#7",
            "read: bad_id",
        ),
        (b"{\"text\": \"Zo\xE9\"}", "l.jsonl#8", "read: not_utf8"),
        (b"{\"text\": \"\\ud83d\"}", "l.jsonl#9", "read: json"),
        (deep.as_bytes(), "l.jsonl#10", "read: too_deep"),
        (
            b"{\"text\": \"\\ud83d\\ude80 \\u0000 Brest\"}",
            "l.jsonl#11",
            "ok",
        ),
        (
            b"{\"text\": \"\", \"spans\": [], \"error\": {}, \"schema\": 1}",
            "l.jsonl#12",
            "ok",
        ),
        // The last line has no end.
        (b"{\"id\": \"un\", \"text\": \"Lyon.\"}", "un", "ok"),
    ];
    let mut file = lines.map(|(line, ..)| line).join(&b'\n');
    file.extend(b"\n\n  \n");
    folder.write("l.jsonl", file);
    let ran = folder
        .run(&["annotate", "l.jsonl", "-o", "-"])
        .incomplete(&[
            "nommer: l.jsonl:2: read: column 2: not JSON",
            "nommer: l.jsonl:8: read: column 13: byte 0xe9 is not UTF-8",
        ]);
    let records = ran.records();
    let expected = lines.map(|(_, id, outcome)| (id, outcome.to_owned()));
    assert_eq!(outcomes(&records), expected);
    for (index, record) in records.iter().enumerate() {
        assert_eq!(record["source"]["line"], index + 1);
    }
    assert_eq!(
        records[0]["meta"],
        serde_json::json!({"n": [1, {"b": 1, "a": null}]})
    );
    assert_eq!(records[10]["text"], "\u{1F680} \0 Brest");
    assert_eq!(
        records[11]["meta"],
        serde_json::json!({"spans": [], "error": {}, "schema": 1})
    );
}

#[test]
fn other_fields_of_json_lines_come_out_as_they_went_in() {
    let folder = Folder::new();
    let fields = r#""n":12345678901234567890123,"x":[1e400, 1.10],"é":"\u00e9","text":"déjà pris""#;
    let line = format!("{{\"text\": \"Zoé.\", \"meta\": {{{fields}}}}}\n");
    folder.write("a.jsonl", line);
    let ran = folder.run(&["annotate", "a.jsonl", "-o", "-"]).clean();
    let expected = format!("\"meta\":{{{fields}}}");
    assert!(ran.text().contains(&expected), "{}", ran.text());
}

#[test]
fn a_record_is_never_nested_deeper_than_readers_take() {
    let folder = Folder::new();
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    folder.write(
        "a.jsonl",
        format!("{{\"text\": \"Zoé.\", \"deep\": {deep}}}\n"),
    );
    // Whether it fails or not, the record must be read by what reads JSON.
    let ran = folder.run(&["annotate", "a.jsonl", "-o", "-"]);
    assert_eq!(ran.records().len(), 1);
}

#[test]
fn only_a_leading_bom_is_dropped() {
    let folder = Folder::new();
    let text = "Zoe\u{301} va\r\nà Lyon\r\u{2028}\u{FEFF}et \u{A0} à\n\r Brest\u{FEFF}";
    let utf16 = |text: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    };
    let marked = format!("\u{FEFF}{text}");
    folder.write("in/a.txt", text);
    folder.write("in/b.txt", &marked);
    folder.write("in/c.txt", utf16(&marked, u16::to_le_bytes));
    folder.write("in/d.txt", utf16(&marked, u16::to_be_bytes));
    let json = serde_json::json!({"text": text});
    folder.write("in/e.jsonl", format!("\u{FEFF}{json}"));
    let records = annotate(&folder, &[]).clean().records();
    for record in &records {
        assert_eq!(record["text"], text, "{}", record["id"]);
    }
    let encodings: Vec<_> = records
        .iter()
        .map(|record| record["source"]["encoding"].as_str().unwrap())
        .collect();
    assert_eq!(
        encodings,
        ["UTF-8", "UTF-8", "UTF-16LE", "UTF-16BE", "UTF-8"]
    );
}

#[test]
fn a_file_of_json_lines_in_utf_16_fails_once() {
    let folder = Folder::new();
    let text = "\u{FEFF}{\"text\": \"Zoé\"}\n{\"text\": \"Lyon\"}\n";
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    folder.write("in/a.jsonl", bytes);
    let ran = annotate(&folder, &[]);
    let records = ran.records();
    assert_eq!(
        outcomes(&records),
        [("a.jsonl#1", "read: not_utf8".to_owned())]
    );
}

#[test]
fn nothing_to_read_is_no_failure() {
    let folder = Folder::new();
    for (name, text) in [
        ("empty.txt", ""),
        ("mark.txt", "\u{FEFF}"),
        ("spaces.txt", " \t\u{A0}\u{2003}\r\n"),
        ("zero-width.txt", "\u{200B}\u{200D}\u{AD}"),
        ("packed.txt.gz", ""),
    ] {
        folder.write(&format!("in/{name}"), text);
    }
    folder.write("in/packed.txt.gz", gzip(b""));
    folder.write("in/lines.txt", "\n".repeat(100_000));
    folder.write("in/lines-crlf.txt", "\r\n".repeat(100_000));
    folder.write("in/wide.txt", " ".repeat(1_000_000));
    let records = annotate(&folder, &[]).clean().records();
    assert_eq!(records.len(), 8);
    for record in records {
        assert!(names(&record).is_empty());
        assert_eq!(record["coverage"]["tokens"], 0, "{}", record["id"]);
    }
}

#[test]
fn nul_characters_stay_in_the_text() {
    let folder = Folder::with([("in/a.txt", "Paris\0, où \0 Zoé habite.")]);
    let records = annotate(&folder, &[]).clean().records();
    assert_eq!(records[0]["text"], "Paris\0, où \0 Zoé habite.");
    assert_eq!(names(&records[0]), [("LOC", "Paris"), ("PER", "Zoé")]);
}

#[test]
fn names_keep_their_place_among_odd_characters() {
    let folder = Folder::new();
    for (name, text) in [
        ("emoji.txt", "🚀👩🏽‍🚀 Zoé 🇫🇷 habite à Lyon 🏳️‍🌈."),
        (
            "decomposed.txt",
            "Zoe\u{301} habite a\u{300} Saint-E\u{301}tienne.",
        ),
        (
            "soft.txt",
            "Zoé habite à Saint-\u{AD}Étienne\u{200B}, près de Ly\u{AD}on.",
        ),
        (
            "right-to-left.txt",
            "\u{202B}Zoé\u{202C} habite à \u{200F}Lyon\u{200F}.",
        ),
        ("lines.txt", "Zoé\u{2028}habite\u{B}à\u{85}Lyon\u{C}."),
        (
            "ligatures.txt",
            "Zoé visite le Sacré-Cœur, l’oﬃce de Lyon, İstanbul et STRAẞBURG.",
        ),
        (
            "stacked.txt",
            "Zo\u{65}\u{301}\u{302}\u{303}\u{327} à Lyon.",
        ),
        ("spaced.txt", "Z o é  D U P O N T\u{202F}: Lyon\u{A0}!"),
        ("replaced.txt", "Zo\u{FFFD} habite à Lyon."),
        ("outside.txt", "\u{10FFFF}Zoé\u{FFFE} à Lyon\u{E000}."),
    ] {
        folder.write(&format!("in/{name}"), text);
    }
    for unit in ["codepoint", "byte", "utf16"] {
        let records = annotate(&folder, &["--offsets", unit]).clean().records();
        let found = records.iter().filter(|record| !names(record).is_empty());
        assert!(found.count() >= 8);
        let emoji = records.iter().find(|record| record["id"] == "emoji.txt");
        assert!(names(emoji.unwrap()).contains(&("LOC", "Lyon")));
    }
}

#[test]
fn endless_lines_and_endless_words_are_read_to_their_end() {
    let folder = Folder::new();
    // Characters outside the model's vocabulary are one token together, which keeps this test short.
    let endless = format!(
        "Zoé habite à Lyon. {} Elle va souvent à Brest.",
        "\u{13000}".repeat(1_250_000)
    );
    assert!(endless.len() > 5_000_000);
    folder.write("in/line.txt", &endless);
    folder.write(
        "in/marks.txt",
        format!("Zoe{} à Lyon.", "\u{1DC5}".repeat(350_000)),
    );
    folder.write(
        "in/marks-short.txt",
        format!("Zoe{} à Lyon.", "\u{301}".repeat(1000)),
    );
    folder.write("in/word.txt", "a".repeat(1500));
    folder.write("in/points.txt", "M. ".repeat(500));
    folder.write("in/quotes.txt", "« ".repeat(500));
    folder.write("in/hyphens.txt", format!("Saint{}Lyon", "-".repeat(600)));
    let records = annotate(&folder, &[]).clean().records();
    assert_eq!(records.len(), 7);
    let line = records
        .iter()
        .find(|record| record["id"] == "line.txt")
        .unwrap();
    for name in ["Lyon", "Brest"] {
        assert!(names(line).contains(&("LOC", name)), "{:?}", names(line));
    }
}

#[test]
fn random_bytes_give_a_record_or_a_counted_skip() {
    let folder = Folder::new();
    let mut random = Random(2);
    for file in 0..20 {
        let bytes = random.bytes(1000);
        folder.write(&format!("in/bytes-{file}.txt"), &bytes);
        folder.write(&format!("in/packed-{file}.txt.gz"), gzip(&bytes));
        folder.write(&format!("in/broken-{file}.txt.zst"), &bytes);
    }
    // Without control characters they pass for text.
    for file in 0..6 {
        let printable: Vec<u8> = random.bytes(300).iter().map(|byte| byte | 0x20).collect();
        folder.write(&format!("in/latin-{file}.txt"), printable);
        let utf16 = [vec![0xFF, 0xFE], random.bytes(301)].concat();
        folder.write(&format!("in/utf16-{file}.txt"), utf16);
        let chars: String = (0..150)
            .filter_map(|_| char::from_u32(0x20 + random.below(0x1_F700) as u32))
            .collect();
        folder.write(&format!("in/chars-{file}.txt"), chars);
    }
    annotate(&folder, &["--no-text"]);
}

#[test]
fn damaged_documents_give_a_record_each() {
    let folder = Folder::new();
    let mut random = Random(3);
    for name in [
        "presse/fete-des-canots.txt",
        "administratif/conseil-municipal.txt",
        "parlement/questions-orales.txt",
        "reseaux/fil-de-messages.txt",
    ] {
        let whole = std::fs::read(tests_folder().join("documents").join(name)).unwrap();
        for copy in 0..3 {
            let start = random.below(whole.len() - 400);
            let mut part = whole[start..start + 400].to_vec();
            for _ in 0..copy * 4 {
                let at = random.below(part.len());
                part[at] = random.byte();
            }
            let name = name.replace('/', "-");
            folder.write(&format!("in/{copy}-{name}"), part);
        }
    }
    annotate(&folder, &[]);
}

/// A network of random weights takes almost anything for a name, and so asks of every cut where it stands.
#[test]
fn random_scripts_and_marks_give_disjoint_names() {
    const PIECES: [&str; 48] = [
        " ",
        "\n",
        "\t",
        "\r\n",
        "\u{A0}",
        "|",
        "-",
        "-\n",
        "\u{AD}\n",
        "'",
        "’",
        ".",
        "<",
        "(",
        "«",
        "\0",
        "\u{1B}",
        "\u{9D}",
        "\u{AD}",
        "\u{200B}",
        "\u{200D}",
        "\u{FEFF}",
        "\u{202E}",
        "\u{301}",
        "\u{323}",
        "\u{338}",
        "\u{345}",
        "\u{FE0F}",
        "\u{20E3}",
        "\u{1161}",
        "\u{11A8}",
        "\u{9BE}",
        "ᄀ",
        "e\u{301}",
        "É",
        "œ",
        "ﬁ",
        "ǆ",
        "İ",
        "1",
        "👩",
        "\u{1F3FD}",
        "🇫",
        "☀",
        "Zoé",
        "l",
        "M",
        "d’Évry",
    ];
    let mut random = Random(5);
    let mut lines = String::from("{\"text\": \"\u{1F3FD}\\u001b\u{301}\"}\n");
    for _ in 0..3000 {
        let count = 2 + random.below(14);
        let text: String = (0..count)
            .map(|_| PIECES[random.below(PIECES.len())])
            .collect();
        lines += &serde_json::json!({ "text": text }).to_string();
        lines.push('\n');
    }
    let folder = Folder::new();
    folder.write("in/a.jsonl", lines);
    let bert = tests_folder().join("fixtures/checkpoints/bert");
    let args = ["annotate", "in", "-o", "-", "-m", bert.to_str().unwrap()];
    for more in [&[][..], &["--no-gazetteer"]] {
        let records = folder.run(&[&args[..], more].concat()).clean().records();
        assert_eq!(records.len(), 3001);
        let found: usize = records.iter().map(|record| names(record).len()).sum();
        assert!(found > 3000, "{found}");
    }
}
