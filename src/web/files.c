/* SPDX-License-Identifier: Apache-2.0 */
/* web/files.c - static files: found by exact name among what the program holds, so that no path
 * leads anywhere else.
 *
 * Called by: the loops; nothing here blocks.
 */
#define _GNU_SOURCE /* memmem */
#include "web/files.h"

#include <stdio.h>
#include <string.h>

#include "web/state.h"

static int compare(mr_text path, const char *other)
{
    size_t other_bytes = strlen(other);
    size_t bytes = path.bytes < other_bytes ? path.bytes : other_bytes;
    int order = memcmp(path.data, other, bytes);

    return order != 0 ? order : (path.bytes > other_bytes) - (path.bytes < other_bytes);
}

static const mr_web_embedded *find_exact(mr_text path)
{
    size_t low = 0;
    size_t high = mr_web_embedded_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare(path, mr_web_embedded_files[middle].path);
        if (order == 0) {
            return &mr_web_embedded_files[middle];
        }
        if (order < 0) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return NULL;
}

/* Paths of the API, and those that look like a file's, are never the page. */
static bool is_of_pages(mr_text path)
{
    return !mr_text_starts_with(path, "/api/") && !mr_text_equal(path, MR_TEXT_LITERAL("/api")) &&
           memchr(path.data, '.', path.bytes) == NULL;
}

const mr_web_embedded *mr_web_file_find(mr_text path)
{
    const mr_web_embedded *file = find_exact(path);

    if (file == NULL && is_of_pages(path)) {
        file = find_exact(MR_TEXT_LITERAL("/index.html"));
    }
    return file;
}

/* Does Accept-Encoding take gzip? "gzip;q=0" is the one way to refuse a coding it names. */
static bool takes_gzip(mr_text accepted)
{
    static const char name[] = "gzip";
    const size_t name_bytes = sizeof name - 1;

    for (size_t at = 0; at + name_bytes <= accepted.bytes; at++) {
        mr_text rest = {accepted.data + at + name_bytes, accepted.bytes - at - name_bytes};
        if (memcmp(accepted.data + at, name, name_bytes) == 0) {
            return !mr_text_equal(rest, MR_TEXT_LITERAL(";q=0")) &&
                   !mr_text_starts_with(rest, ";q=0,") && !mr_text_starts_with(rest, ";q=0.0");
        }
    }
    return false;
}

static bool has_it(const mr_http_request *request, const char *etag)
{
    mr_text known = mr_http_request_header(request, "If-None-Match");

    return known.data != NULL && memmem(known.data, known.bytes, etag, strlen(etag)) != NULL;
}

void mr_web_file(mr_http_request *request, void *ctx)
{
    const mr_web_embedded *file = mr_web_file_find(mr_http_request_path(request));
    char headers[256];

    (void)ctx; /* the files are the program's */
    if (file == NULL) {
        mr_http_request_fail(request, 404, "Not Found");
        return;
    }
    bool gzip =
        file->gzip.data != NULL && takes_gzip(mr_http_request_header(request, "Accept-Encoding"));
    /* The two forms are two representations: each has a tag of its own (RFC 9110, 8.8.3.3). */
    int bytes = snprintf(headers, sizeof headers, "ETag: \"%s%s\"\r\nVary: Accept-Encoding\r\n%s%s",
                         file->etag, gzip ? "-gzip" : "",
                         file->immutable ? "Cache-Control: public, max-age=31536000, immutable\r\n"
                                         : "Cache-Control: no-cache\r\n",
                         gzip ? "Content-Encoding: gzip\r\n" : "");
    MR_ASSERT(bytes > 0 && (size_t)bytes < sizeof headers);
    bool unchanged = has_it(request, file->etag);
    mr_http_request_answer(request, &(mr_http_answer){
                                        .status = unchanged ? 304 : 200,
                                        .content_type = file->content_type,
                                        .headers = headers,
                                        .body = gzip ? file->gzip : file->plain,
                                    });
}
