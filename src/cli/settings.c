/* SPDX-License-Identifier: Apache-2.0 */
/* cli/settings.c - the one table of settings: config show, docs/configuration.md and .env.example
 * are made from it, so a setting is added here and nowhere else.
 *
 * Not here: resolving and checking values (base/config.c), options made of them (query/settings.c).
 */
#include "cli/settings.h"

#define KIB (INT64_C(1024))
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define TIB (1024 * GIB)

#define SECOND_MS (INT64_C(1000))
#define HOUR_MS   (3600 * SECOND_MS)
#define YEAR_MS   (8760 * HOUR_MS)

static const char group_general[] = "General";
static const char group_log[] = "Log";
static const char group_kafka[] = "Log: Kafka";
static const char group_processor[] = "Store and processor";
static const char group_lake[] = "Lake";
static const char group_lake_azure[] = "Lake: Azure";
static const char group_spark[] = "Spark";
static const char group_publish[] = "Publication";
static const char group_scheduler[] = "Scheduler";
static const char group_secrets[] = "Secrets";
static const char group_azure[] = "Azure: identity";
static const char group_gateway[] = "Gateway";
static const char group_access[] = "Gateway: access";
static const char group_limits[] = "Gateway: limits";
static const char group_web[] = "Web";
static const char group_post[] = "Posting";

#define TEXT(setting_name, setting_flag, value, setting_group, text)             \
    {                                                                            \
        .name = (setting_name), .flag = (setting_flag), .kind = MR_SETTING_TEXT, \
        .default_value = (value), .group = (setting_group), .help = (text)       \
    }
#define CHOICE(setting_name, setting_flag, value, allowed, setting_group, text)                  \
    {                                                                                            \
        .name = (setting_name), .flag = (setting_flag), .kind = MR_SETTING_CHOICE,               \
        .default_value = (value), .choices = (allowed), .group = (setting_group), .help = (text) \
    }
#define NUMBER(setting_name, value_kind, value, least, most, setting_group, text)               \
    {                                                                                           \
        .name = (setting_name), .kind = (value_kind), .default_value = (value), .min = (least), \
        .max = (most), .group = (setting_group), .help = (text)                                 \
    }
#define INTEGER(setting_name, value, least, most, setting_group, text) \
    NUMBER(setting_name, MR_SETTING_INTEGER, value, least, most, setting_group, text)
#define BYTES(setting_name, value, least, most, setting_group, text) \
    NUMBER(setting_name, MR_SETTING_BYTES, value, least, most, setting_group, text)
#define AZURE(setting_name, value, also_name, text)                                \
    {                                                                              \
        .name = (setting_name), .kind = MR_SETTING_TEXT, .default_value = (value), \
        .also = (also_name), .group = group_azure, .help = (text)                  \
    }
#define AZURE_SECRET(setting_name, also_name, text)                           \
    {                                                                         \
        .name = (setting_name), .kind = MR_SETTING_TEXT, .also = (also_name), \
        .group = group_azure, .secret = true, .live = true, .help = (text)    \
    }
#define DURATION(setting_name, value, least, most, setting_group, text) \
    NUMBER(setting_name, MR_SETTING_DURATION, value, least, most, setting_group, text)

/* clang-format off */
const mr_setting mr_settings[] = {
    TEXT("MILLRACE_DATA", "--data", "./millrace-data", group_general,
         "Folder of everything millrace keeps: log, store, keys, state of its roles."),
    TEXT("MILLRACE_ROLES", "--roles", "gateway,processor,scheduler,web", group_general,
         "What `millrace up` starts, in the order in which it is stopped."),
    DURATION("MILLRACE_RESTART_DELAY_MAX", "5s", 100, HOUR_MS, group_general,
             "Longest wait before `millrace up` starts a role again; it doubles from 100ms."),
    CHOICE("MILLRACE_LOG_LEVEL", "--log-level", "info", "debug|info|warn|error", group_general,
           "The least severe messages written to standard error."),
    CHOICE("MILLRACE_LOG_FORMAT", "--log-format", "text", "text|json", group_general,
           "Form of those messages: lines for people, or a JSON object a line."),

    TEXT("MILLRACE_BUS", "--bus", "embedded:", group_log,
         "The durable log: `embedded:` (in the data folder), `embedded:/folder`, or "
         "`kafka://host:port[,host:port...][/prefix]`."),
    TEXT("MILLRACE_TOPIC_INGESTION", NULL, "ingestion-topic", group_log,
         "Topic that the gateway writes accepted events to."),
    TEXT("MILLRACE_TOPIC_PROCESSED", NULL, "processed-topic", group_log,
         "Topic that the feed sink writes each valid event to."),
    TEXT("MILLRACE_TOPIC_DEAD_LETTER", NULL, "dead-letter-topic", group_log,
         "Topic of what no sink could take, each with its reason."),
    DURATION("MILLRACE_LOG_RETENTION", "7d", 0, 100 * YEAR_MS, group_log,
             "Older records are removed once every consumer has taken them; 0 keeps them."),
    BYTES("MILLRACE_LOG_RETENTION_BYTES", "0", 0, 1024 * TIB, group_log,
          "Most a topic keeps, oldest records go first; 0 is no limit."),
    BYTES("MILLRACE_LOG_QUEUE_BYTES", "64MiB", MIB, 64 * GIB, group_log,
          "Most that waits in memory to become durable; beyond it the gateway answers 503."),

    INTEGER("MILLRACE_KAFKA_PARTITIONS", "6", 1, 10000, group_kafka,
            "Partitions of a topic that is made: as many processors can share it."),
    INTEGER("MILLRACE_KAFKA_REPLICATION", "1", 1, 32, group_kafka,
            "Copies of each partition of a topic that is made; 3 outlives a lost broker."),
    {.name = "MILLRACE_KAFKA_CREATE_TOPICS", .kind = MR_SETTING_FLAG, .default_value = "on",
     .group = group_kafka,
     .help = "Make a topic that is missing when gateway or processor start."},
    TEXT("MILLRACE_KAFKA_*", NULL, NULL, group_kafka,
         "Any other property of librdkafka: MILLRACE_KAFKA_SASL_MECHANISM sets `sasl.mechanism`; "
         "see docs/kafka.md. Passwords, secrets and keys are masked."),

    {.name = "MILLRACE_STORE", .flag = "--store", .kind = MR_SETTING_TEXT,
     .default_value = "sqlite:", .group = group_processor, .live = true,
     .help = "The store: `sqlite:` (store.db in the data folder), `sqlite:/path/file.db`, or "
             "`postgresql://user@host:5432/database`; see docs/postgresql.md."},
    TEXT("POSTGRES_HOST", NULL, NULL, group_processor,
         "With MILLRACE_STORE=postgresql: alone: the server; several are tried, `one,two`."),
    TEXT("POSTGRES_PORT", NULL, NULL, group_processor,
         "With MILLRACE_STORE=postgresql: alone: the server's port."),
    TEXT("POSTGRES_DB", NULL, NULL, group_processor,
         "With MILLRACE_STORE=postgresql: alone: the database."),
    TEXT("POSTGRES_USER", NULL, NULL, group_processor,
         "With MILLRACE_STORE=postgresql: alone: who asks."),
    {.name = "POSTGRES_PASSWORD", .kind = MR_SETTING_TEXT, .group = group_processor, .secret = true,
     .live = true,
     .help = "With MILLRACE_STORE=postgresql: alone: the password; else PGPASSWORD or ~/.pgpass."},
    TEXT("MILLRACE_SINKS", "--sinks", "store,feed,bronze", group_processor,
         "Where the processor delivers events to: any of store, feed, bronze."),
    INTEGER("MILLRACE_STORE_BATCH", "20000", 1, 1000000, group_processor,
            "Most events of one transaction of the store sink."),
    INTEGER("MILLRACE_STORE_WRITERS", "2", 1, 16, group_processor,
            "Most connections of one processor that write to PostgreSQL at once, each with "
            "partitions of its own."),
    INTEGER("MILLRACE_FEED_BATCH", "5000", 1, 1000000, group_processor,
            "Most events of one append of the feed sink."),

    TEXT("MILLRACE_LAKE", "--lake", "file:", group_lake,
         "The lake of Delta tables: `file:` (lake/ in the data folder), `file:/folder`, or "
         "`abfss://container@account.dfs.core.windows.net/path`; see docs/azure.md."),
    DURATION("MILLRACE_BRONZE_FLUSH", "1s", 10, HOUR_MS, group_lake,
             "Longest time from an event's arrival in the log until bronze shows it."),
    BYTES("MILLRACE_BRONZE_FILE_BYTES", "128MiB", MIB, 4 * GIB, group_lake,
          "Size that the files of a table are gathered to in the background."),
    DURATION("MILLRACE_LAKE_RETENTION", "7d", HOUR_MS, 100 * YEAR_MS, group_lake,
             "How long files that no version needs any more are kept for readers of older ones; an "
             "hour at least."),
    BYTES("MILLRACE_OLAP_MEMORY", "512MiB", 64 * MIB, 64 * TIB, group_lake,
          "Most memory of the engine in one process; what needs more is spilled to disk."),
    INTEGER("MILLRACE_OLAP_THREADS", "0", 0, 1024, group_lake,
            "Threads of the engine; 0: as many as there are processors."),
    DURATION("MILLRACE_SQL_TIMEOUT", "5m", 0, 24 * HOUR_MS, group_lake,
             "Longest time a query of `millrace sql` may take; 0 is no limit."),
    TEXT("MILLRACE_MODELS", "--models", NULL, group_lake,
         "Folder with models of your own (silver/*.sql, gold/*.sql); they go before those built in."),

    BYTES("MILLRACE_LAKE_CACHE", "10GiB", 16 * MIB, 1024 * TIB, group_lake_azure,
          "Most disk below the data folder for copies of a lake in Azure; the least used go first."),
    {.name = "MILLRACE_AZURE_ACCOUNT_KEY", .kind = MR_SETTING_TEXT, .group = group_lake_azure,
     .secret = true, .live = true,
     .help = "Key of the storage account; it goes before a signature or an identity."},
    {.name = "MILLRACE_AZURE_SAS", .kind = MR_SETTING_TEXT, .group = group_lake_azure, .secret = true,
     .live = true, .help = "Shared access signature for the container: the query with sv=, sig= and so on."},
    DURATION("MILLRACE_AZURE_TIMEOUT", "60s", SECOND_MS, HOUR_MS, group_lake_azure,
             "Longest time a request to storage may take with all its tries; large bodies get more."),
    CHOICE("MILLRACE_ENGINE", "--engine", "duckdb", "duckdb|spark", group_spark,
           "What computes silver and gold: DuckDB in this process, or Spark (docs/spark.md)."),
    TEXT("MILLRACE_SPARK_MASTER", NULL, "local[*]", group_spark,
         "Where Spark computes: `local[N]`, `spark://host:port`, `yarn`."),
    TEXT("MILLRACE_SPARK_SUBMIT", NULL, "spark-submit", group_spark,
         "The program that starts Spark's job."),
    TEXT("MILLRACE_SPARK_POOL", NULL, NULL, group_spark,
         "Instead of these two: the Livy endpoint of a pool of Synapse or Fabric, "
         "`https://workspace.dev.azuresynapse.net/livyApi/versions/2019-11-01-preview/sparkPools/"
         "pool`."),
    TEXT("MILLRACE_SPARK_PROPERTIES", NULL, NULL, group_spark,
         "File of Spark properties (memory, executors, keys of a storage account), a `name value` "
         "a line."),
    TEXT("MILLRACE_SPARK_LAKE", NULL, NULL, group_spark,
         "What Spark calls the lake, where that is not its own folder: "
         "`abfss://container@account.dfs.core.windows.net/path`."),
    BYTES("MILLRACE_SPARK_MEMORY", "1GiB", 512 * MIB, 64 * TIB, group_spark,
          "Memory of Spark's driver where it computes too (`local[N]`)."),
    DURATION("MILLRACE_SPARK_START_TIMEOUT", "5m", 1000, 24 * HOUR_MS, group_spark,
             "Longest time until Spark's job answers; a queue may be what takes it."),

    {.name = "MILLRACE_PUBLISH", .kind = MR_SETTING_TEXT, .group = group_publish, .live = true,
     .help = "Where `millrace publish` and every run of gold put gold's tables and views: "
             "`postgresql://user@host:5432/database`, as MILLRACE_STORE is written; unset: nowhere. "
             "See docs/publish.md."},
    TEXT("MILLRACE_PUBLISH_SCHEMA", NULL, "gold", group_publish,
         "The schema there; it is made when it is missing."),
    TEXT("MILLRACE_PUBLISH_READER", NULL, NULL, group_publish,
         "A role of that server that is given the right to read the schema."),

    TEXT("MILLRACE_SCHEDULE", "--schedule", "40 7 * * *", group_scheduler,
         "When silver and gold are made, as cron writes it: minute hour day month weekday; `off`: "
         "only on demand."),
    TEXT("MILLRACE_TIMEZONE", "--timezone", "Europe/Paris", group_scheduler,
         "Time zone of the schedule, by its IANA name."),
    DURATION("MILLRACE_CONTINUOUS", "0", 0, 24 * HOUR_MS, group_scheduler,
             "An increment whenever bronze has grown, at most this often; 0: by the schedule alone."),
    CHOICE("MILLRACE_CATCH_UP", NULL, "latest", "latest|all|none", group_scheduler,
           "Instants of the schedule that were missed: run the latest one, all, or none."),
    DURATION("MILLRACE_RUN_TIMEOUT", "1h", SECOND_MS, 240 * HOUR_MS, group_scheduler,
             "Longest time one task of a run may take."),
    INTEGER("MILLRACE_RUN_RETRIES", "2", 0, 100, group_scheduler,
            "How often a failed task is tried again."),
    DURATION("MILLRACE_RUN_RETRY_DELAY", "30s", 0, 24 * HOUR_MS, group_scheduler,
             "Wait before the first of these tries; it doubles."),
    INTEGER("MILLRACE_RUN_HISTORY", "1000", 1, 1000000, group_scheduler,
            "Runs whose history and logs are kept."),

    DURATION("MILLRACE_SECRETS_REFRESH", "5m", 0, 24 * HOUR_MS, group_secrets,
             "How often running roles read again what settings refer to; 0: at the start alone."),

    CHOICE("MILLRACE_AZURE_AUTH", NULL, "auto",
           "auto|client-secret|client-certificate|workload-identity|managed-identity|cli",
           group_azure, "Who millrace is for Azure; auto: the first of these that works here."),
    AZURE("MILLRACE_AZURE_TENANT_ID", NULL, "AZURE_TENANT_ID",
          "The directory (tenant) of a service principal or a workload identity."),
    AZURE("MILLRACE_AZURE_CLIENT_ID", NULL, "AZURE_CLIENT_ID",
          "The application (client) id; also that of a managed identity assigned by a user."),
    AZURE_SECRET("MILLRACE_AZURE_CLIENT_SECRET", "AZURE_CLIENT_SECRET",
                 "The secret of a service principal."),
    AZURE("MILLRACE_AZURE_CLIENT_CERTIFICATE", NULL, "AZURE_CLIENT_CERTIFICATE_PATH",
          "PEM file with certificate and RSA key of a service principal."),
    AZURE_SECRET("MILLRACE_AZURE_CLIENT_CERTIFICATE_PASSWORD",
                 "AZURE_CLIENT_CERTIFICATE_PASSWORD", "What opens the key in that file."),
    AZURE("MILLRACE_AZURE_FEDERATED_TOKEN_FILE", NULL, "AZURE_FEDERATED_TOKEN_FILE",
          "File of the token that a workload identity is exchanged for."),
    AZURE("MILLRACE_AZURE_AUTHORITY", "https://login.microsoftonline.com", "AZURE_AUTHORITY_HOST",
          "Who gives tokens to service principals; another in a sovereign cloud."),
    AZURE("MILLRACE_AZURE_IDENTITY_ENDPOINT", NULL, "IDENTITY_ENDPOINT",
          "Where App Service and Container Apps give managed identities their tokens."),
    AZURE_SECRET("MILLRACE_AZURE_IDENTITY_HEADER", "IDENTITY_HEADER",
                 "What that endpoint wants to see in a header."),
    AZURE("MILLRACE_AZURE_METADATA_HOST", "http://169.254.169.254",
          "AZURE_POD_IDENTITY_AUTHORITY_HOST",
          "Where a virtual machine's metadata service is."),
    AZURE("MILLRACE_AZURE_CA_FILE", NULL, NULL,
          "PEM file of the authorities to trust for Azure's hosts, instead of the system's."),

    {.name = "MILLRACE_GATEWAY", .flag = "--listen", .kind = MR_SETTING_ADDRESS,
     .default_value = "127.0.0.1:8000", .group = group_gateway,
     .help = "Address the gateway listens on; port 0 takes a free one."},
    INTEGER("MILLRACE_GATEWAY_THREADS", "0", 0, 256, group_gateway,
            "Threads that serve connections; 0: half as many as there are processors."),
    INTEGER("MILLRACE_GATEWAY_WORKERS", "0", 0, 256, group_gateway,
            "Threads that parse batches; 0: half as many as there are processors."),
    TEXT("MILLRACE_TLS_CERTIFICATE", NULL, NULL, group_gateway,
         "PEM file of the certificate chain; with MILLRACE_TLS_KEY the gateway speaks HTTPS."),
    TEXT("MILLRACE_TLS_KEY", NULL, NULL, group_gateway,
         "PEM file of the certificate's private key."),
    DURATION("MILLRACE_DRAIN_TIMEOUT", "10s", 0, HOUR_MS, group_gateway,
             "Longest time requests under way get to finish when the gateway stops."),
    BYTES("MILLRACE_DISK_FREE_MIN", "64MiB", 0, 1024 * TIB, group_gateway,
          "With less free disk than this, no events are taken and /ready answers 503."),

    CHOICE("MILLRACE_AUTH", "--auth", "auto", "auto|required|off", group_access,
           "API keys: auto asks for one once the gateway listens beyond loopback."),
    {.name = "MILLRACE_GATEWAY_KEY", .kind = MR_SETTING_TEXT, .group = group_access, .secret = true,
     .live = true,
     .help = "An API key taken beside those of `millrace key`; for one that a vault keeps, it may "
             "change while the gateway runs."},
    DURATION("MILLRACE_GATEWAY_KEY_GRACE", "10m", 0, 720 * HOUR_MS, group_access,
             "How long the key that it was before is still taken after such a change."),
    INTEGER("MILLRACE_RATE_LIMIT", "0", 0, 1000000000, group_access,
            "Events a second taken from one client on average; 0 is no limit."),
    INTEGER("MILLRACE_RATE_BURST", "0", 0, 1000000000, group_access,
            "Events a client may send at once above that; 0: as many as MILLRACE_RATE_LIMIT."),

    BYTES("MILLRACE_BODY_BYTES_MAX", "16MiB", KIB, GIB, group_limits,
          "Largest request body as sent; beyond it 413."),
    BYTES("MILLRACE_BODY_UNPACKED_BYTES_MAX", "64MiB", KIB, 4 * GIB, group_limits,
          "Largest request body once unpacked from gzip or zstd; beyond it 413."),
    BYTES("MILLRACE_BUFFER_BYTES_MAX", "96MiB", KIB, TIB, group_limits,
          "Most memory for request bodies together; beyond it 503."),
    INTEGER("MILLRACE_CONNECTIONS_MAX", "4096", 1, 1000000, group_limits,
            "Most connections at once; more are answered 503."),
    INTEGER("MILLRACE_CONNECTIONS_PER_CLIENT_MAX", "0", 0, 1000000, group_limits,
            "Most connections of one client address at once; 0 is no limit."),
    BYTES("MILLRACE_HEADER_BYTES_MAX", "16KiB", KIB, MIB, group_limits,
          "Largest request line and headers together; beyond it 431 or 414."),
    DURATION("MILLRACE_HEADER_TIMEOUT", "10s", 100, HOUR_MS, group_limits,
             "Longest time a request's headers may take; beyond it 408."),
    DURATION("MILLRACE_BODY_TIMEOUT", "10s", 100, HOUR_MS, group_limits,
             "Longest pause within a request body; beyond it 408."),
    BYTES("MILLRACE_BODY_RATE_MIN", "1KiB", 0, GIB, group_limits,
          "Bytes a second that a request body must reach after its first 5 seconds; else 408."),
    DURATION("MILLRACE_REQUEST_TIMEOUT", "10s", 100, HOUR_MS, group_limits,
             "Longest time an answer waits for the log to make its events durable; beyond it 503."),
    DURATION("MILLRACE_IDLE_TIMEOUT", "60s", 100, 24 * HOUR_MS, group_limits,
             "How long a connection without a request is kept open."),
    DURATION("MILLRACE_WRITE_TIMEOUT", "10s", 100, HOUR_MS, group_limits,
             "Longest pause of a client that reads its answer."),

    {.name = "MILLRACE_WEB", .flag = "--web", .kind = MR_SETTING_ADDRESS,
     .default_value = "127.0.0.1:8080", .group = group_web,
     .help = "Address the web listens on; port 0 takes a free one."},
    TEXT("MILLRACE_WEB_URL", NULL, NULL, group_web,
         "How people reach the web, such as https://shop.example; for links and cookies behind a "
         "proxy."),
    {.name = "MILLRACE_WEB_BEHIND_PROXY", .kind = MR_SETTING_FLAG, .default_value = "off",
     .group = group_web,
     .help = "Take the last address of X-Forwarded-For for the client's: a proxy of yours sets it."},
    TEXT("MILLRACE_WEB_SHOP", NULL, "millrace", group_web, "The shop's name, as pages show it."),
    {.name = "MILLRACE_WEB_DEMO", .kind = MR_SETTING_FLAG, .default_value = "off",
     .group = group_web, .help = "Say on every page that the data is made up."},
    INTEGER("MILLRACE_WEB_WORKERS", "4", 1, 256, group_web,
            "Threads that answer requests, and as many again for exports and SQL."),
    BYTES("MILLRACE_WEB_MEMORY", "512MiB", 16 * MIB, TIB, group_web,
          "Most memory for sales that the dashboard keeps at hand (about 20 bytes a line, twice while "
          "they are brought up to date) and its answers; with more lines it reads the lake."),
    BYTES("MILLRACE_WEB_SQL_MEMORY", "256MiB", 64 * MIB, TIB, group_web,
          "Most memory of one query of the lake that people write; what needs more is spilled."),
    DURATION("MILLRACE_WEB_QUERY_TIMEOUT", "10s", 100, HOUR_MS, group_web,
             "Longest time a request may work; beyond it 504."),
    DURATION("MILLRACE_WEB_SESSION_IDLE", "12h", 60 * SECOND_MS, YEAR_MS, group_web,
             "A session ends when nothing was asked for so long."),
    DURATION("MILLRACE_WEB_SESSION_MAX", "7d", 60 * SECOND_MS, YEAR_MS, group_web,
             "A session ends so long after the sign-in, whatever was asked."),

    TEXT("MILLRACE_URL", "--url", "http://127.0.0.1:8000", group_post,
         "Gateway that `millrace post` sends to."),
    {.name = "MILLRACE_API_KEY", .kind = MR_SETTING_TEXT, .group = group_post, .secret = true,
     .help = "API key that `millrace post` sends; made by `millrace key add`."},
};
/* clang-format on */

const size_t mr_setting_count = sizeof(mr_settings) / sizeof(mr_settings[0]);
