/* SPDX-License-Identifier: Apache-2.0 */
/* gateway/media_type.c - which Content-Types the routes take (RFC 9110, section 8.3).
 *
 * Parameters are passed over: text is UTF-8 whatever a charset says, and checked.
 */
#include "gateway/media_type.h"

#include <stddef.h>

/* "type/subtype" without parameters. */
static mr_text essence_of(mr_text content_type)
{
    const char *semicolon;

    if (content_type.data == NULL) {
        return content_type;
    }
    semicolon = memchr(content_type.data, ';', content_type.bytes);
    if (semicolon != NULL) {
        content_type.bytes = (size_t)(semicolon - content_type.data);
    }
    return mr_text_trim(content_type);
}

static bool is_json(mr_text essence)
{
    const mr_text suffix = MR_TEXT_LITERAL("+json");
    mr_text end;

    if (essence.data == NULL || essence.bytes == 0 ||
        mr_text_equal_ignoring_case(essence, MR_TEXT_LITERAL("application/json"))) {
        return true;
    }
    if (essence.bytes <= suffix.bytes) {
        return false;
    }
    end = (mr_text){essence.data + essence.bytes - suffix.bytes, suffix.bytes};
    return mr_text_equal_ignoring_case(end, suffix);
}

bool mr_media_type_is_json(mr_text content_type)
{
    return is_json(essence_of(content_type));
}

bool mr_media_type_is_batch(mr_text content_type)
{
    static const char *const names[] = {
        "application/x-ndjson", "application/ndjson",    "application/jsonl",
        "application/x-jsonl",  "application/jsonlines", "application/x-jsonlines",
        "text/plain",
    };
    mr_text essence = essence_of(content_type);

    if (is_json(essence)) {
        return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (mr_text_equal_ignoring_case(essence, mr_text_of(names[i]))) {
            return true;
        }
    }
    return false;
}
