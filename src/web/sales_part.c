/* SPDX-License-Identifier: Apache-2.0 */
/* web/sales_part.c - starts the dashboard's engine with the web, and ends it last. */
#include "web/sales_part.h"

#include "query/sales.h"

enum {
    look_ms = 1000,
    engine_bytes_max = 256 << 20,
    answers_part = 16,
    memory_default = 512 << 20
};

void *mr_web_sales_create(const mr_web_options *options)
{
    const size_t memory =
        options->sales_memory_bytes > 0 ? options->sales_memory_bytes : memory_default;

    /* Answers that are kept have a small part of the memory, lines the rest. */
    return mr_sales_start(&(mr_sales_options){
        .lake = options->lake,
        .data_folder = options->data_folder,
        .memory_bytes_max = memory - memory / answers_part,
        .answers_bytes_max = memory / answers_part,
        .look_ms = look_ms,
        .engine = {.memory_bytes_max = engine_bytes_max, .threads = options->olap_threads},
    });
}

void mr_web_sales_destroy(void *part)
{
    mr_sales_stop(part);
}
