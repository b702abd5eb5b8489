/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of List Blobs: names of every kind, directories left out, and pages that are none. */
#include "azure/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define BLOB(name, rest)                                                                        \
    "<Blob>" name "<Properties><Creation-Time>x</Creation-Time><Last-Modified>Mon, 30 Nov 2026" \
    " 18:00:00 GMT</Last-Modified><Content-Length>12</Content-Length>" rest "</Properties></Blob>"
#define PAGE(blobs, marker)                                                                      \
    "\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=" \
    "\"https://x/\" ContainerName=\"c\"><Prefix>a/</Prefix><MaxResults>5000</MaxResults>" blobs  \
    "<NextMarker" marker "</EnumerationResults>"

typedef struct seen {
    char text[1024];
    size_t most, count;
    uint64_t bytes;
    int64_t modified_ms;
} seen;

static bool note(void *ctx, const mr_storage_blob *blob)
{
    seen *self = ctx;
    size_t used = strlen(self->text);

    (void)snprintf(self->text + used, sizeof self->text - used, "%s|", blob->name);
    self->bytes = blob->bytes;
    self->modified_ms = blob->modified_ms;
    return ++self->count < self->most;
}

static mr_status parse(const char *xml, seen *self, mr_buffer *next, bool *ret_ended)
{
    mr_err err;

    *self = (seen){.most = self->most > 0 ? self->most : 100};
    mr_buffer_init(next, 1024);
    return mr_storage_list_parse(mr_text_of(xml), note, self, ret_ended, next, &err);
}

static void test_names_of_every_kind(void **state)
{
    static const char page[] =
        PAGE("<Blobs>" BLOB("<Name>a/b&amp;c&lt;d&gt;&quot;&apos;&#233;&#x1F600;</Name>", "")
                 BLOB("<Name>a/Gr\xc3\xbc\xc3\x9f"
                      "e</Name>",
                      "<ResourceType>file</ResourceType>")
                     BLOB("<Name Encoded=\"true\">a/%EF%BF%BE%25</Name>", "")
                         BLOB("<Name>a/folder</Name>", "<ResourceType>directory</ResourceType>")
                             BLOB("<Name>a/old/</Name>", "") "</Blobs>",
             ">next&amp;1</NextMarker>");
    seen self = {.most = 100};
    bool ended = true;
    mr_buffer next;

    (void)state;
    assert_int_equal(parse(page, &self, &next, &ended), MR_OK);
    assert_string_equal(self.text, "a/b&c<d>\"'\xc3\xa9\xf0\x9f\x98\x80|a/Gr\xc3\xbc\xc3\x9f"
                                   "e|a/\xef\xbf\xbe%|");
    assert_int_equal(self.bytes, 12);
    assert_int_equal(self.modified_ms, 1796061600000);
    assert_false(ended);
    assert_true(mr_text_equal(mr_buffer_text(&next), MR_TEXT_LITERAL("next&1")));
    mr_buffer_free(&next);
}

static void test_folders_and_an_early_end(void **state)
{
    static const char page[] =
        PAGE("<Blobs><BlobPrefix><Name>a/b/</Name></BlobPrefix>" BLOB(
                 "<Name>a/c</Name>", "") "<BlobPrefix><Name>a/d/</Name></BlobPrefix></Blobs>",
             " />");
    seen self = {.most = 100};
    bool ended = true;
    mr_buffer next;

    (void)state;
    assert_int_equal(parse(page, &self, &next, &ended), MR_OK);
    assert_string_equal(self.text, "a/b/|a/c|a/d/|");
    assert_false(ended);
    assert_int_equal(next.bytes, 0);
    self.most = 2;
    assert_int_equal(parse(page, &self, &next, &ended), MR_OK);
    assert_string_equal(self.text, "a/b/|a/c|");
    assert_true(ended);
    mr_buffer_free(&next);
}

static void test_no_blobs(void **state)
{
    seen self = {.most = 100};
    bool ended = true;
    mr_buffer next;

    (void)state;
    assert_int_equal(parse(PAGE("<Blobs />", " />"), &self, &next, &ended), MR_OK);
    assert_int_equal(parse(PAGE("<Blobs></Blobs>", "></NextMarker>"), &self, &next, &ended), MR_OK);
    assert_int_equal(self.count, 0);
    mr_buffer_free(&next);
}

static void test_what_is_no_listing(void **state)
{
    static const char *const pages[] = {
        "",
        "<html>proxy</html>",
        "<Blobs>",
        PAGE("<Blobs><Blob></Blob></Blobs>", " />"),
        PAGE("<Blobs><Blob><Name>a</Name></Blob></Blobs>", " />"),
        PAGE("<Blobs>" BLOB("<Name></Name>", "") "</Blobs>", " />"),
        PAGE("<Blobs>" BLOB("<Name>a&nope;</Name>", "") "</Blobs>", " />"),
        PAGE("<Blobs>" BLOB("<Name>a&#0;</Name>", "") "</Blobs>", " />"),
        PAGE("<Blobs>" BLOB("<Name>a&#x110000;</Name>", "") "</Blobs>", " />"),
        PAGE("<Blobs>" BLOB("<Name Encoded=\"true\">a%0</Name>", "") "</Blobs>", " />"),
        PAGE("<Blobs>" BLOB("<Name Encoded=\"true\">a%00b</Name>", "") "</Blobs>", " />")};

    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
        seen self = {.most = 100};
        bool ended = false;
        mr_buffer next;
        assert_int_equal(parse(pages[i], &self, &next, &ended), MR_CORRUPT);
        mr_buffer_free(&next);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_of_every_kind),
        cmocka_unit_test(test_folders_and_an_early_end),
        cmocka_unit_test(test_no_blobs),
        cmocka_unit_test(test_what_is_no_listing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
