/* SPDX-License-Identifier: Apache-2.0 */
/* azure/storage_sign.c - the string to sign, piece by piece, and its HMAC.
 *
 *   VERB \n Content-Encoding \n Content-Language \n Content-Length (empty when 0) \n Content-MD5 \n
 *   Content-Type \n Date (empty: x-ms-date is sent) \n If-Modified-Since \n If-Match \n
 *   If-None-Match \n If-Unmodified-Since \n Range \n
 *   x-ms-a:value \n x-ms-b:value \n            headers by name, values trimmed
 *   /account/path as sent                      an emulator's path begins with the account again
 *   \n name:value \n name:value,value          of the query, by name, decoded
 *
 * Called by:  storage.c, and the tests with known vectors.
 */
#include "azure/storage_sign.h"

#include <ctype.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "base/civil.h"

enum { pairs_max = 48, key_bytes_max = 256, pair_text_bytes_max = 64 << 10 };

/* --- Dates ------------------------------------------------------------------------------------ */

static const char *const month_names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void mr_storage_date(int64_t epoch_ms, char date[static mr_storage_date_bytes])
{
    static const char *const day_names[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    const mr_civil civil = {epoch_ms / 1000};
    const mr_civil_parts parts = mr_civil_split(civil);

    (void)snprintf(date, mr_storage_date_bytes, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                   day_names[civil.seconds / 86400 % 7], parts.day, month_names[parts.month - 1],
                   (int)parts.year, parts.hour, parts.minute, parts.second);
}

static bool parse_part(mr_text text, size_t at, size_t digits, uint64_t max, uint64_t *ret_number)
{
    return mr_parse_uint64((mr_text){text.data + at, digits}, max, ret_number);
}

bool mr_storage_date_parse(mr_text date, int64_t *ret_epoch_ms)
{
    static const char form[] = "Mon, 30 Nov 2026 18:00:00 GMT";
    uint64_t day, year, hour, minute, second;
    mr_civil_parts parts = {.month = 0};
    mr_civil civil;

    if (date.bytes != sizeof form - 1 || !parse_part(date, 5, 2, 31, &day) ||
        !parse_part(date, 12, 4, 9999, &year) || !parse_part(date, 17, 2, 23, &hour) ||
        !parse_part(date, 20, 2, 59, &minute) || !parse_part(date, 23, 2, 60, &second)) {
        return false;
    }
    for (uint8_t month = 1; month <= 12; month++) {
        if (memcmp(date.data + 8, month_names[month - 1], 3) == 0) {
            parts.month = month;
        }
    }
    parts.year = (int32_t)year;
    parts.day = (uint8_t)day;
    parts.hour = (uint8_t)hour;
    parts.minute = (uint8_t)minute;
    parts.second = (uint8_t)(second < 60 ? second : 59);
    if (parts.month == 0 || !mr_civil_make(parts, &civil)) {
        return false;
    }
    *ret_epoch_ms = civil.seconds * 1000;
    return true;
}

/* --- The string ------------------------------------------------------------------------------- */

/* Names and values to be sorted: headers, or the query's parameters. */
typedef struct pair {
    mr_text name, value;
} pair;

static int compare_texts_ignoring_case(mr_text a, mr_text b)
{
    size_t shorter = a.bytes < b.bytes ? a.bytes : b.bytes;
    int order = strncasecmp(a.data, b.data, shorter);

    return order != 0 ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

static int compare_pairs(const void *a, const void *b)
{
    const pair *left = a;
    const pair *right = b;
    int order = compare_texts_ignoring_case(left->name, right->name);

    if (order != 0) {
        return order;
    }
    size_t shorter =
        left->value.bytes < right->value.bytes ? left->value.bytes : right->value.bytes;
    order = memcmp(left->value.data, right->value.data, shorter);
    return order != 0 ? order
                      : (left->value.bytes > right->value.bytes) -
                            (left->value.bytes < right->value.bytes);
}

static void put_lower(mr_text text, mr_buffer *out)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char lower = (char)tolower((unsigned char)text.data[i]);
        (void)mr_buffer_append(out, &lower, 1);
    }
}

static const char *header_of(const mr_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++) {
        if (strcasecmp(request->headers[i].name, name) == 0) {
            return request->headers[i].value;
        }
    }
    return "";
}

static void put_standard(const mr_request *request, mr_buffer *out)
{
    uint64_t length = request->body_bytes > 0 ? request->body_bytes : request->body.bytes;

    (void)mr_buffer_printf(out, "%s\n%s\n%s\n", request->method,
                           header_of(request, "Content-Encoding"),
                           header_of(request, "Content-Language"));
    if (length > 0) {
        (void)mr_buffer_printf(out, "%llu", (unsigned long long)length);
    }
    (void)mr_buffer_printf(out, "\n%s\n%s\n\n%s\n%s\n%s\n%s\n%s\n",
                           header_of(request, "Content-MD5"), header_of(request, "Content-Type"),
                           header_of(request, "If-Modified-Since"), header_of(request, "If-Match"),
                           header_of(request, "If-None-Match"),
                           header_of(request, "If-Unmodified-Since"), header_of(request, "Range"));
}

static void put_headers(const mr_request *request, const char *date, mr_buffer *out)
{
    pair pairs[pairs_max] = {{MR_TEXT_LITERAL("x-ms-date"), mr_text_of(date)}};
    size_t count = 1;

    for (size_t i = 0; i < request->header_count; i++) {
        if (strncasecmp(request->headers[i].name, "x-ms-", 5) == 0) {
            MR_ASSERT(count < pairs_max);
            pairs[count++] = (pair){mr_text_of(request->headers[i].name),
                                    mr_text_trim(mr_text_of(request->headers[i].value))};
        }
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++) {
        put_lower(pairs[i].name, out);
        (void)mr_buffer_printf(out, ":%.*s\n", MR_TEXT_ARGS(pairs[i].value));
    }
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9') {
        return digit - '0';
    }
    digit = (char)tolower((unsigned char)digit);
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

/* Percent-decoded into memory of the arena. */
static mr_text decoded(mr_arena *arena, mr_text text)
{
    char *copy = mr_arena_take(arena, text.bytes + 1);
    size_t bytes = 0;

    if (copy == NULL) {
        return (mr_text){"", 0};
    }
    for (size_t i = 0; i < text.bytes; i++) {
        int high = text.data[i] == '%' && i + 2 < text.bytes ? hex_value(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_value(text.data[i + 2]) : -1;
        copy[bytes++] = low >= 0 ? (char)(high * 16 + low) : text.data[i];
        i += low >= 0 ? 2 : 0;
    }
    return (mr_text){copy, bytes};
}

static void put_query(const char *query, mr_buffer *out)
{
    mr_arena *arena = mr_arena_create(pair_text_bytes_max);
    pair pairs[pairs_max];
    size_t count = 0;

    while (*query != '\0') {
        size_t bytes = strcspn(query, "&");
        const char *equals = memchr(query, '=', bytes);
        size_t name_bytes = equals != NULL ? (size_t)(equals - query) : bytes;
        size_t skip = equals != NULL ? name_bytes + 1 : bytes;
        MR_ASSERT(count < pairs_max);
        pairs[count++] = (pair){decoded(arena, (mr_text){query, name_bytes}),
                                decoded(arena, (mr_text){query + skip, bytes - skip})};
        query += bytes + (query[bytes] == '&' ? 1 : 0);
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 0; i < count; i++) {
        bool again = i > 0 && compare_texts_ignoring_case(pairs[i].name, pairs[i - 1].name) == 0;
        (void)mr_buffer_append_string(out, again ? "," : "\n");
        if (!again) {
            put_lower(pairs[i].name, out);
            (void)mr_buffer_append_string(out, ":");
        }
        (void)mr_buffer_append_text(out, pairs[i].value);
    }
    mr_arena_destroy(arena);
}

mr_status mr_storage_string_to_sign(const mr_request *request, const char *account,
                                    const char *date, mr_buffer *out, mr_err *err)
{
    const char *scheme_end = strstr(request->url, "://");
    const char *host = scheme_end != NULL ? scheme_end + 3 : request->url;
    const char *path = host + strcspn(host, "/?");
    size_t path_bytes = strcspn(path, "?");

    put_standard(request, out);
    put_headers(request, date, out);
    (void)mr_buffer_printf(out, "/%s%.*s", account, (int)path_bytes, path);
    if (path[path_bytes] == '?') {
        put_query(path + path_bytes + 1, out);
    }
    return out->overflowed
               ? mr_fail(err, MR_LIMIT, "sign a request: it is over %zu bytes", out->bytes_max)
               : MR_OK;
}

/* --- The signature ---------------------------------------------------------------------------- */

void mr_storage_encode_base64(mr_text bytes, mr_buffer *out)
{
    size_t room = (bytes.bytes + 2) / 3 * 4;
    char *at = mr_buffer_reserve(out, room + 1); /* OpenSSL puts a NUL behind it */

    if (at != NULL) {
        (void)EVP_EncodeBlock((unsigned char *)at, (const unsigned char *)bytes.data,
                              (int)bytes.bytes);
        mr_buffer_commit(out, room);
    }
}

mr_status mr_storage_sign(mr_text key, mr_text text,
                          char signature[static mr_storage_signature_bytes], mr_err *err)
{
    unsigned char secret[key_bytes_max];
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int mac_bytes = 0;
    int secret_bytes = -1;

    if (key.bytes > 4 && key.bytes % 4 == 0 && key.bytes / 4 * 3 <= sizeof secret) {
        secret_bytes = EVP_DecodeBlock(secret, (const unsigned char *)key.data, (int)key.bytes);
    }
    if (secret_bytes < 0) {
        return mr_fail(err, MR_INVALID,
                       "MILLRACE_AZURE_ACCOUNT_KEY is not a key of Azure Storage (base64)");
    }
    secret_bytes -= key.data[key.bytes - 1] == '=' ? 1 : 0;
    secret_bytes -= key.data[key.bytes - 2] == '=' ? 1 : 0;
    const unsigned char *made = HMAC(EVP_sha256(), secret, secret_bytes,
                                     (const unsigned char *)text.data, text.bytes, mac, &mac_bytes);
    OPENSSL_cleanse(secret, sizeof secret);
    MR_ASSERT(made != NULL && mac_bytes == 32);
    (void)EVP_EncodeBlock((unsigned char *)signature, mac, (int)mac_bytes);
    return MR_OK;
}
