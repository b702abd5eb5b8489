/* SPDX-License-Identifier: Apache-2.0 */
/* eject/powerbi_model.c - the semantic model in TMDL: the star, and every metric as a measure.
 *
 * Texts compare code by code, as in the lake (the model's collation): stock codes that differ in
 * case alone are two products. Columns of the merge's own bookkeeping, and binaries, stay out.
 *
 * Called by:  eject/powerbi.c.
 */
#include <stdio.h>

#include "eject/dax.h"
#include "eject/powerbi.h"
#include "eject/writer.h"

static const char part[] = "SemanticModel";

static void put(const mr_powerbi *p, const char *text)
{
    (void)mr_buffer_append_string(p->out, text);
}

static bool is_shown(const mr_model_column *column)
{
    return !mr_column_is_technical(column) && strcmp(column->type, "binary") != 0;
}

static const char *type_of(const mr_model_column *column)
{
    static const struct {
        const char *type, *tmdl;
    } types[] = {{"string", "string"},     {"long", "int64"},    {"integer", "int64"},
                 {"date", "dateTime"},     {"double", "double"}, {"boolean", "boolean"},
                 {"timestamp", "dateTime"}};

    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(column->type, types[i].type) == 0) {
            return types[i].tmdl;
        }
    }
    return "decimal"; /* fixed, four places: 64 bits of ten-thousandths */
}

static void put_description(const mr_powerbi *p, const char *indent, const char *text)
{
    if (text != NULL) {
        (void)mr_buffer_printf(p->out, "%s/// %s\n", indent, text);
    }
}

/* MonthName is sorted by Month. */
static const mr_model_column *sorted_by(const mr_model *shape, const mr_model_column *column)
{
    char name[128];
    const size_t bytes = strlen(column->name);

    if (bytes <= 4 || strcmp(column->name + bytes - 4, "Name") != 0) {
        return NULL;
    }
    (void)snprintf(name, sizeof name, "%.*s", (int)(bytes - 4), column->name);
    const mr_model_column *by = mr_model_find_column(shape, name);
    return by != NULL && strcmp(by->type, "integer") == 0 ? by : NULL;
}

static bool leads_to_dimension(const mr_powerbi *p, const char *column)
{
    for (size_t i = 0; i < p->dimension_count; i++) {
        if (strcmp(p->dimensions[i].column, column) == 0) {
            return true;
        }
    }
    return false;
}

static void put_column(const mr_powerbi *p, const mr_relation *relation,
                       const mr_dimension *dimension, const mr_model_column *column)
{
    const mr_model_column *by = sorted_by(relation->shape, column);
    const char *key =
        dimension == NULL ? "" : (dimension->date != NULL ? dimension->date : dimension->key);

    put_description(p, "\t", column->description);
    put(p, "\tcolumn ");
    mr_put_tmdl_name(p->out, column->name);
    (void)mr_buffer_printf(p->out, "\n\t\tdataType: %s\n", type_of(column));
    if (dimension == NULL && leads_to_dimension(p, column->name)) {
        put(p, "\t\tisHidden\n");
    }
    if (strcmp(key, column->name) == 0) {
        put(p, "\t\tisKey\n");
    }
    if (strcmp(column->type, "date") == 0) {
        put(p, "\t\tformatString: yyyy-mm-dd\n");
    }
    put(p, "\t\tsummarizeBy: none\n\t\tsourceColumn: ");
    put(p, column->name);
    put(p, "\n");
    if (by != NULL) {
        (void)mr_buffer_printf(p->out, "\t\tsortByColumn: %s\n", by->name);
    }
    put(p, "\n");
}

static void put_measures(const mr_powerbi *p)
{
    for (size_t i = 0; i < mr_metrics_count(p->metrics); i++) {
        const mr_metric *metric = mr_metrics_at(p->metrics, i);
        const bool tall = metric->kind == MR_METRIC_FIRST || metric->kind == MR_METRIC_BEFORE;

        put_description(p, "\t", metric->description);
        put(p, "\tmeasure ");
        mr_put_tmdl_name(p->out, metric->title);
        put(p, tall ? " =\n\t\t\t" : " = ");
        mr_put_dax(p->out, metric, "\t\t\t");
        (void)mr_buffer_printf(p->out, "\n\t\tformatString: %s\n\n", mr_dax_format(metric));
    }
}

/* The columns are named, so that one more in the lake changes nothing here. */
static void put_partition(const mr_powerbi *p, const mr_relation *relation)
{
    const char *name = relation->model->table;
    bool any = false;

    (void)mr_buffer_printf(p->out, "\tpartition %s = m\n\t\tmode: import\n\t\tsource =\n", name);
    put(p, "\t\t\t\tlet\n\t\t\t\t\tSource = Sql.Database(Server, Database),\n");
    (void)mr_buffer_printf(
        p->out, "\t\t\t\t\tRows = Source{[Schema = \"gold\", Item = \"%s\"]}[Data],\n", name);
    put(p, "\t\t\t\t\tColumns = Table.SelectColumns(Rows, {");
    for (size_t i = 0; i < relation->shape->column_count; i++) {
        if (is_shown(&relation->shape->columns[i])) {
            put(p, any ? ", " : "");
            mr_put_m_text(p->out, relation->shape->columns[i].name);
            any = true;
        }
    }
    put(p, "})\n\t\t\t\tin\n\t\t\t\t\tColumns\n");
}

static mr_status write_table(const mr_powerbi *p, const mr_relation *relation,
                             const mr_dimension *dimension, mr_err *err)
{
    char path[256];

    put_description(p, "", relation->model->description);
    put(p, "table ");
    mr_put_tmdl_name(p->out, relation->model->table);
    put(p, dimension != NULL && dimension->date != NULL ? "\n\tdataCategory: Time\n\n" : "\n\n");
    if (dimension == NULL) {
        put_measures(p);
    }
    for (size_t i = 0; i < relation->shape->column_count; i++) {
        if (is_shown(&relation->shape->columns[i])) {
            put_column(p, relation, dimension, &relation->shape->columns[i]);
        }
    }
    put_partition(p, relation);
    (void)snprintf(path, sizeof path, "definition/tables/%s.tmdl", relation->model->table);
    return mr_powerbi_end(p, part, path, err);
}

static mr_status write_model(const mr_powerbi *p, mr_err *err)
{
    put(p,
        "/// Gold's lines and what they belong to. Made by millrace eject from the models and "
        "metrics: change those, not these files.\nmodel Model\n\tculture: en-GB\n\t"
        "defaultPowerBIDataSourceVersion: powerBI_V3\n\tdiscourageImplicitMeasures\n\tcollation: "
        "Latin1_General_100_BIN2_UTF8\n\tsourceQueryCulture: en-GB\n\n");
    (void)mr_buffer_printf(p->out, "ref table %s\n", p->fact->model->table);
    for (size_t i = 0; i < p->dimension_count; i++) {
        (void)mr_buffer_printf(p->out, "ref table %s\n", p->dimensions[i].relation->model->table);
    }
    return mr_powerbi_end(p, part, "definition/model.tmdl", err);
}

static mr_status write_relationships(const mr_powerbi *p, mr_err *err)
{
    for (size_t i = 0; i < p->dimension_count; i++) {
        const mr_dimension *d = &p->dimensions[i];

        (void)mr_buffer_printf(p->out,
                               "%srelationship %s_%s\n\tfromColumn: %s.%s\n\ttoColumn: %s.%s\n",
                               i > 0 ? "\n" : "", p->fact->model->table, d->column,
                               p->fact->model->table, d->column, d->relation->model->table, d->key);
    }
    return mr_powerbi_end(p, part, "definition/relationships.tmdl", err);
}

static void put_parameter(const mr_powerbi *p, const char *name, const char *description,
                          const char *value)
{
    put_description(p, "", description);
    (void)mr_buffer_printf(p->out, "expression %s = ", name);
    mr_put_m_text(p->out, value);
    put(p, " meta [IsParameterQuery=true, Type=\"Text\", IsParameterQueryRequired=true]\n\n");
}

static mr_status write_parameters(const mr_powerbi *p, mr_err *err)
{
    char server[256];

    (void)snprintf(server, sizeof server, "%s-ondemand.sql.azuresynapse.net",
                   p->settings->workspace);
    put_parameter(p, "Server", "Serverless endpoint of the Synapse workspace", server);
    put_parameter(p, "Database", "Database with the views over gold", p->settings->database);
    return mr_powerbi_end(p, part, "definition/expressions.tmdl", err);
}

static mr_status write_heads(const mr_powerbi *p, mr_err *err)
{
    mr_status status = mr_powerbi_platform(p, part, err);

    if (status == MR_OK) {
        put(p, "{\n  \"$schema\": \"https://developer.microsoft.com/json-schemas/fabric/item/"
               "semanticModel/definitionProperties/1.0.0/schema.json\",\n  \"version\": \"4.2\",\n "
               " \"settings\": {}\n}\n");
        status = mr_powerbi_end(p, part, "definition.pbism", err);
    }
    if (status == MR_OK) {
        put(p, "database\n\tcompatibilityLevel: 1600\n");
        status = mr_powerbi_end(p, part, "definition/database.tmdl", err);
    }
    return status;
}

mr_status mr_powerbi_model(const mr_powerbi *powerbi, mr_err *err)
{
    mr_status status = write_heads(powerbi, err);

    if (status == MR_OK) {
        status = write_model(powerbi, err);
    }
    if (status == MR_OK) {
        status = write_parameters(powerbi, err);
    }
    if (status == MR_OK) {
        status = write_relationships(powerbi, err);
    }
    if (status == MR_OK) {
        status = write_table(powerbi, powerbi->fact, NULL, err);
    }
    for (size_t i = 0; status == MR_OK && i < powerbi->dimension_count; i++) {
        status =
            write_table(powerbi, powerbi->dimensions[i].relation, &powerbi->dimensions[i], err);
    }
    return status;
}
