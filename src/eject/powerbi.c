/* SPDX-License-Identifier: Apache-2.0 */
/* eject/powerbi.c - the star of gold, the project's own files, and .pbids. See powerbi.h.
 *
 * Owns:       the buffer that a file is written in. Called by: eject/package.c.
 */
#include "eject/powerbi.h"

#include <stdio.h>

#include "base/hash.h"
#include "eject/writer.h"

static void put(const mr_powerbi *p, const char *text)
{
    (void)mr_buffer_append_string(p->out, text);
}

mr_status mr_powerbi_end(const mr_powerbi *powerbi, const char *part, const char *path, mr_err *err)
{
    char whole[512];
    mr_status status;

    if (part == NULL) {
        (void)snprintf(whole, sizeof whole, "%s", path);
    } else {
        (void)snprintf(whole, sizeof whole, "%s.%s/%s", powerbi->settings->database, part, path);
    }
    if (powerbi->out->overflowed) {
        return mr_fail(err, MR_LIMIT, "%s would have more than %d bytes", whole,
                       mr_powerbi_bytes_max);
    }
    status = powerbi->sink->put(powerbi->sink->ctx, whole, mr_buffer_text(powerbi->out), err);
    mr_buffer_clear(powerbi->out);
    return status;
}

mr_status mr_powerbi_platform(const mr_powerbi *powerbi, const char *part, mr_err *err)
{
    char name[256];
    uint64_t half[2];

    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof name, "millrace/%s/%s/%zu", powerbi->settings->database, part,
                       i);
        half[i] = mr_hash64(name, strlen(name));
    }
    put(powerbi, "{\n  \"$schema\": \"https://developer.microsoft.com/json-schemas/fabric/"
                 "gitIntegration/platformProperties/2.0.0/schema.json\",\n  \"metadata\": {\n    "
                 "\"type\": ");
    mr_put_json(powerbi->out, part);
    put(powerbi, ",\n    \"displayName\": ");
    mr_put_json(powerbi->out, powerbi->settings->database);
    /* A UUID of version 8: made of the name. */
    (void)mr_buffer_printf(powerbi->out,
                           "\n  },\n  \"config\": {\n    \"version\": \"2.0\",\n    \"logicalId\": "
                           "\"%08x-%04x-8%03x-%04x-%012llx\"\n  }\n}\n",
                           (unsigned)(half[0] >> 32), (unsigned)(half[0] >> 16) & 0xffff,
                           (unsigned)half[0] & 0xfff, ((unsigned)(half[1] >> 48) & 0x3fff) | 0x8000,
                           (unsigned long long)(half[1] & 0xffffffffffff));
    return mr_powerbi_end(powerbi, part, ".platform", err);
}

static const mr_relation *relation_of(const mr_powerbi *p, const char *target)
{
    for (size_t i = 0; i < p->relations->table_count; i++) {
        const mr_relation *relation = &p->relations->tables[i];

        if (strcmp(relation->model->name, target) == 0 ||
            strcmp(relation->shape->name, target) == 0) {
            return relation;
        }
    }
    return NULL;
}

static const char *date_of(const mr_relation *relation)
{
    for (size_t i = 0; i < relation->shape->column_count; i++) {
        if (strcmp(relation->shape->columns[i].type, "date") == 0) {
            return relation->shape->columns[i].name;
        }
    }
    return NULL;
}

static mr_status find_star(mr_powerbi *p, mr_err *err)
{
    p->fact = mr_relations_find(p->relations, "fact_sales");
    if (p->fact == NULL) {
        return mr_fail(err, MR_INVALID, "Power BI: the models have no gold.fact_sales");
    }
    for (size_t i = 0; i < p->fact->model->check_count; i++) {
        const mr_model_check *check = &p->fact->model->checks[i];
        const mr_relation *relation =
            check->kind == MR_CHECK_REFERENCES ? relation_of(p, check->target) : NULL;

        if (relation != NULL && p->dimension_count < mr_powerbi_dimensions_max) {
            p->dimensions[p->dimension_count++] = (mr_dimension){.relation = relation,
                                                                 .column = check->columns.names[0],
                                                                 .key = check->target_column,
                                                                 .date = date_of(relation)};
        }
    }
    return MR_OK;
}

static mr_status write_project(const mr_powerbi *p, mr_err *err)
{
    char path[256];

    put(p, "{\n  \"$schema\": \"https://developer.microsoft.com/json-schemas/fabric/pbip/"
           "pbipProperties/1.0.0/schema.json\",\n  \"version\": \"1.0\",\n  \"artifacts\": [\n    "
           "{\n      \"report\": {\n        \"path\": ");
    (void)snprintf(path, sizeof path, "%s.Report", p->settings->database);
    mr_put_json(p->out, path);
    put(p, "\n      }\n    }\n  ],\n  \"settings\": {\n    \"enableAutoRecovery\": true\n  }\n}\n");
    (void)snprintf(path, sizeof path, "%s.pbip", p->settings->database);
    return mr_powerbi_end(p, NULL, path, err);
}

/* One connection; who opens the file signs in. */
static mr_status write_source(const mr_powerbi *p, const char *protocol, const char *server,
                              const char *database, const char *mode, const char *path, mr_err *err)
{
    put(p, "{\n  \"version\": \"0.1\",\n  \"connections\": [\n    {\n      \"details\": {\n        "
           "\"protocol\": ");
    mr_put_json(p->out, protocol);
    put(p, ",\n        \"address\": {\n          \"server\": ");
    mr_put_json(p->out, server);
    put(p, ",\n          \"database\": ");
    mr_put_json(p->out, database);
    put(p, "\n        }\n      },\n      \"options\": {},\n      \"mode\": ");
    mr_put_json(p->out, mode);
    put(p, "\n    }\n  ]\n}\n");
    return mr_powerbi_end(p, NULL, path, err);
}

static mr_status write_sources(const mr_powerbi *p, mr_err *err)
{
    char server[256];
    mr_status status;

    (void)snprintf(server, sizeof server, "%s-ondemand.sql.azuresynapse.net",
                   p->settings->workspace);
    status = write_source(p, "tds", server, p->settings->database, "Import", "synapse.pbids", err);
    if (status == MR_OK) {
        status = write_source(p, "postgresql", p->settings->postgres_host,
                              p->settings->postgres_database, "Import", "postgresql.pbids", err);
    }
    return status;
}

mr_status mr_powerbi_write(const mr_models *models, const mr_metrics *metrics,
                           const mr_eject_settings *settings, const mr_eject_sink *sink,
                           mr_err *err)
{
    mr_relations relations;
    mr_buffer out;
    mr_powerbi powerbi = {.metrics = metrics,
                          .relations = &relations,
                          .settings = settings,
                          .sink = sink,
                          .out = &out};
    mr_status status = mr_metrics_check(metrics, models, err);

    mr_buffer_init(&out, mr_powerbi_bytes_max);
    if (status == MR_OK) {
        status = mr_relations_of(models, &relations, err);
    }
    if (status == MR_OK) {
        status = find_star(&powerbi, err);
    }
    if (status == MR_OK) {
        status = write_project(&powerbi, err);
    }
    if (status == MR_OK) {
        status = write_sources(&powerbi, err);
    }
    if (status == MR_OK) {
        status = mr_powerbi_model(&powerbi, err);
    }
    if (status == MR_OK) {
        status = mr_powerbi_report(&powerbi, err);
    }
    mr_buffer_free(&out);
    return status;
}
