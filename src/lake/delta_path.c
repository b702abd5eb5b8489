/* SPDX-License-Identifier: Apache-2.0 */
/* lake/delta_path.c - percent-encoding of paths and of Hive's folder names. */
#include "lake/delta_path.h"

/* Besides controls, DEL and what is not ASCII. */
static const char path_unsafe[] = " %\"\\{}^[]<>#|*?`";
static const char hive_unsafe[] = " \"#%'*/:=?\\{[]^";

static bool append_encoded(unsigned char c, mr_buffer *out)
{
    return mr_buffer_printf(out, "%%%02X", c);
}

bool mr_delta_path_encode(const char *path, mr_buffer *out)
{
    bool done = true;

    for (const char *at = path; *at != '\0' && done; at++) {
        unsigned char c = (unsigned char)*at;
        bool plain = c > 0x20 && c < 0x7f && strchr(path_unsafe, c) == NULL;
        done = plain ? mr_buffer_append(out, at, 1) : append_encoded(c, out);
    }
    return done;
}

bool mr_delta_path_decode(mr_text encoded, mr_buffer *out)
{
    for (size_t i = 0; i < encoded.bytes; i++) {
        char c = encoded.data[i];
        if (c == '%') {
            if (encoded.bytes - i < 3 ||
                !mr_hex_decode((mr_text){encoded.data + i + 1, 2}, &c, 1)) {
                return false;
            }
            i += 2;
        }
        if (c == '\0' || !mr_buffer_append(out, &c, 1)) {
            return false;
        }
    }
    return true;
}

bool mr_delta_path_is_local(const char *path)
{
    const char *part = path;

    if (path[strcspn(path, ":/")] == ':') {
        return false;
    }
    for (;;) {
        size_t bytes = strcspn(part, "/");
        if (bytes == 0 || (bytes == 1 && part[0] == '.') ||
            (bytes == 2 && part[0] == '.' && part[1] == '.')) {
            return false;
        }
        if (part[bytes] == '\0') {
            return true;
        }
        part += bytes + 1;
    }
}

static bool append_hive(const char *text, mr_buffer *out)
{
    bool done = true;

    for (const char *at = text; *at != '\0' && done; at++) {
        unsigned char c = (unsigned char)*at;
        bool plain = c > 0x20 && c != 0x7f && strchr(hive_unsafe, c) == NULL;
        done = plain ? mr_buffer_append(out, at, 1) : append_encoded(c, out);
    }
    return done;
}

bool mr_delta_hive_append(const char *column, const char *value, mr_buffer *out)
{
    return append_hive(column, out) && mr_buffer_append(out, "=", 1) &&
           (value == NULL || value[0] == '\0' ? mr_buffer_append_string(out, MR_DELTA_HIVE_NULL)
                                              : append_hive(value, out));
}
