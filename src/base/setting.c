/* SPDX-License-Identifier: Apache-2.0 */
/* base/setting.c - what a setting's value may be, and how it is shown. */
#include "base/setting.h"

#include <inttypes.h>
#include <stdio.h>

static const char mask[] = "****";

static bool parse_flag(mr_text value, int64_t *ret_number)
{
    static const struct {
        const char *word;
        int64_t number;
    } words[] = {{"on", 1},  {"off", 0}, {"true", 1}, {"false", 0},
                 {"yes", 1}, {"no", 0},  {"1", 1},    {"0", 0}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (mr_text_equal_ignoring_case(value, mr_text_of(words[i].word))) {
            *ret_number = words[i].number;
            return true;
        }
    }
    return false;
}

static bool parse_unsigned(bool parsed, uint64_t number, int64_t *ret_number)
{
    if (!parsed || number > INT64_MAX) {
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

static bool parse_kind(mr_setting_kind kind, mr_text value, int64_t *ret_number)
{
    uint64_t number = 0;
    bool parsed;

    switch (kind) {
    case MR_SETTING_INTEGER:
        return mr_parse_int64(value, ret_number);
    case MR_SETTING_BYTES:
        parsed = mr_parse_bytes(value, &number);
        return parse_unsigned(parsed, number, ret_number);
    case MR_SETTING_DURATION:
        parsed = mr_parse_duration_ms(value, &number);
        return parse_unsigned(parsed, number, ret_number);
    case MR_SETTING_FLAG:
        return parse_flag(value, ret_number);
    case MR_SETTING_TEXT:
    case MR_SETTING_CHOICE:
    case MR_SETTING_ADDRESS:
        break;
    }
    return false;
}

static bool is_bounded(const mr_setting *setting)
{
    return setting->kind != MR_SETTING_FLAG && (setting->min != 0 || setting->max != 0);
}

bool mr_setting_number(const mr_setting *setting, mr_text value, int64_t *ret_number)
{
    int64_t number = 0;

    if (!parse_kind(setting->kind, mr_text_trim(value), &number)) {
        return false;
    }
    if (is_bounded(setting) && (number < setting->min || number > setting->max)) {
        return false;
    }
    *ret_number = number;
    return true;
}

static bool is_choice(const char *choices, mr_text value)
{
    while (*choices != '\0') {
        size_t bytes = strcspn(choices, "|");
        if (mr_text_equal(value, (mr_text){choices, bytes})) {
            return true;
        }
        choices += bytes + (choices[bytes] == '|');
    }
    return false;
}

/* host:port; an IPv6 host stands in brackets; port 0 lets the kernel choose. */
static bool is_address(mr_text value)
{
    size_t colon = value.bytes;
    uint64_t port;

    while (colon > 0 && value.data[colon - 1] != ':') {
        colon--;
    }
    if (colon < 2) {
        return false;
    }
    mr_text host = {value.data, colon - 1};
    bool bracketed = host.data[0] == '[';
    if (bracketed ? host.data[host.bytes - 1] != ']' || host.bytes < 4
                  : memchr(host.data, ':', host.bytes) != NULL) {
        return false;
    }
    if (memchr(host.data, ' ', host.bytes) != NULL) {
        return false;
    }
    return mr_parse_uint64((mr_text){value.data + colon, value.bytes - colon}, 65535, &port);
}

bool mr_setting_accepts(const mr_setting *setting, mr_text value)
{
    int64_t number;

    switch (setting->kind) {
    case MR_SETTING_TEXT:
        return true;
    case MR_SETTING_CHOICE:
        return is_choice(setting->choices, value);
    case MR_SETTING_ADDRESS:
        return is_address(value);
    case MR_SETTING_INTEGER:
    case MR_SETTING_BYTES:
    case MR_SETTING_DURATION:
    case MR_SETTING_FLAG:
        return mr_setting_number(setting, value, &number);
    }
    return false;
}

void mr_setting_allowed(const mr_setting *setting, char text[static mr_setting_allowed_bytes_max])
{
    static const struct {
        const char *what, *unit;
    } kinds[] = {
        [MR_SETTING_TEXT] = {"any text", ""},
        [MR_SETTING_INTEGER] = {"a whole number", ""},
        [MR_SETTING_BYTES] = {"a size like 64KiB or 16MiB", " bytes"},
        [MR_SETTING_DURATION] = {"a duration like 250ms, 5s, 2m or 1h", " ms"},
        [MR_SETTING_FLAG] = {"on or off", ""},
        [MR_SETTING_CHOICE] = {"one of", ""},
        [MR_SETTING_ADDRESS] = {"host:port, as in 127.0.0.1:8000 or [::1]:8000,", ""},
    };
    size_t size = mr_setting_allowed_bytes_max;
    const char *what = kinds[setting->kind].what;

    if (setting->kind == MR_SETTING_CHOICE) {
        (void)snprintf(text, size, "%s %s is allowed", what, setting->choices);
    } else if (is_bounded(setting) && setting->kind != MR_SETTING_ADDRESS) {
        (void)snprintf(text, size, "%s from %" PRId64 " to %" PRId64 "%s is allowed", what,
                       setting->min, setting->max, kinds[setting->kind].unit);
    } else {
        (void)snprintf(text, size, "%s is allowed", what);
    }
}

static size_t find_bytes(mr_text text, const char *wanted, size_t from)
{
    size_t bytes = strlen(wanted);

    for (size_t i = from; i + bytes <= text.bytes; i++) {
        if (memcmp(text.data + i, wanted, bytes) == 0) {
            return i;
        }
    }
    return text.bytes;
}

/* Where the password of scheme://user:password@host stands; an empty range when there is none. */
static void find_password(mr_text value, size_t *ret_begin, size_t *ret_end)
{
    size_t scheme = find_bytes(value, "://", 0);
    size_t at = value.bytes;

    *ret_begin = *ret_end = 0;
    if (scheme == value.bytes) {
        return;
    }
    size_t host = scheme + 3;
    size_t end = find_bytes(value, "/", host);
    for (size_t i = host; i < end; i++) {
        at = value.data[i] == '@' ? i : at; /* the last one: a password may hold others */
    }
    size_t colon = find_bytes(value, ":", host);
    if (at < value.bytes && colon < at) {
        *ret_begin = colon + 1;
        *ret_end = at;
    }
}

/* Copies the parameters behind '?', with the values of ...password=, ...secret= and sig= masked. */
static void show_parameters(mr_text rest, mr_buffer *out)
{
    static const char *const names[] = {"password=", "secret=", "sig=", "key="};

    for (size_t i = 0; i < rest.bytes;) {
        size_t skip = 0;
        for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
            if (mr_text_starts_with((mr_text){rest.data + i, rest.bytes - i}, names[k])) {
                skip = strlen(names[k]);
            }
        }
        (void)mr_buffer_append(out, rest.data + i, skip > 0 ? skip : 1);
        i += skip > 0 ? skip : 1;
        if (skip > 0) {
            (void)mr_buffer_append_string(out, mask);
            while (i < rest.bytes && rest.data[i] != '&' && rest.data[i] != ' ') {
                i++;
            }
        }
    }
}

void mr_setting_show(const mr_setting *setting, mr_text value, mr_buffer *out)
{
    size_t begin;
    size_t end;

    if (setting->secret) {
        (void)mr_buffer_append_string(out, value.bytes > 0 ? mask : "");
        return;
    }
    find_password(value, &begin, &end);
    (void)mr_buffer_append(out, value.data, begin);
    if (begin < end) {
        (void)mr_buffer_append_string(out, mask);
    }
    bool has_scheme = find_bytes(value, "://", 0) < value.bytes;
    size_t query = has_scheme ? find_bytes(value, "?", end) : end; /* else words: password=... */
    (void)mr_buffer_append(out, value.data + end, query - end);
    show_parameters((mr_text){value.data + query, value.bytes - query}, out);
}
