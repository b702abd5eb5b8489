/* SPDX-License-Identifier: Apache-2.0 */
/* invoice_pdf_test.c - what an invoice's document says (as pdftotext reads it), that it is the same
 * each time, and what becomes of texts that no font shows. */
#define _GNU_SOURCE /* memmem */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/invoice_pdf.h"

enum { lines_max = 400, pdf_bytes_max = 8 << 20, text_bytes_max = 1 << 20 };

static mr_store_line lines[lines_max];
static mr_text link_codes[] = {{"85123A", 6}, {"71053", 5}};
static mr_invoice_link links[] = {{.invoice_no = {"C537000", 7},
                                   .invoice_date = {1292500000},
                                   .amount = {-123456},
                                   .stock_codes = link_codes,
                                   .stock_code_count = 2}};

static mr_invoice_view view_of(size_t line_count, const char *description)
{
    mr_invoice_view view = {
        .head = {.invoice_no = "536365",
                 .country = "United Kingdom",
                 .customer_name = "",
                 .has_customer = true,
                 .customer_id = 17850,
                 .invoice_date = {1291191960},
                 .lines = line_count},
        .lines = lines,
        .line_count = line_count,
        .links = links,
        .link_count = 1,
    };
    size_t index;

    for (index = 0; index < line_count; index++) {
        lines[index] = (mr_store_line){
            .stock_code = {"85123A", 6},
            .description = mr_text_of(description),
            .quantity = 6,
            .unit_price = {25500 + (int64_t)index},
        };
        lines[index].amount = mr_amount_of(lines[index].quantity, lines[index].unit_price);
        view.head.total = mr_amount_add(view.head.total, lines[index].amount);
        view.head.items += lines[index].quantity;
    }
    return view;
}

static void make(const mr_invoice_view *view, const char *fonts, mr_buffer *pdf)
{
    mr_err err = {.message = ""};

    mr_buffer_init(pdf, pdf_bytes_max);
    if (mr_invoice_pdf_make(view, "Millrace & Söhne", fonts, pdf, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_memory_equal(pdf->data, "%PDF-", 5);
}

/* What pdftotext reads, laid out as on the page; "" where there is no pdftotext. */
static void read_text(const mr_buffer *pdf, mr_buffer *text)
{
    char path[] = "/tmp/millrace-pdf-XXXXXX", command[128];
    int fd = mkstemp(path);
    FILE *pipe;
    char *at;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, pdf->data, pdf->bytes), pdf->bytes);
    assert_int_equal(close(fd), 0);
    if (getenv("MR_KEEP_PDF") != NULL) {
        (void)snprintf(command, sizeof(command), "cp %s %s", path, getenv("MR_KEEP_PDF"));
        assert_int_equal(system(command), 0);
    }
    (void)snprintf(command, sizeof(command), "pdftotext -layout -enc UTF-8 %s - 2>/dev/null", path);
    mr_buffer_init(text, text_bytes_max);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    while ((at = mr_buffer_reserve(text, 4096)) != NULL) {
        size_t bytes = fread(at, 1, 4096, pipe);

        mr_buffer_commit(text, bytes);
        if (bytes == 0) {
            break;
        }
    }
    (void)pclose(pipe); /* no pdftotext: no text */
    mr_buffer_append(text, "", 1);
    assert_int_equal(unlink(path), 0);
    if (text->bytes == 1) {
        mr_buffer_free(text);
        (void)printf("skipped: no pdftotext (Debian: poppler-utils)\n");
        skip();
    }
}

static void assert_says(const mr_buffer *text, const char *words)
{
    if (strstr(text->data, words) == NULL) {
        fail_msg("'%s' is not in: %s", words, text->data);
    }
}

static size_t count_of(const mr_buffer *text, const char *words)
{
    const char *at = text->data;
    size_t count = 0;

    while ((at = strstr(at, words)) != NULL) {
        at += strlen(words);
        count++;
    }
    return count;
}

static void the_same_invoice_gives_the_same_bytes(void **state)
{
    mr_invoice_view view = view_of(100, "WHITE HANGING HEART T-LIGHT HOLDER");
    mr_buffer one, two;

    (void)state;
    make(&view, mr_invoice_pdf_fonts, &one);
    make(&view, mr_invoice_pdf_fonts, &two);
    assert_int_equal(one.bytes, two.bytes);
    assert_memory_equal(one.data, two.data, one.bytes);
    assert_null(memmem(one.data, one.bytes, "CreationDate", 12));
    mr_buffer_free(&one);
    mr_buffer_free(&two);
}

static void every_line_stands_on_one_of_the_numbered_pages(void **state)
{
    mr_invoice_view view = view_of(lines_max, "WHITE HANGING HEART (T-LIGHT) \\HOLDER");
    mr_buffer pdf, text;

    (void)state;
    make(&view, mr_invoice_pdf_fonts, &pdf);
    read_text(&pdf, &text);
    assert_int_equal(count_of(&text, "WHITE HANGING HEART (T-LIGHT) \\HOLDER"), lines_max);
    assert_true(count_of(&text, "Stock code") >= 8);
    assert_int_equal(count_of(&text, "Stock code"), count_of(&text, "Page "));
    assert_says(&text, "Page 1 of ");
    assert_says(&text, "Millrace & Söhne");
    assert_says(&text, "536365");
    assert_says(&text, "1 Dec 2010");
    assert_says(&text, "Customer 17850");
    assert_says(&text, "2.5899");    /* the last line's price, 4 decimals */
    assert_says(&text, "15.5394");   /* and amount */
    assert_says(&text, "£6,167.88"); /* 6 * sum of 2.55 .. 2.5899 */
    assert_says(&text, "2,400");     /* items */
    assert_says(&text, "C537000");
    assert_says(&text, "-12.3456");
    assert_says(&text, "85123A, 71053");
    mr_buffer_free(&pdf);
    mr_buffer_free(&text);
}

static void figures_of_any_size_are_whole(void **state)
{
    mr_invoice_view view = view_of(1, "BIG");
    mr_buffer pdf, text;

    (void)state;
    lines[0].quantity = INT32_MIN;
    lines[0].unit_price.scaled = INT64_C(999999999999999999);
    lines[0].amount = mr_amount_of(lines[0].quantity, lines[0].unit_price);
    view.head.total = lines[0].amount;
    view.head.cancelled = true;
    make(&view, mr_invoice_pdf_fonts, &pdf);
    read_text(&pdf, &text);
    assert_says(&text, "Credit note");
    assert_says(&text, "99,999,999,999,999.9999");
    assert_says(&text, "-214,748,364,799,999,999,785,251.6352");
    assert_says(&text, "-£214,748,364,799,999,999,785,251.6352");
    mr_buffer_free(&pdf);
    mr_buffer_free(&text);
}

static void texts_beyond_latin_1_are_shown_by_a_font_or_said_not_to_be(void **state)
{
    mr_invoice_view view = view_of(3, "Чайник Ελένη \xf0\x9f\x8e\x81 Łódź");
    mr_buffer pdf, text;

    (void)state;
    if (mr_invoice_pdf_is_whole(&view, "shop", mr_invoice_pdf_fonts)) {
        make(&view, mr_invoice_pdf_fonts, &pdf);
        read_text(&pdf, &text);
        assert_int_equal(count_of(&text, "Чайник Ελένη"), 3);
        assert_says(&text, "Łódź");
        assert_says(&text, "£");
        assert_null(strstr(text.data, "cannot be shown"));
        mr_buffer_free(&pdf);
        mr_buffer_free(&text);
    } else {
        (void)printf("no DejaVu fonts here (Debian: fonts-dejavu-core)\n");
    }
    assert_false(mr_invoice_pdf_is_whole(&view, "shop", "/nowhere"));
    make(&view, "/nowhere", &pdf);
    read_text(&pdf, &text);
    assert_says(&text, "?????? ?????");
    assert_says(&text, "cannot be shown");
    mr_buffer_free(&pdf);
    mr_buffer_free(&text);
}

/* A state names the content. */
static void a_state_changes_with_whatever_is_shown(void **state)
{
    mr_invoice_view view = view_of(2, "A");
    char before[mr_invoice_state_bytes], after[mr_invoice_state_bytes];

    (void)state;
    mr_invoice_view_state(&view, before);
    mr_invoice_view_state(&view, after);
    assert_string_equal(before, after);
    lines[1].description = mr_text_of("B");
    mr_invoice_view_state(&view, after);
    assert_string_not_equal(before, after);
    lines[1].description = mr_text_of("A");
    links[0].amount.scaled++;
    mr_invoice_view_state(&view, after);
    assert_string_not_equal(before, after);
    links[0].amount.scaled--;
    view.link_count = 0;
    mr_invoice_view_state(&view, after);
    assert_string_not_equal(before, after);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_invoice_gives_the_same_bytes),
        cmocka_unit_test(every_line_stands_on_one_of_the_numbered_pages),
        cmocka_unit_test(figures_of_any_size_are_whole),
        cmocka_unit_test(texts_beyond_latin_1_are_shown_by_a_font_or_said_not_to_be),
        cmocka_unit_test(a_state_changes_with_whatever_is_shown),
    };

    return cmocka_run_group_tests_name("invoice documents", tests, NULL, NULL);
}
