# The log: Event Hubs by its Kafka endpoint. Premium, since millrace needs transactions and compaction
# (docs/kafka.md). The connection string of its access rule is made and put into the vault by secrets.sh: a
# rule made here would stand in the state with its keys.

locals {
  topics = ["ingestion-topic", "processed-topic", "dead-letter-topic"]
  # How far each sink is that writes to a topic: the latest position per partition is kept for ever.
  marks = [
    "millrace-marks.feed.ingestion-topic.processed-topic",
    "millrace-marks.store.ingestion-topic.dead-letter-topic",
  ]
}

resource "azurerm_eventhub_namespace" "this" {
  name                = "${var.name}-events"
  resource_group_name = var.resource_group_name
  location            = var.location
  sku                 = "Premium"
  capacity            = var.processing_units
  tags                = var.tags

  public_network_access_enabled = false
  local_authentication_enabled  = true # SASL PLAIN, see above
  minimum_tls_version           = "1.2"

  network_rulesets {
    default_action                 = "Deny"
    public_network_access_enabled  = false
    trusted_service_access_enabled = false
  }
}

resource "azurerm_eventhub" "topic" {
  for_each = toset(local.topics)

  name            = each.key
  namespace_id    = azurerm_eventhub_namespace.this.id
  partition_count = var.partitions

  retention_description {
    cleanup_policy          = "Delete"
    retention_time_in_hours = var.retention_hours
  }
}

resource "azurerm_eventhub" "marks" {
  for_each = toset(local.marks)

  name            = each.key
  namespace_id    = azurerm_eventhub_namespace.this.id
  partition_count = var.partitions

  retention_description {
    cleanup_policy                    = "Compact"
    tombstone_retention_time_in_hours = 24
  }
}

module "endpoint" {
  source = "../private_endpoint"

  name                = "${var.name}-events"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
  subnet_id           = var.endpoints_subnet_id
  target_id           = azurerm_eventhub_namespace.this.id
  kinds               = { namespace = var.zone_ids["namespace"] }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "audit"
  target_resource_id         = azurerm_eventhub_namespace.this.id
  log_analytics_workspace_id = var.log_workspace_id

  enabled_log {
    category = "OperationalLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
