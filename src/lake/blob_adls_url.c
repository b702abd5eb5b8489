/* SPDX-License-Identifier: Apache-2.0 */
/* lake/blob_adls_url.c - the addresses of a lake in Azure, in the forms that people have them:
 *
 *   abfss://container@account.dfs.core.windows.net/path     as Spark writes it
 *   https://account.blob.core.windows.net/container/path    as the portal shows it; .dfs. too
 *   http://127.0.0.1:10000/account/container/path           an emulator on this machine
 *
 * All are spoken to at the Blob endpoint. Called by: blob_adls.c.
 */
#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#include "lake/blob_adls.h"

enum { url_bytes_max = 1024, container_bytes_min = 3, container_bytes_max = 63 };

static char *copy_text(mr_text text)
{
    char *copy = mr_alloc(text.bytes + 1);

    memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    return copy;
}

/* Cuts the part before the first '/' off; without one, all of it. */
static mr_text next_part(mr_text *rest)
{
    const char *slash = memchr(rest->data, '/', rest->bytes);
    size_t bytes = slash != NULL ? (size_t)(slash - rest->data) : rest->bytes;
    mr_text part = {rest->data, bytes};
    size_t skip = bytes + (slash != NULL ? 1 : 0);

    *rest = (mr_text){rest->data + skip, rest->bytes - skip};
    return part;
}

static bool is_name(mr_text text, size_t least, const char *more)
{
    bool good = text.bytes >= least && text.bytes <= container_bytes_max;

    for (size_t i = 0; i < text.bytes && good; i++) {
        char c = text.data[i];
        good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(more, c) != NULL;
    }
    return good;
}

static bool is_container(mr_text text)
{
    return is_name(text, container_bytes_min, "-") && text.data[0] != '-' &&
           text.data[text.bytes - 1] != '-';
}

/* A path as names have it: parts that are not empty, not "." and not "..". */
static bool is_path(mr_text path)
{
    while (path.bytes > 0) {
        mr_text part = next_part(&path);
        if (part.bytes == 0 || mr_text_equal(part, MR_TEXT_LITERAL(".")) ||
            mr_text_equal(part, MR_TEXT_LITERAL(".."))) {
            return false;
        }
    }
    return true;
}

/* "account.dfs.core.windows.net": the account, and its Blob endpoint. */
static bool read_host(mr_text host, mr_adls_place *place)
{
    const char *dot = memchr(host.data, '.', host.bytes);
    mr_text account = {host.data, dot != NULL ? (size_t)(dot - host.data) : 0};
    mr_text rest = {host.data + account.bytes, host.bytes - account.bytes};
    bool known = mr_text_starts_with(rest, ".dfs.") || mr_text_starts_with(rest, ".blob.");

    for (size_t i = 0; i < rest.bytes && known; i++) {
        known = isalnum((unsigned char)rest.data[i]) || strchr(".-", rest.data[i]) != NULL;
    }
    if (!is_name(account, container_bytes_min, "") || !known) {
        return false;
    }
    mr_text suffix = {strchr(rest.data + 1, '.'), 0};
    suffix.bytes = rest.bytes - (size_t)(suffix.data - rest.data);
    mr_buffer endpoint;
    mr_buffer_init(&endpoint, url_bytes_max + 32);
    (void)mr_buffer_printf(&endpoint, "https://%.*s.blob%.*s", MR_TEXT_ARGS(account),
                           MR_TEXT_ARGS(suffix));
    (void)mr_buffer_append(&endpoint, "", 1);
    place->endpoint = endpoint.data;
    place->account = copy_text(account);
    return true;
}

static bool is_this_machine(mr_text host)
{
    size_t bytes = 0;

    while (bytes < host.bytes && host.data[bytes] != ':') {
        bytes++;
    }
    mr_text name = {host.data, bytes};
    bool digits = true;
    for (size_t i = 0; i < name.bytes; i++) {
        digits = digits && strchr("0123456789.", name.data[i]) != NULL;
    }
    return mr_text_equal(name, MR_TEXT_LITERAL("localhost")) ||
           (digits && mr_text_starts_with(name, "127."));
}

/* An emulator: the account is the first part of the path. */
static bool read_emulator(mr_text scheme, mr_text host, mr_text *rest, mr_adls_place *place)
{
    mr_text account = next_part(rest);
    mr_buffer endpoint;

    if (memchr(host.data, '@', host.bytes) != NULL || !is_name(account, 1, "")) {
        return false;
    }
    mr_buffer_init(&endpoint, url_bytes_max + 32);
    (void)mr_buffer_printf(&endpoint, "%.*s%.*s/%.*s", MR_TEXT_ARGS(scheme), MR_TEXT_ARGS(host),
                           MR_TEXT_ARGS(account));
    (void)mr_buffer_append(&endpoint, "", 1);
    place->endpoint = endpoint.data;
    place->account = copy_text(account);
    return true;
}

static bool read_url(mr_text url, mr_adls_place *place)
{
    static const mr_text abfss = MR_TEXT_LITERAL("abfss://");
    static const mr_text https = MR_TEXT_LITERAL("https://");
    static const mr_text http = MR_TEXT_LITERAL("http://");
    mr_text scheme = mr_text_starts_with(url, https.data)   ? https
                     : mr_text_starts_with(url, abfss.data) ? abfss
                                                            : http;
    if (!mr_text_starts_with(url, scheme.data)) {
        return false;
    }
    mr_text rest = {url.data + scheme.bytes, url.bytes - scheme.bytes};
    mr_text host = next_part(&rest);
    mr_text container;
    bool known;
    if (mr_text_equal(scheme, abfss)) {
        const char *at = memchr(host.data, '@', host.bytes);
        container = (mr_text){host.data, at != NULL ? (size_t)(at - host.data) : 0};
        size_t skip = container.bytes + 1;
        known = at != NULL && read_host((mr_text){host.data + skip, host.bytes - skip}, place);
    } else {
        known = is_this_machine(host)          ? read_emulator(scheme, host, &rest, place)
                : mr_text_equal(scheme, https) ? read_host(host, place)
                                               : false;
        container = next_part(&rest);
    }
    if (!known || !is_container(container) || !is_path(rest)) {
        return false;
    }
    place->container = copy_text(container);
    place->prefix = mr_alloc(rest.bytes + 2);
    memcpy(place->prefix, rest.data, rest.bytes);
    place->prefix[rest.bytes] = rest.bytes > 0 ? '/' : '\0';
    place->prefix[rest.bytes + 1] = '\0';
    return true;
}

mr_status mr_adls_place_parse(const char *url, mr_adls_place *ret_place, mr_err *err)
{
    mr_adls_place place = {.url = NULL};
    size_t bytes = strlen(url);

    if (strpbrk(url, "?#%\\") != NULL) {
        return mr_fail(
            err, MR_INVALID,
            "MILLRACE_LAKE: the address of a lake has no '?', '#', '%%' or '\\'; a shared "
            "access signature is set as MILLRACE_AZURE_SAS");
    }
    while (bytes > 0 && url[bytes - 1] == '/') {
        bytes--;
    }
    if (bytes == 0 || bytes > url_bytes_max || !read_url((mr_text){url, bytes}, &place)) {
        mr_adls_place_free(&place);
        return mr_fail(
            err, MR_INVALID,
            "MILLRACE_LAKE: a lake in Azure is "
            "abfss://container@account.dfs.core.windows.net/path, "
            "https://account.blob.core.windows.net/container/path or, for an emulator on "
            "this machine, http://127.0.0.1:10000/account/container/path; a container's "
            "name has 3 to 63 lower-case letters, digits and '-'");
    }
    place.url = copy_text((mr_text){url, bytes});
    *ret_place = place;
    return MR_OK;
}

void mr_adls_place_free(mr_adls_place *place)
{
    free(place->url);
    free(place->endpoint);
    free(place->account);
    free(place->container);
    free(place->prefix);
    *place = (mr_adls_place){.url = NULL};
}
