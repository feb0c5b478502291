//! The reference tokenizers behind the C interface that src/text/tokenizers_c.h documents, which also says what
//! callers must ensure. No panic crosses the border: every function runs inside `guard`.

#![allow(clippy::missing_safety_doc)]

mod chat;
mod encode;
mod guard;
mod text;

use std::collections::HashMap;
use std::ffi::c_char;
use std::ptr;

use encode::encode;
use guard::{guard, guard_or};
use text::{as_bytes, as_str, owned_text, Text};
use tokenizers::utils::parallelism::set_parallelism;

/// A loaded tokenizer; never changed after loading, so that threads may share it.
pub struct Handle {
    tokenizer: tokenizers::Tokenizer,
    /// One past the largest id: ids may have gaps, so the number of entries is no bound.
    vocab_size: u32,
}

#[repr(C)]
pub struct Encoded {
    ids: *mut i32,
    type_ids: *mut i8,
    size: usize,
    truncated: usize,
}

fn load(json: &[u8]) -> Result<Handle, String> {
    // The caller's threads are the only ones: a pool in here would compete with them.
    set_parallelism(false);
    let mut tokenizer = tokenizers::Tokenizer::from_bytes(json).map_err(|error| error.to_string())?;
    tokenizer.with_padding(None);
    tokenizer.with_truncation(None).map_err(|error| error.to_string())?;
    let vocab: HashMap<String, u32> = tokenizer.get_vocab(true);
    let largest = vocab.values().max().copied().ok_or("its vocabulary is empty")?;
    if largest >= i32::MAX as u32 {
        return Err(format!("token id {largest} is too large"));
    }
    let handle = Handle { tokenizer, vocab_size: largest + 1 };
    // A post-processor brings ids of its own, which nothing else holds against the vocabulary.
    for text_b in [None, Some("")] {
        encode(&handle.tokenizer, handle.vocab_size, "", text_b, None, true)?;
    }
    Ok(handle)
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_load(
    json: *const c_char,
    size: usize,
    tokenizer: *mut *mut Handle,
) -> Text {
    guard(|| {
        *tokenizer = Box::into_raw(Box::new(load(as_bytes(json, size))?));
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_free(tokenizer: *mut Handle) {
    guard_or((), || {
        if !tokenizer.is_null() {
            drop(Box::from_raw(tokenizer));
        }
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_encode(
    tokenizer: *const Handle,
    text_a: *const c_char,
    size_a: usize,
    text_b: *const c_char,
    size_b: usize,
    max_length: usize,
    add_special_tokens: bool,
    result: *mut Encoded,
) -> Text {
    guard(|| {
        let handle = &*tokenizer;
        let a = as_str(text_a, size_a, "text")?;
        let b = if text_b.is_null() { None } else { Some(as_str(text_b, size_b, "second text")?) };
        let limit = (max_length != usize::MAX).then_some(max_length);
        let encoded = encode(&handle.tokenizer, handle.vocab_size, a, b, limit, add_special_tokens)?;
        let size = encoded.ids.len();
        *result = Encoded {
            ids: Box::into_raw(encoded.ids.into_boxed_slice()).cast(),
            type_ids: Box::into_raw(encoded.type_ids.into_boxed_slice()).cast(),
            size,
            truncated: encoded.truncated,
        };
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_encoded_free(encoded: *mut Encoded) {
    guard_or((), || {
        let encoded = &mut *encoded;
        if !encoded.ids.is_null() {
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(encoded.ids, encoded.size)));
            drop(Box::from_raw(ptr::slice_from_raw_parts_mut(encoded.type_ids, encoded.size)));
        }
        encoded.ids = ptr::null_mut();
        encoded.type_ids = ptr::null_mut();
        encoded.size = 0;
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_token(tokenizer: *const Handle, id: u32) -> Text {
    guard_or(Text::NONE, || match (*tokenizer).tokenizer.id_to_token(id) {
        Some(token) => owned_text(token),
        None => Text::NONE,
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_id(
    tokenizer: *const Handle,
    token: *const c_char,
    size: usize,
) -> i64 {
    guard_or(-1, || match as_str(token, size, "token") {
        Ok(token) => (*tokenizer).tokenizer.token_to_id(token).map_or(-1, i64::from),
        Err(_) => -1,
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_decode(
    tokenizer: *const Handle,
    ids: *const u32,
    size: usize,
    skip_special_tokens: bool,
    text: *mut Text,
) -> Text {
    guard(|| {
        let handle = &*tokenizer;
        let ids: &[u32] = if size == 0 { &[] } else { std::slice::from_raw_parts(ids, size) };
        if let Some(id) = ids.iter().find(|id| **id >= handle.vocab_size) {
            return Err(format!("token id {} is not in [0, {})", *id as i32, handle.vocab_size));
        }
        let decoded = handle.tokenizer.decode(ids, skip_special_tokens).map_err(|error| error.to_string())?;
        *text = owned_text(decoded);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_vocab_size(tokenizer: *const Handle) -> u32 {
    guard_or(0, || (*tokenizer).vocab_size)
}

#[no_mangle]
pub unsafe extern "C" fn incipit_tokenizer_is_special(tokenizer: *const Handle, id: u32) -> bool {
    guard_or(false, || {
        let added = (*tokenizer).tokenizer.get_added_vocabulary().get_added_tokens_decoder();
        added.get(&id).is_some_and(|token| token.special)
    })
}

#[repr(C)]
pub struct CText {
    data: *const c_char,
    size: usize,
}

impl CText {
    unsafe fn to_owned(&self, what: &str) -> Result<String, String> {
        Ok(as_str(self.data, self.size, what)?.to_string())
    }
}

#[repr(C)]
pub struct CMessage {
    role: CText,
    content: CText,
}

#[no_mangle]
pub unsafe extern "C" fn incipit_chat_render(
    template: CText,
    messages: *const CMessage,
    count: usize,
    bos_token: CText,
    eos_token: CText,
    text: *mut Text,
) -> Text {
    guard(|| {
        let given: &[CMessage] = if count == 0 { &[] } else { std::slice::from_raw_parts(messages, count) };
        let mut owned = Vec::new();
        for message in given {
            let role = message.role.to_owned("role")?;
            owned.push(chat::Message { role, content: message.content.to_owned("message")? });
        }
        let chat = chat::Chat {
            messages: owned,
            bos_token: bos_token.to_owned("first token")?,
            eos_token: eos_token.to_owned("last token")?,
        };
        *text = owned_text(chat::render(template.to_owned("template")?, chat)?);
        Ok(())
    })
}

#[no_mangle]
pub unsafe extern "C" fn incipit_text_free(text: Text) {
    guard_or((), || text.free())
}
