# What somebody has to look at: each alert says in its description what to do first.

locals {
  metrics = {
    events-throttled = {
      scope       = var.events_namespace_id
      namespace   = "Microsoft.EventHub/namespaces"
      metric      = "ThrottledRequests"
      aggregation = "Total"
      operator    = "GreaterThan"
      threshold   = 0
      severity    = 2
      what        = "Event Hubs turns requests away: raise event_processing_units (docs/capacity.md)."
    }
    events-errors = {
      scope       = var.events_namespace_id
      namespace   = "Microsoft.EventHub/namespaces"
      metric      = "ServerErrors"
      aggregation = "Total"
      operator    = "GreaterThan"
      threshold   = 10
      severity    = 2
      what        = "Event Hubs fails: senders are answered 503 and try again; look at the health of the service."
    }
    store-disk = {
      scope       = var.database_id
      namespace   = "Microsoft.DBforPostgreSQL/flexibleServers"
      metric      = "storage_percent"
      aggregation = "Average"
      operator    = "GreaterThan"
      threshold   = 85
      severity    = 1
      what        = "The store's disk fills up: it grows by itself, to its next size; see whether it does."
    }
    store-cpu = {
      scope       = var.database_id
      namespace   = "Microsoft.DBforPostgreSQL/flexibleServers"
      metric      = "cpu_percent"
      aggregation = "Average"
      operator    = "GreaterThan"
      threshold   = 90
      severity    = 2
      what        = "The store is at its limit: the processors' lag grows; take a larger database_sku."
    }
    store-away = {
      scope       = var.database_id
      namespace   = "Microsoft.DBforPostgreSQL/flexibleServers"
      metric      = "is_db_alive"
      aggregation = "Maximum"
      operator    = "LessThan"
      threshold   = 1
      severity    = 1
      what        = "The store does not answer: nothing is lost, events wait in the log; see the server's health."
    }
    lake-availability = {
      scope       = var.storage_account_id
      namespace   = "Microsoft.Storage/storageAccounts"
      metric      = "Availability"
      aggregation = "Average"
      operator    = "LessThan"
      threshold   = 99
      severity    = 2
      what        = "The lake does not answer each request: bronze falls behind and catches up by itself."
    }
  }
}

resource "azurerm_monitor_metric_alert" "service" {
  for_each = local.metrics

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group_name
  scopes              = [each.value.scope]
  description         = each.value.what
  severity            = each.value.severity
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = var.tags

  criteria {
    metric_namespace = each.value.namespace
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = each.value.operator
    threshold        = each.value.threshold
  }

  action {
    action_group_id = var.action_group_id
  }
}

resource "azurerm_monitor_metric_alert" "restarts" {
  for_each = var.app_ids

  name                = "${var.name}-${each.key}-restarts"
  resource_group_name = var.resource_group_name
  scopes              = [each.value]
  description         = "The ${each.key} is started again and again: see its log for the reason."
  severity            = 1
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = var.tags

  criteria {
    metric_namespace = "Microsoft.App/containerApps"
    metric_name      = "RestartCount"
    aggregation      = "Maximum"
    operator         = "GreaterThan"
    threshold        = 3
  }

  action {
    action_group_id = var.action_group_id
  }
}

# MILLRACE_LOG_FORMAT=json: a line of the log is an object with its level.
resource "azurerm_monitor_scheduled_query_rules_alert_v2" "errors" {
  name                    = "${var.name}-errors"
  resource_group_name     = var.resource_group_name
  location                = var.location
  scopes                  = [var.log_workspace_id]
  description             = "A role logged errors: docs/operations.md, 'When something is wrong'."
  severity                = 2
  evaluation_frequency    = "PT5M"
  window_duration         = "PT15M"
  auto_mitigation_enabled = true
  tags                    = var.tags

  criteria {
    query                   = <<-KQL
      ContainerAppConsoleLogs_CL
      | where parse_json(Log_s).level == "error"
    KQL
    time_aggregation_method = "Count"
    operator                = "GreaterThan"
    threshold               = 5
  }

  action {
    action_groups = [var.action_group_id]
  }
}
