/* SPDX-License-Identifier: Apache-2.0 */
/* base/reference.c - values that are kept elsewhere: read once for good, and again for the cell.
 *
 * Owns:       copies of what was given and read; they are wiped.
 * Invariants: (1) the text that a setting has at the start stays (many hold on to it); what changes
 *                 is the cell alone; (2) no message holds what was read.
 */
#include "base/reference.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/civil.h"
#include "base/file.h"

static const char vault_scheme[] = "keyvault://";
static const char file_scheme[] = "file:";
static const char variable_scheme[] = "env:";
static const char marker[] = "ref:";

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

bool mr_reference_of(const char *value, bool is_secret, const char **ret_reference)
{
    const bool is_marked = begins(value, marker);
    const char *text = value + (is_marked ? sizeof marker - 1 : 0);

    if (begins(text, vault_scheme) ||
        ((is_marked || is_secret) &&
         (begins(text, file_scheme) || begins(text, variable_scheme)))) {
        *ret_reference = text;
        return true;
    }
    return false;
}

bool mr_reference_is_remote(const char *reference)
{
    return begins(reference, vault_scheme);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static mr_status read_file(const char *path, mr_buffer *out, mr_err *err)
{
    mr_status st = mr_file_read(path, out, err);

    if (st == MR_OK && out->bytes > 0 && out->data[out->bytes - 1] == '\n') {
        out->bytes--;
    }
    if (st == MR_OK && out->bytes > 0 && out->data[out->bytes - 1] == '\r') {
        out->bytes--;
    }
    return st;
}

static mr_status read_variable(const char *name, mr_buffer *out, mr_err *err)
{
    const char *value = getenv(name);

    if (value == NULL) {
        return mr_fail(err, MR_NOT_FOUND, "there is no such environment variable");
    }
    return mr_buffer_append_string(out, value) ? MR_OK : mr_fail(err, MR_LIMIT, "it is too long");
}

mr_status mr_reference_read(const mr_reference_reader *reader, const char *setting,
                            const char *reference, mr_buffer *out, mr_err *err)
{
    mr_status st;

    if (begins(reference, file_scheme)) {
        st = read_file(reference + sizeof file_scheme - 1, out, err);
    } else if (begins(reference, variable_scheme)) {
        st = read_variable(reference + sizeof variable_scheme - 1, out, err);
    } else if (reader->read == NULL) {
        st = mr_fail(err, MR_UNSUPPORTED, "a vault cannot be read here");
    } else {
        st = reader->read(reader->ctx, setting, reference, out, err);
    }
    if (st != MR_OK) {
        return st;
    }
    if (out->bytes == 0) {
        return mr_fail(err, MR_INVALID, "it is empty");
    }
    if (memchr(out->data, '\0', out->bytes) != NULL) {
        return mr_fail(err, MR_INVALID, "it holds a NUL");
    }
    return mr_buffer_append(out, "", 1) ? MR_OK : mr_fail(err, MR_LIMIT, "it is too long");
}

/* --- Values ----------------------------------------------------------------------------------- */

void mr_value_put(mr_value *value, mr_text given, bool is_secret, const char *source)
{
    char *copy = mr_alloc(given.bytes + 1);

    memcpy(copy, given.data, given.bytes);
    copy[given.bytes] = '\0';
    mr_value_free(value);
    *value = (mr_value){.given = copy};
    if (!mr_reference_of(copy, is_secret, &value->reference)) {
        value->cell = mr_secret_create(mr_text_of(copy));
    }
    (void)snprintf(value->source, sizeof value->source, "%s", source);
}

void mr_value_free(mr_value *value)
{
    mr_secret_wipe(value->given);
    mr_secret_wipe(value->read);
    mr_secret_destroy(value->cell);
    value->given = value->read = NULL;
    value->reference = NULL;
    value->cell = NULL;
}

const char *mr_value_text(const mr_value *value)
{
    return value->reference != NULL ? value->read : value->given;
}

mr_status mr_value_read(mr_value *value, const mr_reference_reader *reader, const char *setting,
                        bool *ret_changed, mr_err *err)
{
    mr_buffer read;

    mr_buffer_init(&read, mr_reference_value_bytes_max);
    mr_status st = mr_reference_read(reader, setting, value->reference, &read, err);
    if (st == MR_OK && value->read == NULL) {
        value->read = mr_copy_string(read.data);
        value->cell = mr_secret_create(mr_text_of(read.data));
        *ret_changed = true;
    } else if (st == MR_OK) {
        *ret_changed = mr_secret_set(value->cell, mr_text_of(read.data), mr_now_ms());
    }
    if (read.data != NULL) {
        explicit_bzero(read.data, read.bytes);
    }
    mr_buffer_free(&read);
    return st;
}
