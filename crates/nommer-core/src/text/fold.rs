//! Words without case and accents, and which of them French writes in lower case.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Appends a letter or digit in lower case, without accents and ligatures: `É` as `e`, `œ` as `oe`. Of what is neither,
/// ASCII is appended as it is, the rest is not.
pub fn push_folded(word: &mut String, c: char) {
    if c.is_ascii() {
        word.push(c.to_ascii_lowercase());
        return;
    }
    let decomposed = c.nfkd().filter(|c| !is_combining_mark(*c));
    for lower in decomposed.flat_map(char::to_lowercase) {
        match lower {
            'œ' => word.push_str("oe"),
            'æ' => word.push_str("ae"),
            'ß' => word.push_str("ss"),
            'ø' => word.push('o'),
            'đ' | 'ð' => word.push('d'),
            'ł' => word.push('l'),
            'ı' => word.push('i'),
            lower if lower.is_alphanumeric() => word.push(lower),
            _ => {}
        }
    }
}

/// Whether French writes a folded word in lower case, too, so that as a name it needs more evidence: `orange`, `total`,
/// `nord`.
#[must_use]
pub fn is_common(folded: &str) -> bool {
    usual(folded).is_some()
}

/// Whether French writes a folded word in lower case more often than with a capital: `orange` and `total`, but not
/// `nord`.
#[must_use]
pub fn is_in_lower_case(folded: &str) -> bool {
    usual(folded).is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
}

/// How a common word is written more often.
fn usual(folded: &str) -> Option<&'static str> {
    let found = COMMON_WORDS.binary_search_by(|word| in_lower_case(word).cmp(folded.bytes()));
    found.ok().map(|at| COMMON_WORDS[at])
}

fn in_lower_case(word: &str) -> impl Iterator<Item = u8> {
    word.bytes().map(|letter| letter.to_ascii_lowercase())
}

/// Folded but for capitals, sorted without them; `scripts/common-words` makes the list.
static COMMON_WORDS: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("common-words.txt").lines().collect());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_folded() {
        assert!(COMMON_WORDS.is_sorted_by(|a, b| in_lower_case(a).lt(in_lower_case(b))));
        for word in COMMON_WORDS.iter() {
            let mut folded = String::new();
            word.chars().for_each(|c| push_folded(&mut folded, c));
            assert_eq!(folded, word.to_ascii_lowercase());
        }
        for word in ["francais", "orange", "total", "aujourd", "oeuvre"] {
            assert!(is_common(word) && is_in_lower_case(word), "{word}");
        }
        for word in ["nord", "sud"] {
            assert!(is_common(word) && !is_in_lower_case(word), "{word}");
        }
        for word in ["france", "kazakhstan", "st", "ste", ""] {
            assert!(!is_common(word) && !is_in_lower_case(word), "{word}");
        }
    }
}
