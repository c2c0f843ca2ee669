//! Which pieces the network reads together.

use std::ops::Range;

/// Consecutive sentences whose pieces are scored together: several short ones in one window, or a long one in
/// overlapping windows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Indices of the sentences.
    pub sentences: Range<usize>,
    /// The windows, as ranges of the group's pieces. They cover every piece.
    pub windows: Vec<Range<usize>>,
}

/// Plans windows of at most `limit` pieces over sentences of the given lengths.
///
/// Sentences are packed in order, as many as fit. A longer sentence gets windows of its own that start half a
/// window apart, the last one flush with its end, so that each piece has at least a quarter of a window of
/// context on both sides where the sentence has it.
pub fn plan(sentence_lengths: &[usize], limit: usize) -> Vec<Group> {
    assert!(limit > 0, "a window holds at least one piece");
    let mut groups = Vec::new();
    let mut first = 0;
    while first < sentence_lengths.len() {
        let mut next = first + 1;
        let mut pieces = sentence_lengths[first];
        while next < sentence_lengths.len() && pieces + sentence_lengths[next] <= limit {
            pieces += sentence_lengths[next];
            next += 1;
        }
        let windows = if pieces == 0 {
            Vec::new()
        } else {
            cover(pieces, limit)
        };
        groups.push(Group {
            sentences: first..next,
            windows,
        });
        first = next;
    }
    groups
}

/// Windows of at most `limit` pieces that cover `0..pieces` with overlap.
fn cover(pieces: usize, limit: usize) -> Vec<Range<usize>> {
    let stride = (limit / 2).max(1);
    let mut windows = Vec::new();
    let mut start = 0;
    while start + limit < pieces {
        windows.push(start..start + limit);
        start += stride;
    }
    windows.push(pieces.saturating_sub(limit)..pieces);
    windows
}

impl Group {
    /// Pieces in the group.
    pub fn pieces(&self) -> usize {
        self.windows.last().map_or(0, |window| window.end)
    }

    /// For each piece, the window whose scores count: the one in which the piece stands farthest from the
    /// nearer end, the earlier one on a tie.
    pub fn owners(&self) -> Vec<usize> {
        let mut owners = vec![(0, 0); self.pieces()];
        for (index, window) in self.windows.iter().enumerate() {
            for piece in window.clone() {
                let depth = (piece - window.start).min(window.end - 1 - piece) + 1;
                if depth > owners[piece].1 {
                    owners[piece] = (index, depth);
                }
            }
        }
        owners.into_iter().map(|(index, _)| index).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_piece_is_in_a_window_and_owned_by_one(
            lengths in prop::collection::vec(0usize..70, 0..30),
            limit in 1usize..40,
        ) {
            let groups = plan(&lengths, limit);
            let sentences: Vec<usize> = groups.iter().flat_map(|group| group.sentences.clone()).collect();
            prop_assert_eq!(sentences, (0..lengths.len()).collect::<Vec<_>>());
            for group in groups {
                let pieces: usize = lengths[group.sentences.clone()].iter().sum();
                prop_assert_eq!(group.pieces(), pieces);
                prop_assert!(group.windows.iter().all(|window| window.len() <= limit && !window.is_empty()));
                for (piece, owner) in group.owners().into_iter().enumerate() {
                    prop_assert!(group.windows[owner].contains(&piece));
                }
                prop_assert!(group.sentences.len() == 1 || group.windows.len() <= 1);
            }
        }
    }

    #[test]
    fn a_long_sentence_overlaps_and_the_most_central_window_wins() {
        let groups = plan(&[3, 3, 10], 6);
        let windows = |group: &Group| format!("{:?} {:?}", group.sentences, group.windows);
        assert_eq!(windows(&groups[0]), "0..2 [0..6]");
        assert_eq!(windows(&groups[1]), "2..3 [0..6, 3..9, 4..10]");
        assert_eq!(groups[1].owners(), [0, 0, 0, 0, 0, 1, 1, 2, 2, 2]);
    }
}
