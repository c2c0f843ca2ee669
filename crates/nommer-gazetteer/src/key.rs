//! The forms of a name that are looked up: what differs between spellings of one name is folded away.

use std::ops::Range;
use std::sync::LazyLock;

use nommer_core::text::fold::push_folded;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest key. A longer name is no name.
pub const LONGEST: usize = 200;

/// The name in lower case and without accents, apostrophes, hyphens, dots and line breaks, its words separated by
/// single spaces: `ÉTATS-\nUNIS` and `États-Unis` are `etats unis`. The dots of acronyms go (`O.N.U.` is `onu`), those of
/// abbreviations separate (`J.-C. Trichet` is `j c trichet`), `St` and `Ste` are written out.
#[must_use]
pub fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for word in words(name) {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.push_str(&word.folded);
    }
    folded
}

/// The letters of an acronym, as they are: `O.N.U.`, `O. N. U.` and `ONU` are `ONU`. `None` for a name that is none: one
/// with a small letter, words, a single letter, or more than ten.
#[must_use]
pub fn acronym(name: &str) -> Option<String> {
    const LONGEST: usize = 10;
    let name = name.trim();
    // `O. N. U.`, but not `LE MONDE`.
    let spaced = name.contains(char::is_whitespace);
    let spelled = || {
        let mut groups = name.split(|c: char| !c.is_alphanumeric());
        groups.all(|group| group.chars().nth(1).is_none())
    };
    if spaced && !spelled() {
        return None;
    }
    let mut letters = String::new();
    let mut capitals = 0;
    for c in name.nfc() {
        match c {
            '.' | '-' | '·' => {}
            c if c.is_whitespace() => {}
            c if c.is_uppercase() => {
                letters.push(c);
                capitals += 1;
            }
            c if c.is_ascii_digit() || matches!(c, '&' | '+') => letters.push(c),
            _ => return None,
        }
    }
    (capitals >= 2 && letters.chars().count() <= LONGEST).then_some(letters)
}

/// A folded name without the article or the preposition it begins with: `l oreal` is `oreal`. `None` when it begins
/// with none, or is nothing else.
#[must_use]
pub fn without_article(folded: &str) -> Option<&str> {
    const ARTICLES: [&str; 10] = ["l", "le", "la", "les", "d", "de", "du", "des", "the", "el"];
    let (first, rest) = folded.split_once(' ')?;
    ARTICLES.contains(&first).then_some(rest)
}

/// A folded name without the legal form or the generic noun it begins or ends with: `alstom holding` is `alstom`.
/// `None` when it has none.
#[must_use]
pub fn without_form(folded: &str) -> Option<&str> {
    const FIRST: [&str; 12] = [
        "groupe",
        "groupement",
        "societe",
        "compagnie",
        "sa",
        "sas",
        "sarl",
        "scp",
        "sci",
        "snc",
        "association",
        "entreprise",
    ];
    const LAST: [&str; 26] = [
        "sa",
        "sas",
        "sarl",
        "snc",
        "sca",
        "scop",
        "se",
        "ag",
        "nv",
        "bv",
        "plc",
        "inc",
        "corp",
        "corporation",
        "ltd",
        "limited",
        "llc",
        "gmbh",
        "spa",
        "oyj",
        "jsc",
        "holding",
        "holdings",
        "group",
        "groupe",
        "company",
    ];
    let first = folded
        .split_once(' ')
        .filter(|(first, _)| FIRST.contains(first));
    let last = folded
        .rsplit_once(' ')
        .filter(|(_, last)| LAST.contains(last));
    match (first, last) {
        (_, Some((rest, _))) => Some(rest),
        (Some((_, rest)), _) => Some(rest),
        _ => None,
    }
}

/// The words of a name that is written without spaces between capitalised words: `AirAstana` is `Air Astana`. `None`
/// when it is not.
#[must_use]
pub fn uncompressed(name: &str) -> Option<String> {
    // Almost every word has no capital within.
    if !name.chars().skip(1).any(char::is_uppercase) {
        return None;
    }
    let mut words = String::with_capacity(name.len() + 4);
    let mut before = [' ', ' '];
    for c in name.chars() {
        // Not `McDonald`: two small letters make a word, and three.
        if c.is_uppercase() && before.iter().all(|c| c.is_lowercase()) {
            words.push(' ');
        }
        words.push(c);
        before = [before[1], c];
    }
    (words.len() > name.len()).then_some(words)
}

/// Shorter ways to name the person of a folded full name, given name first: the surname, the initials and the
/// surname, the surname first. Of `charles de gaulle`: `de gaulle`, `gaulle`, `c de gaulle`, `de gaulle charles` …
#[must_use]
pub fn person_parts(folded: &str) -> Vec<String> {
    const PARTICLES: [&str; 16] = [
        "de", "du", "des", "d", "la", "le", "von", "van", "der", "den", "di", "da", "dos", "al",
        "el", "ben",
    ];
    let words: Vec<&str> = folded.split(' ').collect();
    let [given, .., last] = words[..] else {
        return Vec::new();
    };
    // Saint Louis is not Louis.
    if matches!(given, "saint" | "sainte") {
        return Vec::new();
    }
    // The surname begins at the first particle after the given name, else it is the last word.
    let start = (1..words.len())
        .find(|&at| PARTICLES.contains(&words[at]))
        .unwrap_or(words.len() - 1);
    if start == words.len() {
        return Vec::new();
    }
    let (surname, givens) = (words[start..].join(" "), &words[..start]);
    let initials: Vec<&str> = givens.iter().filter_map(|word| word.get(..1)).collect();
    let mut parts = vec![
        surname.clone(),
        format!("{} {surname}", initials.join(" ")),
        format!("{surname} {}", givens.join(" ")),
    ];
    if surname != last && !PARTICLES.contains(&last) {
        parts.push(last.to_owned());
    }
    // Jean-Claude Trichet is J.-C. and also J. Trichet.
    if initials.len() > 1 {
        parts.push(format!(
            "{} {surname}",
            &given[..given.chars().next().map_or(0, char::len_utf8)]
        ));
    }
    parts
}

/// What a folded name may be if it was misread: digits within words for letters, spaces within a word. `trei gnac` is
/// `treignac`, `cha1us` is `chalus`.
#[must_use]
pub fn misread(folded: &str) -> Vec<String> {
    let within = |word: &str| word.chars().any(char::is_alphabetic);
    let letters: Vec<String> = folded
        .split(' ')
        .map(|word| match within(word) {
            true => word.replace('1', "l").replace('0', "o").replace('5', "s"),
            false => word.to_owned(),
        })
        .collect();
    let mut read = vec![letters.join(" "), letters.concat()];
    if read[0].contains('l') {
        // 1 is i as often.
        read.push(folded.replace(' ', "").replace('1', "i"));
    }
    read.sort_unstable();
    read.dedup();
    read.retain(|other| other != folded);
    read
}

/// How a folded name sounds, roughly and in French, whatever the transcription: `nazarbaiev`, `nazarbayev` and
/// `nazarbaev` are one, as are `kachagan` and `kashagan`. `None` for names too short to tell apart by sound.
#[must_use]
pub fn sound(folded: &str) -> Option<String> {
    const SHORTEST: usize = 5;
    let mut sound = String::with_capacity(folded.len());
    for word in folded.split(' ') {
        if !sound.is_empty() {
            sound.push(' ');
        }
        sound.push_str(&sound_of_word(word));
    }
    (sound.chars().filter(|c| *c != ' ').count() >= SHORTEST).then_some(sound)
}

/// Groups of letters, and what they sound like; the longest first.
const SOUNDS: [(&str, &str); 22] = [
    ("tsch", "C"),
    ("tch", "C"),
    ("sch", "S"),
    ("tsh", "C"),
    ("dj", "j"),
    ("dzh", "j"),
    ("sh", "S"),
    ("ch", "S"),
    ("kh", "h"),
    ("gh", "g"),
    ("ph", "f"),
    ("th", "t"),
    ("zh", "j"),
    ("ou", "u"),
    ("oo", "u"),
    ("gu", "g"),
    ("qu", "k"),
    ("ks", "x"),
    ("ck", "k"),
    ("y", "i"),
    ("w", "v"),
    ("c", "k"),
];

fn sound_of_word(word: &str) -> String {
    let mut sound = String::with_capacity(word.len());
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        let group = SOUNDS.iter().find(|(letters, _)| rest.starts_with(letters));
        let (length, heard) = match group {
            Some((letters, heard)) => (letters.len(), *heard),
            None => (c.len_utf8(), &rest[..c.len_utf8()]),
        };
        // Double letters sound as one.
        if !sound.ends_with(heard) {
            sound.push_str(heard);
        }
        rest = &rest[length..];
    }
    // ia, ie, ai, ae … before a vowel or v: transcriptions of one letter.
    for (written, heard) in [
        ("aie", "ae"),
        ("eie", "ee"),
        ("oie", "oe"),
        ("iev", "ev"),
        ("ief", "ev"),
        ("ef", "ev"),
        ("ii", "i"),
        ("SC", "S"),
        ("q", "k"),
    ] {
        sound = sound.replace(written, heard);
    }
    sound
}

/// A word of a text, folded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// Where it stands, in bytes.
    pub range: Range<usize>,
    /// Its letters as [`fold`] writes them.
    pub folded: String,
}

/// The words of a text, folded one by one: what [`fold`] joins.
#[must_use]
pub fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    // The letters of the word so far, and where it began.
    let mut current = Word {
        range: 0..0,
        folded: String::new(),
    };
    let mut letters_of_acronym = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let end = at + c.len_utf8();
        if c.is_alphanumeric() || (c == '+' && !current.folded.is_empty()) {
            if current.folded.is_empty() {
                current.range.start = at;
            }
            current.range.end = end;
            push_folded(&mut current.folded, c);
            continue;
        }
        // What is written on a letter, and what nobody sees.
        if c == '\u{ad}' || is_combining_mark(c) {
            continue;
        }
        // A dot after single letters, with another letter at once: an acronym goes on.
        if c == '.'
            && current.folded.chars().count() == letters_of_acronym + 1
            && chars.peek().is_some_and(|(_, next)| next.is_alphanumeric())
        {
            letters_of_acronym += 1;
            continue;
        }
        finish(&mut current, &mut words);
        letters_of_acronym = 0;
    }
    finish(&mut current, &mut words);
    words
}

fn finish(current: &mut Word, words: &mut Vec<Word>) {
    let range = current.range.clone();
    let folded = match std::mem::take(&mut current.folded).as_str() {
        "" => return,
        "st" => "saint".to_owned(),
        "ste" => "sainte".to_owned(),
        folded => folded.to_owned(),
    };
    words.push(Word { range, folded });
}

/// Whether a folded place name of one word is a given or family name as well: `virginie`, `maurice`, `laval`.
#[must_use]
pub fn is_personal(folded: &str) -> bool {
    PERSONAL_NAMES.binary_search(&folded).is_ok()
}

/// Prominent places whose names persons have, sorted; `scripts/personal-names` makes the list, of rigour's person names (MIT).
static PERSONAL_NAMES: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("personal-names.txt").lines().collect());

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn spellings_of_one_name_fold_to_one_key() {
        let cases = [
            ("États-Unis", "etats unis"),
            ("ÉTATS-\n   UNIS", "etats unis"),
            ("E\u{301}tats\u{a0}Unis", "etats unis"),
            ("L’Oréal", "l oreal"),
            ("L'Oréal", "l oreal"),
            ("O.N.U.", "onu"),
            ("U.R.S.S", "urss"),
            ("J.-C. Trichet", "j c trichet"),
            ("St-Denis", "saint denis"),
            ("Sœurs de l’Étoile", "soeurs de l etoile"),
            ("Canal+", "canal+"),
            ("Łódź", "lodz"),
            ("Nazar\u{ad}baïev", "nazarbaiev"),
            ("  | ", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(fold(name), expected, "{name:?}");
        }
    }

    #[test]
    fn words_know_where_they_stand() {
        let text = "L\u{2019}O.N.U. et\n  Cœur-d'E\u{301}toile+ (St-Lô)";
        let found: Vec<(&str, String)> = words(text)
            .into_iter()
            .map(|word| (&text[word.range], word.folded))
            .collect();
        let expected = [
            ("L", "l"),
            ("O.N.U", "onu"),
            ("et", "et"),
            ("Cœur", "coeur"),
            ("d", "d"),
            ("E\u{301}toile+", "etoile+"),
            ("St", "saint"),
            ("Lô", "lo"),
        ];
        assert_eq!(
            found,
            expected.map(|(word, folded)| (word, folded.to_owned()))
        );
    }

    #[test]
    fn personal_names_are_sorted_and_known() {
        assert!(PERSONAL_NAMES.is_sorted());
        assert!(PERSONAL_NAMES.iter().all(|name| fold(name) == **name));
        assert!(is_personal("virginie") && is_personal("maurice") && !is_personal("bichkek"));
    }

    #[test]
    fn acronyms_keep_their_case() {
        let cases = [
            ("ONU", Some("ONU")),
            ("O.N.U.", Some("ONU")),
            ("C.F.D.T", Some("CFDT")),
            ("C G. T.", Some("CGT")),
            ("J.-C. T", Some("JCT")),
            ("G20", None),
            ("UE", Some("UE")),
            ("ue", None),
            ("Ue", None),
            ("A", None),
            ("CFE-CGC", Some("CFECGC")),
            ("LE MONDE", None),
        ];
        for (name, expected) in cases {
            assert_eq!(acronym(name).as_deref(), expected, "{name:?}");
        }
    }

    #[test]
    fn articles_are_taken_off_once() {
        assert_eq!(without_article("l oreal"), Some("oreal"));
        assert_eq!(without_article("le mans"), Some("mans"));
        assert_eq!(without_article("paris"), None);
        assert_eq!(without_article("la"), None);
    }

    #[test]
    fn forms_of_firms_are_taken_off() {
        assert_eq!(without_form("alstom holding"), Some("alstom"));
        assert_eq!(without_form("groupe total"), Some("total"));
        assert_eq!(without_form("total"), None);
        assert_eq!(
            without_form("societe generale des eaux"),
            Some("generale des eaux")
        );
    }

    #[test]
    fn compressed_names_are_taken_apart() {
        let cases = [
            ("AirAstana", Some("Air Astana")),
            ("ThalèsAleniaSpace", Some("Thalès Alenia Space")),
            ("Air Astana", None),
            ("KazMunaiGaz", Some("Kaz Munai Gaz")),
            ("McDonald", None),
            ("ONU", None),
        ];
        for (name, expected) in cases {
            assert_eq!(uncompressed(name).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn persons_are_named_by_parts() {
        let cases: [(&str, &[&str]); 6] = [
            (
                "nicolas sarkozy",
                &["sarkozy", "n sarkozy", "sarkozy nicolas"],
            ),
            (
                "charles de gaulle",
                &["de gaulle", "c de gaulle", "de gaulle charles", "gaulle"],
            ),
            (
                "jean claude trichet",
                &["trichet", "j c trichet", "trichet jean claude", "j trichet"],
            ),
            ("staline", &[]),
            ("saint louis", &[]),
            ("", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(person_parts(name), expected, "{name}");
        }
    }

    #[test]
    fn misread_names_are_read_again() {
        assert_eq!(misread("cha1us"), ["chaius", "chalus"]);
        assert_eq!(misread("trei gnac"), ["treignac"]);
        assert_eq!(misread("paris 12"), ["paris12"]);
        assert_eq!(misread("paris"), [""; 0]);
    }

    #[test]
    fn transcriptions_sound_alike() {
        let groups: [&[&str]; 6] = [
            &["Nazarbaïev", "Nazarbayev", "Nazarbaev", "Nazarbaiev"],
            &["Kachagan", "Kashagan"],
            &["Noursoultan", "Nursultan"],
            &["Tokaïev", "Tokayev", "Tokaev"],
            &["Samrouk Kazyna", "Samruk-Kazyna"],
            &["Khrouchtchev", "Khrushchev"],
        ];
        for group in groups {
            let sounds: Vec<_> = group.iter().map(|name| sound(&fold(name))).collect();
            assert!(
                sounds.iter().all(|other| *other == sounds[0]),
                "{group:?} {sounds:?}"
            );
        }
        assert_eq!(sound("paul"), None);
        assert_ne!(sound("martin"), sound("marton"));
    }

    proptest! {
        #[test]
        fn folding_is_idempotent_and_has_no_double_spaces(name in ".{0,30}") {
            let folded = fold(&name);
            prop_assert_eq!(fold(&folded), folded.clone());
            prop_assert!(!folded.contains("  ") && !folded.starts_with(' ') && !folded.ends_with(' '));
            let _ = sound(&folded);
        }
    }
}
