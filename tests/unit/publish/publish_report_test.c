/* SPDX-License-Identifier: Apache-2.0 */
/* publish_report_test.c - what a publication tells of itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "publish/publish.h"

static void assert_json(const mr_publish_report *report, const char *expected)
{
    mr_buffer out;

    mr_buffer_init(&out, 65536);
    assert_true(mr_publish_report_json(report, &out));
    assert_true(mr_buffer_append(&out, "", 1));
    assert_string_equal(out.data, expected);
    mr_buffer_free(&out);
}

static void a_report_says_what_was_carried(void **state)
{
    mr_publish_item items[] = {{.name = "days",
                                .way = MR_PUBLISH_CHANGES,
                                .version_from = 3,
                                .version = 5,
                                .rows = 12,
                                .files_read = 2,
                                .rows_put = 4,
                                .rows_removed = 1},
                               {.name = "vw_One", .version_from = -1, .version = -1, .rows = -1}};
    mr_publish_report report = {.target = "publish postgresql://db/shop",
                                .schema = "gold",
                                .items = items,
                                .count = 2,
                                .rows_put = 4,
                                .rows_removed = 1,
                                .us = 1500000};

    (void)state;
    assert_true(mr_publish_report_changed(&report));
    assert_json(
        &report,
        "{\"status\":\"done\",\"target\":\"publish postgresql://db/shop\",\"schema\":"
        "\"gold\",\"seconds\":1.500000,\"granted\":false,\"rows_put\":4,\"rows_removed\":1,"
        "\"tables\":[{\"name\":\"days\",\"way\":\"changes\",\"reason\":\"\",\"version_from\":"
        "3,\"version\":5,\"rows\":12,\"files_read\":2,\"rows_put\":4,\"rows_removed\":1},"
        "{\"name\":\"vw_One\",\"way\":\"nothing\",\"reason\":\"\",\"version_from\":null,"
        "\"version\":null,\"rows\":null,\"files_read\":0,\"rows_put\":0,\"rows_removed\":0}"
        "]}");
    report.dry_run = true;
    items[0].way = MR_PUBLISH_NOTHING;
    assert_false(mr_publish_report_changed(&report));
    report.granted = true; /* a right is a change, too */
    assert_true(mr_publish_report_changed(&report));
}

static void nothing_to_do_is_a_skip_with_its_reason(void **state)
{
    const mr_publish_report report = {.target = "t", .schema = "s"};

    (void)state;
    assert_json(&report, "{\"status\":\"skipped\",\"reason\":\"the schema has these versions "
                         "already\",\"target\":\"t\",\"schema\":\"s\",\"seconds\":0.000000,"
                         "\"granted\":false,\"rows_put\":0,\"rows_removed\":0,\"tables\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_report_says_what_was_carried),
        cmocka_unit_test(nothing_to_do_is_a_skip_with_its_reason),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
