/* SPDX-License-Identifier: Apache-2.0 */
/* bus/kafka_config.c - from a URL and properties to clients of librdkafka, and its errors as ours.
 *
 *   kafka://host:port[,host:port...][/prefix]
 *
 * The prefix stands before the name of every topic, group and transaction, so that several
 * installations share a cluster.
 *
 * Invariants: (1) what the promises of bus.h rest on cannot be set by a property: it is refused
 *             with the reason; (2) a property's value stands in no message.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "bus/kafka.h"

enum { prefix_bytes_max = 64, errstr_bytes_max = 256 };

typedef struct fixed_property {
    const char *name;
    const char *reason;
} fixed_property;

static const char because_durable[] = "an event answered 201 must be on every copy";
static const char because_once[] = "each record must be written once and in order";
static const char because_target[] = "positions are kept by the targets, not by the group";
static const char because_url[] = "the URL names the brokers";
static const char because_queue[] = "MILLRACE_LOG_QUEUE_BYTES bounds the queue";
static const char because_named[] = "millrace names it after sink and topic";

static const fixed_property fixed[] = {
    {"acks", because_durable},
    {"request.required.acks", because_durable},
    {"enable.idempotence", because_once},
    {"isolation.level", because_once},
    {"delivery.report.only.error", because_durable},
    {"transactional.id", because_named},
    {"group.id", because_named},
    {"bootstrap.servers", because_url},
    {"metadata.broker.list", because_url},
    {"enable.auto.commit", because_target},
    {"auto.commit.enable", because_target},
    {"enable.auto.offset.store", because_target},
    {"auto.offset.reset", because_target},
    {"enable.partition.eof", because_target},
    {"partition.assignment.strategy", because_target},
    {"queue.buffering.max.messages", because_queue},
    {"queue.buffering.max.kbytes", because_queue},
};

/* What a property may change. */
static const struct {
    const char *name, *value;
} defaults[] = {
    {"client.id", "millrace"},
    /* Events wait for each other in the gateway already; here, waiting only cost: 0.3 ms against
     * 2.7 of a single event at 2 ms, and no gain in bulk. */
    {"linger.ms", "0"},
    {"compression.type", "lz4"},
    {"partitioner", "murmur2_random"}, /* Java's own: an invoice's events stay in order */
    {"message.max.bytes", "2000000"},  /* a record of the largest size, its key and frame */
    /* Below MILLRACE_REQUEST_TIMEOUT: a sender hears 503 in time. */
    {"message.timeout.ms", "8000"},
    {"request.timeout.ms", "5000"},
    {"transaction.timeout.ms", "15000"},
    {"socket.nagle.disable", "true"},
    {"socket.keepalive.enable", "true"},
    {"reconnect.backoff.ms", "50"},
    {"reconnect.backoff.max.ms", "1000"},
    {"log.connection.close", "false"},
    {"session.timeout.ms", "10000"},
    {"check.crcs", "true"},
    /* What a consumer holds, by bytes alone, and what one answer may add to it a partition: packed,
     * and unpacked it is several times as much. */
    {"queued.min.messages", "10000000"},
    {"queued.max.messages.kbytes", "8192"},
    {"fetch.message.max.bytes", "262144"},
    {"fetch.wait.max.ms", "100"}, /* a seek, and the end of a topic, wait for one fetch */
};

/* --- Errors --------------------------------------------------------------------------------- */

mr_status mr_kafka_status(rd_kafka_resp_err_t code)
{
    static const struct {
        rd_kafka_resp_err_t code;
        mr_status status;
    } known[] = {
        {RD_KAFKA_RESP_ERR_NO_ERROR, MR_OK},
        {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, MR_LIMIT},
        {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, MR_LIMIT},
        {RD_KAFKA_RESP_ERR__FENCED, MR_EXISTS},
        {RD_KAFKA_RESP_ERR_PRODUCER_FENCED, MR_EXISTS},
        {RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, MR_EXISTS},
        {RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS, MR_EXISTS},
        {RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, MR_NOT_FOUND},
        {RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, MR_NOT_FOUND},
        {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, MR_INVALID},
        {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, MR_INVALID},
        {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, MR_INVALID},
        {RD_KAFKA_RESP_ERR_INVALID_CONFIG, MR_INVALID},
        {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, MR_INVALID},
        {RD_KAFKA_RESP_ERR__INVALID_ARG, MR_INVALID},
        {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, MR_UNSUPPORTED},
        {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, MR_UNSUPPORTED},
    };
    for (size_t index = 0; index < sizeof known / sizeof known[0]; index++) {
        if (known[index].code == code) {
            return known[index].status;
        }
    }
    return MR_UNAVAILABLE;
}

mr_status mr_kafka_fail(mr_err *err, rd_kafka_resp_err_t code, const char *format, ...)
{
    char text[mr_err_message_bytes_max];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments); /* cut when it is long */
    va_end(arguments);
    return mr_fail(err, mr_kafka_status(code), "%s: %s", text, rd_kafka_err2str(code));
}

/* --- Names ---------------------------------------------------------------------------------- */

static const char group_start[] = "millrace-";

void mr_kafka_topic_name(const mr_kafka *log, const char *topic,
                         char ret_name[static mr_kafka_name_bytes_max + 1])
{
    int bytes = snprintf(ret_name, mr_kafka_name_bytes_max + 1, "%s%s", log->prefix, topic);
    MR_ASSERT(bytes > 0 && bytes <= mr_kafka_name_bytes_max); /* both are checked to be short */
}

void mr_kafka_group_name(const mr_kafka *log, const char *group,
                         char ret_name[static mr_kafka_name_bytes_max + 1])
{
    int bytes =
        snprintf(ret_name, mr_kafka_name_bytes_max + 1, "%s%s%s", log->prefix, group_start, group);
    MR_ASSERT(bytes > 0 && bytes <= mr_kafka_name_bytes_max);
}

const char *mr_kafka_group_of(const mr_kafka *log, const char *name)
{
    size_t prefix_bytes = strlen(log->prefix);

    if (strncmp(name, log->prefix, prefix_bytes) != 0 ||
        strncmp(name + prefix_bytes, group_start, sizeof group_start - 1) != 0) {
        return NULL;
    }
    return name + prefix_bytes + sizeof group_start - 1;
}

/* --- The URL -------------------------------------------------------------------------------- */

static bool is_prefix(const char *text)
{
    size_t bytes =
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    return text[bytes] == '\0' && bytes <= prefix_bytes_max && text[0] != '.';
}

static mr_status parse_url(const char *url, mr_kafka *log, mr_err *err)
{
    static const char scheme[] = "kafka://";

    if (strncmp(url, scheme, sizeof scheme - 1) != 0) {
        return mr_fail(err, MR_INVALID, "bus '%s': write kafka://host:port[,host:port...]", url);
    }
    const char *brokers = url + sizeof scheme - 1;
    size_t bytes = strcspn(brokers, "/?#");
    const char *prefix = brokers[bytes] == '/' ? brokers + bytes + 1 : "";
    if (bytes == 0 || memchr(brokers, '@', bytes) != NULL ||
        (brokers[bytes] != '\0' && brokers[bytes] != '/')) {
        return mr_fail(err, MR_INVALID,
                       "bus '%s': write kafka://host:port[,host:port...][/prefix]; credentials are "
                       "settings (MILLRACE_KAFKA_SASL_USERNAME and so on)",
                       bytes == 0 || memchr(brokers, '@', bytes) == NULL ? url : "kafka://...@...");
    }
    if (!is_prefix(prefix)) {
        return mr_fail(err, MR_INVALID,
                       "bus '%s': the prefix may have up to %d of A-Z a-z 0-9 . _ -, no dot in "
                       "front",
                       url, prefix_bytes_max);
    }
    log->brokers = mr_alloc(bytes + 1);
    memcpy(log->brokers, brokers, bytes);
    log->brokers[bytes] = '\0';
    log->prefix = mr_copy_string(prefix);
    return MR_OK;
}

/* --- Properties ----------------------------------------------------------------------------- */

static mr_status check_fixed(const mr_property *property, mr_err *err)
{
    for (size_t index = 0; index < sizeof fixed / sizeof fixed[0]; index++) {
        if (strcmp(property->name, fixed[index].name) == 0) {
            return mr_fail(err, MR_INVALID, "Kafka property %s is millrace's to set: %s",
                           property->name, fixed[index].reason);
        }
    }
    if (strcmp(property->name, "partitioner") == 0 && strcmp(property->value, "random") == 0) {
        return mr_fail(err, MR_INVALID,
                       "Kafka property partitioner cannot be random: an invoice's "
                       "events would lose their order");
    }
    return MR_OK;
}

static mr_status set_property(mr_kafka *log, const mr_property *property, mr_err *err)
{
    char reason[errstr_bytes_max];
    mr_status st = check_fixed(property, err);

    if (st != MR_OK) {
        return st;
    }
    rd_kafka_conf_res_t result =
        rd_kafka_conf_set(log->conf, property->name, property->value, reason, sizeof reason);
    if (result == RD_KAFKA_CONF_UNKNOWN) {
        return mr_fail(err, MR_INVALID,
                       "Kafka property %s does not exist; librdkafka's CONFIGURATION.md lists them",
                       property->name);
    }
    if (result != RD_KAFKA_CONF_OK) { /* its own text would repeat the value */
        return mr_fail(err, MR_INVALID, "Kafka property %s does not take the value given",
                       property->name);
    }
    return MR_OK;
}

void mr_kafka_conf_set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char reason[errstr_bytes_max];
    rd_kafka_conf_res_t result = rd_kafka_conf_set(conf, name, value, reason, sizeof reason);
    MR_ASSERT(result == RD_KAFKA_CONF_OK); /* the names and values are those of this file's like */
}

mr_status mr_kafka_configure(const mr_bus_options *options, mr_kafka *log, mr_err *err)
{
    char reason[errstr_bytes_max];
    mr_status st = parse_url(options->url, log, err);

    if (st != MR_OK) {
        return st;
    }
    log->conf = rd_kafka_conf_new();
    mr_kafka_conf_set(log->conf, "bootstrap.servers", log->brokers);
    for (size_t index = 0; index < sizeof defaults / sizeof defaults[0]; index++) {
        mr_kafka_conf_set(log->conf, defaults[index].name, defaults[index].value);
    }
    /* Known to later versions only; see kafka_consumer.c for the others. */
    (void)rd_kafka_conf_set(log->conf, "fetch.queue.backoff.ms", "10", reason, sizeof reason);
    for (size_t index = 0; index < options->property_count && st == MR_OK; index++) {
        st = set_property(log, &options->properties[index], err);
        if (st == MR_OK && strcmp(options->properties[index].name, "sasl.username") == 0) {
            free(log->user);
            log->user = mr_copy_string(options->properties[index].value);
        }
    }
    log->password_now = options->password_now;
    return st;
}

/* --- Clients -------------------------------------------------------------------------------- */

/* Its warnings about properties of the other kind of client are our own doing. */
static void pass_on_log(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    enum { warning = 4, notice = 5 }; /* syslog's */

    if (strcmp(facility, "CONFWARN") == 0) {
        return;
    }
    if (level <= warning) {
        mr_log_warn("kafka: %s: %s: %s", rd_kafka_name(client), facility, text);
    } else if (level == notice) {
        mr_log_info("kafka: %s: %s: %s", rd_kafka_name(client), facility, text);
    } else {
        mr_log_debug("kafka: %s: %s: %s", rd_kafka_name(client), facility, text);
    }
}

/* The same stands in the log already; without a callback, consumers would return it as a message.
 */
static void note_error(rd_kafka_t *client, int code, const char *reason, void *opaque)
{
    (void)opaque;
    mr_log_debug("kafka: %s: %s: %s", rd_kafka_name(client),
                 rd_kafka_err2name((rd_kafka_resp_err_t)code), reason);
}

rd_kafka_conf_t *mr_kafka_conf(const mr_kafka *log, void *opaque)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(log->conf);

    rd_kafka_conf_set_opaque(conf, opaque);
    rd_kafka_conf_set_log_cb(conf, pass_on_log);
    rd_kafka_conf_set_error_cb(conf, note_error);
    return conf;
}

void mr_kafka_renew_login(const mr_kafka *log, rd_kafka_t *client, uint64_t *seen)
{
    uint64_t generation = mr_secret_generation(log->password_now);

    if (generation == *seen || log->user == NULL) {
        return;
    }
    char *password = mr_secret_copy(log->password_now);
    if (password != NULL) { /* of mechanisms without a password it says so: there is none to tell */
        rd_kafka_error_destroy(rd_kafka_sasl_set_credentials(client, log->user, password));
    }
    mr_secret_wipe(password);
    *seen = generation;
}

mr_status mr_kafka_client(const mr_kafka *log, rd_kafka_type_t type, rd_kafka_conf_t *conf,
                          const char *what, rd_kafka_t **ret_client, mr_err *err)
{
    uint64_t unseen = 0;
    char reason[errstr_bytes_max];
    rd_kafka_t *client = rd_kafka_new(type, conf, reason, sizeof reason);

    if (client == NULL) {
        rd_kafka_conf_destroy(conf); /* it was not taken */
        return mr_fail(err, MR_INVALID, "%s: %s", what, reason);
    }
    mr_kafka_renew_login(log, client, &unseen);
    *ret_client = client;
    return MR_OK;
}
