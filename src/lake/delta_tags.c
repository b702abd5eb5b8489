/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_tags.c - what we note on a file of ours: its columns, its sum, what it is. */
#include <yyjson.h>

#include "base/hash.h"
#include "lake/delta_write.h"

void mr_delta_schema_tag(const mr_delta_schema *schema, char tag[static mr_delta_schema_tag_bytes])
{
    uint8_t hash[16];
    mr_buffer text;

    mr_buffer_init(&text, mr_delta_meta_bytes_max);
    for (size_t i = 0; i < schema->field_count; i++) {
        const mr_delta_field *field = &schema->fields[i];
        if (!mr_delta_schema_is_partition(schema, field->name)) {
            (void)mr_buffer_printf(&text, "%s %s\n", field->name, field->type);
        }
    }
    mr_hash128(text.data, text.bytes, hash);
    mr_hex_encode(hash, 8, tag);
    mr_buffer_free(&text);
}

bool mr_delta_tag(const mr_delta_file *file, const char *key, mr_buffer *out)
{
    char name[64] = "millrace.";
    bool found = false;

    if (file->tags == NULL || strlen(key) + strlen(name) >= sizeof name) {
        return false;
    }
    (void)stpcpy(name + strlen(name), key);
    yyjson_doc *document = yyjson_read(file->tags, strlen(file->tags), YYJSON_READ_NOFLAG);
    yyjson_val *value = yyjson_obj_get(yyjson_doc_get_root(document), name);
    if (yyjson_is_str(value)) {
        found = mr_buffer_append(out, yyjson_get_str(value), yyjson_get_len(value));
    }
    yyjson_doc_free(document);
    return found;
}
