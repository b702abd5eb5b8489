/* SPDX-License-Identifier: Apache-2.0 */
/* catalog_test.c - the models together: those built in, those of a folder, and their order. */
#include "medallion_fixture.h"

#include "event/event.h"

#include "medallion/catalog.h"

static size_t place_of(const mr_models *models, const char *name)
{
    for (size_t i = 0; i < mr_models_count(models); i++) {
        if (strcmp(mr_models_at(models, i)->name, name) == 0) {
            return i;
        }
    }
    fail_msg("no model %s", name);
    return 0;
}

typedef struct order_check {
    const mr_models *models;
    size_t place;
} order_check;

static void check_source(void *ctx, const char *name)
{
    order_check *check = ctx;

    if (strncmp(name, "bronze.", 7) != 0) {
        assert_true(place_of(check->models, name) < check->place);
    }
}

static void every_model_stands_behind_what_it_reads(void **state)
{
    mr_models *models = NULL;
    mr_err err;

    (void)state;
    if (mr_models_load(NULL, &models, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(mr_models_count(models), 21);
    for (size_t i = 0; i < mr_models_count(models); i++) {
        order_check check = {.models = models, .place = i};
        mr_model_visit_sources(mr_models_at(models, i), check_source, &check);
        assert_non_null(mr_models_at(models, i)->description);
    }
    assert_true(mr_model_reads(mr_models_find(models, "gold.fact_sales"), "silver.dim_product"));
    assert_non_null(mr_models_find(models, "mart_orders"));
    assert_null(mr_models_find(models, "fact_sales")); /* silver has one, and gold */
    assert_null(mr_models_find(models, "silver.nothing"));
    mr_models_free(models);
}

static mr_status arrange(const char *const *texts, mr_err *err)
{
    mr_models *models = mr_alloc_zero(1, sizeof(*models));
    mr_status status = MR_OK;

    for (; *texts != NULL && status == MR_OK; texts++) {
        mr_model *model = NULL;
        status = mr_model_parse("m.sql", mr_text_of(*texts), &model, err);
        if (status == MR_OK) {
            status = mr_models_add(models, model, false, err);
        }
    }
    if (status == MR_OK) {
        status = mr_models_arrange(models, err);
    }
    mr_models_free(models);
    return status;
}

static void assert_refused(const char *const *texts, const char *message)
{
    mr_err err;

    assert_int_equal(arrange(texts, &err), MR_INVALID);
    if (strstr(err.message, message) == NULL) {
        fail_msg("'%s' does not hold '%s'", err.message, message);
    }
}

#define MODEL(name, mode, from, rule, select)                               \
    "-- name: " name "\n-- mode: " mode "\n-- from: " from "\n-- keys: k\n" \
    "-- column: k long\n-- column: v long" rule "\n" select

static void sets_that_cannot_be_are_refused(void **state)
{
    const char *const circle[] = {
        MODEL("silver.a", "insert", "silver.b", "", "SELECT * FROM silver.b"),
        MODEL("silver.b", "insert", "silver.a", "", "SELECT * FROM silver.a"), NULL};
    const char *const unknown[] = {
        MODEL("silver.a", "insert", "bronze.x", "", "SELECT * FROM silver.nothing"), NULL};
    const char *const twice[] = {MODEL("silver.a", "insert", "bronze.x", "", "SELECT 1"),
                                 MODEL("silver.a", "insert", "bronze.x", "", "SELECT 2"), NULL};
    const char *const upward[] = {MODEL("gold.a", "insert", "bronze.x", "", "SELECT 1"),
                                  MODEL("silver.b", "insert", "gold.a", "", "SELECT * FROM gold.a"),
                                  NULL};
    const char *const doubled[] = {
        MODEL("silver.a", "merge", "bronze.x", ", max", "SELECT * FROM bronze.x"),
        MODEL("gold.b", "merge", "silver.a", ", sum", "SELECT * FROM silver.a"), NULL};
    const char *const view[] = {"-- name: gold.v\n-- mode: view\nSELECT 1",
                                MODEL("gold.b", "insert", "gold.v", "", "SELECT * FROM gold.v"),
                                NULL};

    (void)state;
    assert_refused(circle, "reads in a circle");
    assert_refused(unknown, "silver.nothing, which no model makes");
    assert_refused(twice, "name of a model already");
    assert_refused(upward, "silver cannot stand on gold");
    assert_refused(doubled, "has sums");
    assert_refused(view, "only views read views");
}

static void a_folder_adds_models_and_replaces_those_built_in(void **state)
{
    char folder[] = "/tmp/millrace-models-XXXXXX";
    mr_models *models = NULL;
    mr_err err;

    (void)state;
    assert_non_null(mkdtemp(folder));
    put_file(folder, "gold/mine.sql", "-- name: gold.mine\n-- mode: view\nSELECT 1 AS one");
    put_file(folder, "gold/total.sql",
             "-- name: gold.vw_TotalSales\n-- mode: view\nSELECT 2 AS two");
    put_file(folder, "gold/notes.txt", "not a model");
    if (mr_models_load(folder, &models, &err) != MR_OK) {
        fail_msg("%s", err.message);
    }
    assert_int_equal(mr_models_count(models), 22);
    assert_string_equal(mr_models_find(models, "vw_TotalSales")->sql, "SELECT 2 AS two");
    assert_non_null(mr_models_find(models, "gold.mine"));
    mr_models_free(models);
    put_file(folder, "silver/bad.sql", "-- name: silver.bad\nSELECT 1");
    assert_int_equal(mr_models_load(folder, &models, &err), MR_INVALID);
    assert_non_null(strstr(err.message, "silver/bad.sql:1: "));
    remove_folder(folder);
    assert_int_equal(mr_models_load("/tmp/millrace-no-such-folder", &models, &err), MR_NOT_FOUND);
}

static void texts_are_as_long_as_events_allow(void **state)
{
    static const struct {
        const char *column;
        uint32_t length_max;
    } texts[] = {{"InvoiceNo", mr_event_invoice_no_length_max},
                 {"StockCode", mr_event_stock_code_length_max},
                 {"Description", mr_event_description_length_max},
                 {"CustomerName", mr_event_customer_name_length_max},
                 {"Country", mr_event_country_length_max}};
    mr_models *models = NULL;

    (void)state;
    assert_int_equal(mr_models_load(NULL, &models, NULL), MR_OK);
    for (size_t i = 0; i < mr_models_count(models); i++) {
        for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
            const mr_model_column *column =
                mr_model_find_column(mr_models_at(models, i), texts[k].column);
            if (column != NULL) {
                assert_int_equal(column->length_max, texts[k].length_max);
            }
        }
    }
    mr_models_free(models);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_as_long_as_events_allow),
        cmocka_unit_test(every_model_stands_behind_what_it_reads),
        cmocka_unit_test(sets_that_cannot_be_are_refused),
        cmocka_unit_test(a_folder_adds_models_and_replaces_those_built_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
