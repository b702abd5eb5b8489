/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run_lineage.c - the models as a tree of text, and as dot, Mermaid and JSON. */
#include "cli/run_lineage.h"

#include <stdio.h>

#include <string.h>

#include "medallion/catalog.h"

/* --- Text: each table behind the one that drives it ------------------------------------------- */

static void note_other(void *ctx, const char *name)
{
    mr_buffer *others = ctx;

    (void)mr_buffer_printf(others, "%s%s", others->bytes == 0 ? "" : ", ", name);
}

typedef struct other_sources {
    const mr_model *model;
    mr_buffer names;
} other_sources;

static void note_source(void *ctx, const char *name)
{
    other_sources *others = ctx;

    if (others->model->from == NULL || strcmp(name, others->model->from) != 0) {
        note_other(&others->names, name);
    }
}

static void draw_line(const mr_model *model, const char *prefix, bool last, mr_buffer *out)
{
    other_sources others = {.model = model};

    mr_buffer_init(&others.names, 65536);
    mr_model_visit_sources(model, note_source, &others);
    (void)mr_buffer_printf(out, "%s%s %s  (%s)", prefix, last ? "└─" : "├─", model->name,
                           mr_model_mode_name(model->mode));
    if (others.names.bytes > 0) {
        (void)mr_buffer_printf(out, "  also reads %.*s", (int)others.names.bytes,
                               others.names.data);
    }
    (void)mr_buffer_append_string(out, "\n");
    mr_buffer_free(&others.names);
}

/* Models form no circle: this ends. */
static void draw_children(const mr_models *models, const char *name, const char *prefix,
                          mr_buffer *out)
{
    size_t children = 0;

    for (size_t i = 0; i < mr_models_count(models); i++) {
        const char *from = mr_models_at(models, i)->from;
        children += from != NULL && strcmp(from, name) == 0;
    }
    for (size_t i = 0; i < mr_models_count(models); i++) {
        const mr_model *model = mr_models_at(models, i);
        char deeper[256];
        if (model->from == NULL || strcmp(model->from, name) != 0) {
            continue;
        }
        children--;
        draw_line(model, prefix, children == 0, out);
        (void)snprintf(deeper, sizeof(deeper), "%s%s", prefix, children == 0 ? "   " : "│  ");
        draw_children(models, model->name, deeper, out);
    }
}

static void draw_text(const mr_models *models, mr_buffer *out)
{
    size_t views = 0;

    for (size_t i = 0; i < mr_models_count(models); i++) {
        const char *from = mr_models_at(models, i)->from;
        bool root = from != NULL && strncmp(from, "bronze.", strlen("bronze.")) == 0;
        for (size_t k = 0; k < i && root; k++) {
            const char *other = mr_models_at(models, k)->from;
            root = other == NULL || strcmp(other, from) != 0;
        }
        if (root) {
            (void)mr_buffer_printf(out, "%s\n", from);
            draw_children(models, from, "", out);
        }
    }
    for (size_t i = 0; i < mr_models_count(models); i++) {
        const mr_model *model = mr_models_at(models, i);
        other_sources reads = {.model = model};
        if (model->mode != MR_MODEL_VIEW) {
            continue;
        }
        mr_buffer_init(&reads.names, 65536);
        mr_model_visit_sources(model, note_source, &reads);
        (void)mr_buffer_printf(out, "%s%s  <- %.*s\n", views++ == 0 ? "\nviews\n   " : "   ",
                               model->name, (int)reads.names.bytes, reads.names.data);
        mr_buffer_free(&reads.names);
    }
}

/* --- Graphs ----------------------------------------------------------------------------------- */

typedef struct edge_writer {
    mr_buffer *out;
    const mr_model *model;
    const char *format; /* of an edge: source, target */
    bool flat;          /* names may hold no dot */
    size_t count;
} edge_writer;

static void flatten(const char *name, char *flat, size_t bytes)
{
    (void)snprintf(flat, bytes, "%s", name);
    for (; *flat != '\0'; flat++) {
        *flat = *flat == '.' ? '_' : *flat;
    }
}

static void draw_edge(void *ctx, const char *name)
{
    edge_writer *writer = ctx;
    char source[mr_model_path_bytes_max];
    char target[mr_model_path_bytes_max];

    if (writer->flat) {
        flatten(name, source, sizeof(source));
        flatten(writer->model->name, target, sizeof(target));
        (void)mr_buffer_printf(writer->out, "  %s[%s] --> %s[%s]\n", source, name, target,
                               writer->model->name);
    } else {
        (void)mr_buffer_printf(writer->out, "  \"%s\" -> \"%s\"%s;\n", name, writer->model->name,
                               writer->model->mode == MR_MODEL_VIEW ? " [style=dashed]" : "");
    }
}

static void draw_graph(const mr_models *models, bool mermaid, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, mermaid ? "flowchart LR\n"
                                               : "digraph millrace {\n  rankdir=LR;\n"
                                                 "  node [shape=box];\n");
    for (size_t i = 0; i < mr_models_count(models); i++) {
        edge_writer writer = {.out = out, .model = mr_models_at(models, i), .flat = mermaid};
        mr_model_visit_sources(writer.model, draw_edge, &writer);
    }
    (void)mr_buffer_append_string(out, mermaid ? "" : "}\n");
}

/* --- JSON ------------------------------------------------------------------------------------- */

static void write_text(mr_buffer *out, const char *key, const char *value)
{
    (void)mr_buffer_printf(out, "\"%s\":", key);
    if (value == NULL) {
        (void)mr_buffer_append_string(out, "null");
    } else {
        (void)mr_buffer_append_json_string(out, mr_text_of(value));
    }
}

static void write_source(void *ctx, const char *name)
{
    edge_writer *writer = ctx;

    (void)mr_buffer_append_string(writer->out, writer->count++ == 0 ? "" : ",");
    (void)mr_buffer_append_json_string(writer->out, mr_text_of(name));
}

static void write_columns(const mr_model *model, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, "],\"columns\":[");
    for (size_t i = 0; i < model->column_count; i++) {
        (void)mr_buffer_append_string(out, i == 0 ? "{" : ",{");
        write_text(out, "name", model->columns[i].name);
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "type", model->columns[i].type);
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "description", model->columns[i].description);
        (void)mr_buffer_append_string(out, "}");
    }
    (void)mr_buffer_append_string(out, "]");
}

static void draw_json(const mr_models *models, mr_buffer *out)
{
    (void)mr_buffer_append_string(out, "{\"models\":[");
    for (size_t i = 0; i < mr_models_count(models); i++) {
        const mr_model *model = mr_models_at(models, i);
        edge_writer writer = {.out = out, .model = model};
        (void)mr_buffer_append_string(out, i == 0 ? "{" : ",{");
        write_text(out, "name", model->name);
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "mode", mr_model_mode_name(model->mode));
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "description", model->description);
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "from", model->from);
        (void)mr_buffer_append_string(out, ",");
        write_text(out, "sql", model->sql);
        (void)mr_buffer_append_string(out, ",\"reads\":[");
        mr_model_visit_sources(model, write_source, &writer);
        write_columns(model, out);
        (void)mr_buffer_append_string(out, "}");
    }
    (void)mr_buffer_append_string(out, "]}\n");
}

bool mr_lineage_draw(const mr_models *models, const char *format, mr_buffer *out)
{
    if (strcmp(format, "text") == 0) {
        draw_text(models, out);
    } else if (strcmp(format, "dot") == 0 || strcmp(format, "mermaid") == 0) {
        draw_graph(models, strcmp(format, "mermaid") == 0, out);
    } else if (strcmp(format, "json") == 0) {
        draw_json(models, out);
    } else {
        return false;
    }
    return true;
}
