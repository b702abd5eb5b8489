/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage_list.c - a page of List Blobs, as the service writes it:
 *
 *   <EnumerationResults ...><Blobs>
 *     <Blob><Name>a/b&amp;c</Name><Properties><Last-Modified>...</Last-Modified>
 *       <Content-Length>12</Content-Length><ResourceType>directory</ResourceType></Properties></Blob>
 *     <BlobPrefix><Name>a/c/</Name></BlobPrefix>
 *   </Blobs><NextMarker>...</NextMarker></EnumerationResults>
 *
 * It is machine-made XML without CDATA or comments; tags are looked for by their text. A name with
 * Encoded="true" holds what XML cannot, percent-encoded.
 *
 * Called by:  storage.c; the tests and the fuzzer with any bytes.
 */
#define _GNU_SOURCE /* memmem */
#include <stdlib.h>

#include "azure/storage.h"
#include "azure/storage_sign.h"

enum { name_bytes_max = 8192 };

/* What stands between <tag ...> and </tag>, the first time; absent where it does not. */
static mr_text inside(mr_text xml, const char *tag, mr_text *ret_attributes)
{
    size_t tag_bytes = strlen(tag);
    const char *end = xml.data + xml.bytes;

    for (const char *at = xml.data; at < end;) {
        const char *open = memchr(at, '<', (size_t)(end - at));
        if (open == NULL || (size_t)(end - open) < tag_bytes + 2) {
            break;
        }
        at = open + 1;
        if (memcmp(at, tag, tag_bytes) != 0 || strchr("> /", at[tag_bytes]) == NULL) {
            continue;
        }
        const char *close = memchr(at, '>', (size_t)(end - at));
        if (close == NULL) {
            break;
        }
        if (ret_attributes != NULL) {
            *ret_attributes = (mr_text){at + tag_bytes, (size_t)(close - at) - tag_bytes};
        }
        if (close[-1] == '/') {
            return (mr_text){close, 0};
        }
        mr_text rest = {close + 1, (size_t)(end - close - 1)};
        for (const char *last = memmem(rest.data, rest.bytes, "</", 2); last != NULL;
             last = memmem(last + 2, (size_t)(end - last - 2), "</", 2)) {
            if ((size_t)(end - last) > tag_bytes + 2 && memcmp(last + 2, tag, tag_bytes) == 0 &&
                last[2 + tag_bytes] == '>') {
                return (mr_text){rest.data, (size_t)(last - rest.data)};
            }
        }
        break;
    }
    return MR_TEXT_ABSENT;
}

/* --- Entities --------------------------------------------------------------------------------- */

static bool put_code_point(uint32_t code, mr_buffer *out)
{
    char bytes[4];
    size_t count = 0;

    if (code < 0x80) {
        bytes[count++] = (char)code;
    } else if (code < 0x800) {
        bytes[count++] = (char)(0xc0 | code >> 6);
        bytes[count++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        bytes[count++] = (char)(0xe0 | code >> 12);
        bytes[count++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[count++] = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x110000) {
        bytes[count++] = (char)(0xf0 | code >> 18);
        bytes[count++] = (char)(0x80 | (code >> 12 & 0x3f));
        bytes[count++] = (char)(0x80 | (code >> 6 & 0x3f));
        bytes[count++] = (char)(0x80 | (code & 0x3f));
    }
    return count > 0 && mr_buffer_append(out, bytes, count);
}

/* "#10", "#xE9", "amp" */
static bool put_entity(mr_text name, mr_buffer *out)
{
    static const struct {
        const char *name;
        char value;
    } named[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
    uint32_t code = 0;

    if (name.bytes >= 2 && name.data[0] == '#') {
        bool hex = name.data[1] == 'x' || name.data[1] == 'X';
        for (size_t i = hex ? 2 : 1; i < name.bytes && code < 0x110000; i++) {
            const char *digits = "0123456789abcdefABCDEF";
            const char *digit = strchr(digits, name.data[i]);
            uint32_t value = digit != NULL ? (uint32_t)(digit - digits) : 99;
            value -= value >= 16 && value < 22 ? 6 : 0;
            if (name.data[i] == '\0' || value >= (hex ? 16u : 10u)) {
                return false;
            }
            code = code * (hex ? 16 : 10) + value;
        }
        return code > 0 && put_code_point(code, out);
    }
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (mr_text_equal(name, mr_text_of(named[i].name))) {
            return mr_buffer_append(out, &named[i].value, 1);
        }
    }
    return false;
}

static bool put_unescaped(mr_text text, mr_buffer *out)
{
    for (size_t i = 0; i < text.bytes; i++) {
        if (text.data[i] != '&') {
            if (!mr_buffer_append(out, text.data + i, 1)) {
                return false;
            }
            continue;
        }
        const char *end = memchr(text.data + i, ';', text.bytes - i);
        if (end == NULL ||
            !put_entity((mr_text){text.data + i + 1, (size_t)(end - text.data) - i - 1}, out)) {
            return false;
        }
        i = (size_t)(end - text.data);
    }
    return true;
}

/* In place: what is decoded is never longer. */
static bool decode_percent(mr_buffer *name)
{
    size_t kept = 0;

    for (size_t i = 0; i < name->bytes; i++, kept++) {
        uint8_t byte = (uint8_t)name->data[i];
        if (byte == '%') {
            if (i + 2 >= name->bytes ||
                !mr_hex_decode((mr_text){name->data + i + 1, 2}, &byte, 1)) {
                return false;
            }
            i += 2;
        }
        name->data[kept] = (char)byte;
    }
    name->bytes = kept;
    return true;
}

/* --- Blobs ------------------------------------------------------------------------------------ */

/* With a NUL behind it. */
static bool read_name(mr_text element, mr_buffer *out)
{
    mr_text attributes = MR_TEXT_ABSENT;
    mr_text name = inside(element, "Name", &attributes);

    mr_buffer_clear(out);
    if (name.data == NULL || !put_unescaped(name, out)) {
        return false;
    }
    if (memmem(attributes.data, attributes.bytes, "Encoded=\"true\"", 14) != NULL &&
        !decode_percent(out)) {
        return false;
    }
    return out->bytes > 0 && memchr(out->data, '\0', out->bytes) == NULL &&
           mr_buffer_append(out, "", 1);
}

static bool read_blob(mr_text element, mr_buffer *name, mr_storage_blob *ret_blob,
                      bool *ret_directory)
{
    mr_text properties = inside(element, "Properties", NULL);
    mr_storage_blob blob = {.name = NULL};

    if (properties.data == NULL || !read_name(element, name) ||
        !mr_parse_uint64(inside(properties, "Content-Length", NULL), UINT64_MAX, &blob.bytes) ||
        !mr_storage_date_parse(inside(properties, "Last-Modified", NULL), &blob.modified_ms)) {
        return false;
    }
    blob.name = name->data;
    mr_text type = inside(properties, "ResourceType", NULL);
    *ret_directory =
        mr_text_equal(type, MR_TEXT_LITERAL("directory")) || name->data[name->bytes - 2] == '/';
    *ret_blob = blob;
    return true;
}

static bool visit_blobs(mr_text blobs, bool (*visit)(void *, const mr_storage_blob *), void *ctx,
                        bool *ret_ended)
{
    mr_buffer name;
    bool good = true;

    mr_buffer_init(&name, name_bytes_max);
    while (good && !*ret_ended && blobs.bytes > 0) {
        const char *open = memmem(blobs.data, blobs.bytes, "<Blob", 5);
        if (open == NULL) {
            break;
        }
        mr_storage_blob blob = {.name = NULL};
        bool directory = false;
        mr_text rest = {open, blobs.bytes - (size_t)(open - blobs.data)};
        bool folder = mr_text_starts_with(rest, "<BlobPrefix");
        mr_text element = inside(rest, folder ? "BlobPrefix" : "Blob", NULL);
        good = element.data != NULL &&
               (folder ? read_name(element, &name) : read_blob(element, &name, &blob, &directory));
        if (good && folder) {
            blob.name = name.data;
        }
        if (good && !directory) {
            *ret_ended = !visit(ctx, &blob);
        }
        if (good) {
            const char *next = element.data + element.bytes;
            blobs = (mr_text){next, rest.bytes - (size_t)(next - rest.data)};
        }
    }
    mr_buffer_free(&name);
    return good;
}

mr_status mr_storage_list_parse(mr_text xml, bool (*visit)(void *ctx, const mr_storage_blob *blob),
                                void *ctx, bool *ret_ended, mr_buffer *next, mr_err *err)
{
    bool ended = false;
    mr_text blobs = inside(xml, "Blobs", NULL);
    mr_text marker = inside(xml, "NextMarker", NULL);

    if (blobs.data == NULL || !visit_blobs(blobs, visit, ctx, &ended) ||
        (marker.data != NULL && !put_unescaped(marker, next))) {
        return mr_fail(err, MR_CORRUPT, "the service's listing of blobs cannot be read");
    }
    *ret_ended = ended;
    return MR_OK;
}
