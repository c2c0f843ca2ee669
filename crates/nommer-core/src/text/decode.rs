//! Bytes to text: which encoding a file is in, and whether it is text at all.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, ISO_8859_15, WINDOWS_1252};

/// The text of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The text, unchanged but for a leading byte-order mark, which is dropped. NUL characters stay in it.
    pub text: String,
    /// The IANA name of the encoding: `UTF-8`, `UTF-16LE`, `windows-1252`, `ISO-8859-15`, …
    pub encoding: &'static str,
    /// How many U+FFFD were put in because the bytes there were not valid.
    pub replaced: usize,
}

/// Why a file is not plain text, or not text that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Another kind of file.
    #[error("not plain text but {looks_like}; {advice}")]
    Binary {
        /// What it looks like, with its article: `a PDF document`.
        looks_like: &'static str,
        /// What to try.
        advice: &'static str,
    },
    /// Text in an encoding that is recognised but not read.
    #[error(
        "text in {encoding} is not supported; convert it to UTF-8 first, for example with iconv"
    )]
    Unsupported {
        /// The IANA name of the encoding.
        encoding: &'static str,
    },
}

impl DecodeError {
    /// A stable name to count failures by.
    pub fn kind(&self) -> &'static str {
        match self {
            DecodeError::Binary { .. } => "binary",
            DecodeError::Unsupported { .. } => "encoding",
        }
    }
}

/// How many bytes of a file [`looks_binary`] looks at.
pub const SNIFFED_BYTES: usize = 8 * 1024;

/// Decodes a file, guessing its encoding. Valid UTF-8 is not copied.
///
/// In this order:
///
/// 1. A byte-order mark of UTF-32 is recognised and refused.
/// 2. What [`looks_binary`] by its first bytes, or has too many control characters in all, is refused.
/// 3. A byte-order mark decides for UTF-16, and so does Latin text with every other byte zero.
/// 4. Valid UTF-8 is UTF-8. So is what is UTF-8 apart from a few broken bytes (a truncated file, a pasted
///    character of another encoding); each maximal broken sequence becomes one U+FFFD.
/// 5. Anything else is a legacy encoding. A confident guess of a non-Latin one is taken. Otherwise it is what
///    French was written in: ISO-8859-15 when the bytes that differ say so (`œ`, `€`), else windows-1252,
///    which contains ISO-8859-1.
///
/// Control characters are too many when there are more than two and more than one in a hundred bytes, so that
/// a stray NUL or two does not turn a document away.
///
/// # Errors
/// [`DecodeError::Binary`] for files that are no plain text, [`DecodeError::Unsupported`] for UTF-32.
///
/// ```
/// use nommer_core::text::decode::decode;
/// let decoded = decode(b"c\xBDur de la R\xE9publique, 5 \xA4".to_vec()).unwrap();
/// assert_eq!((decoded.text.as_str(), decoded.encoding), ("cœur de la République, 5 €", "ISO-8859-15"));
/// assert!(decode(b"%PDF-1.7\n...".to_vec()).unwrap_err().to_string().contains("pdftotext"));
/// ```
pub fn decode(mut bytes: Vec<u8>) -> Result<Decoded, DecodeError> {
    if let Some(encoding) = utf32_mark(&bytes) {
        return Err(DecodeError::Unsupported { encoding });
    }
    let head = sniffed(&bytes);
    let utf16 = Utf16::detect(head);
    let many_controls = || match utf16 {
        Some(utf16) => has_many_controls(utf16.units(&bytes)),
        None => has_many_controls(bytes.iter().copied().map(u16::from)),
    };
    if let Some(kind) = binary_kind(head).or_else(|| many_controls().then_some(&UNKNOWN)) {
        return Err(DecodeError::Binary {
            looks_like: kind.looks_like,
            advice: kind.advice,
        });
    }
    if let Some(utf16) = utf16 {
        return Ok(utf16.decode(&bytes));
    }
    if bytes.starts_with(UTF8_MARK) {
        bytes.drain(..UTF8_MARK.len());
    }
    Ok(match String::from_utf8(bytes) {
        Ok(text) => Decoded {
            text,
            encoding: "UTF-8",
            replaced: 0,
        },
        Err(error) if is_broken_utf8(error.as_bytes()) => decode_broken_utf8(error.as_bytes()),
        Err(error) => decode_legacy(error.as_bytes()),
    })
}

/// What a file that begins with `head` looks like, if it is not plain text; UTF-16 is text, and so is UTF-32.
///
/// Meant for the first [`SNIFFED_BYTES`] of a file; more are ignored. [`decode`] calls it on the same bytes
/// and refuses whatever it refuses. It refuses more only for what comes later in a longer file.
///
/// ```
/// use nommer_core::text::decode::looks_binary;
/// assert_eq!(looks_binary(b"%PDF-1.7"), Some("a PDF document"));
/// assert_eq!(looks_binary(b"Monsieur le Pr\xE9sident,"), None);
/// ```
pub fn looks_binary(head: &[u8]) -> Option<&'static str> {
    binary_kind(sniffed(head)).map(|kind| kind.looks_like)
}

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A kind of file that is not plain text.
struct BinaryKind {
    /// How the file begins.
    signature: &'static [u8],
    looks_like: &'static str,
    advice: &'static str,
}

const fn kind(
    signature: &'static [u8],
    looks_like: &'static str,
    advice: &'static str,
) -> BinaryKind {
    BinaryKind {
        signature,
        looks_like,
        advice,
    }
}

const UNPACK: &str = "unpack it first";
const TO_TEXT: &str = "convert it to text first, for example with LibreOffice or pandoc";
const OCR: &str = "recognise its text first, for example with ocrmypdf or tesseract";
const NOT_TEXT: &str = "leave it out, or convert it to text first";

/// Control characters give away what has no signature here.
const UNKNOWN: BinaryKind = kind(b"", "binary data", NOT_TEXT);

const ZIP: &[u8] = b"PK\x03\x04";

/// What a ZIP archive holds, told by what its first bytes name.
const ZIPPED: &[BinaryKind] = &[
    kind(
        b"application/vnd.oasis.opendocument",
        "an OpenDocument file",
        TO_TEXT,
    ),
    kind(b"application/epub", "an EPUB book", TO_TEXT),
    kind(
        b"[Content_Types].xml",
        "an Office document (docx, xlsx or pptx)",
        TO_TEXT,
    ),
    kind(b"word/", "an Office document (docx, xlsx or pptx)", TO_TEXT),
];

/// Signatures that no text begins with. Two-letter ones (`MZ`, `BM`) are left to the control characters.
const SIGNATURES: &[BinaryKind] = &[
    kind(
        b"%PDF-",
        "a PDF document",
        "convert it to text first, for example with pdftotext",
    ),
    kind(
        b"%!PS",
        "a PostScript document",
        "convert it to text first, for example with ps2ascii",
    ),
    kind(b"{\\rtf", "an RTF document", TO_TEXT),
    kind(ZIP, "a ZIP archive", UNPACK),
    kind(b"PK\x05\x06", "an empty ZIP archive", UNPACK),
    kind(
        b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
        "an older Office document (doc, xls or ppt)",
        TO_TEXT,
    ),
    kind(
        b"AT&TFORM",
        "a DjVu document",
        "convert it to text first, for example with djvutxt",
    ),
    kind(b"\x1F\x8B", "gzip-compressed data", UNPACK),
    kind(b"BZh", "bzip2-compressed data", UNPACK),
    kind(b"\xFD7zXZ\0", "xz-compressed data", UNPACK),
    kind(b"\x28\xB5\x2F\xFD", "zstd-compressed data", UNPACK),
    kind(b"7z\xBC\xAF\x27\x1C", "a 7z archive", UNPACK),
    kind(b"Rar!\x1A\x07", "a RAR archive", UNPACK),
    kind(b"\x89PNG\r\n\x1A\n", "a PNG image", OCR),
    kind(b"\xFF\xD8\xFF", "a JPEG image", OCR),
    kind(b"GIF87a", "a GIF image", OCR),
    kind(b"GIF89a", "a GIF image", OCR),
    kind(b"II*\0", "a TIFF image", OCR),
    kind(b"MM\0*", "a TIFF image", OCR),
    kind(b"\x7FELF", "an ELF executable", NOT_TEXT),
    kind(b"SQLite format 3\0", "an SQLite database", NOT_TEXT),
    kind(b"PAR1", "a Parquet table", NOT_TEXT),
    kind(b"ID3", "an MP3 recording", NOT_TEXT),
    kind(b"OggS", "an Ogg recording", NOT_TEXT),
];

fn sniffed(bytes: &[u8]) -> &[u8] {
    &bytes[..bytes.len().min(SNIFFED_BYTES)]
}

fn binary_kind(head: &[u8]) -> Option<&'static BinaryKind> {
    if utf32_mark(head).is_some() {
        return None;
    }
    let text = head.strip_prefix(UTF8_MARK).unwrap_or(head);
    if let Some(kind) = SIGNATURES
        .iter()
        .find(|kind| text.starts_with(kind.signature) && is_whole_signature(kind, text))
    {
        let holds = |kind: &&BinaryKind| {
            head.windows(kind.signature.len())
                .any(|window| window == kind.signature)
        };
        let zipped = if kind.signature == ZIP {
            ZIPPED.iter().find(holds)
        } else {
            None
        };
        return Some(zipped.unwrap_or(kind));
    }
    let many_controls = match Utf16::detect(head) {
        Some(utf16) => has_many_controls(utf16.units(head)),
        None => has_many_controls(head.iter().copied().map(u16::from)),
    };
    many_controls.then_some(&UNKNOWN)
}

/// Signatures of three or four letters are checked for what follows, since a text might begin so.
fn is_whole_signature(kind: &BinaryKind, head: &[u8]) -> bool {
    match kind.signature {
        b"BZh" => head.get(3).is_some_and(u8::is_ascii_digit) && head.get(4..10) == Some(b"1AY&SY"),
        b"ID3" | b"OggS" => head.iter().take(16).any(|&byte| byte == 0),
        b"PAR1" => head.iter().any(|&byte| byte < 0x08),
        _ => true,
    }
}

/// Whether there are more than two control characters, and more than one in a hundred.
///
/// White space does not count, nor do the escape character (terminal colours) and the end-of-file mark of DOS.
fn has_many_controls(units: impl Iterator<Item = u16>) -> bool {
    let (mut controls, mut all) = (0usize, 0usize);
    for unit in units {
        all += 1;
        controls += usize::from(matches!(unit, 0x00..=0x08 | 0x0E..=0x19 | 0x1C..=0x1F | 0x7F));
    }
    controls > 2 && controls > all / 100
}

fn utf32_mark(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\xFF\xFE\0\0") {
        Some("UTF-32LE")
    } else if bytes.starts_with(b"\0\0\xFE\xFF") {
        Some("UTF-32BE")
    } else {
        None
    }
}

/// How UTF-16 is stored in a file.
#[derive(Clone, Copy)]
struct Utf16 {
    order: ByteOrder,
    /// Bytes of the byte-order mark.
    mark: usize,
}

#[derive(Clone, Copy)]
enum ByteOrder {
    Little,
    Big,
}

impl Utf16 {
    /// Recognises UTF-16 by its mark, or else by Latin text with every other byte zero.
    fn detect(head: &[u8]) -> Option<Utf16> {
        if head.starts_with(b"\xFF\xFE") {
            return Some(Utf16 {
                order: ByteOrder::Little,
                mark: 2,
            });
        }
        if head.starts_with(b"\xFE\xFF") {
            return Some(Utf16 {
                order: ByteOrder::Big,
                mark: 2,
            });
        }
        // One unit could as well be a letter and a stray NUL.
        if head.len() < 4 || !head.contains(&0) {
            return None;
        }
        [ByteOrder::Little, ByteOrder::Big]
            .into_iter()
            .map(|order| Utf16 { order, mark: 0 })
            .find(|utf16| utf16.is_latin(head))
    }

    fn is_latin(self, head: &[u8]) -> bool {
        let (mut all, mut narrow, mut latin) = (0usize, 0usize, 0usize);
        for unit in self.units(head) {
            all += 1;
            narrow += usize::from(unit < 0x100);
            latin += usize::from(matches!(
                unit,
                0x09 | 0x0A | 0x0C | 0x0D | 0x20..=0x7E | 0xA0..=0x24F | 0x300..=0x36F | 0x2000..=0x22FF
            ));
        }
        // One, because the head may cut its last pair.
        let valid = char::decode_utf16(self.units(head))
            .filter(Result::is_err)
            .count()
            <= 1;
        10 * narrow >= 7 * all && 10 * latin >= 9 * all && valid
    }

    /// The units after the mark; a byte left over at the end is not among them.
    fn units(self, bytes: &[u8]) -> impl Iterator<Item = u16> + Clone {
        let bytes = bytes.get(self.mark..).unwrap_or_default();
        bytes.chunks_exact(2).map(move |pair| match self.order {
            ByteOrder::Little => u16::from_le_bytes([pair[0], pair[1]]),
            ByteOrder::Big => u16::from_be_bytes([pair[0], pair[1]]),
        })
    }

    fn decode(self, bytes: &[u8]) -> Decoded {
        let mut text = String::with_capacity(bytes.len() / 2);
        let mut replaced = 0;
        for unit in char::decode_utf16(self.units(bytes)) {
            replaced += usize::from(unit.is_err());
            text.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        if bytes.len() % 2 == 1 {
            replaced += 1;
            text.push(char::REPLACEMENT_CHARACTER);
        }
        let encoding = match self.order {
            ByteOrder::Little => "UTF-16LE",
            ByteOrder::Big => "UTF-16BE",
        };
        Decoded {
            text,
            encoding,
            replaced,
        }
    }
}

/// Whether `bytes`, which are not valid UTF-8, are best read as UTF-8 all the same.
///
/// Accented letters of a legacy encoding are rarely valid UTF-8 by accident, and then hardly ever make
/// characters that French has. So valid multi-byte characters speak for UTF-8: at least as many of French as
/// there are broken places, or four times as many of any language.
fn is_broken_utf8(bytes: &[u8]) -> bool {
    let (mut multibyte, mut french, mut broken) = (0usize, 0usize, 0usize);
    let mut last_invalid: &[u8] = &[];
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars().filter(|c| !c.is_ascii()) {
            multibyte += 1;
            french += usize::from(
                matches!(c, '\u{A0}'..='\u{17F}' | '\u{2000}'..='\u{206F}' | '€' | '\u{2100}'..='\u{22FF}'),
            );
        }
        broken += usize::from(!chunk.invalid().is_empty());
        last_invalid = chunk.invalid();
    }
    // Cut off in its only accented letter; in windows-1252 these bytes would be `Ã`, `Å`, `â€`, which end no
    // French text. A lone 0xE9 might as well be the `é` of one.
    let truncated = broken == 1 && matches!(last_invalid, [0xC2..=0xC5] | [0xE2, _, ..]);
    multibyte > 0 && french >= broken || multibyte >= 4 * broken || truncated
}

fn decode_broken_utf8(bytes: &[u8]) -> Decoded {
    let mut text = String::with_capacity(bytes.len());
    let mut replaced = 0;
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            replaced += 1;
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Decoded {
        text,
        encoding: "UTF-8",
        replaced,
    }
}

fn decode_legacy(bytes: &[u8]) -> Decoded {
    let encoding = match foreign_encoding(bytes) {
        Some(encoding) => encoding,
        None if speaks_latin9(bytes) => ISO_8859_15,
        None => WINDOWS_1252,
    };
    let mut decoder = encoding.new_decoder_without_bom_handling();
    // Single-byte encodings, nearly all there is, grow by the letters that are not ASCII.
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    let mut replaced = 0;
    let mut rest = bytes;
    loop {
        let (result, read) = decoder.decode_to_string_without_replacement(rest, &mut text, true);
        rest = &rest[read..];
        match result {
            DecoderResult::InputEmpty => break,
            DecoderResult::OutputFull => text.reserve(rest.len().max(64)),
            DecoderResult::Malformed(..) => {
                replaced += 1;
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
    Decoded {
        text,
        encoding: encoding.name(),
        replaced,
    }
}

/// The detector's guess, if it is an encoding of another script and the bytes look like one.
fn foreign_encoding(bytes: &[u8]) -> Option<&'static Encoding> {
    const LATIN: [&str; 10] = [
        "windows-1250",
        "windows-1252",
        "windows-1254",
        "windows-1257",
        "windows-1258",
        "ISO-8859-2",
        "ISO-8859-4",
        "ISO-8859-10",
        "ISO-8859-13",
        "UTF-8",
    ];
    /// More bytes would not change the guess.
    const ENOUGH: usize = 1 << 20;

    // French has its accented letters one by one between others; other scripts have whole words of such bytes.
    let high = bytes.iter().filter(|byte| !byte.is_ascii()).count();
    let adjacent = bytes
        .windows(2)
        .filter(|pair| !pair[0].is_ascii() && !pair[1].is_ascii())
        .count();
    if high < 8 || 2 * adjacent < high {
        return None;
    }
    let first = Encoding::ascii_valid_up_to(bytes).saturating_sub(2);
    let sample = &bytes[first..bytes.len().min(first + ENOUGH)];
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, first + sample.len() == bytes.len());
    let guess = detector.guess(Some(b"fr"), Utf8Detection::Deny);
    (!LATIN.contains(&guess.name())).then_some(guess)
}

/// Whether the eight bytes in which ISO-8859-15 differs from windows-1252 make more sense in the former, and
/// none of those occurs that only the latter prints.
fn speaks_latin9(bytes: &[u8]) -> bool {
    if bytes.iter().any(|byte| matches!(byte, 0x80..=0x9F)) {
        return false;
    }
    // Both encodings have the other letters at the same places.
    let letter = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|&byte| {
            byte.is_ascii_alphabetic() || matches!(byte, 0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0xFF)
        })
    };
    let lower = |at: Option<usize>| {
        letter(at) && at.is_some_and(|at| bytes[at].is_ascii_lowercase() || bytes[at] >= 0xDF)
    };
    let (mut latin9, mut latin1) = (0usize, 0usize);
    for (at, byte) in bytes.iter().enumerate() {
        let (before, after) = (at.checked_sub(1), at.checked_add(1));
        let speaks = match byte {
            // The currency sign is in no French text, the euro sign in many.
            0xA4 => true,
            // `œ` or a half, `Œ` or a quarter, `Ÿ` or three quarters, `š`, `ž` or lone accents.
            0xA8 | 0xB8 | 0xBC | 0xBD | 0xBE => letter(before) || letter(after),
            // `Š`, `Ž`, or a broken bar and an acute accent, which is also typed for an apostrophe.
            0xA6 | 0xB4 => letter(after) && !lower(before),
            _ => continue,
        };
        if speaks { latin9 += 1 } else { latin1 += 1 }
    }
    latin9 > 0 && latin9 >= latin1
}

#[cfg(test)]
mod tests {
    use encoding_rs::{
        BIG5, EUC_JP, GBK, KOI8_U, SHIFT_JIS, WINDOWS_1251, WINDOWS_1253, WINDOWS_1256,
    };
    use proptest::prelude::*;

    use super::*;

    const FRENCH: &str =
        "Le président de la République a reçu à l'Élysée le ministre, où l'été s'achève déjà.";

    #[track_caller]
    fn check(bytes: &[u8], text: &str, encoding: &str, replaced: usize) {
        let decoded = decode(bytes.to_vec()).expect("text");
        assert_eq!(
            (decoded.text.as_str(), decoded.encoding, decoded.replaced),
            (text, encoding, replaced)
        );
    }

    #[track_caller]
    fn check_binary(bytes: &[u8], expected: &str) {
        assert_eq!(looks_binary(bytes), Some(expected));
        match decode(bytes.to_vec()) {
            Err(DecodeError::Binary { looks_like, advice }) => {
                assert_eq!(looks_like, expected);
                assert!(!advice.is_empty());
            }
            other => panic!("{other:?}"),
        }
    }

    fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(order).collect()
    }

    #[test]
    fn utf8() {
        check(b"", "", "UTF-8", 0);
        check(FRENCH.as_bytes(), FRENCH, "UTF-8", 0);
        check(
            "\u{FEFF}été\r\n\u{FEFF}".as_bytes(),
            "été\r\n\u{FEFF}",
            "UTF-8",
            0,
        );
        check("e\u{301}".as_bytes(), "e\u{301}", "UTF-8", 0);
        check(
            "un \u{FFFD} déjà là".as_bytes(),
            "un \u{FFFD} déjà là",
            "UTF-8",
            0,
        );
        check(b"\xEF\xBB\xBF", "", "UTF-8", 0);
    }

    #[test]
    fn valid_utf8_is_not_copied() {
        let bytes = FRENCH.as_bytes().to_vec();
        let at = bytes.as_ptr();
        assert_eq!(decode(bytes).expect("text").text.as_ptr(), at);
    }

    #[test]
    fn broken_utf8() {
        check(
            &FRENCH.as_bytes()[.."Le pré".len() - 1],
            "Le pr\u{FFFD}",
            "UTF-8",
            1,
        );
        check(
            "l'été à Paris…"
                .as_bytes()
                .split_last()
                .expect("not empty")
                .1,
            "l'été à Paris\u{FFFD}",
            "UTF-8",
            1,
        );
        check(b"l'\xC3\xA9t\xC3\xA9 \x80", "l'été \u{FFFD}", "UTF-8", 1);
        check(b"\xC3\xA9t\xE9", "ét\u{FFFD}", "UTF-8", 1);
        check("Москва\0".as_bytes(), "Москва\0", "UTF-8", 0);
    }

    #[test]
    fn utf16_with_and_without_mark() {
        for (order, name) in [
            (u16::to_le_bytes as fn(u16) -> [u8; 2], "UTF-16LE"),
            (u16::to_be_bytes, "UTF-16BE"),
        ] {
            check(&utf16(FRENCH, order), FRENCH, name, 0);
            check(&utf16(&format!("\u{FEFF}{FRENCH}"), order), FRENCH, name, 0);
            check(&utf16("\u{FEFF}Москва 🙂", order), "Москва 🙂", name, 0);
            check(&utf16("\u{FEFF}", order), "", name, 0);
            check(
                &utf16("l’« Été » coûte 3 €…\r\n🙂", order),
                "l’« Été » coûte 3 €…\r\n🙂",
                name,
                0,
            );
            let mut broken = utf16("\u{FEFF}a", order);
            broken.extend(order(0xD800));
            broken.push(b'x');
            check(&broken, "a\u{FFFD}\u{FFFD}", name, 2);
            let long = FRENCH.repeat(500);
            check(&utf16(&long, order), &long, name, 0);
            assert_eq!(looks_binary(&utf16(&long, order)), None);
        }
        check(b"a\0", "a\0", "UTF-8", 0);
    }

    #[test]
    fn utf32_is_refused_by_name() {
        for (bytes, name) in [
            (&b"\xFF\xFE\0\0a\0\0\0"[..], "UTF-32LE"),
            (b"\0\0\xFE\xFF\0\0\0a", "UTF-32BE"),
        ] {
            assert_eq!(
                decode(bytes.to_vec()),
                Err(DecodeError::Unsupported { encoding: name })
            );
            assert_eq!(looks_binary(bytes), None);
        }
        let message = DecodeError::Unsupported {
            encoding: "UTF-32LE",
        }
        .to_string();
        assert_eq!(
            message,
            "text in UTF-32LE is not supported; convert it to UTF-8 first, for example with iconv"
        );
    }

    #[test]
    fn french_legacy_encodings() {
        let (bytes, _, _) = WINDOWS_1252.encode(FRENCH);
        check(&bytes, FRENCH, "windows-1252", 0);
        check(
            b"l\x92\xE9t\xE9 \x9Cuvre, 3 \x80",
            "l’été œuvre, 3 €",
            "windows-1252",
            0,
        );
        check(b"caf\xE9", "café", "windows-1252", 0);
        check(
            b"R\xC9PUBLIQUE FRAN\xC7AISE",
            "RÉPUBLIQUE FRANÇAISE",
            "windows-1252",
            0,
        );
        check(b"cr\xE9\xE9e, cr\xE9\xE9", "créée, créé", "windows-1252", 0);
        check(b"3 \xBD et \xBC \xE0", "3 ½ et ¼ à", "windows-1252", 0);
        check(
            b"l\xB4\xE9t\xE9 d\xB4Astana",
            "l´été d´Astana",
            "windows-1252",
            0,
        );
        check(b"c\xBDur \xE9mu", "cœur ému", "ISO-8859-15", 0);
        check(b"\xBCuvre, 3 \xA4", "Œuvre, 3 €", "ISO-8859-15", 0);
        check(b"L'HA\xBE-LES-ROSES", "L'HAŸ-LES-ROSES", "ISO-8859-15", 0);
        check(b"Milo\xB8 \xA6koda", "Milož Škoda", "ISO-8859-15", 0);
        check(b"c\xBDur, l\x92\xE9t\xE9", "c½ur, l’été", "windows-1252", 0);
    }

    #[test]
    fn other_scripts() {
        let russian = "Президент Казахстана Нурсултан Назарбаев прибыл с визитом в Париж, сообщает агентство.";
        let greek =
            "Ο πρόεδρος της Γαλλικής Δημοκρατίας συναντήθηκε με τον πρωθυπουργό στην Αθήνα.";
        let arabic = "وصل رئيس الجمهورية الفرنسية إلى القاهرة في زيارة رسمية تستغرق يومين";
        let chinese =
            "法国总统萨科齐星期一在爱丽舍宫会见了哈萨克斯坦总统纳扎尔巴耶夫，双方讨论了经济合作。";
        let taiwanese =
            "法國總統薩科齊星期一在愛麗舍宮會見了哈薩克總統納扎爾巴耶夫，雙方討論了經濟合作。";
        let japanese =
            "フランスのサルコジ大統領は月曜日、エリゼ宮でカザフスタンの大統領と会談した。";
        for (text, encoding) in [
            (russian, WINDOWS_1251),
            (russian, KOI8_U),
            (greek, WINDOWS_1253),
            (arabic, WINDOWS_1256),
            (chinese, GBK),
            (taiwanese, BIG5),
            (japanese, SHIFT_JIS),
            (japanese, EUC_JP),
        ] {
            let (bytes, _, lossy) = encoding.encode(text);
            assert!(!lossy);
            let decoded = decode(bytes.to_vec()).expect("text");
            assert_eq!(decoded.text, text, "as {}", decoded.encoding);
        }
    }

    #[test]
    fn binary_files_are_named() {
        check_binary(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3", "a PDF document");
        check_binary(
            b"PK\x03\x04\x14\0\x06\0\x08\0[Content_Types].xml",
            "an Office document (docx, xlsx or pptx)",
        );
        check_binary(
            b"PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.text",
            "an OpenDocument file",
        );
        check_binary(b"PK\x03\x04\x14\0notes.txt", "a ZIP archive");
        check_binary(b"\x1F\x8B\x08\0", "gzip-compressed data");
        check_binary(b"\x89PNG\r\n\x1A\n\0\0\0\rIHDR", "a PNG image");
        check_binary(b"\xFF\xD8\xFF\xE0\0\x10JFIF", "a JPEG image");
        check_binary(b"\x7FELF\x02\x01\x01", "an ELF executable");
        check_binary(
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0",
            "an older Office document (doc, xls or ppt)",
        );
        check_binary(b"{\\rtf1\\ansi Bonjour}", "an RTF document");
        check_binary(b"\xEF\xBB\xBF{\\rtf1}", "an RTF document");
        check_binary(&(0..=255).collect::<Vec<u8>>(), "binary data");
        check_binary(&[0; 64], "binary data");
        check_binary(&[5, 0, 7, 0, 1, 0, 9, 0, 2, 0, 3, 0], "binary data");
        let message = decode(b"%PDF-1.7".to_vec())
            .expect_err("binary")
            .to_string();
        let expected = "not plain text but a PDF document; convert it to text first, for example with pdftotext";
        assert_eq!(message, expected);
    }

    #[test]
    fn stray_controls_are_text() {
        check(b"nom\0pr\xC3\xA9nom\0", "nom\0prénom\0", "UTF-8", 0);
        check(b"fin\x1A", "fin\x1A", "UTF-8", 0);
        check(
            b"\x1B[1mgras\x1B[0m \x1B[1mgras\x1B[0m",
            "\x1B[1mgras\x1B[0m \x1B[1mgras\x1B[0m",
            "UTF-8",
            0,
        );
        check(b"BZh. ID3. PAR1", "BZh. ID3. PAR1", "UTF-8", 0);
        check(b"MM. Dupont", "MM. Dupont", "UTF-8", 0);
    }

    #[test]
    fn controls_beyond_the_head_are_found() {
        let mut bytes = FRENCH.repeat(200).into_bytes();
        assert!(bytes.len() > SNIFFED_BYTES);
        bytes.extend([1; 1000]);
        assert_eq!(looks_binary(&bytes), None);
        assert!(matches!(
            decode(bytes),
            Err(DecodeError::Binary {
                looks_like: "binary data",
                ..
            })
        ));
    }

    #[test]
    fn hostile_files_take_linear_time() {
        // Enough for a quadratic rule to hang, also where the build is slow.
        let many = if cfg!(debug_assertions) {
            1 << 17
        } else {
            1 << 20
        };
        for bytes in [
            vec![b'a'; 64 * many],
            vec![0xE9; 4 * many],
            b"\xE9a".repeat(2 * many),
            b"\xC3\xA9\xC3".repeat(many),
            b"a\0".repeat(4 * many),
        ] {
            assert!(!decode(bytes).expect("text").text.is_empty());
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let seems = looks_binary(&bytes);
            match decode(bytes) {
                Ok(decoded) => {
                    prop_assert_eq!(seems, None);
                    let replacements = decoded.text.matches(char::REPLACEMENT_CHARACTER).count();
                    prop_assert!(decoded.replaced <= replacements);
                }
                Err(DecodeError::Binary { looks_like, .. }) => prop_assert_eq!(seems, Some(looks_like)),
                Err(DecodeError::Unsupported { .. }) => prop_assert_eq!(seems, None),
            }
        }

        #[test]
        fn valid_utf8_stays(text in "[ -~À-ÿœŒ’«»…€\n]{0,200}") {
            prop_assume!(looks_binary(text.as_bytes()).is_none());
            let decoded = decode(text.clone().into_bytes()).expect("text");
            prop_assert_eq!((decoded.text, decoded.encoding, decoded.replaced), (text, "UTF-8", 0));
        }

        #[test]
        fn french_of_windows_1252_stays(words in prop::collection::vec("[a-z]{1,4}[éèàçùêô]?[a-z]{1,4}", 3..40)) {
            let text = format!("é{}", words.join(" "));
            let (bytes, _, _) = WINDOWS_1252.encode(&text);
            prop_assert_eq!(decode(bytes.to_vec()).expect("text").text, text);
        }
    }
}
