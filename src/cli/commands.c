/* SPDX-License-Identifier: Apache-2.0 */
/* cli/commands.c - the table of commands, in the order a newcomer meets them. A new command is a
 * file cmd_<name>.c, a line in commands.h and an entry here. Options are not listed here: each
 * command declares its own, and --help prints them.
 */
#include "cli/commands.h"

const mr_command mr_commands[] = {
    {
        .name = "up",
        .summary = "start everything on this machine",
        .usage = "up [options]",
        .description =
            "Starts each role (MILLRACE_ROLES: gateway, processor, scheduler, web) as a process of "
            "its "
            "own\n"
            "on one data folder, restarts one that dies, and stops all in order on Ctrl-C or "
            "SIGTERM.\n"
            "A second signal while stopping ends them at once. SIGHUP is passed on to the roles.\n"
            "With --detach it returns once the platform serves; `millrace down` stops it.\n"
            "\n"
            "  millrace up                              data in ./millrace-data\n"
            "  millrace up --detach                     goes on behind, log in run/up.log\n"
            "  millrace up --data /srv/millrace --listen 0.0.0.0:8000\n",
        .run = mr_cmd_up,
    },
    {
        .name = "down",
        .summary = "stop what `up` runs on a data folder",
        .usage = "down [options]",
        .description =
            "Asks the supervisor of the data folder to stop its roles in order, and waits "
            "until it\n"
            "has. Says so when nothing runs.\n"
            "\n"
            "  millrace down --data /srv/millrace\n",
        .run = mr_cmd_down,
    },
    {
        .name = "gateway",
        .summary = "take events over HTTP into the log",
        .usage = "gateway [options]",
        .description = "Serves POST /invoicedata and POST /invoicedata/batch. An event is answered "
                       "201 once it\n"
                       "is durable in the log, never before. `millrace up` starts this for you.\n"
                       "\n"
                       "  millrace gateway --listen 127.0.0.1:8000\n",
        .run = mr_cmd_gateway,
    },
    {
        .name = "web",
        .summary = "serve the pages for customers and analysts",
        .usage = "web [options]",
        .description =
            "Serves the customer portal, the sales dashboard and the operations pages, and the\n"
            "API behind them. Nothing is shown before a sign-in. `millrace up` starts it for you.\n"
            "\n"
            "  millrace web --web 127.0.0.1:8080\n",
        .run = mr_cmd_web,
    },
    {
        .name = "processor",
        .summary = "deliver the log's events to store and feeds, exactly once",
        .usage = "processor [options]",
        .description =
            "Reads the ingestion topic and delivers to each sink of MILLRACE_SINKS; what no sink\n"
            "can take goes to the dead letters with its reason. `millrace up` starts it for you.\n"
            "\n"
            "  millrace processor --sinks store\n",
        .run = mr_cmd_processor,
    },
    {
        .name = "scheduler",
        .summary = "make silver and gold when their time has come",
        .usage = "scheduler [options]",
        .description = "Carries out runs of the pipeline: at the instants of MILLRACE_SCHEDULE, "
                       "whenever bronze\n"
                       "has grown (MILLRACE_CONTINUOUS), and those asked for by `millrace runs`. "
                       "What was under\n"
                       "way when it died is taken up again. `millrace up` starts it for you.\n"
                       "\n"
                       "  millrace scheduler --schedule '0 */6 * * *' --timezone Europe/London\n"
                       "  MILLRACE_CONTINUOUS=5s millrace scheduler --schedule off\n",
        .run = mr_cmd_scheduler,
    },
    {
        .name = "convert",
        .summary = "turn a CSV export of a shop into events (NDJSON)",
        .usage = "convert [options] FILE",
        .description =
            "Reads a CSV file ('-' is standard input), recognises its form, and writes an event a\n"
            "line, as JSON. Lines that are no events go to a file of rejects, with the reason.\n"
            "\n"
            "  millrace convert online-retail.csv --output events.ndjson\n"
            "  xzcat online-retail.csv.xz | millrace convert - | millrace post -\n"
            "  millrace convert --dry-run online-retail.csv\n",
        .run = mr_cmd_convert,
        .offline = true,
    },
    {
        .name = "generate",
        .summary = "make up a shop's events, to try and to measure with",
        .usage = "generate [options]",
        .description = "Writes made-up sales and returns, one JSON event a line (or a CSV file); "
                       "the same seed\n"
                       "gives the same events.\n"
                       "\n"
                       "  millrace generate | millrace post -\n"
                       "  millrace generate --events 1000000 --seed 7 --output events.ndjson\n",
        .run = mr_cmd_generate,
        .offline = true,
    },
    {
        .name = "post",
        .summary = "send events to a gateway",
        .usage = "post [options] FILE",
        .description =
            "Sends a file of NDJSON or CSV ('-' is standard input) to the gateway at "
            "MILLRACE_URL,\n"
            "in batches or one by one; tries again what deserves it, and goes on where an earlier\n"
            "run stopped. Refused lines go to a file of rejects, each with its reason.\n"
            "\n"
            "  millrace post events.ndjson\n"
            "  millrace post online-retail.csv --rate 20000\n"
            "  millrace post --single --verbose events.ndjson\n"
            "  millrace post --url https://shop.example:8000 events.ndjson\n",
        .run = mr_cmd_post,
    },
    {
        .name = "tail",
        .summary = "show a topic's records, and new ones as they arrive",
        .usage = "tail [options]",
        .description =
            "Prints records of a topic of the log, by default the ingestion topic's last.\n"
            "\n"
            "  millrace tail --follow\n"
            "  millrace tail --topic processed-topic --from first --count 100\n",
        .run = mr_cmd_tail,
    },
    {
        .name = "topic",
        .summary = "list, make and describe the log's topics",
        .usage = "topic [options] list | create NAME | describe NAME",
        .description =
            "Topics of the log named by MILLRACE_BUS. The embedded log keeps one partition of\n"
            "each; Kafka as many as are asked for.\n"
            "\n"
            "  millrace topic list\n"
            "  millrace topic create ingestion-topic --partitions 12 --replication 3\n"
            "  millrace topic describe ingestion-topic\n",
        .run = mr_cmd_topic,
    },
    {
        .name = "dlq",
        .summary = "look at dead letters, retry or discard them",
        .usage = "dlq [options] list | show OFFSET | retry OFFSET... | discard OFFSET...",
        .description = "Dead letters are events that no sink could take. Each says why. Where the "
                       "topic has\n"
                       "several partitions, a letter is named PARTITION:OFFSET.\n"
                       "\n"
                       "  millrace dlq list --open\n"
                       "  millrace dlq show 17\n"
                       "  millrace dlq retry 17 --set Country=France\n"
                       "  millrace dlq retry --all\n",
        .run = mr_cmd_dlq,
    },
    {
        .name = "replay",
        .summary = "deliver part of the log to the store again",
        .usage = "replay [options]",
        .description =
            "Sends the store's position back. Events the store has already are not counted twice.\n"
            "The processor must be stopped meanwhile.\n"
            "\n"
            "  millrace replay                          from the oldest record kept\n"
            "  millrace replay --from 120000\n",
        .run = mr_cmd_replay,
    },
    {
        .name = "customer",
        .summary = "a customer's orders, returns and spend",
        .usage = "customer [options] ID",
        .description = "Spend to date without and with returns, orders, returns; sums are exact.\n"
                       "\n"
                       "  millrace customer 17850\n"
                       "  millrace customer 17850 --orders\n"
                       "  millrace customer --top 10\n",
        .run = mr_cmd_customer,
    },
    {
        .name = "invoice",
        .summary = "an invoice with its lines",
        .usage = "invoice [options] NUMBER",
        .description = "  millrace invoice 536365\n",
        .run = mr_cmd_invoice,
    },
    {
        .name = "run",
        .summary = "bring silver and gold up to bronze",
        .usage = "run [options] [silver|gold|all]",
        .description =
            "Runs the models of silver and gold: each table takes what its source has gained "
            "since\n"
            "its last commit, is checked, and only then seen. Then counts and money are compared\n"
            "from the log to gold. A run that finds nothing new says so and is no failure.\n"
            "\n"
            "  millrace run                             silver, then gold\n"
            "  millrace run silver\n"
            "  millrace run --full-refresh              from everything\n"
            "  millrace run --date 2026-11-23           a day of bronze again\n"
            "  millrace run --select gold.mart_orders --json\n",
        .run = mr_cmd_run,
    },
    {
        .name = "publish",
        .summary = "put gold into a schema of PostgreSQL",
        .usage = "publish [options] [TARGET]",
        .description =
            "Brings the tables and views of gold into a schema of PostgreSQL, for any tool that\n"
            "reads one: in one transaction, and only what changed since the last time. TARGET is\n"
            "written as MILLRACE_STORE is; without one MILLRACE_PUBLISH says where. With that\n"
            "setting the scheduler publishes after each run of gold, too.\n"
            "\n"
            "  millrace publish postgresql://millrace@db.example:5432/shop --reader analyst\n"
            "  millrace publish postgresql:service=shop --schema sales --dry-run\n"
            "  millrace publish ref:keyvault://shop/publish-url --full --json\n",
        .run = mr_cmd_publish,
    },
    {
        .name = "eject",
        .summary = "write what deploys this installation elsewhere",
        .usage = "eject [options] DIR",
        .description =
            "Writes Terraform, Data Factory, Synapse, Power BI, Airflow, Kubernetes, compose and\n"
            "the models as SQL into a folder, filled in with this installation's names, schedule\n"
            "and settings, with a README.md of the steps. Secrets are not written: references "
            "are.\n"
            "\n"
            "  millrace eject ./leaving\n"
            "  millrace eject ./leaving --only terraform,adf --force --json\n",
        .run = mr_cmd_eject,
        .offline = true,
    },
    {
        .name = "lineage",
        .summary = "which table is made of which",
        .usage = "lineage [options]",
        .description = "Draws the models of silver and gold with what each of them reads.\n"
                       "\n"
                       "  millrace lineage\n"
                       "  millrace lineage --format dot | dot -Tsvg > lineage.svg\n",
        .run = mr_cmd_lineage,
    },
    {
        .name = "metrics",
        .summary = "what each figure is, in words and in SQL",
        .usage = "metrics [options]",
        .description = "Lists the figures of the dashboard with their one definition, as SQL of "
                       "the lake, of\n"
                       "PostgreSQL or Synapse, or as measures of Power BI.\n"
                       "\n"
                       "  millrace metrics\n"
                       "  millrace metrics --dialect postgresql --table gold.fact_sales\n"
                       "  millrace metrics --dialect dax --json\n",
        .run = mr_cmd_metrics,
        .offline = true,
    },
    {
        .name = "sql",
        .summary = "questions to the lake, in SQL",
        .usage = "sql [options] [QUERY]",
        .description =
            "Reads bronze, silver, gold and gold's views, and changes nothing; docs/sql.md. "
            "Without "
            "a\n"
            "query, on a terminal, it asks for one.\n"
            "\n"
            "  millrace sql \"SELECT * FROM gold.vw_TotalSales\"\n"
            "  millrace sql '\\d'\n"
            "  millrace sql --format parquet --output sales.parquet -f sales.sql\n"
            "  millrace sql \"SELECT count(*) FROM bronze.sales_events VERSION AS OF 12\"\n",
        .run = mr_cmd_sql,
    },
    {
        .name = "runs",
        .summary = "runs of the pipeline: look, start, cancel, catch up",
        .usage = "runs [options] list | show ID | log ID [TASK] | next | trigger [TARGET] | "
                 "cancel ID | backfill FROM TO",
        .description = "TARGET is silver, gold or all. An ID may be shortened, or be `last`. "
                       "Without a running\n"
                       "scheduler, trigger and backfill carry the runs out themselves.\n"
                       "\n"
                       "  millrace runs trigger --wait\n"
                       "  millrace runs show last\n"
                       "  millrace runs log last silver\n"
                       "  millrace runs next --count 10\n"
                       "  millrace runs backfill 2026-11-01 2026-11-07\n",
        .run = mr_cmd_runs,
    },
    {
        .name = "lake",
        .summary = "the tables of the lake: look at them, keep them tidy",
        .usage = "lake [options] list | history TABLE | describe TABLE | optimize [TABLE] | "
                 "vacuum [TABLE]",
        .description = "Delta tables that any engine can read. TABLE is bronze/sales_events,\n"
                       "bronze.sales_events or, where no other is called so, sales_events.\n"
                       "\n"
                       "  millrace lake list\n"
                       "  millrace lake history gold.fact_sales --limit 10\n"
                       "  millrace lake optimize bronze.sales_events\n"
                       "  millrace lake vacuum --dry-run\n"
                       "  millrace lake vacuum silver.fact_sales --retention 14d\n",
        .run = mr_cmd_lake,
    },
    {
        .name = "status",
        .summary = "what runs, how far it is, what went wrong",
        .usage = "status [options]",
        .description = "Shows the roles, the log's topics, each consumer's lag, the store's totals "
                       "and the open\n"
                       "dead letters of a data folder. Needs nothing to be running.\n"
                       "\n"
                       "  millrace status\n"
                       "  millrace status --watch 2\n"
                       "  millrace status --wait 60s               until the sinks have taken all\n"
                       "  millrace status --json\n",
        .run = mr_cmd_status,
    },
    {
        .name = "migrate-store",
        .summary = "copy the store into another kind of store",
        .usage = "migrate-store [options] FROM TO",
        .description =
            "Copies everything the store holds, its positions and the API keys into an empty "
            "store,\n"
            "and reads it back to compare. The copy is as of one moment: a processor may run on\n"
            "meanwhile, and once it is started on the copy it takes what came since from the log.\n"
            "Works in every direction.\n"
            "\n"
            "  millrace migrate-store sqlite: postgresql://shop@db.example/shop\n"
            "  millrace migrate-store postgresql://shop@db.example/shop sqlite:/srv/store.db\n",
        .run = mr_cmd_migrate_store,
    },
    {
        .name = "key",
        .summary = "make, list and revoke API keys of senders and programs",
        .usage = "key [options] add|list|revoke [NAME]",
        .description = "A key is shown once, when it is made; only its hash is kept.\n"
                       "\n"
                       "  millrace key add shop-1 --expires 90d\n"
                       "  millrace key add airflow --role operator\n"
                       "  millrace key revoke shop-1\n",
        .run = mr_cmd_key,
    },
    {
        .name = "user",
        .summary = "say who may sign in to the web",
        .usage = "user [options] add|passwd|list|remove|link [NAME]",
        .description = "A customer sees what one customer bought, an analyst all sales, an "
                       "operator everything.\n"
                       "Passwords are asked for or read from standard input, and kept as argon2id "
                       "hashes; a link\n"
                       "signs its user in once, who then chooses a password.\n"
                       "\n"
                       "  millrace user add anna --role analyst\n"
                       "  millrace user add shop-14911 --role customer --customer 14911 --link\n"
                       "  millrace user passwd anna --password-stdin < password.txt\n"
                       "  millrace user link anna --expires 2h\n",
        .run = mr_cmd_user,
    },
    {
        .name = "config",
        .summary = "show, check and document the settings",
        .usage = "config [options] show|check|reference",
        .description =
            "show       every setting, its value and where that came from; secrets are masked\n"
            "check      also tries what the settings name: folder, addresses, certificate, URLs\n"
            "reference  docs/configuration.md, or with --env an .env file, from the table of "
            "settings\n"
            "\n"
            "  millrace config show --data /srv/millrace\n"
            "  millrace config reference --env > .env\n",
        .run = mr_cmd_config,
        .offline = true,
    },
    {
        .name = "version",
        .summary = "which millrace this is",
        .usage = "version [options]",
        .run = mr_cmd_version,
        .offline = true,
    },
};

const size_t mr_command_count = sizeof mr_commands / sizeof mr_commands[0];
