//! Text to the pieces the network knows, with the bytes each piece stands for.

use std::ops::Range;

use tokenizers::Tokenizer;

/// A subword tokenizer of Hugging Face, as `tokenizer.json` describes it.
pub struct SubwordTokenizer {
    tokenizer: Tokenizer,
    start: u32,
    end: u32,
    states_frame: bool,
}

/// A text cut into pieces.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pieces {
    /// One vocabulary id per piece, without special tokens.
    pub ids: Vec<u32>,
    /// The bytes of the text each piece stands for, in order. A range may begin with the space before a word.
    pub ranges: Vec<Range<usize>>,
}

/// Why a tokenizer could not be loaded or used.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// `tokenizer.json` cannot be read.
    #[error("tokenizer.json: {0}")]
    Load(tokenizers::Error),
    /// `tokenizer.json` has no token to begin or end a window with.
    #[error("tokenizer.json: no {0} token; nommer needs <s> and </s>, or [CLS] and [SEP]")]
    NoSpecialToken(&'static str),
    /// The text could not be tokenised.
    #[error("cannot tokenise: {0}")]
    Encode(tokenizers::Error),
}

/// The most bytes tokenised at once: the tokenizer keeps several hundred bytes per character meanwhile.
const CHUNK: usize = 8 * 1024;

impl SubwordTokenizer {
    /// Loads the bytes of `tokenizer.json`.
    ///
    /// # Errors
    /// When it is damaged, or has no special tokens to frame a window with.
    pub fn load(json: &[u8]) -> Result<SubwordTokenizer, TokenizerError> {
        let mut tokenizer = Tokenizer::from_bytes(json).map_err(TokenizerError::Load)?;
        // Windows are ours to cut: a tokenizer that truncates would lose text silently.
        tokenizer
            .with_truncation(None)
            .map_err(TokenizerError::Load)?;
        tokenizer.with_padding(None);
        let special = |names: [&'static str; 2]| {
            names
                .iter()
                .find_map(|name| tokenizer.token_to_id(name))
                .ok_or(TokenizerError::NoSpecialToken(names[0]))
        };
        // What the tokenizer puts around nothing frames everything; where it does not know, the names tell.
        let nothing = tokenizer.encode("", true).map_err(TokenizerError::Load)?;
        let (start, end, states_frame) = match *nothing.get_ids() {
            [start, end] => (start, end, true),
            _ => (
                special(["<s>", "[CLS]"])?,
                special(["</s>", "[SEP]"])?,
                false,
            ),
        };
        Ok(SubwordTokenizer {
            tokenizer,
            start,
            end,
            states_frame,
        })
    }

    /// Number of ids, from 0 to the last one of the vocabulary.
    pub fn vocabulary(&self) -> usize {
        let ids = self.tokenizer.get_vocab(true);
        let last = ids.into_values().max();
        last.map_or(0, |last| last as usize + 1)
    }

    /// The ids that frame every window.
    pub fn frame(&self) -> (u32, u32) {
        (self.start, self.end)
    }

    /// Whether `tokenizer.json` says what frames a window; if not, nommer takes the tokens that are called like it.
    pub fn states_frame(&self) -> bool {
        self.states_frame
    }

    /// The piece with this id, as the vocabulary writes it.
    pub fn piece(&self, id: u32) -> Option<String> {
        self.tokenizer.id_to_token(id)
    }

    /// Cuts `text` into pieces. Texts above 8 KiB are cut at spaces first, which changes no piece of tokenizers that read
    /// word by word; one whose normaliser puts something before the text, as SentencePiece's `▁`, does so for each part.
    ///
    /// # Errors
    /// When the tokenizer fails; no known text makes it.
    pub fn encode(&self, text: &str) -> Result<Pieces, TokenizerError> {
        let mut pieces = Pieces::default();
        for chunk in chunks(text, CHUNK) {
            let encoding = self
                .tokenizer
                .encode(&text[chunk.clone()], false)
                .map_err(TokenizerError::Encode)?;
            pieces.ids.extend(encoding.get_ids());
            let ranges = encoding.get_offsets().iter();
            pieces
                .ranges
                .extend(ranges.map(|&(start, end)| chunk.start + start..chunk.start + end));
        }
        Ok(pieces)
    }
}

/// Cuts a text into parts of at most about `limit` bytes, right before a space where there is one.
fn chunks(text: &str, limit: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        if start == text.len() {
            return None;
        }
        let mut end = text.len();
        if end - start > limit {
            end = text.floor_char_boundary(start + limit);
            if let Some(space) = text[start..end].rfind(' ').filter(|&space| space > 0) {
                end = start + space;
            }
        }
        let chunk = start..end;
        start = end;
        Some(chunk)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_cover_the_text_and_break_at_spaces() {
        let cut = |text: &str, limit| {
            chunks(text, limit)
                .map(|chunk| text[chunk].to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(cut("un deux trois", 9), ["un deux", " trois"]);
        assert_eq!(cut("éééé", 5), ["éé", "éé"]);
        assert!(cut("", 5).is_empty());
    }
}
