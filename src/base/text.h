/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h - text as pointer and length; payloads may hold anything, NUL strings live at edges.
 */
#ifndef MR_BASE_TEXT_H
#define MR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes. data == NULL is "absent" (JSON null), which is not the empty text. */
typedef struct mr_text {
    const char *data;
    size_t bytes;
} mr_text;

#define MR_TEXT_LITERAL(literal) ((mr_text){(literal), sizeof(literal) - 1})
#define MR_TEXT_ABSENT           ((mr_text){NULL, 0})
/* For printf's "%.*s". */
#define MR_TEXT_ARGS(text) (int)(text).bytes, ((text).data != NULL ? (text).data : "")

static inline mr_text mr_text_of(const char *string)
{
    return string == NULL ? MR_TEXT_ABSENT : (mr_text){string, strlen(string)};
}

static inline bool mr_text_equal(mr_text a, mr_text b)
{
    return a.bytes == b.bytes && (a.data == NULL) == (b.data == NULL) &&
           (a.bytes == 0 || memcmp(a.data, b.data, a.bytes) == 0);
}

bool mr_text_equal_ignoring_case(mr_text a, mr_text b); /* ASCII case only */
bool mr_text_starts_with(mr_text text, const char *prefix);
mr_text mr_text_trim(mr_text text); /* ASCII white space off both ends */

/* Valid UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
bool mr_utf8_valid(mr_text text);

/* Code points in valid UTF-8 text. */
size_t mr_utf8_length(mr_text text);

/* Decimal digits only, no sign, no blanks; false when empty, longer or above max. */
bool mr_parse_uint64(mr_text text, uint64_t max, uint64_t *ret_value);
/* Optional leading '-'; the full range of int64. */
bool mr_parse_int64(mr_text text, int64_t *ret_value);

/* "64KiB", "16 MiB", "2g", "1000000": powers of 1024 for k m g t, with or without (i)B. */
bool mr_parse_bytes(mr_text text, uint64_t *ret_bytes);
/* "250ms", "5s", "2m", "1h", "7d"; a bare number is seconds. */
bool mr_parse_duration_ms(mr_text text, uint64_t *ret_ms);

/* Lower-case hex; output has 2 * bytes characters and a NUL. */
void mr_hex_encode(const void *data, size_t bytes, char *ret_string);
bool mr_hex_decode(mr_text text, void *ret_data, size_t bytes);

#endif
