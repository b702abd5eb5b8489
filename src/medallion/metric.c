/* SPDX-License-Identifier: Apache-2.0 */
/* medallion/metric.c - the declarations of metrics, read: lines "key: value", '#' begins a comment.
 *
 * Owns the metrics' arena. Not here: their SQL (metric_sql.c).
 */
#include "medallion/metric.h"

#include <stdio.h>
#include <stdlib.h>

enum { arena_bytes_max = 262144 };

struct mr_metrics {
    mr_arena *arena;
    mr_metric metrics[mr_metrics_max];
    size_t count;
};

typedef struct draft {
    mr_metrics *metrics;
    const char *file;
    size_t line;
    mr_metric *now; /* NULL: none has begun */
    bool formatted, defined;
    mr_err *err;
} draft;

extern const char mr_embed_sales_metrics[];
extern const size_t mr_embed_sales_metrics_bytes;

static const char *keep(draft *d, mr_text text)
{
    char *copy = mr_arena_take(d->metrics->arena, text.bytes + 1);

    MR_ASSERT(copy != NULL); /* the text itself is shorter */
    memcpy(copy, text.data, text.bytes);
    copy[text.bytes] = '\0';
    return copy;
}

static mr_status fault(const draft *d, const char *what, mr_text word)
{
    return mr_fail(d->err, MR_INVALID, "%s:%zu: %s '%.*s'", d->file, d->line, what,
                   (int)(word.bytes < 60 ? word.bytes : 60), word.data == NULL ? "" : word.data);
}

static mr_text take_word(mr_text *rest)
{
    size_t bytes = 0;

    *rest = mr_text_trim(*rest);
    while (bytes < rest->bytes && rest->data[bytes] != ' ') {
        bytes++;
    }
    mr_text word = {rest->data, bytes};
    *rest = mr_text_trim((mr_text){rest->data + bytes, rest->bytes - bytes});
    return word;
}

static bool take_literal(mr_text *rest, const char *literal)
{
    mr_text ahead = *rest;

    if (!mr_text_equal(take_word(&ahead), mr_text_of(literal))) {
        return false;
    }
    *rest = ahead;
    return true;
}

static bool is_name(mr_text word)
{
    for (size_t i = 0; i < word.bytes; i++) {
        const char c = word.data[i];
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';

        if (!letter && !(i > 0 && c >= '0' && c <= '9')) {
            return false;
        }
    }
    return word.bytes > 0 && word.bytes <= 64;
}

static const mr_metric *find(const mr_metrics *metrics, mr_text name)
{
    for (size_t i = 0; i < metrics->count; i++) {
        if (mr_text_equal(mr_text_of(metrics->metrics[i].name), name)) {
            return &metrics->metrics[i];
        }
    }
    return NULL;
}

/* One that stands before; ratios are made of counts and sums, not of ratios. */
static mr_status take_metric(draft *d, mr_text *rest, const mr_metric **ret_metric)
{
    const mr_text name = take_word(rest);
    const mr_metric *metric = find(d->metrics, name);

    if (metric == NULL || metric == d->now ||
        (metric->kind != MR_METRIC_SUM && metric->kind != MR_METRIC_DISTINCT)) {
        return fault(d, "a sum or count that stands before it is expected, not", name);
    }
    *ret_metric = metric;
    return MR_OK;
}

static mr_status read_lines(draft *d, mr_text rest)
{
    static const struct {
        const char *word;
        unsigned bit;
    } words[] = {{"orders", MR_LINES_ORDERS},
                 {"cancellations", MR_LINES_CANCELLATIONS},
                 {"guests", MR_LINES_GUESTS}};

    do {
        const mr_text word = take_word(&rest);
        unsigned bit = 0;

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            bit = mr_text_equal(word, mr_text_of(words[i].word)) ? words[i].bit : bit;
        }
        if (bit == 0) {
            return fault(d, "lines are orders, cancellations or guests, not", word);
        }
        d->now->lines |= bit;
    } while (rest.bytes > 0);
    return MR_OK;
}

static mr_status read_with(draft *d, mr_text rest)
{
    const mr_text all = rest;
    const bool first = take_literal(&rest, "first");
    mr_status status = take_metric(d, &rest, &d->now->by);

    if (status != MR_OK) {
        return status;
    }
    if (first && take_literal(&rest, "within")) {
        d->now->kind = MR_METRIC_FIRST;
    } else if (first && take_literal(&rest, "before")) {
        d->now->kind = MR_METRIC_BEFORE;
    } else if (!first && take_literal(&rest, ">") &&
               mr_parse_int64(take_word(&rest), &d->now->bound)) {
        d->now->kind = MR_METRIC_MORE;
    } else {
        return fault(d, "'> number', or 'first metric within' or 'before', is expected, not", all);
    }
    return rest.bytes > 0 ? fault(d, "this is too much:", rest) : MR_OK;
}

static mr_status read_aggregate(draft *d, mr_metric_kind kind, mr_text rest)
{
    const mr_text column = take_word(&rest);

    if (!is_name(column)) {
        return fault(d, "a column is expected, not", column);
    }
    d->now->kind = kind;
    d->now->column = keep(d, column);
    if (rest.bytes == 0) {
        return MR_OK;
    }
    if (take_literal(&rest, "of")) {
        return read_lines(d, rest);
    }
    if (kind == MR_METRIC_DISTINCT && take_literal(&rest, "with")) {
        return read_with(d, rest);
    }
    return fault(d, "'of', or 'with' behind a count, is expected, not", rest);
}

static mr_status read_ratio(draft *d, mr_text rest)
{
    mr_metric *now = d->now;
    mr_status status = take_metric(d, &rest, &now->by);

    now->kind = MR_METRIC_RATIO;
    if (status == MR_OK && !take_literal(&rest, "/")) {
        return fault(d, "'/' is expected, not", rest);
    }
    while (status == MR_OK) {
        if (now->part_count == mr_metric_parts_max) {
            return fault(d, "this is too much:", rest);
        }
        status = take_metric(d, &rest, &now->parts[now->part_count]);
        now->part_count += status == MR_OK;
        if (status == MR_OK && rest.bytes == 0) {
            return MR_OK;
        }
        if (status == MR_OK && !take_literal(&rest, "+")) {
            return fault(d, "'+' is expected, not", rest);
        }
    }
    return status;
}

static mr_status read_is(draft *d, mr_text value)
{
    d->defined = true;
    if (take_literal(&value, "sum")) {
        return read_aggregate(d, MR_METRIC_SUM, value);
    }
    if (take_literal(&value, "count")) {
        return read_aggregate(d, MR_METRIC_DISTINCT, value);
    }
    return read_ratio(d, value);
}

static mr_status read_format(draft *d, mr_text value)
{
    for (int format = MR_METRIC_MONEY; format <= MR_METRIC_RATE; format++) {
        if (mr_text_equal(value, mr_text_of(mr_metric_format_name((mr_metric_format)format)))) {
            d->now->format = (mr_metric_format)format;
            d->formatted = true;
            return MR_OK;
        }
    }
    return fault(d, "a format is money, count or rate, not", value);
}

static mr_status read_view(draft *d, mr_text value)
{
    const char *dot = memchr(value.data, '.', value.bytes);
    const size_t view_bytes = dot == NULL ? 0 : (size_t)(dot - value.data);
    const mr_text view = {value.data, view_bytes};
    const mr_text column = {value.data + view_bytes + 1,
                            dot == NULL ? 0 : value.bytes - view_bytes - 1};

    if (!is_name(view) || !is_name(column)) {
        return fault(d, "a view's column is view.column, not", value);
    }
    d->now->view = keep(d, view);
    d->now->view_column = keep(d, column);
    return MR_OK;
}

static mr_status read_title(draft *d, mr_text value)
{
    d->now->title = keep(d, value);
    return MR_OK;
}

static mr_status read_description(draft *d, mr_text value)
{
    d->now->description = keep(d, value);
    return MR_OK;
}

/* What the metric under way must have by now. */
static mr_status end_metric(const draft *d)
{
    const mr_metric *now = d->now;

    if (now == NULL) {
        return MR_OK;
    }
    if (now->title == NULL || now->description == NULL || !d->formatted || !d->defined) {
        return fault(d, "title, description, format and is belong to a metric; one lacks for",
                     mr_text_of(now->name));
    }
    if ((now->format == MR_METRIC_RATE) && now->kind != MR_METRIC_RATIO) {
        return fault(d, "only a ratio is a rate, not", mr_text_of(now->name));
    }
    return MR_OK;
}

static mr_status begin_metric(draft *d, mr_text value)
{
    mr_status status = end_metric(d);

    if (status != MR_OK) {
        return status;
    }
    if (!is_name(value) || find(d->metrics, value) != NULL) {
        return fault(d, "a metric has a name of its own, not", value);
    }
    if (d->metrics->count == mr_metrics_max) {
        return fault(d, "there are too many metrics for", value);
    }
    d->now = &d->metrics->metrics[d->metrics->count++];
    d->now->name = keep(d, value);
    d->formatted = d->defined = false;
    return MR_OK;
}

static mr_status read_line(draft *d, mr_text line)
{
    static const struct {
        const char *key;
        mr_status (*read)(draft *d, mr_text value);
    } entries[] = {{"title", read_title},
                   {"description", read_description},
                   {"format", read_format},
                   {"is", read_is},
                   {"view", read_view}};
    const char *colon = memchr(line.data, ':', line.bytes);
    const size_t bytes = colon == NULL ? line.bytes : (size_t)(colon - line.data);
    const mr_text key = {line.data, bytes};
    mr_text value = {line.data + bytes, line.bytes - bytes};

    if (colon == NULL) {
        return fault(d, "'key: value' is expected, not", line);
    }
    value = mr_text_trim((mr_text){colon + 1, value.bytes - 1});
    if (value.bytes == 0) {
        return fault(d, "there is no value behind", key);
    }
    if (mr_text_equal(key, MR_TEXT_LITERAL("metric"))) {
        return begin_metric(d, value);
    }
    for (size_t i = 0; d->now != NULL && i < sizeof entries / sizeof entries[0]; i++) {
        if (mr_text_equal(key, mr_text_of(entries[i].key))) {
            return entries[i].read(d, value);
        }
    }
    return fault(d, "there is no entry", key);
}

mr_status mr_metrics_parse(const char *file, mr_text text, mr_metrics **ret_metrics, mr_err *err)
{
    mr_metrics *metrics = mr_alloc_zero(1, sizeof *metrics);
    draft d = {.metrics = metrics, .file = file, .err = err};
    mr_status status = MR_OK;

    metrics->arena = mr_arena_create(arena_bytes_max);
    if (text.bytes > arena_bytes_max / 4 || !mr_utf8_valid(text)) {
        status = mr_fail(err, MR_INVALID, "%s: metrics are a short text in UTF-8", file);
    }
    while (status == MR_OK && text.bytes > 0) {
        const char *end = memchr(text.data, '\n', text.bytes);
        const size_t bytes = end == NULL ? text.bytes : (size_t)(end - text.data);
        const mr_text line = mr_text_trim((mr_text){text.data, bytes});

        d.line++;
        text = (mr_text){text.data + bytes + (end != NULL), text.bytes - bytes - (end != NULL)};
        if (line.bytes > 0 && line.data[0] != '#') {
            status = read_line(&d, line);
        }
    }
    if (status == MR_OK) {
        status = end_metric(&d);
    }
    if (status != MR_OK) {
        mr_metrics_free(metrics);
        return status;
    }
    *ret_metrics = metrics;
    return MR_OK;
}

mr_metrics *mr_metrics_load(void)
{
    mr_metrics *metrics = NULL;
    const mr_text text = {mr_embed_sales_metrics, mr_embed_sales_metrics_bytes};
    const mr_status status = mr_metrics_parse("models/metrics/sales.metrics", text, &metrics, NULL);

    MR_ASSERT(status == MR_OK);
    return metrics;
}

void mr_metrics_free(mr_metrics *metrics)
{
    if (metrics != NULL) {
        mr_arena_destroy(metrics->arena);
        free(metrics);
    }
}

size_t mr_metrics_count(const mr_metrics *metrics)
{
    return metrics->count;
}

const mr_metric *mr_metrics_at(const mr_metrics *metrics, size_t index)
{
    MR_ASSERT(index < metrics->count);
    return &metrics->metrics[index];
}

const mr_metric *mr_metrics_find(const mr_metrics *metrics, const char *name)
{
    return find(metrics, mr_text_of(name));
}

static mr_status check_view(const mr_metric *metric, const mr_models *models, mr_err *err)
{
    char name[2 * 64 + 8];
    const mr_model *view;

    (void)snprintf(name, sizeof name, "gold.%s", metric->view);
    view = mr_models_find(models, name);
    if (view == NULL || mr_model_find_column(view, metric->view_column) == NULL) {
        return mr_fail(err, MR_INVALID, "metric %s: there is no %s.%s", metric->name, name,
                       metric->view_column);
    }
    return MR_OK;
}

mr_status mr_metrics_check(const mr_metrics *metrics, const mr_models *models, mr_err *err)
{
    const mr_model *lines = mr_models_find(models, "gold.fact_sales");
    mr_status status = MR_OK;

    if (lines != NULL && lines->mode == MR_MODEL_PUBLISH) {
        lines = mr_models_find(models, lines->from);
    }
    for (size_t i = 0; status == MR_OK && i < metrics->count; i++) {
        const mr_metric *metric = &metrics->metrics[i];

        if (metric->column != NULL &&
            (lines == NULL || mr_model_find_column(lines, metric->column) == NULL)) {
            status = mr_fail(err, MR_INVALID, "metric %s: gold.fact_sales has no column %s",
                             metric->name, metric->column);
        } else if (metric->view != NULL) {
            status = check_view(metric, models, err);
        }
    }
    return status;
}
