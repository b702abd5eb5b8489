# What every role is told: names and values of millrace's own .env. tests/deploy has `millrace config check`
# read them, so a name that does not exist is found before a container meets it.

locals {
  database_login = "millrace"

  settings = merge(local.own_settings, local.libpq_settings, var.web_url == null ? {} : { MILLRACE_WEB_URL = var.web_url })

  own_settings = {
    MILLRACE_LOG_FORMAT = "json"

    MILLRACE_BUS                     = module.events.bus
    MILLRACE_KAFKA_SECURITY_PROTOCOL = "SASL_SSL"
    MILLRACE_KAFKA_SASL_MECHANISM    = "PLAIN"
    MILLRACE_KAFKA_SASL_USERNAME     = "$ConnectionString"
    MILLRACE_KAFKA_SASL_PASSWORD     = module.vault.events_connection_reference
    MILLRACE_KAFKA_COMPRESSION_TYPE  = "gzip" # Event Hubs takes no other
    MILLRACE_KAFKA_CREATE_TOPICS     = "off"
    MILLRACE_KAFKA_PARTITIONS        = tostring(var.event_partitions)

    MILLRACE_STORE    = "postgresql:"
    POSTGRES_HOST     = module.database.host
    POSTGRES_PORT     = "5432"
    POSTGRES_DB       = module.database.database
    POSTGRES_USER     = local.database_login
    POSTGRES_PASSWORD = module.vault.postgres_password_reference

    MILLRACE_LAKE       = module.storage.lake_url
    MILLRACE_LAKE_CACHE = "1GiB" # of the 4 GiB of disk that a replica of one vCPU has
    MILLRACE_AZURE_AUTH = "managed-identity"

    MILLRACE_SCHEDULE = var.schedule
    MILLRACE_TIMEZONE = var.timezone

    MILLRACE_AUTH             = "required"
    MILLRACE_WEB_BEHIND_PROXY = "on" # the environment's ingress
    MILLRACE_WEB_SHOP         = var.shop
  }

  # libpq's own: the server's certificate and name are checked.
  libpq_settings = {
    PGSSLMODE     = "verify-full"
    PGSSLROOTCERT = "/etc/ssl/certs/ca-certificates.crt"
  }

  # As a file: a value in single quotes is taken as it is.
  env_file = join("", [for name in sort(keys(local.settings)) : "${name}='${local.settings[name]}'\n"])
}
