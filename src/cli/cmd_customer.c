/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_customer.c - `millrace customer`: a customer's spend, and every order and return; or who
 * spent most. */
#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/shop_print.h"

enum { money_columns = 20, top_max = 1000 };

typedef struct order_list {
    bool json;
    uint64_t shown;
} order_list;

static void print_head(const mr_store_customer *customer)
{
    const mr_amount net = mr_amount_add(customer->spent, customer->returned);
    char text[mr_cli_text_bytes_max], date[mr_civil_text_bytes_max];
    const int width = mr_shop_money_width(money_columns);

    (void)printf("Customer %" PRId64, customer->customer_id);
    if (customer->name[0] != '\0') {
        (void)printf(", ");
        mr_shop_print_text(mr_text_of(customer->name));
    }
    (void)printf(", ");
    mr_shop_print_text(mr_text_of(customer->country));
    (void)printf("\n  %-14s%*s\n", "spent", width, mr_shop_money(customer->spent, text));
    (void)printf("  %-14s%*s\n", "returned", width, mr_shop_money(customer->returned, text));
    (void)printf("  %-14s%*s\n", "net", width, mr_shop_money(net, text));
    (void)printf("  %-14s%*s\n", "orders", money_columns, mr_cli_count(customer->orders, text));
    (void)printf("  %-14s%*s\n", "cancellations", money_columns,
                 mr_cli_count(customer->cancellations, text));
    (void)printf("  %-14s%*s\n", "lines", money_columns, mr_cli_count(customer->lines, text));
    (void)mr_civil_format_iso(customer->first_order, date);
    (void)printf("  %-14s%*s\n", "first order", money_columns, date);
    (void)mr_civil_format_iso(customer->last_order, date);
    (void)printf("  %-14s%*s\n", "last order", money_columns, date);
}

static void print_head_json(const mr_store_customer *customer)
{
    (void)printf("{\"customer_id\":%" PRId64 ",", customer->customer_id);
    mr_shop_print_json_text("name", mr_text_of(customer->name));
    (void)putchar(',');
    mr_shop_print_json_text("country", mr_text_of(customer->country));
    (void)putchar(',');
    mr_shop_print_json_amount("spent", customer->spent);
    (void)putchar(',');
    mr_shop_print_json_amount("returned", customer->returned);
    (void)putchar(',');
    mr_shop_print_json_amount("net", mr_amount_add(customer->spent, customer->returned));
    (void)printf(",\"orders\":%" PRIu64 ",\"cancellations\":%" PRIu64 ",\"lines\":%" PRIu64 ",",
                 customer->orders, customer->cancellations, customer->lines);
    mr_shop_print_json_date("first_order", customer->first_order);
    (void)putchar(',');
    mr_shop_print_json_date("last_order", customer->last_order);
}

static void print_order_json(const mr_store_order *order, bool first)
{
    (void)printf("%s{", first ? "" : ",");
    mr_shop_print_json_text("invoice_no", order->invoice_no);
    (void)putchar(',');
    mr_shop_print_json_date("invoice_date", order->invoice_date);
    (void)printf(",\"cancelled\":%s,\"lines\":%" PRIu64 ",\"items\":%" PRId64 ",",
                 order->cancelled ? "true" : "false", order->lines, order->items);
    mr_shop_print_json_amount("amount", order->amount);
    (void)putchar('}');
}

static void print_order(const mr_store_order *order, bool first)
{
    char lines[mr_cli_text_bytes_max], amount[mr_cli_text_bytes_max];
    char date[mr_civil_text_bytes_max];

    if (first) {
        (void)printf("\n%-19s  %6s %9s %*s  %s\n", "DATE", "LINES", "ITEMS", money_columns,
                     "AMOUNT", "INVOICE");
    }
    (void)mr_civil_format_iso(order->invoice_date, date);
    (void)printf("%-19s  %6s %9" PRId64 " %*s  ", date, mr_cli_count(order->lines, lines),
                 order->items, mr_shop_money_width(money_columns),
                 mr_shop_money(order->amount, amount));
    mr_shop_print_text(order->invoice_no);
    (void)printf("%s\n", order->cancelled ? " (return)" : "");
}

static bool visit_order(void *ctx, const mr_store_order *order)
{
    order_list *list = ctx;

    if (list->json) {
        print_order_json(order, list->shown == 0);
    } else {
        print_order(order, list->shown == 0);
    }
    list->shown++;
    return ferror(stdout) == 0;
}

static mr_status print_customer(const mr_cli *cli, mr_store *store, int64_t customer_id,
                                bool with_orders, mr_err *err)
{
    const mr_store_order_query query = {
        .customer_id = customer_id, .orders = true, .cancellations = true};
    order_list list = {.json = mr_cli_json(cli)};
    mr_store_customer customer;
    mr_status status = mr_store_read_customer(store, customer_id, &customer, err);

    if (status != MR_OK) {
        return status;
    }
    if (list.json) {
        print_head_json(&customer);
        (void)printf(with_orders ? ",\"invoices\":[" : "}\n");
    } else {
        print_head(&customer);
    }
    if (!with_orders) {
        return MR_OK;
    }
    status = mr_store_read_orders(store, &query, visit_order, &list, err);
    if (status == MR_OK && list.json) {
        (void)printf("]}\n");
    }
    return status;
}

static bool visit_top(void *ctx, const mr_store_customer *customer)
{
    order_list *list = ctx;
    char spent[mr_cli_text_bytes_max], orders[mr_cli_text_bytes_max];

    if (list->json) {
        (void)printf(list->shown == 0 ? "" : ",");
        print_head_json(customer);
        (void)putchar('}');
    } else {
        if (list->shown == 0) {
            (void)printf("%-12s %8s %*s  %s\n", "CUSTOMER", "ORDERS", money_columns, "SPENT",
                         "NAME");
        }
        (void)printf("%-12" PRId64 " %8s %*s  ", customer->customer_id,
                     mr_cli_count(customer->orders, orders), mr_shop_money_width(money_columns),
                     mr_shop_money(customer->spent, spent));
        mr_shop_print_text(customer->name[0] != '\0' ? mr_text_of(customer->name)
                                                     : mr_text_of(customer->country));
        (void)putchar('\n');
    }
    list->shown++;
    return ferror(stdout) == 0;
}

static mr_status print_top(const mr_cli *cli, mr_store *store, uint64_t limit, mr_err *err)
{
    order_list list = {.json = mr_cli_json(cli)};

    (void)printf("%s", list.json ? "{\"customers\":[" : "");
    mr_status status = mr_store_read_top_customers(store, limit, visit_top, &list, err);
    (void)printf("%s", list.json && status == MR_OK ? "]}\n" : "");
    return status;
}

/* What the arguments ask for: a customer, or with limit > 0 the ones who spent most. */
typedef struct customer_request {
    int64_t customer_id;
    uint64_t limit;
    bool with_orders;
} customer_request;

static int run_request(mr_cli *cli, const customer_request *request)
{
    mr_store *store = NULL;
    mr_err err;
    mr_status status = mr_shop_open(cli, &store, &err);

    if (status == MR_OK && request->limit > 0) {
        status = print_top(cli, store, request->limit, &err);
    } else if (status == MR_OK) {
        status = print_customer(cli, store, request->customer_id, request->with_orders, &err);
    }
    mr_store_close(store);
    return status == MR_OK ? MR_EXIT_OK : mr_cli_fail(cli, &err);
}

int mr_cmd_customer(mr_cli *cli, int argc, char **argv)
{
    customer_request request = {0};
    const char *top = NULL;
    const mr_cli_option options[] = {
        {.name = "--orders",
         .help = "list every order and return, newest first",
         .ret_switch = &request.with_orders},
        {.name = "--top",
         .value_name = "N",
         .help = "instead of one customer: the N who spent most",
         .ret_value = &top},
    };
    int argument_count, exit_status;
    char **arguments;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof options / sizeof options[0], &argument_count,
                      &arguments, &exit_status)) {
        return exit_status;
    }
    if (top != NULL && (argument_count > 0 || request.with_orders)) {
        return mr_cli_usage(cli, "--top stands alone: no customer's number, no --orders");
    }
    if (top != NULL &&
        (!mr_parse_uint64(mr_text_of(top), top_max, &request.limit) || request.limit == 0)) {
        return mr_cli_usage(cli, "--top is '%s': 1 to %d customers", top, top_max);
    }
    if (top == NULL && argument_count != 1) {
        return mr_cli_usage(cli, "one customer's number is needed, or --top N");
    }
    if (top == NULL && !mr_parse_int64(mr_text_of(arguments[0]), &request.customer_id)) {
        return mr_cli_usage(cli, "'%s' is not a customer's number", arguments[0]);
    }
    return run_request(cli, &request);
}
