//! The year a document speaks of.

use std::collections::BTreeMap;

use nommer_gazetteer::key;

/// The latest year that stands in a date (`19 septembre 2011`, `19/09/2011`, `2011-09-19`, `septembre 2011`): texts date
/// what is past. Without a date, the year that is named most often, the later one of two. Years are 1500 to 2099. A long
/// text dates itself in its first MiB.
#[must_use]
pub fn year(text: &str) -> Option<i16> {
    const LOOKED_AT: usize = 1 << 20;
    let text = &text[..text.floor_char_boundary(LOOKED_AT)];
    let words = key::words(text);
    let mut counts: BTreeMap<i16, usize> = BTreeMap::new();
    let mut latest = None;
    for (at, word) in words.iter().enumerate() {
        let Some(year) = as_year(&word.folded) else {
            continue;
        };
        let folded = |at: Option<usize>| at.and_then(|at| words.get(at)).map(|word| &*word.folded);
        let [second, first] = [folded(at.checked_sub(2)), folded(at.checked_sub(1))];
        let [next, last] = [folded(Some(at + 1)), folded(Some(at + 2))];
        let tight = |from: usize, to: usize| {
            let between = words.get(from).zip(words.get(to));
            between.is_some_and(|(from, to)| text[from.range.end..to.range.start].len() == 1)
        };
        if first.is_some_and(is_month)
            || (number(second, 31)
                && number(first, 12)
                && tight(at - 2, at - 1)
                && tight(at - 1, at))
            || (number(next, 12) && number(last, 31) && tight(at, at + 1) && tight(at + 1, at + 2))
        {
            latest = latest.max(Some(year));
        }
        *counts.entry(year).or_default() += 1;
    }
    let most = counts
        .into_iter()
        .max_by_key(|(year, count)| (*count, *year));
    latest.or(most.map(|(year, _)| year))
}

/// The year a date begins with: `2011`, `2011-09-19`.
#[must_use]
pub fn of_date(date: &str) -> Option<i16> {
    let (digits, rest) = date.trim().split_at_checked(4)?;
    let ends = !rest.starts_with(|c: char| c.is_alphanumeric());
    let signed = digits.starts_with(['+', '-']);
    digits
        .parse()
        .ok()
        .filter(|year| ends && !signed && *year > 0)
}

fn as_year(word: &str) -> Option<i16> {
    let digits = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    let year = word.parse().ok().filter(|_| digits)?;
    (1500..2100).contains(&year).then_some(year)
}

fn number(word: Option<&str>, most: u8) -> bool {
    word.and_then(|word| word.parse::<u8>().ok())
        .is_some_and(|number| (1..=most).contains(&number))
}

fn is_month(word: &str) -> bool {
    const MONTHS: [&str; 24] = [
        "janvier",
        "fevrier",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "aout",
        "septembre",
        "octobre",
        "novembre",
        "decembre",
        "janv",
        "fev",
        "fevr",
        "avr",
        "juil",
        "sept",
        "oct",
        "nov",
        "dec",
        "7bre",
        "8bre",
        "9bre",
    ];
    MONTHS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_before_a_mere_year() {
        let cases = [
            (
                "Palais de L'Élysée -- Lundi 19 Septembre 2011, depuis 2008",
                Some(2011),
            ),
            ("Paris, le 03 JUIL. 2009", Some(2009)),
            (
                "fait le 19/09/1998 puis en 2001, vu le 2 mai 1997",
                Some(1998),
            ),
            ("2011-09-19", Some(2011)),
            ("en 1989 et 1990, puis 1990", Some(1990)),
            ("en 1989 puis 1990", Some(1990)),
            ("1234 ou 2345 pages, 12 1999a", None),
            ("", None),
            ("2011", Some(2011)),
        ];
        for (text, expected) in cases {
            assert_eq!(year(text), expected, "{text}");
        }
        assert_eq!(of_date("2011-09-19"), Some(2011));
        assert_eq!(of_date("2011"), Some(2011));
        assert_eq!(of_date("20111"), None);
        assert_eq!(of_date("+201"), None);
        assert_eq!(of_date("vers 1990"), None);
    }
}
