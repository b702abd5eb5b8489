/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_invoice.c - `millrace invoice`: an invoice's head, its lines and its total. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/shop_print.h"

enum { money_columns = 16 };

typedef struct line_list {
    const mr_store_invoice *invoice; /* filled before the first line is visited */
    bool json;
    uint64_t shown;
} line_list;

static void print_head(const mr_store_invoice *invoice)
{
    char date[mr_civil_text_bytes_max];

    (void)mr_civil_format_iso(invoice->invoice_date, date);
    (void)printf("%s ", invoice->cancelled ? "Cancellation" : "Invoice");
    mr_shop_print_text(mr_text_of(invoice->invoice_no));
    (void)printf(", %s, ", date);
    if (invoice->has_customer) {
        (void)printf("customer %" PRId64, invoice->customer_id);
    } else {
        (void)printf("a guest");
    }
    if (invoice->customer_name[0] != '\0') {
        (void)printf(", ");
        mr_shop_print_text(mr_text_of(invoice->customer_name));
    }
    (void)printf(", ");
    mr_shop_print_text(mr_text_of(invoice->country));
    (void)printf("\n\n%9s %*s %*s  %-12s %s\n", "QUANTITY", money_columns, "UNIT PRICE",
                 money_columns, "AMOUNT", "STOCK CODE", "DESCRIPTION");
}

static void print_line(const mr_store_line *line)
{
    const mr_amount unit_price = {line->unit_price.scaled};
    const int width = mr_shop_money_width(money_columns);
    char price[mr_cli_text_bytes_max], amount[mr_cli_text_bytes_max];

    (void)printf("%9" PRId32 " %*s %*s  ", line->quantity, width, mr_shop_money(unit_price, price),
                 width, mr_shop_money(line->amount, amount));
    mr_shop_print_text(line->stock_code);
    for (size_t column = mr_utf8_length(line->stock_code); column < 12; column++) {
        (void)putchar(' ');
    }
    (void)putchar(' ');
    mr_shop_print_text(line->description);
    (void)putchar('\n');
}

static void print_total(const mr_store_invoice *invoice)
{
    char lines[mr_cli_text_bytes_max], total[mr_cli_text_bytes_max];

    (void)printf("%9" PRId64 " %*s %*s  %s %s\n", invoice->items, money_columns, "TOTAL",
                 mr_shop_money_width(money_columns), mr_shop_money(invoice->total, total),
                 mr_cli_count(invoice->lines, lines), invoice->lines == 1 ? "line" : "lines");
}

static void print_head_json(const mr_store_invoice *invoice)
{
    (void)putchar('{');
    mr_shop_print_json_text("invoice_no", mr_text_of(invoice->invoice_no));
    (void)putchar(',');
    mr_shop_print_json_date("invoice_date", invoice->invoice_date);
    (void)printf(",\"cancelled\":%s,", invoice->cancelled ? "true" : "false");
    if (invoice->has_customer) {
        (void)printf("\"customer_id\":%" PRId64 ",", invoice->customer_id);
    } else {
        (void)printf("\"customer_id\":null,");
    }
    mr_shop_print_json_text("customer_name", mr_text_of(invoice->customer_name));
    (void)putchar(',');
    mr_shop_print_json_text("country", mr_text_of(invoice->country));
    (void)printf(",\"items\":%" PRId64 ",", invoice->items);
    mr_shop_print_json_amount("total", invoice->total);
    (void)printf(",\"lines\":[");
}

static void print_line_json(const mr_store_line *line, bool first)
{
    char event_id[33];

    mr_event_id_format(&line->event_id, event_id);
    (void)printf("%s{\"event_id\":\"%s\",", first ? "" : ",", event_id);
    mr_shop_print_json_text("stock_code", line->stock_code);
    (void)putchar(',');
    mr_shop_print_json_text("description", line->description);
    (void)printf(",\"quantity\":%" PRId32 ",", line->quantity);
    mr_shop_print_json_amount("unit_price", (mr_amount){line->unit_price.scaled});
    (void)putchar(',');
    mr_shop_print_json_amount("amount", line->amount);
    (void)putchar(',');
    mr_shop_print_json_date("invoice_date", line->invoice_date);
    if (line->has_customer) {
        (void)printf(",\"customer_id\":%" PRId64, line->customer_id);
    } else {
        (void)printf(",\"customer_id\":null");
    }
    (void)printf(",\"partition\":%" PRId32 ",\"offset\":%" PRId64 "}", line->partition,
                 line->offset);
}

static bool visit_line(void *ctx, const mr_store_line *line)
{
    line_list *list = ctx;
    bool first = list->shown == 0;

    if (list->json) {
        if (first) {
            print_head_json(list->invoice);
        }
        print_line_json(line, first);
    } else {
        if (first) {
            print_head(list->invoice);
        }
        print_line(line);
    }
    list->shown++;
    return ferror(stdout) == 0;
}

static mr_status print_invoice(const mr_cli *cli, mr_store *store, const char *invoice_no,
                               mr_err *err)
{
    mr_store_invoice invoice;
    line_list list = {.invoice = &invoice, .json = mr_cli_json(cli)};
    mr_status status =
        mr_store_read_invoice(store, mr_text_of(invoice_no), &invoice, visit_line, &list, err);

    if (status != MR_OK) {
        return status;
    }
    if (list.json) {
        (void)printf("]}\n");
    } else {
        print_total(&invoice);
    }
    return MR_OK;
}

int mr_cmd_invoice(mr_cli *cli, int argc, char **argv)
{
    mr_store *store = NULL;
    int argument_count, exit_status;
    char **arguments;
    mr_err err;
    mr_status status;

    if (!mr_cli_parse(cli, argc, argv, NULL, 0, &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count != 1) {
        return mr_cli_usage(cli, "one invoice's number is needed");
    }
    status = mr_shop_open(cli, &store, &err);
    if (status == MR_OK) {
        status = print_invoice(cli, store, arguments[0], &err);
    }
    mr_store_close(store);
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(cli, &err);
}
