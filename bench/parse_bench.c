/* SPDX-License-Identifier: Apache-2.0 */
/* bench/parse_bench.c - reading events, against the bare JSON parser beneath on the same bytes.
 *
 * Ours: mr_event_stream over NDJSON: parsed, checked, identified. The yardstick: yyjson in situ,
 * numbers raw, a pool allocator, lines found by memchr, and one walk over the keys. The rounds
 * alternate, so that a slow moment of the machine meets both; the best round of each counts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <yyjson.h>

#include "base/civil.h"
#include "base/random.h"
#include "event/event_json.h"

enum {
    event_count = 500000,
    rounds = 7,
    document_bytes_max = 256 * 1024 * 1024,
    pool_bytes = 64 * 1024,
    invoice_lines_mean = 20,
};

static const char *const descriptions[] = {
    "WHITE HANGING HEART T-LIGHT HOLDER", "WHITE METAL LANTERN",
    "CREAM CUPID HEARTS COAT HANGER",     "KNITTED UNION FLAG HOT WATER BOTTLE",
    "RED WOOLLY HOTTIE WHITE HEART.",     "SET 7 BABUSHKA NESTING BOXES",
    "GLASS STAR FROSTED T-LIGHT HOLDER",  "ASSORTED COLOUR BIRD ORNAMENT",
    "POPPY'S PLAYHOUSE BEDROOM ",         "FELTCRAFT PRINCESS CHARLOTTE DOLL",
};
static const char *const names[] = {"Oliver Smith", "Amelia Jones-Taylor", "Noah Williams",
                                    "Zo\xC3\xAB Brown", "Marguerite de la Fontaine"};
static const char *const countries[] = {"United Kingdom", "France", "Germany", "EIRE",
                                        "United Arab Emirates"};

#define PICK(random, list) (list)[mr_random_below((random), sizeof(list) / sizeof *(list))]

static void append_event(mr_buffer *out, mr_random *random, unsigned invoice)
{
    unsigned pence = (unsigned)(29 + mr_random_below(random, 1500));
    bool appended = mr_buffer_printf(
        out,
        "{\"InvoiceNo\":\"%u\",\"StockCode\":\"%u%c\",\"Description\":\"%s\",\"Quantity\":%d,"
        "\"InvoiceDate\":\"%02u/%02u/2011 %02u:%02u\",\"UnitPrice\":%u.%02u,\"CustomerID\":%u,"
        "\"customerName\":\"%s\",\"Country\":\"%s\"}\n",
        invoice, (unsigned)(20000 + mr_random_below(random, 65000)),
        (char)('A' + mr_random_below(random, 26)), PICK(random, descriptions),
        (int)mr_random_below(random, 48) + 1, invoice % 28 + 1, invoice / 28 % 12 + 1,
        8 + invoice % 10, invoice % 60, pence / 100, pence % 100,
        (unsigned)(12346 + mr_random_below(random, 5000)), PICK(random, names),
        PICK(random, countries));

    MR_ASSERT(appended);
}

static void generate(mr_buffer *out)
{
    mr_random random;
    unsigned invoice = 536365;

    mr_random_seed(&random, 1);
    for (int i = 0; i < event_count; i++) {
        append_event(out, &random, invoice);
        invoice += mr_random_below(&random, invoice_lines_mean) == 0;
    }
}

static uint64_t run_ours(mr_event_parser *parser, char *json, size_t bytes)
{
    mr_event_faults faults;
    mr_event event;
    uint64_t number;
    uint64_t events = 0;
    mr_status status;

    mr_event_stream_start(parser, json, bytes);
    while ((status = mr_event_stream_next(parser, &event, &faults, &number)) != MR_NOT_FOUND) {
        MR_ASSERT(status == MR_OK);
        events++;
    }
    return events;
}

static uint64_t walk_keys(yyjson_val *root)
{
    yyjson_obj_iter iter = yyjson_obj_iter_with(root);
    uint64_t bytes = 0;

    for (yyjson_val *key; (key = yyjson_obj_iter_next(&iter)) != NULL;) {
        bytes += yyjson_get_len(key) + yyjson_get_len(yyjson_obj_iter_get_val(key));
    }
    return bytes;
}

static uint64_t run_yyjson(void *pool, char *json, size_t bytes)
{
    static const yyjson_read_flag flags = YYJSON_READ_INSITU | YYJSON_READ_NUMBER_AS_RAW;
    char *end = json + bytes;
    uint64_t events = 0;

    while (json < end) {
        char *line_end = memchr(json, '\n', (size_t)(end - json));
        char behind[YYJSON_PADDING_SIZE];
        yyjson_alc allocator;

        MR_ASSERT(line_end != NULL && yyjson_alc_pool_init(&allocator, pool, pool_bytes));
        memcpy(behind, line_end, sizeof behind);
        memset(line_end, 0, sizeof behind);
        yyjson_doc *doc =
            yyjson_read_opts(json, (size_t)(line_end - json), flags, &allocator, NULL);
        memcpy(line_end, behind, sizeof behind);
        MR_ASSERT(doc != NULL && walk_keys(yyjson_doc_get_root(doc)) > 0);
        events++;
        json = line_end + 1;
    }
    return events;
}

int main(void)
{
    mr_event_parser *parser = mr_event_parser_create();
    void *pool = mr_alloc(pool_bytes);
    mr_buffer document;
    int64_t best_us[2] = {INT64_MAX, INT64_MAX};

    mr_buffer_init(&document, document_bytes_max);
    generate(&document);
    char *copy = mr_alloc(document.bytes + mr_json_padding_bytes);
    for (int round = 0; round < 2 * rounds; round++) {
        memcpy(copy, document.data, document.bytes); /* both spoil their input */
        int64_t start_us = mr_monotonic_us();
        uint64_t events = round % 2 == 0 ? run_ours(parser, copy, document.bytes)
                                         : run_yyjson(pool, copy, document.bytes);
        int64_t took_us = mr_monotonic_us() - start_us;

        MR_ASSERT(events == event_count);
        best_us[round % 2] = took_us < best_us[round % 2] ? took_us : best_us[round % 2];
    }
    printf("{\"bench\":\"parse\",\"ours_events_per_s\":%.0f,\"yyjson_events_per_s\":%.0f,"
           "\"ratio\":%.3f,\"bytes_per_event\":%zu}\n",
           event_count * 1e6 / (double)best_us[0], event_count * 1e6 / (double)best_us[1],
           (double)best_us[1] / (double)best_us[0], document.bytes / event_count);
    mr_buffer_free(&document);
    free(copy);
    free(pool);
    mr_event_parser_destroy(parser);
    return 0;
}
