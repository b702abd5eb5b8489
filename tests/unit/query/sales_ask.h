/* SPDX-License-Identifier: Apache-2.0 */
/* query/sales_ask.h - what plain SQL says to a question of the dashboard, over a shop's table f. */
#ifndef MR_TESTS_QUERY_SALES_ASK_H
#define MR_TESTS_QUERY_SALES_ASK_H

#include "query/sales_lake.h"
#include "query/sales_rfm.h"
#include "query/sales_shop.h"

#define SALES   "coalesce(sum(CASE WHEN starts_with(InvoiceNo, 'C') THEN 0 ELSE Amount END), 0)"
#define RETURNS "coalesce(sum(CASE WHEN starts_with(InvoiceNo, 'C') THEN Amount ELSE 0 END), 0)"
#define ORDERS  "count(DISTINCT CASE WHEN starts_with(InvoiceNo, 'C') THEN NULL ELSE InvoiceNo END)"

static int32_t last_day; /* of the set that is asked */

/* " WHERE ..." of a question; segments of customers are those of its own days, whatever `range`. */
static inline void append_where(mr_buffer *sql, const mr_sales_question *question,
                                mr_sales_range own, mr_sales_range range)
{
    const mr_sales_range none = {0, -1};
    mr_buffer condition;

    mr_sales_append_condition(sql, question, range, none);
    if (question->segments != 0) {
        mr_buffer_init(&condition, sql_bytes_max);
        mr_sales_append_condition(&condition, question, own, none);
        mr_sales_rfm_append_condition(sql, question->segments, "f", mr_buffer_text(&condition),
                                      own.to < last_day ? own.to : last_day);
        mr_buffer_free(&condition);
    }
}

/* The only column of the only row of "SELECT <what> FROM f <where of the question>", as text. */
static inline void ask_sql_of(shop *s, const char *what, const char *tail,
                              const mr_sales_question *question, mr_sales_range own,
                              mr_sales_range range, char *ret_text, size_t bytes)
{
    mr_olap_result *result = NULL;
    mr_buffer sql, text;
    mr_err err;

    mr_buffer_init(&sql, sql_bytes_max);
    mr_buffer_init(&text, sql_bytes_max);
    (void)mr_buffer_printf(&sql,
                           "WITH first AS (SELECT CustomerID AS c, min(InvoiceDate) AS d FROM f"
                           " WHERE InvoiceNo NOT LIKE 'C%%' GROUP BY CustomerID),"
                           " w AS (SELECT * FROM f");
    append_where(&sql, question, own, range);
    (void)mr_buffer_printf(&sql, ") SELECT %s FROM w %s", what, tail);
    (void)mr_buffer_append(&sql, "", 1);
    if (mr_olap_query(s->connection, sql.data, true, &result, &err) != MR_OK) {
        fail_msg("%s\n%s", err.message, sql.data);
    }
    ret_text[0] = '\0';
    while (mr_olap_next(result, NULL) == MR_OK) {
        mr_buffer_clear(&text);
        assert_true(mr_olap_write_text(result, 0, &text));
        (void)snprintf(ret_text + strlen(ret_text), bytes - strlen(ret_text), "%.*s;",
                       (int)text.bytes, text.data != NULL ? text.data : "");
    }
    mr_olap_result_free(result);
    mr_buffer_free(&sql);
    mr_buffer_free(&text);
}

static inline void ask_sql(shop *s, const char *what, const char *tail,
                           const mr_sales_question *question, mr_sales_range range, char *ret_text,
                           size_t bytes)
{
    ask_sql_of(s, what, tail, question, range, range, ret_text, bytes);
}

#endif
