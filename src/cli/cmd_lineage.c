/* SPDX-License-Identifier: Apache-2.0 */
/* cli/cmd_lineage.c - `millrace lineage`: which table is made of which. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/run_lineage.h"

enum { lineage_bytes_max = 64 << 20 };

int mr_cmd_lineage(mr_cli *cli, int argc, char **argv)
{
    const char *format = NULL;
    const mr_cli_option options[] = {
        {.name = "--format",
         .letter = 'f',
         .value_name = "FORMAT",
         .help = "text, dot (Graphviz), mermaid or json",
         .ret_value = &format},
    };
    int argument_count = 0;
    char **arguments = NULL;
    int exit_status = MR_EXIT_OK;
    mr_models *models = NULL;
    mr_buffer out;
    mr_err err;

    if (!mr_cli_parse(cli, argc, argv, options, sizeof(options) / sizeof(options[0]),
                      &argument_count, &arguments, &exit_status)) {
        return exit_status;
    }
    if (argument_count > 0) {
        return mr_cli_usage(cli, "lineage takes no argument, not '%s'", arguments[0]);
    }
    exit_status = MR_EXIT_OK;
    if (format == NULL) {
        format = mr_cli_json(cli) ? "json" : "text";
    }
    if (mr_models_load(mr_config_text(mr_cli_config(cli), "MILLRACE_MODELS"), &models, &err) !=
        MR_OK) {
        return mr_cli_fail(cli, &err);
    }
    mr_buffer_init(&out, lineage_bytes_max);
    if (!mr_lineage_draw(models, format, &out)) {
        exit_status = mr_cli_usage(cli, "--format is text, dot, mermaid or json, not '%s'", format);
    } else if (fwrite(out.data, 1, out.bytes, stdout) != out.bytes) {
        exit_status = mr_cli_fail_text(cli, "standard output cannot be written");
    }
    mr_buffer_free(&out);
    mr_models_free(models);
    return exit_status;
}
