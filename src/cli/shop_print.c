/* SPDX-License-Identifier: Apache-2.0 */
/* cli/shop_print.c - money, dates and senders' texts on standard output. */
#include "cli/shop_print.h"

#include <stdio.h>

#include "base/memory.h"
#include "cli/settings.h"

enum { shop_json_text_bytes_max = 16384 }; /* the longest text of an event, all of it escaped */

const char *mr_shop_money(mr_amount amount, char buffer[static mr_cli_text_bytes_max])
{
    char digits[mr_cli_text_bytes_max];
    const char *grouped = mr_cli_amount(amount, digits);
    bool negative = grouped[0] == '-';

    (void)snprintf(buffer, mr_cli_text_bytes_max, "%s\u00a3%s", negative ? "-" : "",
                   grouped + (negative ? 1 : 0));
    return buffer;
}

int mr_shop_money_width(int columns)
{
    return columns + 1; /* the pound sign is one column and two bytes */
}

void mr_shop_print_json_amount(const char *name, mr_amount amount)
{
    char digits[mr_amount_text_bytes_max];

    (void)mr_amount_format(amount, 2, digits);
    (void)printf("\"%s\":%s", name, digits);
}

void mr_shop_print_json_date(const char *name, mr_civil civil)
{
    char text[mr_civil_text_bytes_max];

    (void)mr_civil_format_iso(civil, text);
    (void)printf("\"%s\":\"%s\"", name, text);
}

void mr_shop_print_json_instant(const char *name, int64_t epoch_ms)
{
    char text[mr_civil_text_bytes_max] = "";

    if (epoch_ms != 0) {
        (void)mr_instant_format(epoch_ms, text);
    }
    mr_shop_print_json_text(name, mr_text_of(text));
}

void mr_shop_print_json_text(const char *name, mr_text text)
{
    mr_buffer escaped;

    if (text.bytes == 0) {
        (void)printf("\"%s\":null", name);
        return;
    }
    mr_buffer_init(&escaped, shop_json_text_bytes_max);
    MR_ASSERT(mr_buffer_append_json_string(&escaped, text));
    (void)printf("\"%s\":%.*s", name, (int)escaped.bytes, escaped.data);
    mr_buffer_free(&escaped);
}

/* A control character: of ASCII, or the second byte of one of U+0080 to U+009F. */
static bool steers(unsigned char before, unsigned char byte)
{
    return byte < 0x20 || byte == 0x7f || (before == 0xc2 && byte >= 0x80 && byte <= 0x9f);
}

void mr_shop_print_text(mr_text text)
{
    bool readable = mr_utf8_valid(text);
    unsigned char before = 0;

    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        bool begins_c1 =
            byte == 0xc2 && i + 1 < text.bytes && steers(byte, (unsigned char)text.data[i + 1]);

        if (!begins_c1 || !readable) {
            (void)putchar(steers(before, byte) || (!readable && byte >= 0x80) ? '?' : byte);
        }
        before = byte;
    }
}

mr_status mr_shop_open(const mr_cli *cli, mr_store **ret_store, mr_err *err)
{
    mr_store_options options = mr_settings_store(mr_cli_config(cli), MR_STORE_READ);

    return mr_store_open(&options, ret_store, err);
}
