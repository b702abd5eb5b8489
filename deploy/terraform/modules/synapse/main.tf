# The warehouse: a workspace whose serverless SQL reads the gold tables where they lie. Dedicated and Spark
# pools only where they are asked for, since they cost while nobody asks them anything.

resource "azurerm_synapse_workspace" "this" {
  name                = "${var.name}-synapse"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  storage_data_lake_gen2_filesystem_id = var.filesystem_id
  sql_administrator_login              = "millrace"
  sql_administrator_login_password     = var.admin_password
  azuread_authentication_only          = true

  public_network_access_enabled        = false
  managed_virtual_network_enabled      = true
  data_exfiltration_protection_enabled = true
  linking_allowed_for_aad_tenant_ids   = [var.tenant_id]

  identity {
    type = "SystemAssigned"
  }

  lifecycle {
    ignore_changes = [sql_administrator_login_password] # nobody signs in with it
  }
}

resource "azurerm_synapse_workspace_aad_admin" "this" {
  synapse_workspace_id = azurerm_synapse_workspace.this.id
  login                = var.administrators.name
  object_id            = var.administrators.object_id
  tenant_id            = var.tenant_id
}

resource "azurerm_role_assignment" "lake" {
  scope                = var.lake_container_id
  role_definition_name = var.spark_pool == null ? "Storage Blob Data Reader" : "Storage Blob Data Contributor"
  principal_id         = azurerm_synapse_workspace.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
  description          = "synapse: the Delta tables; a Spark pool also writes them"
}

resource "azurerm_role_assignment" "workspace" {
  scope                = var.workspace_container_id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = azurerm_synapse_workspace.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
  description          = "synapse: its own files"
}

resource "azurerm_synapse_managed_private_endpoint" "lake" {
  name                 = "lake"
  synapse_workspace_id = azurerm_synapse_workspace.this.id
  target_resource_id   = var.lake_account_id
  subresource_name     = "dfs"
}

resource "azurerm_synapse_sql_pool" "dedicated" {
  count = var.dedicated_pool == null ? 0 : 1

  name                      = "millrace"
  synapse_workspace_id      = azurerm_synapse_workspace.this.id
  sku_name                  = var.dedicated_pool
  storage_account_type      = "LRS"
  collation                 = "Latin1_General_100_BIN2_UTF8"
  data_encrypted            = true
  geo_backup_policy_enabled = false
  tags                      = var.tags
}

resource "azurerm_synapse_spark_pool" "this" {
  count = var.spark_pool == null ? 0 : 1

  name                 = "millrace"
  synapse_workspace_id = azurerm_synapse_workspace.this.id
  node_size_family     = "MemoryOptimized"
  node_size            = var.spark_pool.node_size
  spark_version        = "3.5"
  tags                 = var.tags

  auto_scale {
    min_node_count = 3
    max_node_count = var.spark_pool.most_nodes
  }

  auto_pause {
    delay_in_minutes = 15
  }
}

module "endpoint" {
  source = "../private_endpoint"

  name                = "${var.name}-synapse"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
  subnet_id           = var.endpoints_subnet_id
  target_id           = azurerm_synapse_workspace.this.id
  kinds = {
    Sql         = var.zone_ids["sql"]
    SqlOnDemand = var.zone_ids["sql"]
    Dev         = var.zone_ids["dev"]
  }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "audit"
  target_resource_id         = azurerm_synapse_workspace.this.id
  log_analytics_workspace_id = var.log_workspace_id

  enabled_log {
    category = "BuiltinSqlReqsEnded"
  }
}
