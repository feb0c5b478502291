#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The C interface of rust/tokenizers. Lengths are explicit everywhere: texts may contain NUL bytes. A pointer
 * to a text may be null only where its size is 0. No function prints, aborts or lets a Rust panic escape. A
 * loaded tokenizer does not change, and may be used by any number of threads at once. */

#ifdef __cplusplus
extern "C" {
#endif

typedef struct incipit_tokenizer incipit_tokenizer;

/* UTF-8 that the caller gives back to incipit_text_free. `data` is null where there is nothing; an empty text
 * has data. Functions that return an error as a text return null data for success. */
typedef struct {
  char* data;
  size_t size;
} incipit_text;

typedef struct {
  int32_t* ids;
  int8_t* type_ids;
  size_t size;      /* of both */
  size_t truncated; /* tokens of the texts that were cut */
} incipit_encoded;

/* Reads the bytes of a tokenizer.json. The truncation and padding that it asks for are switched off. On
 * success *tokenizer is owned by the caller; on an error it is left as it was. */
incipit_text incipit_tokenizer_load(const char* json, size_t size, incipit_tokenizer** tokenizer);
/* Null is fine. */
void incipit_tokenizer_free(incipit_tokenizer* tokenizer);

/* Encodes a text, or a pair where text_b is not null (an empty text_b needs a non-null pointer), with
 * truncation longest_first on the right to max_length ids; SIZE_MAX: no truncation. An error where a text is
 * not UTF-8 or max_length does not hold the special tokens; *result is then left as it was. Else it is freed
 * by incipit_encoded_free, every id is in [0, vocab_size) and size <= max_length. */
incipit_text incipit_tokenizer_encode(const incipit_tokenizer* tokenizer, const char* text_a, size_t size_a,
                                      const char* text_b, size_t size_b, size_t max_length,
                                      bool add_special_tokens, incipit_encoded* result);
/* Frees what it points to, and sets it to nothing. */
void incipit_encoded_free(incipit_encoded* encoded);

/* The vocabulary's piece for an id; nothing if there is none. */
incipit_text incipit_tokenizer_token(const incipit_tokenizer* tokenizer, uint32_t id);
/* The id of a piece; -1 if there is none. */
int64_t incipit_tokenizer_id(const incipit_tokenizer* tokenizer, const char* token, size_t size);
/* Readable text of some ids. An error where one is not below the vocabulary's size. */
incipit_text incipit_tokenizer_decode(const incipit_tokenizer* tokenizer, const uint32_t* ids, size_t size,
                                      bool skip_special_tokens, incipit_text* text);
/* One past the largest id, added tokens included. */
uint32_t incipit_tokenizer_vocab_size(const incipit_tokenizer* tokenizer);
bool incipit_tokenizer_is_special(const incipit_tokenizer* tokenizer, uint32_t id);

/* UTF-8 of the caller's. */
typedef struct {
  const char* data;
  size_t size;
} incipit_view;

typedef struct {
  incipit_view role;
  incipit_view content;
} incipit_message;

/* A chat as its template (Jinja) writes it, and the start of the answer. On success *text is the caller's. The
 * template includes nothing, reaches nothing but this, and is stopped after some seconds or about a megabyte. */
incipit_text incipit_chat_render(incipit_view source, const incipit_message* messages, size_t count,
                                 incipit_view bos_token, incipit_view eos_token, incipit_text* text);

void incipit_text_free(incipit_text text);

#ifdef __cplusplus
}
#endif
