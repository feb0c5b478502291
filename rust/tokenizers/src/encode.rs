//! What `Tokenizer::encode` does with truncation switched on, but with the length given per call, the number
//! of tokens cut, and none of the overflowing pieces, whose number explodes for long pairs.

use tokenizers::{
    truncate_encodings, Encoding, Model, OffsetType, PostProcessor, PreTokenizer, Token, Tokenizer,
    TruncationDirection, TruncationParams, TruncationStrategy,
};

pub struct Ids {
    pub ids: Vec<i32>,
    pub type_ids: Vec<i8>,
    pub truncated: usize,
}

fn tokenize(tokenizer: &Tokenizer, text: &str) -> tokenizers::Result<Vec<u32>> {
    let vocabulary = tokenizer.get_added_vocabulary();
    let mut text = vocabulary.extract_and_normalize(tokenizer.get_normalizer(), text);
    if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut text)?;
    }
    tokenizer.get_model().tokenize_in_pretokenized(&mut text, None)?;
    Ok(text.into_encoding(None, 0, OffsetType::None)?.get_ids().to_vec())
}

fn first_tokens(ids: &[u32], count: usize, type_id: u32) -> Encoding {
    let first = ids.iter().take(count);
    Encoding::from_tokens(first.map(|id| Token::new(*id, String::new(), (0, 0))).collect(), type_id)
}

/// How much of each text truncate_encodings has to see: no more than two tokens above `room`, since beyond it
/// only the order of the lengths counts.
fn visible_lengths(a: usize, b: usize, room: usize) -> (usize, usize) {
    let cap = |own: usize, other: usize| own.min(room.saturating_add(if own > other { 2 } else { 1 }));
    (cap(a, b), cap(b, a))
}

fn truncate(a: &[u32], b: Option<&[u32]>, room: usize) -> tokenizers::Result<(Encoding, Option<Encoding>)> {
    let (visible_a, visible_b) = visible_lengths(a.len(), b.map_or(0, <[u32]>::len), room);
    let params = TruncationParams {
        direction: TruncationDirection::Right,
        max_length: room,
        strategy: TruncationStrategy::LongestFirst,
        stride: 0,
    };
    let encoding_b = b.map(|ids| first_tokens(ids, visible_b, 1));
    let (mut encoding_a, mut encoding_b) =
        truncate_encodings(first_tokens(a, visible_a, 0), encoding_b, &params)?;
    encoding_a.take_overflowing();
    encoding_b.as_mut().map(Encoding::take_overflowing);
    Ok((encoding_a, encoding_b))
}

fn room_for_texts(
    tokenizer: &Tokenizer,
    max_length: usize,
    pair: bool,
    special: bool,
) -> Result<usize, String> {
    let added = match tokenizer.get_post_processor() {
        Some(processor) if special => processor.added_tokens(pair),
        _ => 0,
    };
    max_length.checked_sub(added).ok_or_else(|| {
        let what = if pair { "a pair" } else { "a text" };
        format!("a maximum length of {max_length} does not hold the {added} special tokens of {what}")
    })
}

fn to_ids(encoding: &Encoding, vocab_size: u32) -> Result<(Vec<i32>, Vec<i8>), String> {
    let id = |id: &u32| match *id {
        id if id < vocab_size => Ok(id as i32),
        id => Err(format!("token id {id} is not in the vocabulary, whose ids are below {vocab_size}")),
    };
    let type_id = |id: &u32| i8::try_from(*id).map_err(|_| format!("token type {id} is above 127"));
    let ids = encoding.get_ids().iter().map(id).collect::<Result<_, _>>()?;
    Ok((ids, encoding.get_type_ids().iter().map(type_id).collect::<Result<_, _>>()?))
}

pub fn encode(
    tokenizer: &Tokenizer,
    vocab_size: u32,
    text_a: &str,
    text_b: Option<&str>,
    max_length: Option<usize>,
    add_special_tokens: bool,
) -> Result<Ids, String> {
    let describe = |error: tokenizers::Error| error.to_string();
    let room = match max_length {
        Some(length) => room_for_texts(tokenizer, length, text_b.is_some(), add_special_tokens)?,
        None => usize::MAX,
    };
    let a = tokenize(tokenizer, text_a).map_err(describe)?;
    let b = text_b.map(|text| tokenize(tokenizer, text)).transpose().map_err(describe)?;
    let total = a.len() + b.as_ref().map_or(0, Vec::len);
    let (encoding_a, encoding_b) = truncate(&a, b.as_deref(), room).map_err(describe)?;
    let kept = encoding_a.len() + encoding_b.as_ref().map_or(0, Encoding::len);
    let encoding = tokenizer.post_process(encoding_a, encoding_b, add_special_tokens).map_err(describe)?;
    let length = encoding.len();
    if max_length.is_some_and(|max_length| length > max_length) {
        return Err(format!("its post-processor makes {length} tokens of {kept}, more than it announces"));
    }
    let (ids, type_ids) = to_ids(&encoding, vocab_size)?;
    Ok(Ids { ids, type_ids, truncated: total - kept })
}
