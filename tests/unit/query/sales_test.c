/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_test.c - the dashboard's engine against plain SQL: lines made up with all that is
 * awkward (invoices over midnight and in two countries, guests, returns, products twice in one
 * invoice), random filters, and versions that add, rearrange and replace.
 */
#define _GNU_SOURCE /* nftw */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "base/random.h"
#include "cli/data_folder.h"
#include "lake/delta_sql.h"
#include "query/sales.h"
#include "query/sales_ask.h"
#include "query/sales_invoices.h"
#include "query/sales_reach.h"
#include "query/sales_shop.h"
#include "query/sales_values.h"

enum { questions = 150 };

/* --- What SQL says ---------------------------------------------------------------------------- */

typedef struct filter {
    mr_sales_question question;
    mr_text countries[2], products[3];
    int64_t customers[3];
} filter;

static void make_filter(mr_random *random, const mr_sales_set *set, filter *ret)
{
    *ret = (filter){.question = {.compare = (mr_sales_compare)mr_random_below(random, 3),
                                 .grain = (mr_sales_grain)mr_random_below(random, 5)}};
    mr_sales_question *question = &ret->question;
    if (mr_random_below(random, 5) > 0) {
        question->has_from = question->has_to = true;
        question->from = first_day + (int32_t)mr_random_below(random, days);
        question->to = question->from + (int32_t)mr_random_below(random, 60);
    }
    question->country_count = mr_random_below(random, 3);
    question->product_count = mr_random_below(random, 2) * mr_random_below(random, 4);
    question->customer_count = mr_random_below(random, 2) * mr_random_below(random, 4);
    if (mr_random_below(random, 4) == 0) {
        question->weekdays = (uint8_t)mr_random_below(random, 128);
        question->hours = (uint32_t)mr_random_below(random, 1 << 24);
    }
    if (mr_random_below(random, 4) == 0) {
        question->segments = (uint8_t)mr_random_below(random, 1 << mr_sales_rfm_count);
    }
    for (size_t index = 0; index < question->country_count; index++) {
        ret->countries[index] =
            mr_sales_name(&set->countries, (uint32_t)mr_random_below(random, set->countries.count));
    }
    for (size_t index = 0; index < question->product_count; index++) {
        ret->products[index] =
            mr_sales_name(&set->products, (uint32_t)mr_random_below(random, set->products.count));
    }
    for (size_t index = 0; index < question->customer_count; index++) {
        ret->customers[index] = (int64_t)mr_random_below(random, 70); /* some are nobody's */
    }
    question->countries = ret->countries;
    question->products = ret->products;
    question->customers = ret->customers;
}

static void print_amount(mr_amount amount, char *text)
{
    (void)mr_amount_format(amount, 4, text);
}

static void check_totals(shop *s, const mr_sales_question *question, const mr_sales_result *result)
{
    const mr_sales_group *total = &result->now->total;
    const mr_sales_customer_counts counted = mr_sales_count_customers(result);
    char expected[4096], got[4096], sales[48], returns[48], guests[48];

    print_amount(total->sales, sales);
    print_amount(total->returns, returns);
    print_amount(result->now->guests, guests);
    (void)snprintf(got, sizeof got, "%s|%s|%s|%u|%u|%u|%" PRId64 "|%" PRIu64 ";", sales, returns,
                   guests, total->orders, total->cancelled, total->customers, total->quantity,
                   total->lines);
    ask_sql(
        s,
        "concat_ws('|', CAST(" SALES " AS DECIMAL(38,4)), CAST(" RETURNS " AS DECIMAL(38,4)),"
        " CAST(coalesce(sum(CASE WHEN InvoiceNo NOT LIKE 'C%' AND CustomerID IS NULL THEN Amount"
        " ELSE 0 END), 0) AS DECIMAL(38,4)), " ORDERS
        ", count(DISTINCT CASE WHEN InvoiceNo LIKE 'C%' THEN InvoiceNo END),"
        " count(DISTINCT CustomerID),"
        " coalesce(sum(CASE WHEN InvoiceNo LIKE 'C%' THEN 0 ELSE Quantity END), 0), count(*))",
        "", question, result->range, expected, sizeof expected);
    assert_string_equal(got, expected);
    (void)snprintf(got, sizeof got, "%" PRIu64 "|%" PRIu64 "|%" PRIu64 ";", counted.fresh,
                   counted.returning, counted.loyal);
    char what[1024], day[mr_sales_day_text_bytes_max];
    (void)snprintf(what, sizeof what,
                   "concat_ws('|', count(*) FILTER (WHERE d >= TIMESTAMP '%s'),"
                   " count(*) FILTER (WHERE d < TIMESTAMP '%s'), count(*) FILTER (WHERE n > 1))"
                   " FROM (SELECT CustomerID, count(DISTINCT InvoiceNo) AS n",
                   mr_sales_day_text(result->range.from, day), day);
    ask_sql(s, what,
            "WHERE CustomerID IS NOT NULL AND InvoiceNo NOT LIKE 'C%' GROUP BY CustomerID)"
            " JOIN first ON c = CustomerID",
            question, result->range, expected, sizeof expected);
    assert_string_equal(got, expected);
}

/* A panel's CSV rows, as SQL makes them. */
static void check_panel(shop *s, const mr_sales_question *question, const mr_sales_result *result,
                        mr_sales_panel panel, const char *what, const char *tail)
{
    const mr_sales_page all = {.limit = UINT64_MAX};
    char *expected = mr_alloc(sql_bytes_max), *got = mr_alloc(sql_bytes_max);
    mr_buffer out;
    mr_sales_shown shown = {.next = NULL};

    mr_buffer_init(&out, sql_bytes_max);
    mr_sales_rows rows = {.out = &out, .csv = true};
    assert_int_equal(mr_sales_panel_write(result, panel, &all, &rows, &shown, NULL), MR_OK);
    assert_int_equal(shown.total, rows.count);
    size_t bytes = 0;
    for (size_t at = 0; at < out.bytes; at++) {
        if (out.data[at] == '\r' && panel == MR_SALES_PANEL_PRODUCTS) {
            while (got[--bytes] != ',') { /* its share, a rate */
            }
        }
        if (out.data[at] != '\r') {
            got[bytes++] = out.data[at] == '\n' ? ';' : out.data[at];
        }
    }
    got[bytes] = '\0';
    ask_sql(s, what, tail, question, result->range, expected, sql_bytes_max);
    assert_string_equal(got, expected);
    mr_buffer_free(&out);
    free(expected);
    free(got);
}

/* Money as the answers write it: at least two places, no zeros behind them. */
#define MONEY(sum)                                                                              \
    "regexp_replace(regexp_replace(CAST(CAST(" sum " AS DECIMAL(38,4)) AS VARCHAR), '0$', '')," \
    " '0$', '')"

static void check_panels(shop *s, const mr_sales_question *question, const mr_sales_result *result)
{
    check_panel(
        s, question, result, MR_SALES_PANEL_CANCELLATIONS,
        "concat_ws(',', StockCode, '', CAST(sum(Quantity) AS BIGINT), " MONEY("sum(Amount)") ")",
        "WHERE InvoiceNo LIKE 'C%' GROUP BY StockCode ORDER BY sum(Amount), StockCode");
    check_panel(
        s, question, result, MR_SALES_PANEL_CANCELLING,
        "concat_ws(',', CustomerID, '', count(DISTINCT InvoiceNo), " MONEY("sum(Amount)") ")",
        "WHERE InvoiceNo LIKE 'C%' AND CustomerID IS NOT NULL GROUP BY CustomerID"
        " ORDER BY sum(Amount), CustomerID");
    check_panel(s, question, result, MR_SALES_PANEL_CUSTOMERS,
                "concat_ws(',', CustomerID, '', '', " MONEY(
                    "sum(Amount)") ", count(DISTINCT InvoiceNo), strftime(max(InvoiceDate), "
                                   "'%Y-%m-%dT%H:%M:%S'))",
                "WHERE InvoiceNo NOT LIKE 'C%' AND CustomerID IS NOT NULL GROUP BY CustomerID"
                " ORDER BY sum(Amount) DESC, CustomerID");
    check_panel(
        s, question, result, MR_SALES_PANEL_PRODUCTS,
        "concat_ws(',', StockCode, '', " MONEY("sum(Amount)") ", CAST(sum(Quantity) AS BIGINT), "
                                                              "count(DISTINCT InvoiceNo))",
        "WHERE InvoiceNo NOT LIKE 'C%' GROUP BY StockCode"
        " ORDER BY sum(Amount) DESC, StockCode");
    check_panel(s, question, result, MR_SALES_PANEL_HOURS,
                "concat_ws(',', h // 24 + 1, h % 24, " MONEY(SALES) ", " ORDERS ")",
                "RIGHT JOIN range(168) r(h) ON (isodow(InvoiceDate) - 1) * 24 + hour(InvoiceDate)"
                " = h GROUP BY h ORDER BY h");
}

/* Rows of a panel without their last column, which is a rate. */
static void check_shares(shop *s, const mr_sales_question *question, const mr_sales_result *result)
{
    const mr_sales_pass *now = result->now;
    char expected[8192], got[8192] = "", sales[48];

    for (uint32_t number = 0; number < now->country_count; number++) {
        const mr_sales_group *group = &now->countries[number];

        if (group->lines > 0) {
            print_amount(group->sales, sales);
            (void)snprintf(got + strlen(got), sizeof got - strlen(got), "%s|%u|%u;", sales,
                           group->orders, group->customers);
        }
    }
    ask_sql(s, "CAST(count(*) AS VARCHAR) FROM (SELECT Country", "GROUP BY Country)", question,
            result->range, expected, sizeof expected);
    uint32_t countries = 0;
    for (uint32_t number = 0; number < now->country_count; number++) {
        countries += now->countries[number].lines > 0;
    }
    assert_int_equal(strtoul(expected, NULL, 10), countries);
    for (uint32_t number = 0; number < now->country_count; number++) {
        const mr_sales_group *group = &now->countries[number];
        const mr_text name = mr_sales_name(&result->set->countries, number);
        char tail[256];

        (void)snprintf(tail, sizeof tail, "WHERE Country = '%.*s'", MR_TEXT_ARGS(name));
        print_amount(group->sales, sales);
        (void)snprintf(got, sizeof got, "%s|%u|%u;", sales, group->orders, group->customers);
        ask_sql(s,
                "concat_ws('|', CAST(" SALES " AS DECIMAL(38,4)), " ORDERS
                ", count(DISTINCT CustomerID))",
                tail, question, result->range, expected, sizeof expected);
        assert_string_equal(got, expected);
    }
}

static void check_series(shop *s, const mr_sales_question *question, const mr_sales_result *result)
{
    static const char *const starts[] = {[MR_SALES_DAY] = "day",
                                         [MR_SALES_WEEK] = "week",
                                         [MR_SALES_MONTH] = "month",
                                         [MR_SALES_QUARTER] = "quarter"};
    char *expected = mr_alloc(sql_bytes_max), *got = mr_alloc(sql_bytes_max);
    char what[2048], sales[48], day[mr_sales_day_text_bytes_max];

    got[0] = '\0';
    for (uint32_t index = 0; index < result->series.count; index++) {
        const mr_sales_group *group = &result->now->buckets[index];

        if (group->lines > 0) {
            print_amount(group->sales, sales);
            (void)snprintf(got + strlen(got), sql_bytes_max - strlen(got), "%s|%s|%u|%u;",
                           mr_sales_day_text(result->series.buckets[index].from, day), sales,
                           group->orders, group->customers);
        }
    }
    (void)snprintf(what, sizeof what,
                   "concat_ws('|', strftime(date_trunc('%s', InvoiceDate), '%%Y-%%m-%%d'),"
                   " CAST(" SALES " AS DECIMAL(38,4)), " ORDERS ", count(DISTINCT CustomerID))",
                   starts[result->grain]);
    char tail[256];
    (void)snprintf(tail, sizeof tail,
                   "GROUP BY date_trunc('%s', InvoiceDate) ORDER BY date_trunc('%s', InvoiceDate)",
                   starts[result->grain], starts[result->grain]);
    ask_sql(s, what, tail, question, result->range, expected, sql_bytes_max);
    assert_string_equal(got, expected);
    free(expected);
    free(got);
}

static void check_question(shop *s, const mr_sales_set *set, const mr_sales_question *question)
{
    mr_sales_result *result = NULL;

    last_day = set->day_last;
    assert_int_equal(mr_sales_result_make(set, question, &result, NULL), MR_OK);
    check_totals(s, question, result);
    check_series(s, question, result);
    check_panels(s, question, result);
    check_shares(s, question, result);
    if (result->before != NULL) {
        char expected[256], got[256], sales[48];

        print_amount(result->before->total.sales, sales);
        (void)snprintf(got, sizeof got, "%s|%u;", sales, result->before->total.customers);
        ask_sql_of(s,
                   "concat_ws('|', CAST(" SALES " AS DECIMAL(38,4)), count(DISTINCT CustomerID))",
                   "", question, result->range, result->compared, expected, sizeof expected);
        assert_string_equal(got, expected);
    }
    mr_sales_result_free(result);
}

/* --- Tests ------------------------------------------------------------------------------------ */

static void ask_at_random(shop *s, const mr_sales_set *set, uint64_t seed, int count)
{
    mr_random random;
    filter given;

    mr_random_seed(&random, seed);
    for (int index = 0; index < count; index++) {
        make_filter(&random, set, &given);
        check_question(s, set, &given.question);
    }
}

/* The second time there are enough lines for two threads, in more than one part. */
static void any_filter_gives_what_sql_gives(void **state)
{
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 64 << 20);
    uint32_t met = 0;

    commit(s, 0, 4000, false);
    bind(s);
    mr_sales_set *set = refresh(lake, NULL);
    assert_int_equal(set->lines.count, 4000);
    ask_at_random(s, set, 11, questions);
    mr_sales_set_free(set);
    commit(s, 4000, 60000, false);
    bind(s);
    set = refresh(lake, NULL);
    assert_true(mr_sales_set_parts(set) > 1);
    for (uint32_t index = 0; index < mr_sales_set_parts(set); index++) {
        const mr_sales_slice part = mr_sales_set_part(set, index);

        assert_int_equal(part.first, met);
        assert_true(index == 0 || set->segments[met].invoice != set->segments[met - 1].invoice);
        met = part.end;
    }
    assert_int_equal(met, set->segment_count);
    ask_at_random(s, set, 12, 12);
    mr_sales_set_free(set);
    mr_sales_lake_close(lake);
}

/* Gathers its files: all of them are other ones, of the same rows. */
static void gather(shop *s)
{
    mr_delta_optimize_report report;

    assert_int_equal(mr_delta_optimize(s->table, s->connection,
                                       &(mr_delta_optimize_options){.files_min = 2}, &report, NULL),
                     MR_OK);
    assert_true(report.version >= 0);
}

static void a_set_follows_the_table(void **state)
{
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 64 << 20);
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_NONE};

    mr_sales_set *set = refresh(lake, NULL);
    assert_int_equal(set->version, -1);
    assert_true(set->day_first > set->day_last);
    commit(s, 0, 1000, false);
    for (int step = 0; step < 4; step++) {
        mr_sales_set *next = refresh(lake, set);

        assert_non_null(next);
        mr_sales_set_free(set);
        set = next;
        bind(s);
        check_question(s, set, &all);
        assert_null(refresh(lake, set));
        if (step == 0) {
            commit(s, 998, 2000, false); /* adds to invoices that are there */
        } else if (step == 1) {
            gather(s);
        } else if (step == 2) {
            commit(s, 5000, 5500, true); /* none of the lines before */
        }
    }
    assert_int_equal(set->lines.count, 500);
    mr_sales_set_free(set);
    mr_sales_lake_close(lake);
}

/* What was gathered is read anew, and has no room beside the set of before: it takes its place. */
static void a_set_gives_way_to_one_that_has_no_room_beside_it(void **state)
{
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 7 << 20);
    mr_sales_set *next = NULL;

    commit(s, 0, 30000, false);
    commit(s, 30000, 60000, false);
    mr_sales_set *set = refresh(lake, NULL);
    gather(s);
    assert_int_equal(mr_sales_lake_refresh(lake, set, &next, NULL), MR_LIMIT);
    mr_sales_set_free(set);
    set = refresh(lake, NULL);
    assert_int_equal(set->lines.count, 60000);
    mr_sales_set_free(set);
    mr_sales_lake_close(lake);
}

static void too_many_lines_are_read_from_the_lake(void **state)
{
    shop *s = *state;
    mr_sales_options options = {.lake = {.url = "file:", .data_folder = s->folder->folder},
                                .data_folder = s->folder->folder,
                                .memory_bytes_max = 1 << 20,
                                .answers_bytes_max = 1 << 20,
                                .look_ms = 20,
                                .engine = {.threads = 1}};
    const mr_sales_question some = {.has_from = true,
                                    .has_to = true,
                                    .from = first_day + 40,
                                    .to = first_day + 42,
                                    .compare = MR_SALES_COMPARE_PREVIOUS};
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_NONE};
    mr_sales_set *set = NULL;
    mr_sales_state seen;
    mr_err err;

    commit(s, 0, 60000, false);
    bind(s);
    mr_sales *sales = mr_sales_start(&options);
    if (mr_sales_take(sales, &some, 60000, &set, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    mr_sales_read_state(sales, &seen);
    assert_true(seen.too_large);
    assert_true(set->lines.count > 0 && set->lines.count < 10000);
    check_question(s, set, &some);
    mr_sales_give(sales, set);
    assert_int_equal(mr_sales_take(sales, &all, 60000, &set, &err), MR_LIMIT);
    mr_sales_stop(sales);
}

static void an_answer_is_kept_for_its_version(void **state)
{
    shop *s = *state;
    mr_sales_options options = {.lake = {.url = "file:", .data_folder = s->folder->folder},
                                .data_folder = s->folder->folder,
                                .memory_bytes_max = 64 << 20,
                                .answers_bytes_max = 1 << 20,
                                .look_ms = 20,
                                .engine = {.threads = 1}};
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_YEAR};
    mr_sales_set *set = NULL, *next = NULL;
    mr_sales_state seen;
    mr_buffer first, second;
    mr_err err;

    commit(s, 0, 1000, false);
    mr_buffer_init(&first, sql_bytes_max);
    mr_buffer_init(&second, sql_bytes_max);
    mr_sales *sales = mr_sales_start(&options);
    assert_int_equal(mr_sales_take(sales, &all, 60000, &set, &err), MR_OK);
    assert_int_equal(mr_sales_ask(sales, set, &all, &first, &err), MR_OK);
    assert_int_equal(mr_sales_ask(sales, set, &all, &second, &err), MR_OK);
    assert_true(mr_text_equal(mr_buffer_text(&first), mr_buffer_text(&second)));
    mr_sales_read_state(sales, &seen);
    assert_int_equal(seen.answers_kept, 1);
    commit(s, 1000, 2000, false);
    do { /* the thread finds it by itself; take waits for nothing once there is a set */
        mr_sales_give(sales, next);
        assert_int_equal(mr_sales_take(sales, &all, 60000, &next, &err), MR_OK);
    } while (next->version == set->version);
    mr_buffer_clear(&second);
    assert_int_equal(mr_sales_ask(sales, next, &all, &second, &err), MR_OK);
    assert_false(mr_text_equal(mr_buffer_text(&first), mr_buffer_text(&second)));
    mr_sales_give(sales, set);
    mr_sales_give(sales, next);
    mr_sales_stop(sales);
    mr_buffer_free(&first);
    mr_buffer_free(&second);
}

/* Every invoice once, in order, over all pages. */
static void invoices_come_page_by_page(void **state)
{
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 64 << 20);
    const mr_sales_question all = {.compare = MR_SALES_COMPARE_NONE};

    commit(s, 0, 1000, false);
    mr_sales_set *set = refresh(lake, NULL);
    for (int sort = 0; sort < 6; sort++) {
        mr_sales_invoices wanted = {
            .sort = (mr_sales_sort)(sort % 3), .ascending = sort > 2, .limit = 33};
        mr_sales_invoices_found found = {.total = 0};
        mr_buffer pages, whole;
        mr_sales_rows rows = {.csv = true, .out = &pages};
        char cursor[mr_sales_cursor_bytes_max];

        mr_buffer_init(&pages, sql_bytes_max);
        mr_buffer_init(&whole, sql_bytes_max);
        do {
            found.next[0] = '\0';
            assert_int_equal(mr_sales_invoices_write(set, &all, &wanted, &rows, &found, NULL),
                             MR_OK);
            (void)snprintf(cursor, sizeof cursor, "%s", found.next);
            wanted.after = mr_text_of(cursor);
        } while (cursor[0] != '\0');
        rows = (mr_sales_rows){.csv = true, .out = &whole};
        wanted.after = MR_TEXT_ABSENT;
        wanted.limit = UINT64_MAX;
        assert_int_equal(mr_sales_invoices_write(set, &all, &wanted, &rows, &found, NULL), MR_OK);
        assert_int_equal(found.total, 200);
        assert_int_equal(rows.count, 200);
        assert_true(mr_text_equal(mr_buffer_text(&pages), mr_buffer_text(&whole)));
        mr_buffer_free(&pages);
        mr_buffer_free(&whole);
    }
    mr_sales_set_free(set);
    mr_sales_lake_close(lake);
}

/* The day that the n-th line behind a day lies on; the last of the range where there is none. */
static void a_page_of_lines_reaches_as_far_as_sql_says(void **state)
{
    static const char *const kinds[] = {"true", "InvoiceNo NOT LIKE 'C%'", "InvoiceNo LIKE 'C%'"};
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 64 << 20);
    char *expected = mr_alloc(sql_bytes_max), tail[512];
    mr_random random;
    filter given;

    commit(s, 0, 4000, false);
    bind(s);
    mr_sales_set *set = refresh(lake, NULL);
    mr_random_seed(&random, 5);
    for (int index = 0; index < questions; index++) {
        const mr_sales_reach wanted = {.kind = (mr_sales_kind)mr_random_below(&random, 3),
                                       .after = mr_random_below(&random, 2) == 0
                                                    ? INT32_MIN
                                                    : first_day +
                                                          (int32_t)mr_random_below(&random, days),
                                       .lines = 1 + mr_random_below(&random, 300)};
        int32_t day = 0;

        make_filter(&random, set, &given);
        const mr_sales_range range =
            mr_sales_range_of(&given.question, set->day_first, set->day_last);
        last_day = set->day_last;
        (void)snprintf(tail, sizeof tail,
                       "WHERE epoch_ms(InvoiceDate) // 86400000 > %" PRId32
                       " AND %s ORDER BY InvoiceDate LIMIT 1 OFFSET %" PRIu64,
                       wanted.after, kinds[wanted.kind], wanted.lines - 1);
        ask_sql(s, "epoch_ms(InvoiceDate) // 86400000", tail, &given.question, range, expected,
                sql_bytes_max);
        assert_int_equal(mr_sales_reach_day(set, &given.question, &wanted, &day, NULL), MR_OK);
        assert_int_equal(day, expected[0] != '\0' ? atoi(expected) : range.to);
    }
    mr_sales_set_free(set);
    mr_sales_lake_close(lake);
    free(expected);
}

static void what_is_typed_finds_values(void **state)
{
    shop *s = *state;
    mr_sales_lake *lake = open_lake(s, 64 << 20);
    mr_buffer out;
    mr_sales_rows rows = {.out = &out};

    commit(s, 0, 1000, false);
    mr_sales_set *set = refresh(lake, NULL);
    mr_buffer_init(&out, sql_bytes_max);
    assert_int_equal(
        mr_sales_values_write(set, MR_SALES_COUNTRY, MR_TEXT_LITERAL("LAND 3"), 5, &rows, NULL),
        MR_OK);
    assert_int_equal(rows.count, 1);
    assert_int_equal(
        mr_sales_values_write(set, MR_SALES_PRODUCT, MR_TEXT_LITERAL(""), 7, &rows, NULL), MR_OK);
    assert_int_equal(rows.count, 8);
    mr_buffer_free(&out);
    mr_sales_set_free(set);
    mr_sales_lake_close(lake);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_filter_gives_what_sql_gives, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(a_set_follows_the_table, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(a_set_gives_way_to_one_that_has_no_room_beside_it,
                                        open_shop, close_shop),
        cmocka_unit_test_setup_teardown(too_many_lines_are_read_from_the_lake, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(an_answer_is_kept_for_its_version, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(invoices_come_page_by_page, open_shop, close_shop),
        cmocka_unit_test_setup_teardown(a_page_of_lines_reaches_as_far_as_sql_says, open_shop,
                                        close_shop),
        cmocka_unit_test_setup_teardown(what_is_typed_finds_values, open_shop, close_shop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
