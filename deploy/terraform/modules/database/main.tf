# The store. TLS is the server's default (require_secure_transport); the apps check its certificate.

resource "azurerm_postgresql_flexible_server" "this" {
  name                = "${var.name}-store"
  resource_group_name = var.resource_group_name
  location            = var.location
  version             = "16"
  sku_name            = var.sku
  storage_mb          = var.storage_mb
  auto_grow_enabled   = true
  tags                = var.tags

  public_network_access_enabled = false
  administrator_login           = var.login

  administrator_password_wo         = var.password
  administrator_password_wo_version = var.password_version

  backup_retention_days        = var.backup_days
  geo_redundant_backup_enabled = false

  dynamic "high_availability" {
    for_each = var.zone_redundant ? ["ZoneRedundant"] : []

    content {
      mode = high_availability.value
    }
  }

  maintenance_window {
    day_of_week  = 0
    start_hour   = 2
    start_minute = 0
  }

  lifecycle {
    prevent_destroy = true
    ignore_changes  = [zone, high_availability[0].standby_availability_zone] # they change places at a failover
  }
}

resource "azurerm_postgresql_flexible_server_database" "this" {
  name      = "millrace"
  server_id = azurerm_postgresql_flexible_server.this.id
  charset   = "UTF8"
  collation = "C"

  lifecycle {
    prevent_destroy = true
  }
}

module "endpoint" {
  source = "../private_endpoint"

  name                = "${var.name}-store"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
  subnet_id           = var.endpoints_subnet_id
  target_id           = azurerm_postgresql_flexible_server.this.id
  kinds               = { postgresqlServer = var.zone_ids["postgresql"] }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "audit"
  target_resource_id         = azurerm_postgresql_flexible_server.this.id
  log_analytics_workspace_id = var.log_workspace_id

  enabled_log {
    category = "PostgreSQLLogs"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}
