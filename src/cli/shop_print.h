/* SPDX-License-Identifier: Apache-2.0 */
/* cli/shop_print.h - what the commands customer and invoice share: opening the store, and money,
 * dates and senders' texts on standard output. */
#ifndef MR_CLI_SHOP_PRINT_H
#define MR_CLI_SHOP_PRINT_H

#include "base/civil.h"
#include "cli/cli.h"
#include "store/store.h"

/* "£1,234.50", "-£0.07"; exact, at least two decimals. */
const char *mr_shop_money(mr_amount amount, char buffer[static mr_cli_text_bytes_max]);
/* Bytes that printf must be told to fill `columns` with a text of mr_shop_money. */
int mr_shop_money_width(int columns);

/* As JSON: the exact digits as a number; "yyyy-mm-dd HH:MM:SS" or null; an instant (0 = null)
 * as ISO 8601 in UTC. */
void mr_shop_print_json_amount(const char *name, mr_amount amount);
void mr_shop_print_json_date(const char *name, mr_civil civil);
void mr_shop_print_json_instant(const char *name, int64_t epoch_ms);
void mr_shop_print_json_text(const char *name, mr_text text); /* absent or empty = null */

/* A sender's text must not steer the terminal: control characters become '?', and all beyond ASCII
 * in what is not UTF-8. */
void mr_shop_print_text(mr_text text);

/* Opens the store that the settings name, for reading. */
mr_status mr_shop_open(const mr_cli *cli, mr_store **ret_store, mr_err *err);

#endif
