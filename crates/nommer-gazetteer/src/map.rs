//! A map of keys, as the fst crate writes it, read by ourselves: a file that is not as it was written must not end the
//! program, and the crate's reader panics at one; and the keys within one letter are found by walking the nodes, which
//! takes microseconds where an automaton takes longer to build.
//!
//! Nodes lie one after the other, each behind those it leads to, and are read from their last byte backwards:
//!
//! ```text
//! 11iiiiii  one way on, to the node right before; i: which letter, 0 for the byte before
//! 10iiiiii  one way on; before it: the letter if i is 0, widths, how far back the node lies, what the way adds
//! 0fnnnnnn  n ways on, 0 for the byte before; f: a key ends here; before it: widths, for more than 32 ways an index
//!           of 256 bytes, then, each from the last way to the first: letters, how far back, what each adds; what
//!           the end of the key adds
//! ```
//!
//! A key's value is the sum of what its way adds. The map ends with how many keys there are, the address of its root and
//! a checksum.

/// The letters that have a number, from 1.
const COMMON: &[u8; 63] = b"te/oasripcnw.hlm-du012g=:bf3y5&_4v9678k%?xCDASFIBEjPTzRNM+LOqHG";

/// Ways from which on a node has an index.
const INDEXED: usize = 33;

/// Length, address of the root, checksum.
const FOOTER: usize = 8 + 8 + 4;

/// A map of keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Map<'a> {
    bytes: &'a [u8],
}

/// A place on the way of a key: what follows, and the sum so far.
#[derive(Debug, Clone, Copy)]
struct Node<'a> {
    bytes: &'a [u8],
    /// Where the node begins.
    start: usize,
    /// What the end of a key adds, if one ends here.
    end: Option<u64>,
    /// The letters of the ways, the last first.
    letters: &'a [u8],
    /// Which letter is which way.
    index: Option<&'a [u8]>,
    /// How far back the nodes lie, the last first, and the width of each; none for the node right before.
    back: &'a [u8],
    width: usize,
    /// What the ways add, the last first, and the width of each.
    adds: &'a [u8],
    wide: usize,
    sum: u64,
}

fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

impl<'a> Node<'a> {
    /// The node whose last byte is at `last`. `None` where there can be none.
    fn at(bytes: &'a [u8], last: usize, sum: u64) -> Option<Node<'a>> {
        let mut node = Node {
            bytes,
            start: 0,
            end: Some(0),
            letters: &[],
            index: None,
            back: &[],
            width: 0,
            adds: &[],
            wide: 0,
            sum,
        };
        if last == 0 {
            return Some(node);
        }
        let mut rest = bytes.get(..=last)?;
        let mut take = |count: usize| {
            let (before, taken) = rest.split_at_checked(rest.len().checked_sub(count)?)?;
            rest = before;
            Some(taken)
        };
        let kind = *take(1)?.first()?;
        let low = usize::from(kind & 0b11_1111);
        if kind & 0b1000_0000 != 0 {
            node.end = None;
            node.letters = match low.checked_sub(1) {
                None => take(1)?,
                Some(common) => COMMON.get(common..=common)?,
            };
            if kind & 0b0100_0000 == 0 {
                let widths = *take(1)?.first()?;
                (node.width, node.wide) = (usize::from(widths >> 4), usize::from(widths & 0b1111));
                node.back = take(node.width)?;
                node.adds = take(node.wide)?;
            }
        } else {
            let ways = match low {
                0 => match usize::from(*take(1)?.first()?) {
                    1 => 256,
                    ways => ways,
                },
                ways => ways,
            };
            let widths = *take(1)?.first()?;
            (node.width, node.wide) = (usize::from(widths >> 4), usize::from(widths & 0b1111));
            if ways >= INDEXED {
                node.index = Some(take(256)?);
            }
            node.letters = take(ways)?;
            node.back = take(ways * node.width)?;
            node.adds = take(ways * node.wide)?;
            node.end = match kind & 0b0100_0000 {
                0 => None,
                _ => Some(number(take(node.wide)?)),
            };
        }
        node.start = rest.len();
        Some(node)
    }

    /// The node behind a letter, `nth` from the back.
    #[inline]
    fn way(&self, nth: usize) -> Option<Node<'a>> {
        let last = if self.width == 0 {
            self.start.checked_sub(1)?
        } else {
            match number(self.back.get(nth * self.width..(nth + 1) * self.width)?) {
                0 => 0,
                back => self.start.checked_sub(usize::try_from(back).ok()?)?,
            }
        };
        let adds = number(self.adds.get(nth * self.wide..(nth + 1) * self.wide)?);
        Node::at(self.bytes, last, self.sum.wrapping_add(adds))
    }

    #[inline]
    fn step(&self, letter: u8) -> Option<Node<'a>> {
        let nth = match self.index {
            // It counts from the front.
            Some(index) => {
                let way = usize::from(*index.get(usize::from(letter))?);
                self.letters.len().checked_sub(way + 1)?
            }
            None => self.letters.iter().position(|other| *other == letter)?,
        };
        self.way(nth)
    }

    fn follow(self, letters: &str) -> Option<Node<'a>> {
        letters
            .bytes()
            .try_fold(self, |node, letter| node.step(letter))
    }

    /// The value of the key that is read so far.
    fn value(&self) -> Option<u64> {
        self.end.map(|end| self.sum.wrapping_add(end))
    }

    /// The letters that follow, each of as many bytes as it has, with the nodes behind them.
    fn each_letter(&self, take: &mut impl FnMut(&str, Node<'a>)) {
        for (nth, first) in self.letters.iter().enumerate().rev() {
            let length = match first {
                0x00..=0x7F => 1,
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => continue,
            };
            if let Some(next) = self.way(nth) {
                next.rest_of_letter(&mut [*first, 0, 0, 0], 1, length, take);
            }
        }
    }

    fn rest_of_letter(
        &self,
        letter: &mut [u8; 4],
        known: usize,
        length: usize,
        take: &mut impl FnMut(&str, Node<'a>),
    ) {
        if known == length {
            if let Ok(letter) = std::str::from_utf8(&letter[..length]) {
                take(letter, *self);
            }
            return;
        }
        for (nth, byte) in self.letters.iter().enumerate().rev() {
            if let (0x80..=0xBF, Some(next)) = (byte, self.way(nth)) {
                letter[known] = *byte;
                next.rest_of_letter(letter, known + 1, length, take);
            }
        }
    }
}

impl<'a> Map<'a> {
    /// The map that a section holds, which is not looked at.
    pub(crate) fn new(bytes: &'a [u8]) -> Map<'a> {
        Map { bytes }
    }

    /// The least bytes of a map.
    pub(crate) const SHORTEST: usize = 16 + FOOTER;

    fn root(self) -> Option<Node<'a>> {
        let (nodes, footer) = self
            .bytes
            .split_at_checked(self.bytes.len().checked_sub(FOOTER)?)?;
        Node::at(nodes, usize::try_from(number(&footer[8..16])).ok()?, 0)
    }

    /// The value of a key.
    pub(crate) fn get(self, key: &str) -> Option<u64> {
        if key.is_empty() {
            return None;
        }
        self.root()?.follow(key)?.value()
    }

    /// The keys that `text` begins with: where each ends, and its value; the shortest first.
    pub(crate) fn beginnings(self, text: &str) -> impl Iterator<Item = (usize, u64)> {
        let mut node = self.root();
        (1..)
            .zip(text.bytes())
            .map_while(move |(end, letter)| {
                node = node?.step(letter);
                Some((end, node?.value()))
            })
            .filter_map(|(end, value)| Some((end, value?)))
    }

    /// The values of keys that begin with `key` and go on, at most `most` of them, in the order of the keys.
    pub(crate) fn longer(self, key: &str, most: usize) -> Vec<u64> {
        let mut found = Vec::new();
        let mut nodes: Vec<Node<'a>> = Vec::new();
        let known = self.root().and_then(|root| root.follow(key));
        // Ways lie the last first, and the stack gives the last back first.
        let ways = |node: Node<'a>| (0..node.letters.len()).filter_map(move |nth| node.way(nth));
        nodes.extend(known.into_iter().flat_map(ways));
        // No key is longer; in a damaged map ways may go on for ever.
        let mut left = most.saturating_mul(4 * crate::key::LONGEST);
        while let Some(node) = nodes.pop() {
            found.extend(node.value());
            left = left.saturating_sub(1);
            if found.len() == most || left == 0 {
                break;
            }
            nodes.extend(ways(node));
        }
        found
    }

    /// The keys that begin with the first letter of `key` and are `key` but for one letter that is missing, too many,
    /// another, or exchanged with the next; with their values, in the order of their bytes, each once.
    pub(crate) fn near(self, key: &str) -> Vec<(String, u64)> {
        let mut found = Vec::new();
        let mut letters = key.char_indices();
        letters.next();
        let mut at = letters.next().map_or(key.len(), |(at, _)| at);
        let mut place = self.root().and_then(|root| root.follow(&key[..at]));
        if at == 0 {
            return found;
        }
        while let Some(node) = place {
            let (known, rest) = key.split_at(at);
            let mut add = |middle: [&str; 2], node: Node<'a>, rest: &str| {
                if let Some(value) = node.follow(rest).and_then(|node| node.value()) {
                    found.push(([known, middle[0], middle[1], rest].concat(), value));
                }
            };
            let (next, after) = split_letter(rest);
            let (second, last) = split_letter(after);
            // Of the same letters in a row, only the last is left out, and a further one only added behind them.
            if !next.is_empty() && next != second {
                add(["", ""], node, after);
                if let Some(exchanged) = node
                    .follow(second)
                    .filter(|_| !second.is_empty())
                    .and_then(|node| node.follow(next))
                {
                    add([second, next], exchanged, last);
                }
            }
            node.each_letter(&mut |letter, behind| {
                if letter != next {
                    add([letter, ""], behind, rest);
                    if !next.is_empty() {
                        add([letter, ""], behind, after);
                    }
                }
            });
            if next.is_empty() {
                add(["", ""], node, "");
                break;
            }
            at += next.len();
            place = node.follow(next);
        }
        found.sort_unstable();
        found.dedup_by(|a, b| a.0 == b.0);
        found
    }
}

/// The first letter, and what follows it.
fn split_letter(text: &str) -> (&str, &str) {
    text.split_at(text.chars().next().map_or(0, char::len_utf8))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn written(keys: &BTreeMap<String, u64>) -> Vec<u8> {
        let mut map = fst::MapBuilder::memory();
        for (key, value) in keys {
            map.insert(key, *value).unwrap();
        }
        map.into_inner().unwrap()
    }

    /// Whether one letter more, less, other or two exchanged make `b` of `a`.
    fn is_near(a: &str, b: &str) -> bool {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        if a.first() != b.first() {
            return false;
        }
        let before = a.iter().zip(&b).take_while(|(a, b)| a == b).count();
        let (a, b) = (&a[before..], &b[before..]);
        match (a, b) {
            ([], []) | ([_], []) | ([], [_]) => true,
            ([a1, a2, a @ ..], [b1, b2, b @ ..]) if (a1, a2, a) == (b2, b1, b) => true,
            _ => {
                a.get(1..) == b.get(1..) && !a.is_empty() && !b.is_empty()
                    || a.get(1..) == Some(b)
                    || Some(a) == b.get(1..)
            }
        }
    }

    #[test]
    fn the_letters_are_numbered_as_the_crate_numbers_them() {
        let keys = (0..=255u8).map(|byte| ([byte, byte], u64::from(byte) << 40 | 1));
        let bytes = fst::raw::Fst::from_iter_map(keys).unwrap().into_inner();
        assert_eq!(
            bytes[0], 3,
            "the crate writes another version: count up FORMAT"
        );
        let map = Map::new(&bytes);
        for byte in 0..=255u8 {
            let node = map.root().unwrap().step(byte).unwrap().step(byte).unwrap();
            assert_eq!(node.value(), Some(u64::from(byte) << 40 | 1));
            assert!(
                map.root()
                    .unwrap()
                    .step(byte)
                    .unwrap()
                    .step(!byte)
                    .is_none()
            );
        }
    }

    #[test]
    fn nothing_is_in_an_empty_map() {
        let bytes = written(&BTreeMap::new());
        assert!(bytes.len() >= Map::SHORTEST);
        for bytes in [&bytes[..], &[]] {
            assert_eq!(Map::new(bytes).get("a"), None);
            assert_eq!(Map::new(bytes).get(""), None);
            assert_eq!(Map::new(bytes).near("a"), []);
            assert_eq!(Map::new(bytes).near(""), []);
        }
    }

    fn some_keys() -> impl Strategy<Value = BTreeMap<String, u64>> {
        let key = prop_oneof!["[ab]{1,6}", "[a-e é]{1,5}", "[aéл€😀]{1,4}", "\\PC{1,3}"];
        let value = prop_oneof![0..9u64, any::<u64>()];
        proptest::collection::btree_map(key, value, 0..120)
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(keys in some_keys(), other in "[ab]{1,6}") {
            let bytes = written(&keys);
            let map = Map::new(&bytes);
            for (key, value) in &keys {
                prop_assert_eq!(map.get(key), Some(*value));
            }
            prop_assert_eq!(map.get(&other), keys.get(&other).copied());
        }

        #[test]
        fn longer_finds_what_a_scan_finds(keys in some_keys(), key in "[ab]{1,3}", most in 1..9usize) {
            let bytes = written(&keys);
            let scanned: Vec<u64> = keys
                .iter()
                .filter(|(known, _)| known.starts_with(&key) && **known != key)
                .map(|(_, value)| *value)
                .take(most)
                .collect();
            prop_assert_eq!(Map::new(&bytes).longer(&key, most), scanned);
        }

        #[test]
        fn near_finds_what_a_scan_finds(keys in some_keys(), other in "[ab]{1,6}|[aéл€😀]{1,4}") {
            let bytes = written(&keys);
            let map = Map::new(&bytes);
            for key in keys.keys().chain([&other]) {
                let scanned: Vec<(String, u64)> = keys
                    .iter()
                    .filter(|(known, _)| is_near(key, known))
                    .map(|(known, value)| (known.clone(), *value))
                    .collect();
                prop_assert_eq!(map.near(key), scanned, "{}", key);
            }
        }

        #[test]
        fn wrong_bytes_never_panic(
            keys in some_keys(),
            wrong in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..8),
            cut in proptest::option::of(any::<proptest::sample::Index>()),
            key in "[ab]{1,6}|[aéл€😀]{1,4}",
        ) {
            let mut bytes = written(&keys);
            for (at, byte) in wrong {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            for key in keys.keys().chain([&key]) {
                let map = Map::new(&bytes);
                let _ = (map.get(key), map.near(key), map.longer(key, 9));
            }
        }
    }
}
