/* SPDX-License-Identifier: Apache-2.0 */
/* eject/powerbi_report.c - the report in PBIR: a page for each question that the first dashboard of
 * this shop answered, laid out on a grid of 12 columns and 6 rows.
 *
 * What stands on a page is the table `pages` alone; a field that the model has not got is refused.
 *
 * Called by:  eject/powerbi.c.
 */
#include <stdio.h>

#include "eject/powerbi.h"
#include "eject/writer.h"

#define SCHEMA "https://developer.microsoft.com/json-schemas/fabric/item/report/"

static const char part[] = "Report";

enum {
    page_width = 1280,
    page_height = 720,
    cell_width = 104, /* 12 of them, and a margin of 16 */
    cell_height = 112,
    margin = 16,
    visuals_max = 8,
    columns_max = 4,
    metrics_max = 4,
};

typedef struct visual {
    const char *name;
    const char *kind;                 /* Power BI's: "card", "lineChart", "tableEx" ... */
    const char *columns[columns_max]; /* "dim_date.Date"; what the figures are parted by */
    const char *metrics[metrics_max];
    int x, y, width, height; /* in cells */
    bool top_ten;            /* of the first column, by the first metric */
} visual;

typedef struct page {
    const char *name, *title;
    visual visuals[visuals_max];
} page;

static const page pages[] = {
    {"total_sales",
     "Total sales",
     {{"sales", "card", {0}, {"sales"}, 0, 0, 3, 1, false},
      {"orders", "card", {0}, {"orders"}, 3, 0, 3, 1, false},
      {"average_order", "card", {0}, {"average_order"}, 6, 0, 3, 1, false},
      {"items", "card", {0}, {"items"}, 9, 0, 3, 1, false},
      {"by_month",
       "columnChart",
       {"dim_date.Year", "dim_date.Month"},
       {"sales"},
       0,
       1,
       7,
       5,
       false},
      {"by_country", "barChart", {"fact_sales.Country"}, {"sales"}, 7, 1, 5, 5, false}}},
    {"sales_over_time",
     "Sales over time",
     {{"by_day", "lineChart", {"dim_date.Date"}, {"sales"}, 0, 0, 12, 3, false},
      {"by_weekday", "columnChart", {"dim_date.WeekdayName"}, {"sales"}, 0, 3, 6, 3, false},
      {"orders_by_day", "lineChart", {"dim_date.Date"}, {"orders"}, 6, 3, 6, 3, false}}},
    {"cancelled_orders",
     "Cancelled orders",
     {{"cancelled", "card", {0}, {"cancelled_orders"}, 0, 0, 4, 1, false},
      {"rate", "card", {0}, {"cancellation_rate"}, 4, 0, 4, 1, false},
      {"returns", "card", {0}, {"returns"}, 8, 0, 4, 1, false},
      {"by_day", "lineChart", {"dim_date.Date"}, {"cancelled_orders"}, 0, 1, 7, 5, false},
      {"products",
       "tableEx",
       {"dim_product.StockCode", "dim_product.Description"},
       {"returns", "cancelled_orders"},
       7,
       1,
       5,
       5,
       false}}},
    {"top_10_products",
     "Top 10 products",
     {{"bars", "barChart", {"dim_product.StockCode"}, {"sales"}, 0, 0, 6, 6, true},
      {"table",
       "tableEx",
       {"dim_product.StockCode", "dim_product.Description"},
       {"sales", "items"},
       6,
       0,
       6,
       6,
       true}}},
    {"loyal_customers",
     "Loyal customers",
     {{"customers", "card", {0}, {"customers"}, 0, 0, 3, 1, false},
      {"loyal", "card", {0}, {"loyal_customers"}, 3, 0, 3, 1, false},
      {"new", "card", {0}, {"new_customers"}, 6, 0, 3, 1, false},
      {"returning", "card", {0}, {"returning_customers"}, 9, 0, 3, 1, false},
      {"table",
       "tableEx",
       {"dim_customer.CustomerID", "dim_customer.CustomerName", "dim_customer.Country"},
       {"sales", "orders", "average_order", "returns"},
       0,
       1,
       12,
       5,
       false}}},
};

typedef struct field {
    char table[80];
    const char *name; /* the column's, or the measure's title */
    bool measure;
} field;

static void put(const mr_powerbi *p, const char *text)
{
    (void)mr_buffer_append_string(p->out, text);
}

static mr_status find_column(const mr_powerbi *p, const char *path, field *ret_field, mr_err *err)
{
    const char *dot = strchr(path, '.');
    const mr_relation *relation;

    MR_ASSERT(dot != NULL);
    (void)snprintf(ret_field->table, sizeof ret_field->table, "%.*s", (int)(dot - path), path);
    relation = mr_relations_find(p->relations, ret_field->table);
    if (relation == NULL || mr_model_find_column(relation->shape, dot + 1) == NULL) {
        return mr_fail(err, MR_INVALID, "Power BI: the report shows gold.%s, which the models lack",
                       path);
    }
    ret_field->name = dot + 1;
    ret_field->measure = false;
    return MR_OK;
}

static mr_status find_measure(const mr_powerbi *p, const char *name, field *ret_field, mr_err *err)
{
    const mr_metric *metric = mr_metrics_find(p->metrics, name);

    if (metric == NULL) {
        return mr_fail(err, MR_INVALID, "Power BI: the report shows %s, which is no metric", name);
    }
    (void)snprintf(ret_field->table, sizeof ret_field->table, "%s", p->fact->model->table);
    ret_field->name = metric->title;
    ret_field->measure = true;
    return MR_OK;
}

/* source: an alias within a query; NULL: the table itself. */
static void put_field(const mr_powerbi *p, const field *shown, const char *source)
{
    put(p, shown->measure ? "{\"Measure\": {\"Expression\": {\"SourceRef\": {"
                          : "{\"Column\": {\"Expression\": {\"SourceRef\": {");
    put(p, source != NULL ? "\"Source\": " : "\"Entity\": ");
    mr_put_json(p->out, source != NULL ? source : shown->table);
    put(p, "}}, \"Property\": ");
    mr_put_json(p->out, shown->name);
    put(p, "}}");
}

static void put_projection(const mr_powerbi *p, const field *shown)
{
    char reference[256];

    (void)snprintf(reference, sizeof reference, "%s.%s", shown->table, shown->name);
    put(p, "            {\"field\": ");
    put_field(p, shown, NULL);
    put(p, ", \"queryRef\": ");
    mr_put_json(p->out, reference);
    put(p, ", \"nativeQueryRef\": ");
    mr_put_json(p->out, shown->name);
    put(p, "}");
}

typedef struct fields {
    field columns[columns_max], measures[metrics_max];
    size_t column_count, measure_count;
} fields;

static mr_status find_fields(const mr_powerbi *p, const visual *v, fields *ret_fields, mr_err *err)
{
    mr_status status = MR_OK;

    *ret_fields = (fields){.column_count = 0};
    for (size_t i = 0; status == MR_OK && i < columns_max && v->columns[i] != NULL; i++) {
        status =
            find_column(p, v->columns[i], &ret_fields->columns[ret_fields->column_count++], err);
    }
    for (size_t i = 0; status == MR_OK && i < metrics_max && v->metrics[i] != NULL; i++) {
        status =
            find_measure(p, v->metrics[i], &ret_fields->measures[ret_fields->measure_count++], err);
    }
    return status;
}

static void put_role(const mr_powerbi *p, const char *role, const field *shown, size_t count,
                     bool *any)
{
    if (role != NULL && !*any) {
        put(p, "        \"");
        put(p, role);
        put(p, "\": {\n          \"projections\": [\n");
        *any = true;
    }
    for (size_t i = 0; i < count; i++) {
        put(p, i > 0 ? ",\n" : "");
        put_projection(p, &shown[i]);
    }
}

static void end_role(const mr_powerbi *p, bool last)
{
    put(p, last ? "\n          ]\n        }\n" : "\n          ]\n        },\n");
}

/* A table has all in one role, a chart its categories and its values, a card its value. */
static void put_query(const mr_powerbi *p, const visual *v, const fields *f)
{
    const bool chart = strstr(v->kind, "Chart") != NULL;
    const bool has_sort = strcmp(v->kind, "card") != 0 && strcmp(v->kind, "lineChart") != 0;
    bool any = false;

    put(p, "    \"query\": {\n      \"queryState\": {\n");
    if (chart) {
        put_role(p, "Category", f->columns, f->column_count, &any);
        end_role(p, false);
        any = false;
        put_role(p, "Y", f->measures, f->measure_count, &any);
    } else {
        put_role(p, "Values", f->columns, f->column_count, &any);
        put(p, f->column_count > 0 ? ",\n" : "");
        put_role(p, NULL, f->measures, f->measure_count, &any);
    }
    end_role(p, true);
    put(p, has_sort ? "      },\n" : "      }\n");
    if (has_sort) {
        const bool by_time = strncmp(f->columns[0].table, "dim_date", 8) == 0;
        /* Most first; returns are negative, so least first; days as they come. */
        const bool rising = by_time || strcmp(v->metrics[0], "returns") == 0;

        put(p, "      \"sortDefinition\": {\n        \"sort\": [\n          {\"field\": ");
        put_field(p, by_time ? &f->columns[0] : &f->measures[0], NULL);
        put(p, rising ? ", \"direction\": \"Ascending\"}" : ", \"direction\": \"Descending\"}");
        put(p, "\n        ],\n        \"isDefaultSort\": false\n      }\n");
    }
    put(p, "    },\n");
}

/* A literal of text has quotes of its own. */
static void put_title(const mr_powerbi *p, const fields *f)
{
    char literal[256];

    if (f->column_count == 0) {
        (void)snprintf(literal, sizeof literal, "'%s'", f->measures[0].name);
    } else {
        (void)snprintf(literal, sizeof literal, "'%s by %s'", f->measures[0].name,
                       f->columns[0].name);
    }
    put(p, "    \"visualContainerObjects\": {\n      \"title\": [\n        {\"properties\": "
           "{\"show\": "
           "{\"expr\": {\"Literal\": {\"Value\": \"true\"}}}, \"text\": {\"expr\": {\"Literal\": "
           "{\"Value\": ");
    mr_put_json(p->out, literal);
    put(p, "}}}}}\n      ]\n    },\n    \"drillFilterOtherVisuals\": true\n");
}

/* {"Name": "c", "Entity": table, "Type": 0} */
static void put_source(const mr_powerbi *p, const char *alias, const char *table)
{
    put(p, "{\"Name\": ");
    mr_put_json(p->out, alias);
    put(p, ", \"Entity\": ");
    mr_put_json(p->out, table);
    put(p, ", \"Type\": 0}");
}

/* The ten of the column with most of the measure, by a query of their own. */
static void put_top_ten(const mr_powerbi *p, const visual *v, const fields *f)
{
    const field *column = &f->columns[0];

    (void)mr_buffer_printf(p->out,
                           ",\n  \"filterConfig\": {\n    \"filters\": [\n      {\n        "
                           "\"name\": \"top_ten_%s\",\n        \"field\": ",
                           v->name);
    put_field(p, column, NULL);
    put(p, ",\n        \"type\": \"TopN\",\n        \"filter\": {\n          \"Version\": 2,\n     "
           "     "
           "\"From\": [\n            {\"Name\": \"subquery\", \"Expression\": {\"Subquery\": "
           "{\"Query\": {\n              \"Version\": 2,\n              \"From\": [");
    put_source(p, "c", column->table);
    put(p, ", ");
    put_source(p, "f", p->fact->model->table);
    put(p,
        "],\n              \"Select\": [{\"Column\": {\"Expression\": {\"SourceRef\": {\"Source\": "
        "\"c\"}}, \"Property\": ");
    mr_put_json(p->out, column->name);
    put(p, "}, \"Name\": \"field\"}],\n              \"OrderBy\": [{\"Direction\": 2, "
           "\"Expression\": ");
    put_field(p, &f->measures[0], "f");
    put(p, "}],\n              \"Top\": 10\n            }}}, \"Type\": 2},\n            ");
    put_source(p, "c", column->table);
    put(p, "\n          ],\n          \"Where\": [{\"Condition\": {\"In\": {\"Expressions\": [");
    put_field(p, column, "c");
    put(p, "], \"Table\": {\"SourceRef\": {\"Source\": \"subquery\"}}}}}]\n        }\n      }\n    "
           "]\n  "
           "}");
}

static mr_status write_visual(const mr_powerbi *p, const page *on, const visual *v, size_t index,
                              mr_err *err)
{
    fields f;
    char path[256];
    mr_status status = find_fields(p, v, &f, err);

    if (status != MR_OK) {
        return status;
    }
    put(p, "{\n  \"$schema\": \"" SCHEMA
           "definition/visualContainer/1.0.0/schema.json\",\n  \"name\": ");
    mr_put_json(p->out, v->name);
    (void)mr_buffer_printf(p->out,
                           ",\n  \"position\": {\"x\": %d, \"y\": %d, \"z\": %zu, \"width\": %d, "
                           "\"height\": %d, \"tabOrder\": %zu},\n  \"visual\": {\n    "
                           "\"visualType\": ",
                           margin + v->x * cell_width, margin + v->y * cell_height, index,
                           v->width * cell_width - margin / 2, v->height * cell_height - margin / 2,
                           index);
    mr_put_json(p->out, v->kind);
    put(p, ",\n");
    put_query(p, v, &f);
    put_title(p, &f);
    put(p, "  }");
    if (v->top_ten) {
        put_top_ten(p, v, &f);
    }
    put(p, "\n}\n");
    (void)snprintf(path, sizeof path, "definition/pages/%s/visuals/%s/visual.json", on->name,
                   v->name);
    return mr_powerbi_end(p, part, path, err);
}

static mr_status write_page(const mr_powerbi *p, const page *on, mr_err *err)
{
    char path[256];
    mr_status status;

    put(p, "{\n  \"$schema\": \"" SCHEMA "definition/page/1.0.0/schema.json\",\n  \"name\": ");
    mr_put_json(p->out, on->name);
    put(p, ",\n  \"displayName\": ");
    mr_put_json(p->out, on->title);
    (void)mr_buffer_printf(
        p->out,
        ",\n  \"displayOption\": \"FitToPage\",\n  \"height\": %d,\n  \"width\": "
        "%d\n}\n",
        page_height, page_width);
    (void)snprintf(path, sizeof path, "definition/pages/%s/page.json", on->name);
    status = mr_powerbi_end(p, part, path, err);
    for (size_t i = 0; status == MR_OK && i < visuals_max && on->visuals[i].name != NULL; i++) {
        status = write_visual(p, on, &on->visuals[i], i, err);
    }
    return status;
}

static mr_status write_pages(const mr_powerbi *p, mr_err *err)
{
    const size_t count = sizeof pages / sizeof pages[0];
    mr_status status;

    put(p, "{\n  \"$schema\": \"" SCHEMA
           "definition/pagesMetadata/1.0.0/schema.json\",\n  \"pageOrder\": [");
    for (size_t i = 0; i < count; i++) {
        put(p, i > 0 ? ", " : "");
        mr_put_json(p->out, pages[i].name);
    }
    put(p, "],\n  \"activePageName\": ");
    mr_put_json(p->out, pages[0].name);
    put(p, "\n}\n");
    status = mr_powerbi_end(p, part, "definition/pages/pages.json", err);
    for (size_t i = 0; status == MR_OK && i < count; i++) {
        status = write_page(p, &pages[i], err);
    }
    return status;
}

static mr_status write_heads(const mr_powerbi *p, mr_err *err)
{
    char path[256];
    mr_status status = mr_powerbi_platform(p, part, err);

    if (status == MR_OK) {
        put(p, "{\n  \"$schema\": \"" SCHEMA
               "definitionProperties/2.0.0/schema.json\",\n  \"version\": \"4.0\",\n  "
               "\"datasetReference\": {\n    \"byPath\": {\n      \"path\": ");
        (void)snprintf(path, sizeof path, "../%s.SemanticModel", p->settings->database);
        mr_put_json(p->out, path);
        put(p, "\n    }\n  }\n}\n");
        status = mr_powerbi_end(p, part, "definition.pbir", err);
    }
    if (status == MR_OK) {
        put(p, "{\n  \"$schema\": \"" SCHEMA
               "definition/versionMetadata/1.0.0/schema.json\",\n  \"version\": \"1.0.0\"\n}\n");
        status = mr_powerbi_end(p, part, "definition/version.json", err);
    }
    if (status == MR_OK) {
        put(p, "{\n  \"$schema\": \"" SCHEMA
               "definition/report/1.0.0/schema.json\",\n  \"layoutOptimization\": \"None\",\n  "
               "\"themeCollection\": {}\n}\n");
        status = mr_powerbi_end(p, part, "definition/report.json", err);
    }
    return status;
}

mr_status mr_powerbi_report(const mr_powerbi *powerbi, mr_err *err)
{
    mr_status status = write_heads(powerbi, err);

    return status == MR_OK ? write_pages(powerbi, err) : status;
}
