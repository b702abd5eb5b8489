/* SPDX-License-Identifier: Apache-2.0 */
/* event/csv_profile.c - finds out delimiter, encoding, columns, dates and decimal sign of a CSV
 * file.
 *
 * Owns:       the reading of one file, from first byte to last; nothing outlives the call.
 * Called by:  cli/convert_stream.c, before it reads the file a second time to convert it.
 * Invariants: (1) only hard evidence decides: the order of rows, a guess at what is usual, or the
 *             first thousand lines never do;
 *             (2) memory does not grow with the file.
 * Not here:   splitting records (event/csv.c), conversion (cli/convert_stream.c).
 */
#include "event/csv_profile.h"

#include <stdio.h>
#include <stdlib.h>

static const char delimiters[] = {',', ';', '\t', '|'};

enum { shapes_max = 256, utf8_tail_bytes_max = 3 };

/* Passes the file on to the CSV reader, and sees every byte of it. */
typedef struct tap {
    mr_csv_read_fn read;
    void *ctx;
    char *head; /* the first bytes, read ahead to find the delimiter */
    size_t head_bytes;
    size_t head_given;
    uint64_t bytes;
    uint64_t lines;
    bool invalid_utf8;
    char last;
    char tail[utf8_tail_bytes_max]; /* a sequence cut by the end of a chunk */
    size_t tail_bytes;
} tap;

/* What the rows say about dates and prices. */
typedef struct evidence {
    mr_csv_profile *profile;
    uint64_t comma_prices;      /* the comma can only be the decimal sign */
    uint64_t point_prices;      /* the point can only be the decimal sign */
    uint64_t open_comma_prices; /* 1,234 */
    uint64_t shapes[shapes_max];
    char previous[48]; /* lines of an invoice share their date */
    size_t previous_bytes;
    mr_csv_date previous_date;
    bool previous_valid;
} evidence;

/* --- Columns --------------------------------------------------------------------------------- */

mr_event_field mr_csv_column_field(mr_text name)
{
    static const struct {
        const char *name;
        mr_event_field field;
    } spellings[] = {
        {"invoiceno", MR_FIELD_INVOICE_NO},
        {"invoice", MR_FIELD_INVOICE_NO},
        {"invoicenumber", MR_FIELD_INVOICE_NO},
        {"stockcode", MR_FIELD_STOCK_CODE},
        {"description", MR_FIELD_DESCRIPTION},
        {"quantity", MR_FIELD_QUANTITY},
        {"qty", MR_FIELD_QUANTITY},
        {"invoicedate", MR_FIELD_INVOICE_DATE},
        {"unitprice", MR_FIELD_UNIT_PRICE},
        {"price", MR_FIELD_UNIT_PRICE},
        {"customerid", MR_FIELD_CUSTOMER_ID},
        {"customerno", MR_FIELD_CUSTOMER_ID},
        {"customer", MR_FIELD_CUSTOMER_ID},
        {"customername", MR_FIELD_CUSTOMER_NAME},
        {"country", MR_FIELD_COUNTRY},
        {"eventid", MR_FIELD_EVENT_ID},
    };
    char plain[24];
    size_t bytes = 0;

    for (size_t i = 0; i < name.bytes; i++) {
        char c = name.data[i];
        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (c == ' ' || c == '_' || c == '-' || c == '.' || c == '\t') {
            continue;
        }
        if (bytes == sizeof(plain)) {
            return MR_FIELD_COUNT;
        }
        plain[bytes++] = c;
    }
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        if (mr_text_equal((mr_text){plain, bytes}, mr_text_of(spellings[i].name))) {
            return spellings[i].field;
        }
    }
    return MR_FIELD_COUNT;
}

static mr_status fail_missing(const mr_csv_columns *columns, const mr_text *names, mr_err *err)
{
    static const mr_event_field required[] = {MR_FIELD_INVOICE_NO, MR_FIELD_STOCK_CODE,
                                              MR_FIELD_QUANTITY,   MR_FIELD_INVOICE_DATE,
                                              MR_FIELD_UNIT_PRICE, MR_FIELD_COUNTRY};
    mr_buffer missing;
    mr_buffer found;
    mr_status status = MR_OK;

    mr_buffer_init(&missing, 256);
    mr_buffer_init(&found, 160);
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        if (columns->of_field[required[i]] < 0) {
            (void)mr_buffer_printf(&missing, "%s%s", missing.bytes > 0 ? ", " : "",
                                   mr_event_field_name(required[i]));
        }
    }
    if (missing.bytes > 0) {
        for (size_t i = 0; i < columns->count; i++) {
            /* Past its cap the list is cut: the message is for a person. */
            (void)mr_buffer_printf(&found, "%s%.*s", i > 0 ? ", " : "", MR_TEXT_ARGS(names[i]));
        }
        status = mr_fail(err, MR_INVALID, "no column for %.*s; the header line says: %.*s%s",
                         MR_TEXT_ARGS(mr_buffer_text(&missing)),
                         MR_TEXT_ARGS(mr_buffer_text(&found)), found.overflowed ? ", ..." : "");
    }
    mr_buffer_free(&missing);
    mr_buffer_free(&found);
    return status;
}

mr_status mr_csv_columns_map(const mr_text *names, size_t count, mr_csv_columns *ret_columns,
                             mr_err *err)
{
    mr_csv_columns columns = {.count = count};
    mr_status status;

    for (size_t field = 0; field < MR_FIELD_COUNT; field++) {
        columns.of_field[field] = -1;
    }
    for (size_t i = 0; i < count; i++) {
        mr_event_field field = mr_csv_column_field(names[i]);
        if (field == MR_FIELD_COUNT) {
            continue;
        }
        if (columns.of_field[field] >= 0) {
            return mr_fail(err, MR_INVALID,
                           "columns %d and %zu of the header are both %s: rename or remove one",
                           columns.of_field[field] + 1, i + 1, mr_event_field_name(field));
        }
        columns.of_field[field] = (int32_t)i;
    }
    status = fail_missing(&columns, names, err);
    if (status == MR_OK) {
        *ret_columns = columns;
    }
    return status;
}

/* --- Bytes ----------------------------------------------------------------------------------- */

/* How many bytes at the end belong to a sequence that the next chunk may complete. */
static size_t cut_sequence_bytes(const char *data, size_t bytes)
{
    for (size_t back = 1; back <= utf8_tail_bytes_max && back <= bytes; back++) {
        unsigned char c = (unsigned char)data[bytes - back];
        if (c >= 0xC0) {
            size_t needed = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;
            return back < needed ? back : 0;
        }
        if (c < 0x80) {
            return 0;
        }
    }
    return 0;
}

static void check_utf8(tap *t, const char *data, size_t bytes)
{
    char joined[2 * utf8_tail_bytes_max + 1];
    size_t taken = 0;
    size_t cut;

    if (t->invalid_utf8) {
        return;
    }
    if (t->tail_bytes > 0) {
        memcpy(joined, t->tail, t->tail_bytes);
        while (taken < bytes && taken < utf8_tail_bytes_max &&
               ((unsigned char)data[taken] & 0xC0) == 0x80) {
            joined[t->tail_bytes + taken] = data[taken];
            taken++;
        }
        cut = taken == bytes ? cut_sequence_bytes(joined, t->tail_bytes + taken) : 0;
        if (cut > 0) {
            memcpy(t->tail, joined, cut);
            t->tail_bytes = cut;
            return;
        }
        t->invalid_utf8 = !mr_utf8_valid((mr_text){joined, t->tail_bytes + taken});
    }
    cut = cut_sequence_bytes(data + taken, bytes - taken);
    memcpy(t->tail, data + bytes - cut, cut);
    t->tail_bytes = cut;
    if (!mr_utf8_valid((mr_text){data + taken, bytes - taken - cut})) {
        t->invalid_utf8 = true;
    }
}

/* Line feeds, carriage returns, and both together as one, as the reader counts them. */
static uint64_t count_line_breaks(const char *data, size_t bytes, char previous)
{
    const char *end = data + bytes;
    uint64_t lines = 0;

    if (previous != '\r' && memchr(data, '\r', bytes) == NULL) {
        while (data < end && (data = memchr(data, '\n', (size_t)(end - data))) != NULL) {
            lines++;
            data++;
        }
        return lines;
    }
    for (; data < end; data++) {
        lines += *data == '\r' || (*data == '\n' && previous != '\r');
        previous = *data;
    }
    return lines;
}

static void look_at(tap *t, const char *data, size_t bytes)
{
    if (bytes == 0) {
        return;
    }
    check_utf8(t, data, bytes);
    t->lines += count_line_breaks(data, bytes, t->last);
    t->bytes += bytes;
    t->last = data[bytes - 1];
}

static mr_status tap_read(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes, mr_err *err)
{
    tap *t = ctx;
    size_t bytes = t->head_bytes - t->head_given;
    mr_status status = MR_OK;

    if (bytes > 0) {
        bytes = bytes < capacity ? bytes : capacity;
        memcpy(buffer, t->head + t->head_given, bytes);
        t->head_given += bytes;
    } else {
        status = t->read(t->ctx, buffer, capacity, &bytes, err);
    }
    if (status == MR_OK) {
        look_at(t, buffer, bytes);
        *ret_bytes = bytes;
    }
    return status;
}

static mr_status read_head(tap *t, mr_err *err)
{
    while (t->head_bytes < mr_csv_head_bytes_max) {
        size_t bytes = 0;
        mr_status status = t->read(t->ctx, t->head + t->head_bytes,
                                   mr_csv_head_bytes_max - t->head_bytes, &bytes, err);
        if (status != MR_OK) {
            return status;
        }
        if (bytes == 0) {
            return MR_OK;
        }
        t->head_bytes += bytes;
    }
    return MR_OK;
}

/* --- Delimiter ------------------------------------------------------------------------------- */

static mr_status read_memory(void *ctx, char *buffer, size_t capacity, size_t *ret_bytes,
                             mr_err *err)
{
    mr_text *rest = ctx;
    size_t bytes = rest->bytes < capacity ? rest->bytes : capacity;

    (void)err; /* memory does not fail to read */
    memcpy(buffer, rest->data, bytes);
    rest->data += bytes;
    rest->bytes -= bytes;
    *ret_bytes = bytes;
    return MR_OK;
}

/* Columns that the header has for the contract when it is split by a delimiter. */
static size_t known_columns(mr_text head, char delimiter)
{
    mr_csv_options options = {.delimiter = delimiter, .read = read_memory, .ctx = &head};
    mr_csv_reader *reader = mr_csv_reader_create(&options);
    mr_csv_record record;
    size_t known = 0;

    if (mr_csv_next(reader, &record, NULL) == MR_OK) {
        for (size_t i = 0; i < record.count; i++) {
            known += mr_csv_column_field(record.fields[i]) != MR_FIELD_COUNT;
        }
    }
    mr_csv_reader_destroy(reader);
    return known;
}

static mr_status find_delimiter(mr_text head, char *ret_delimiter, mr_err *err)
{
    size_t best = 0;

    if (mr_text_starts_with(head, "\xFF\xFE") || mr_text_starts_with(head, "\xFE\xFF")) {
        return mr_fail(err, MR_UNSUPPORTED,
                       "the file is UTF-16: save it as UTF-8 (in Excel: \"CSV UTF-8\")");
    }
    for (size_t i = 0; i < sizeof(delimiters); i++) {
        size_t known = known_columns(head, delimiters[i]);
        if (known > best) {
            best = known;
            *ret_delimiter = delimiters[i];
        }
    }
    if (best == 0) {
        return mr_fail(err, MR_INVALID,
                       "the first line is not a header that names the columns: expected "
                       "InvoiceNo, StockCode, Description, Quantity, InvoiceDate, UnitPrice, "
                       "CustomerID, Country, with commas, semicolons, tabs or | between them");
    }
    return MR_OK;
}

/* --- Rows ------------------------------------------------------------------------------------ */

/* A form of dates in 8 bits, so that forms are counted without a table of texts. */
static uint8_t shape_of(const mr_csv_date *date)
{
    unsigned separator = date->separator == '-' ? 0 : date->separator == '/' ? 1 : 2;

    return (uint8_t)(separator | (unsigned)date->year_first << 2 |
                     (unsigned)date->two_digit_year << 3 | (unsigned)date->has_time << 4 |
                     (unsigned)date->has_seconds << 5 | (unsigned)date->has_fraction << 6 |
                     (unsigned)date->twelve_hours << 7);
}

static void note_first(uint64_t *ret_first, uint64_t line)
{
    if (*ret_first == 0) {
        *ret_first = line;
    }
}

static void weigh_date(evidence *e, mr_text text, uint64_t line)
{
    mr_csv_profile *profile = e->profile;
    const mr_csv_date *date = &e->previous_date;

    if (text.bytes == 0) {
        return;
    }
    if (text.bytes != e->previous_bytes || memcmp(text.data, e->previous, text.bytes) != 0) {
        e->previous_valid = mr_csv_date_scan(text, &e->previous_date);
        e->previous_bytes = text.bytes <= sizeof(e->previous) ? text.bytes : 0;
        memcpy(e->previous, text.data, e->previous_bytes);
    }
    if (!e->previous_valid) {
        return;
    }
    e->shapes[shape_of(date)]++;
    if (date->year_first || date->first == date->second) {
        return;
    }
    if (date->first > 12) {
        profile->day_first_dates++;
        note_first(&profile->day_first_line, line);
    } else if (date->second > 12) {
        profile->month_first_dates++;
        note_first(&profile->month_first_line, line);
    } else {
        profile->open_dates++;
        note_first(&profile->open_line, line);
    }
}

static void weigh_price(evidence *e, mr_text text)
{
    const char *comma = text.bytes == 0 ? NULL : memchr(text.data, ',', text.bytes);
    const char *point = text.bytes == 0 ? NULL : memchr(text.data, '.', text.bytes);
    const char *end = text.data + text.bytes;

    if (comma == NULL && point == NULL) {
        return;
    }
    if (comma != NULL && point != NULL) {
        e->comma_prices += comma > point;
        e->point_prices += comma < point;
    } else if (comma != NULL) {
        bool open = end - comma == 4 && comma > text.data;
        e->comma_prices += !open;
        e->open_comma_prices += open;
    } else {
        e->point_prices += end - point != 4;
    }
}

static mr_status weigh_rows(mr_csv_reader *reader, evidence *e, mr_err *err)
{
    mr_csv_profile *profile = e->profile;
    size_t date_column = (size_t)profile->columns.of_field[MR_FIELD_INVOICE_DATE];
    size_t price_column = (size_t)profile->columns.of_field[MR_FIELD_UNIT_PRICE];
    mr_csv_record record;
    mr_status status;

    for (;;) {
        status = mr_csv_next(reader, &record, err);
        if (status == MR_INVALID) {
            continue;
        }
        if (status != MR_OK) {
            return status == MR_NOT_FOUND ? MR_OK : status;
        }
        if (record.count != profile->columns.count) {
            continue;
        }
        profile->records++;
        weigh_date(e, mr_text_trim(record.fields[date_column]), record.line);
        weigh_price(e, mr_text_trim(record.fields[price_column]));
    }
}

/* --- Verdict --------------------------------------------------------------------------------- */

static mr_csv_date_order decide_order(const mr_csv_profile *profile)
{
    if (profile->day_first_dates > 0 && profile->month_first_dates > 0) {
        return MR_CSV_ORDER_MIXED;
    }
    if (profile->day_first_dates > 0) {
        return MR_CSV_ORDER_DMY;
    }
    if (profile->month_first_dates > 0) {
        return MR_CSV_ORDER_MDY;
    }
    return profile->open_dates > 0 ? MR_CSV_ORDER_OPEN : MR_CSV_ORDER_UNNEEDED;
}

static void describe_dates(const evidence *e, mr_csv_date_order order, char *text, size_t capacity)
{
    size_t best = 0;
    size_t forms = 0;

    for (size_t i = 0; i < shapes_max; i++) {
        forms += e->shapes[i] > 0;
        best = e->shapes[i] > e->shapes[best] ? i : best;
    }
    if (forms == 0) {
        text[0] = '\0';
        return;
    }
    char mark = "-/.."[best & 3];
    const char *year = (best & 1U << 3) != 0 ? "yy" : "yyyy";
    const char *time = (best & 1U << 4) == 0 ? "" : (best & 1U << 5) != 0 ? " HH:MM:SS" : " HH:MM";
    const char *fraction = (best & 1U << 6) != 0 ? ".000" : "";
    const char *half = (best & 1U << 7) != 0 ? " AM/PM" : "";
    const char *others = forms > 1 ? " (and other forms)" : "";
    if ((best & 1U << 2) != 0) {
        (void)snprintf(text, capacity, "yyyy%cmm%cdd%s%s%s%s", mark, mark, time, fraction, half,
                       others);
        return;
    }
    const char *first = order == MR_CSV_ORDER_MDY ? "m" : order == MR_CSV_ORDER_DMY ? "d" : "?";
    const char *second = order == MR_CSV_ORDER_MDY ? "d" : order == MR_CSV_ORDER_DMY ? "m" : "?";
    (void)snprintf(text, capacity, "%s%c%s%c%s%s%s%s%s", first, mark, second, mark, year, time,
                   fraction, half, others);
}

static void conclude(const tap *t, const evidence *e, mr_csv_profile *profile)
{
    mr_text head = {t->head, t->head_bytes};

    profile->bytes = t->bytes;
    profile->lines = t->lines + (t->bytes > 0 && t->last != '\n' && t->last != '\r');
    profile->encoding = t->invalid_utf8 || t->tail_bytes > 0        ? MR_CSV_WINDOWS_1252
                        : mr_text_starts_with(head, "\xEF\xBB\xBF") ? MR_CSV_UTF8_BOM
                                                                    : MR_CSV_UTF8;
    profile->order = decide_order(profile);
    if (profile->delimiter == ';' && e->point_prices == 0) {
        profile->decimal_comma = e->comma_prices + e->open_comma_prices > 0;
    } else if (profile->delimiter != ';') {
        profile->decimal_comma = e->comma_prices > 0 && e->point_prices == 0;
    } else {
        profile->decimal_comma = e->comma_prices > 0;
    }
    describe_dates(e, profile->order, profile->dates, sizeof(profile->dates));
}

static mr_status profile_rows(tap *t, evidence *e, mr_err *err)
{
    mr_csv_profile *profile = e->profile;
    mr_csv_options options = {.delimiter = profile->delimiter, .read = tap_read, .ctx = t};
    mr_csv_reader *reader = mr_csv_reader_create(&options);
    mr_csv_record record;
    mr_status status = mr_csv_next(reader, &record, err);

    if (status == MR_OK) {
        status = mr_csv_columns_map(record.fields, record.count, &profile->columns, err);
    }
    if (status == MR_OK) {
        status = weigh_rows(reader, e, err);
    }
    mr_csv_reader_destroy(reader);
    return status;
}

mr_status mr_csv_profile_read(mr_csv_read_fn read, void *ctx, mr_csv_profile *ret_profile,
                              mr_err *err)
{
    mr_csv_profile profile = {0};
    evidence e = {.profile = &profile};
    tap t = {.read = read, .ctx = ctx, .head = mr_alloc(mr_csv_head_bytes_max)};
    mr_status status = read_head(&t, err);

    if (status == MR_OK && t.head_bytes == 0) {
        status = mr_fail(err, MR_INVALID, "the file is empty");
    }
    if (status == MR_OK) {
        status = find_delimiter((mr_text){t.head, t.head_bytes}, &profile.delimiter, err);
    }
    if (status == MR_OK) {
        status = profile_rows(&t, &e, err);
    }
    if (status == MR_OK) {
        conclude(&t, &e, &profile);
        *ret_profile = profile;
    }
    free(t.head);
    return status;
}

const char *mr_csv_delimiter_name(char delimiter)
{
    switch (delimiter) {
    case ';':
        return "semicolon";
    case '\t':
        return "tab";
    case '|':
        return "|";
    default:
        return "comma";
    }
}

const char *mr_csv_encoding_name(mr_csv_encoding encoding)
{
    switch (encoding) {
    case MR_CSV_UTF8_BOM:
        return "UTF-8 with BOM";
    case MR_CSV_WINDOWS_1252:
        return "Windows-1252";
    case MR_CSV_UTF8:
    default:
        return "UTF-8";
    }
}
