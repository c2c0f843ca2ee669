//! Text of documents and names of files, made safe to look at.

use std::fmt::Write;

/// Longer names, identifiers and messages are cut in the middle.
pub(crate) const LONGEST: usize = 160;

/// A name, identifier or message: shortened, and with nothing in it that cannot be seen or that turns the text around it.
pub(crate) fn plain(text: &str) -> String {
    visible(&shorten(text))
}

/// The same on one line.
pub(crate) fn in_line(text: &str) -> String {
    plain(text).replace(['\n', '\t'], " ")
}

/// Cuts out the middle of what is too long.
fn shorten(text: &str) -> String {
    let half = LONGEST / 2;
    if text.chars().nth(LONGEST).is_none() {
        return text.to_owned();
    }
    let first: String = text.chars().take(half).collect();
    let last: Vec<char> = text.chars().rev().take(half).collect();
    format!("{first}…{}", last.iter().rev().collect::<String>())
}

/// Writes out characters that a page may not hold, that cannot be seen, or that turn the text around them.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => visible.push(c),
            '\0'..='\x1f'
            | '\x7f'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{feff}' => code(&mut visible, c),
            _ if c as u32 & 0xfffe == 0xfffe => code(&mut visible, c),
            _ => visible.push(c),
        }
    }
    visible
}

fn code(visible: &mut String, c: char) {
    // Writing to a string cannot fail.
    let _ = write!(visible, "⟨U+{:04X}⟩", c as u32);
}

/// A number with its thousands apart.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_stays_in_its_place() {
        assert_eq!(in_line("z\nmicro\t100.0"), "z micro 100.0");
        assert_eq!(in_line("a\u{202e}b\u{1b}[31m"), "a⟨U+202E⟩b⟨U+001B⟩[31m");
        let long = in_line(&"é".repeat(5000));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.contains('…'));
    }
}
