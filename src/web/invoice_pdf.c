/* SPDX-License-Identifier: Apache-2.0 */
/* web/invoice_pdf.c - an invoice or credit note as a document of A4 pages, by libharu.
 *
 * Owns:       a document while it is being made.
 * Called by:  routes_invoice.c, in a worker's thread; a test.
 * Invariants: (1) figures come as digits from exact numbers; coordinates alone are floating;
 *             (2) what the shop's events say is text to be shown, never markup: libharu escapes it,
 *                 and characters that no font here has are replaced before;
 *             (3) nothing but the arguments and the fonts' files goes into the bytes.
 * Not here:   reading the invoice (invoice_view.c), keeping the document (documents.c).
 *
 * One typeface a document: Helvetica, which every reader has, where all is Latin-1; else DejaVu
 * Sans, of which the glyphs that are used are put into the file.
 */
#include "web/invoice_pdf.h"

#include <hpdf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/civil.h"

/* Points: 1/72 of an inch, from the lower left corner. */
static const float page_top = 841.89F - 56, page_bottom = 70, left_edge = 50, right_edge = 545;
static const float text_size = 9, small_size = 8, title_size = 19, row_gap = 5, line_height = 11;
static const float code_x = 50, description_x = 128, quantity_x = 372, price_x = 448;
static const float code_width = 72, description_width = 196, number_width = 70, amount_width = 94;
static const float least_size = 3;

const char mr_invoice_pdf_fonts[] = "/usr/share/fonts/truetype/dejavu";

enum {
    shown_bytes_max = 2048,
    path_bytes_max = 512,
    document_bytes_max = 64 << 20,
    pages_max = 10000,
};

typedef struct sheet {
    HPDF_Doc document;
    HPDF_Font plain, bold;
    HPDF_Page page; /* the one being written on */
    HPDF_Page *pages;
    size_t page_count;
    float y; /* of the next line's base */
    bool in_table, is_unicode, is_whole;
    HPDF_STATUS failure; /* the first; 0: none */
    const char *shop;
    const mr_store_invoice *head;
} sheet;

static void note_failure(HPDF_STATUS error, HPDF_STATUS detail, void *ctx)
{
    sheet *to = ctx;

    (void)detail;
    if (to->failure == 0) {
        to->failure = error;
    }
}

/* --- Characters ------------------------------------------------------------------------------- */

/* The code point at *at of valid UTF-8, and moves behind it. */
static uint32_t next_point(mr_text text, size_t *at)
{
    unsigned char first = (unsigned char)text.data[(*at)++];
    int more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    uint32_t point = more == 0 ? first : first & (0x3fU >> more);

    for (; more > 0 && *at < text.bytes; more--) {
        point = point << 6 | ((unsigned char)text.data[(*at)++] & 0x3fU);
    }
    return point;
}

static bool is_latin(uint32_t point)
{
    return (point >= 0x20 && point <= 0x7e) || (point >= 0xa0 && point <= 0xff);
}

static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

static bool all_latin(mr_text text)
{
    size_t at = 0;

    while (at < text.bytes) {
        uint32_t point = next_point(text, &at);

        if (!is_latin(point) && !is_control(point)) {
            return false;
        }
    }
    return true;
}

/* As the document's font takes it: bytes of Latin-1, or UTF-8 without what lies beyond 16 bits. */
static const char *shown(sheet *to, mr_text text, char ret_shown[static shown_bytes_max])
{
    size_t at = 0, bytes = 0;

    while (at < text.bytes && bytes + 5 < shown_bytes_max) {
        size_t from = at;
        uint32_t point = next_point(text, &at);

        if (is_control(point)) {
            ret_shown[bytes++] = ' ';
        } else if (!to->is_unicode) {
            to->is_whole = to->is_whole && is_latin(point);
            ret_shown[bytes++] = is_latin(point) ? (char)(unsigned char)point : '?';
        } else if (point > 0xffff) {
            memcpy(ret_shown + bytes, "\xef\xbf\xbd", 3); /* U+FFFD */
            bytes += 3;
        } else {
            memcpy(ret_shown + bytes, text.data + from, at - from);
            bytes += at - from;
        }
    }
    ret_shown[bytes] = '\0';
    return ret_shown;
}

static bool view_is_latin(const mr_invoice_view *view, const char *shop)
{
    bool latin = all_latin(mr_text_of(shop)) && all_latin(mr_text_of(view->head.invoice_no)) &&
                 all_latin(mr_text_of(view->head.customer_name)) &&
                 all_latin(mr_text_of(view->head.country));
    size_t index, code;

    for (index = 0; index < view->line_count && latin; index++) {
        latin =
            all_latin(view->lines[index].stock_code) && all_latin(view->lines[index].description);
    }
    for (index = 0; index < view->link_count && latin; index++) {
        latin = all_latin(view->links[index].invoice_no);
        for (code = 0; code < view->links[index].stock_code_count && latin; code++) {
            latin = all_latin(view->links[index].stock_codes[code]);
        }
    }
    return latin;
}

/* --- Writing on a page ------------------------------------------------------------------------ */

static void set_font(sheet *to, HPDF_Font font, float size)
{
    (void)HPDF_Page_SetFontAndSize(to->page, font, size); /* failures are noted by the document */
}

static void put(sheet *to, float x, float y, const char *text)
{
    (void)HPDF_Page_BeginText(to->page);
    (void)HPDF_Page_TextOut(to->page, x, y, text);
    (void)HPDF_Page_EndText(to->page);
}

/* Ends at x; a figure too wide for its column is set smaller, and whole. */
static void put_right(sheet *to, float x, float y, float width_max, const char *text)
{
    HPDF_Font font = HPDF_Page_GetCurrentFont(to->page);
    float size = HPDF_Page_GetCurrentFontSize(to->page);
    float width = HPDF_Page_TextWidth(to->page, text);

    if (width > width_max && width > 0) {
        float fitting = size * width_max / width;

        set_font(to, font, fitting < least_size ? least_size : fitting);
        width = HPDF_Page_TextWidth(to->page, text);
    }
    put(to, x - width, y, text);
    set_font(to, font, size);
}

/* Not within a character of UTF-8. */
static size_t whole_characters(const sheet *to, const char *text, size_t bytes)
{
    size_t cut = bytes;

    while (to->is_unicode && cut > 0 && ((unsigned char)text[cut] & 0xc0) == 0x80) {
        cut--;
    }
    return cut > 0 ? cut : bytes;
}

/* How many bytes of text fit into a line; at least one character. */
static size_t fitting(const sheet *to, const char *text, float width)
{
    size_t bytes = HPDF_Page_MeasureText(to->page, text, width, HPDF_TRUE, NULL);

    if (bytes == 0) { /* one long word */
        bytes = HPDF_Page_MeasureText(to->page, text, width, HPDF_FALSE, NULL);
    }
    if (bytes == 0 || bytes > strlen(text)) {
        bytes = strlen(text) > 0 && bytes == 0 ? 1 : strlen(text);
        while (to->is_unicode && ((unsigned char)text[bytes] & 0xc0) == 0x80) {
            bytes++;
        }
        return bytes;
    }
    return whole_characters(to, text, bytes);
}

/* Sets text into a column, line below line; returns how many. draw false: only counts. */
static int put_wrapped(sheet *to, float x, float y, float width, const char *text, bool draw)
{
    char line[shown_bytes_max];
    int lines = 0;

    while (*text != '\0') {
        size_t bytes = fitting(to, text, width);

        if (draw) {
            memcpy(line, text, bytes);
            line[bytes] = '\0';
            put(to, x, y - (float)lines * line_height, line);
        }
        text += bytes;
        lines++;
    }
    return lines;
}

static void draw_rule(sheet *to, float y, float grey)
{
    (void)HPDF_Page_SetGrayStroke(to->page, grey);
    (void)HPDF_Page_SetLineWidth(to->page, 0.6F);
    (void)HPDF_Page_MoveTo(to->page, left_edge, y);
    (void)HPDF_Page_LineTo(to->page, right_edge, y);
    (void)HPDF_Page_Stroke(to->page);
}

/* --- Figures ---------------------------------------------------------------------------------- */

/* "-143,711.17": what mr_amount_format gives, with its thousands parted. */
static void part_thousands(const char *digits, char *ret_text)
{
    size_t whole = strcspn(digits + (digits[0] == '-'), "."), at, out = 0;

    if (digits[0] == '-') {
        ret_text[out++] = '-';
        digits++;
    }
    for (at = 0; at < whole; at++) {
        if (at > 0 && (whole - at) % 3 == 0) {
            ret_text[out++] = ',';
        }
        ret_text[out++] = digits[at];
    }
    memcpy(ret_text + out, digits + whole,
           strlen(digits + whole) + 1); /* figure_bytes_max has room */
}

enum { figure_bytes_max = 2 * mr_amount_text_bytes_max };

static void format_amount(mr_amount amount, char ret_text[static figure_bytes_max])
{
    char digits[mr_amount_text_bytes_max];

    mr_amount_format(amount, 2, digits);
    part_thousands(digits, ret_text);
}

static void format_count(int64_t count, char ret_text[static figure_bytes_max])
{
    char digits[mr_amount_text_bytes_max];

    (void)snprintf(digits, sizeof(digits), "%lld", (long long)count);
    part_thousands(digits, ret_text);
}

/* "8 Dec 2011" */
static void format_day(mr_civil date, char ret_text[static figure_bytes_max])
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    mr_civil_parts parts = mr_civil_split(date);

    (void)snprintf(ret_text, figure_bytes_max, "%d %.3s %04d", parts.day,
                   &names[(size_t)3 * (parts.month - 1U)], (int)parts.year);
}

/* --- Pages ------------------------------------------------------------------------------------ */

static void put_table_head(sheet *to)
{
    set_font(to, to->bold, small_size);
    put(to, code_x, to->y, "Stock code");
    put(to, description_x, to->y, "Description");
    put_right(to, quantity_x, to->y, number_width, "Quantity");
    put_right(to, price_x, to->y, number_width, "Unit price");
    put_right(to, right_edge, to->y, amount_width, "Amount");
    draw_rule(to, to->y - row_gap, 0);
    to->y -= line_height + row_gap;
}

/* The next page, with its short head; within a table with the table's, too. */
static void turn_page(sheet *to)
{
    char line[shown_bytes_max];

    if (to->page_count == pages_max) {
        to->failure = HPDF_INVALID_PARAMETER;
    }
    if (to->failure != 0) {
        return;
    }
    to->pages = mr_realloc((void *)to->pages, (to->page_count + 1) * sizeof(HPDF_Page));
    to->page = HPDF_AddPage(to->document);
    (void)HPDF_Page_SetSize(to->page, HPDF_PAGE_SIZE_A4, HPDF_PAGE_PORTRAIT);
    to->pages[to->page_count++] = to->page;
    to->y = page_top;
    if (to->page_count > 1) {
        set_font(to, to->plain, small_size);
        put(to, left_edge, to->y, shown(to, mr_text_of(to->shop), line));
        put_right(to, right_edge, to->y, 250, shown(to, mr_text_of(to->head->invoice_no), line));
        to->y -= 2 * line_height;
    }
    if (to->in_table) {
        put_table_head(to);
    }
    set_font(to, to->plain, text_size);
}

static void make_room(sheet *to, float height)
{
    if (to->y - height < page_bottom) {
        turn_page(to);
    }
}

static void put_foot(sheet *to)
{
    char text[64], line[shown_bytes_max];
    size_t index;

    for (index = 0; index < to->page_count && to->failure == 0; index++) {
        to->page = to->pages[index];
        set_font(to, to->plain, small_size);
        draw_rule(to, page_bottom - 16, 0.7F);
        put(to, left_edge, page_bottom - 28, shown(to, mr_text_of(to->shop), line));
        (void)snprintf(text, sizeof(text), "Page %zu of %zu", index + 1, to->page_count);
        put_right(to, right_edge, page_bottom - 28, 200, text);
        if (!to->is_whole) {
            put(to, left_edge, page_bottom - 40,
                "'?' stands for a character that cannot be shown: the font DejaVu Sans is not "
                "installed.");
        }
    }
}

/* --- What stands on it ------------------------------------------------------------------------ */

static void put_pair(sheet *to, const char *name, const char *value)
{
    set_font(to, to->plain, text_size);
    put(to, 330, to->y, name);
    put_right(to, right_edge, to->y, 140, value);
    to->y -= line_height + 2;
}

static void put_head(sheet *to, const mr_invoice_view *view)
{
    const mr_store_invoice *head = &view->head;
    char line[shown_bytes_max], value[figure_bytes_max];
    float top;

    set_font(to, to->bold, title_size);
    (void)put_wrapped(to, left_edge, to->y, 260, shown(to, mr_text_of(to->shop), line), true);
    put_right(to, right_edge, to->y, 200, head->cancelled ? "Credit note" : "Invoice");
    to->y -= 52;
    top = to->y;
    put_pair(to, head->cancelled ? "Credit note number" : "Invoice number",
             shown(to, mr_text_of(head->invoice_no), line));
    format_day(head->invoice_date, value);
    put_pair(to, "Date", value);
    (void)snprintf(value, sizeof(value), "%lld", (long long)head->customer_id);
    put_pair(to, "Customer number", head->has_customer ? value : "none (guest)");
    set_font(to, to->bold, small_size);
    put(to, left_edge, top, head->cancelled ? "Credited to" : "Billed to");
    set_font(to, to->plain, text_size);
    (void)snprintf(value, sizeof(value), "Customer %lld", (long long)head->customer_id);
    top -= line_height + 2;
    if (head->customer_name[0] != '\0') {
        top -= line_height * (float)put_wrapped(to, left_edge, top, 250,
                                                shown(to, mr_text_of(head->customer_name), line),
                                                true);
    } else {
        put(to, left_edge, top, head->has_customer ? value : "Guest");
        top -= line_height;
    }
    top -= line_height * (float)put_wrapped(to, left_edge, top, 250,
                                            shown(to, mr_text_of(head->country), line), true);
    to->y = (top < to->y ? top : to->y) - 2 * line_height;
}

static void put_line(sheet *to, const mr_store_line *line)
{
    char code[shown_bytes_max], description[shown_bytes_max];
    char quantity[figure_bytes_max], price[figure_bytes_max], amount[figure_bytes_max];
    int code_lines, lines;

    (void)shown(to, line->stock_code, code);
    (void)shown(to, line->description, description);
    format_count(line->quantity, quantity);
    format_amount((mr_amount){line->unit_price.scaled}, price);
    format_amount(line->amount, amount);
    code_lines = put_wrapped(to, code_x, 0, code_width, code, false);
    lines = put_wrapped(to, description_x, 0, description_width, description, false);
    lines = lines > code_lines ? lines : code_lines;
    make_room(to, (float)(lines - 1) * line_height);
    (void)put_wrapped(to, code_x, to->y, code_width, code, true);
    (void)put_wrapped(to, description_x, to->y, description_width, description, true);
    put_right(to, quantity_x, to->y, number_width, quantity);
    put_right(to, price_x, to->y, number_width, price);
    put_right(to, right_edge, to->y, amount_width, amount);
    to->y -= (float)lines * line_height;
    draw_rule(to, to->y + line_height - row_gap + 1, 0.85F);
    to->y -= row_gap - 1;
}

static void put_totals(sheet *to, const mr_store_invoice *head)
{
    char amount[figure_bytes_max], total[figure_bytes_max + 8], items[figure_bytes_max];
    bool negative;

    to->in_table = false;
    make_room(to, 3 * line_height);
    to->y -= 2;
    format_count(head->items, items);
    set_font(to, to->plain, text_size);
    put(to, description_x, to->y, "Items");
    put_right(to, quantity_x, to->y, number_width, items);
    format_amount(head->total, amount);
    negative = amount[0] == '-';
    (void)snprintf(total, sizeof(total), "%s%s%s", negative ? "-" : "",
                   to->is_unicode ? "\xc2\xa3" : "\xa3", amount + negative); /* a pound sign */
    set_font(to, to->bold, text_size + 2);
    put(to, quantity_x + 10, to->y, "Total");
    put_right(to, right_edge, to->y, amount_width + 40, total);
    draw_rule(to, to->y - row_gap - 1, 0);
    to->y -= 3 * line_height;
}

static void put_link(sheet *to, const mr_invoice_link *link)
{
    char number[shown_bytes_max], codes[shown_bytes_max], day[figure_bytes_max];
    char amount[figure_bytes_max];
    mr_buffer list;
    size_t index;
    int lines;

    mr_buffer_init(&list, shown_bytes_max); /* what does not fit is left out */
    for (index = 0; index < link->stock_code_count; index++) {
        mr_buffer_printf(&list, "%s%.*s", index == 0 ? "" : ", ",
                         MR_TEXT_ARGS(link->stock_codes[index]));
    }
    (void)shown(to, mr_buffer_text(&list), codes);
    mr_buffer_free(&list);
    (void)shown(to, link->invoice_no, number);
    format_day(link->invoice_date, day);
    format_amount(link->amount, amount);
    lines = put_wrapped(to, 0, 0, 240, codes, false);
    make_room(to, (float)(lines - 1) * line_height);
    put(to, left_edge, to->y, day);
    (void)put_wrapped(to, description_x, to->y, 80, number, true);
    (void)put_wrapped(to, 212, to->y, 240, codes, true);
    put_right(to, right_edge, to->y, amount_width, amount);
    to->y -= (float)(lines > 0 ? lines : 1) * line_height + 2;
}

static void put_links(sheet *to, const mr_invoice_view *view)
{
    size_t index;

    if (view->link_count == 0) {
        return;
    }
    make_room(to, 3 * line_height);
    set_font(to, to->bold, small_size);
    put(to, left_edge, to->y,
        view->head.cancelled ? "Earlier orders of these products"
                             : "Later returns of these products");
    to->y -= line_height + 2;
    set_font(to, to->plain, text_size);
    for (index = 0; index < view->link_count && to->failure == 0; index++) {
        put_link(to, &view->links[index]);
    }
}

/* --- Making it -------------------------------------------------------------------------------- */

static bool font_path(const char *folder, const char *file, char ret_path[static path_bytes_max])
{
    int bytes = snprintf(ret_path, path_bytes_max, "%s/%s", folder, file);

    return bytes > 0 && bytes < path_bytes_max && access(ret_path, R_OK) == 0;
}

static bool fonts_are_there(const char *folder)
{
    char path[path_bytes_max];

    return font_path(folder, "DejaVuSans.ttf", path) &&
           font_path(folder, "DejaVuSans-Bold.ttf", path);
}

static HPDF_Font load_font(sheet *to, const char *folder, const char *file)
{
    char path[path_bytes_max];

    (void)font_path(folder, file, path);
    return HPDF_GetFont(to->document, HPDF_LoadTTFontFromFile(to->document, path, HPDF_TRUE),
                        "UTF-8");
}

static void choose_fonts(sheet *to, const mr_invoice_view *view, const char *folder)
{
    to->is_unicode = !view_is_latin(view, to->shop) && fonts_are_there(folder);
    if (to->is_unicode) {
        (void)HPDF_UseUTFEncodings(to->document);
        to->plain = load_font(to, folder, "DejaVuSans.ttf");
        to->bold = load_font(to, folder, "DejaVuSans-Bold.ttf");
    } else {
        to->plain = HPDF_GetFont(to->document, "Helvetica", "WinAnsiEncoding");
        to->bold = HPDF_GetFont(to->document, "Helvetica-Bold", "WinAnsiEncoding");
    }
}

static void put_all(sheet *to, const mr_invoice_view *view)
{
    size_t index;

    turn_page(to);
    put_head(to, view);
    to->in_table = true;
    put_table_head(to);
    set_font(to, to->plain, text_size);
    for (index = 0; index < view->line_count && to->failure == 0; index++) {
        put_line(to, &view->lines[index]);
    }
    put_totals(to, &view->head);
    put_links(to, view);
    put_foot(to);
}

static void save(sheet *to, mr_buffer *out, mr_status *status, mr_err *err)
{
    HPDF_UINT32 bytes;
    char *at;

    (void)HPDF_SaveToStream(to->document);
    (void)HPDF_ResetStream(to->document);
    bytes = HPDF_GetStreamSize(to->document);
    if (to->failure != 0) {
        return;
    }
    at = bytes > document_bytes_max ? NULL : mr_buffer_reserve(out, bytes);
    if (at == NULL) {
        *status =
            mr_fail(err, MR_LIMIT, "the document of invoice %s is too large", to->head->invoice_no);
        return;
    }
    (void)HPDF_ReadFromStream(to->document, (HPDF_BYTE *)at, &bytes);
    mr_buffer_commit(out, bytes);
}

mr_status mr_invoice_pdf_make(const mr_invoice_view *view, const char *shop,
                              const char *font_folder, mr_buffer *out, mr_err *err)
{
    sheet to = {.shop = shop, .head = &view->head, .is_whole = true};
    mr_status status = MR_OK;

    to.document = HPDF_New(note_failure, &to);
    MR_ASSERT(to.document != NULL); /* for lack of memory alone */
    (void)HPDF_SetCompressionMode(to.document, HPDF_COMP_ALL);
    choose_fonts(&to, view, font_folder);
    if (to.failure == 0) {
        put_all(&to, view);
    }
    if (to.failure == 0) {
        save(&to, out, &status, err);
    }
    if (status == MR_OK && to.failure != 0) {
        status = mr_fail(err, MR_IO,
                         "the document of invoice %s cannot be made: libharu's error "
                         "0x%04lx",
                         view->head.invoice_no, (unsigned long)to.failure);
    }
    HPDF_Free(to.document);
    free((void *)to.pages);
    return status;
}

bool mr_invoice_pdf_is_whole(const mr_invoice_view *view, const char *shop, const char *font_folder)
{
    return view_is_latin(view, shop) || fonts_are_there(font_folder);
}
