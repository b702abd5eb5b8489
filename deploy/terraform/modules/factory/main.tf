# Data Factory, for a team whose clock it is: its pipelines are deployed apart from it. It reads the lake (has
# bronze grown?), and calls the web's API with the key that the vault keeps for it; it writes nothing there.

resource "azurerm_data_factory" "this" {
  name                = "${var.name}-factory"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  public_network_enabled          = false
  managed_virtual_network_enabled = true

  identity {
    type = "SystemAssigned"
  }
}

resource "azurerm_role_assignment" "lake" {
  scope                = var.lake_container_id
  role_definition_name = "Storage Blob Data Reader"
  principal_id         = azurerm_data_factory.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
  description          = "data factory: whether bronze has grown"
}

resource "azurerm_role_assignment" "key" {
  scope                = "${var.vault_id}/secrets/factory-key"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_data_factory.this.identity[0].principal_id
  principal_type       = "ServicePrincipal"
  description          = "data factory: its key to the web's API"
}

resource "azurerm_data_factory_managed_private_endpoint" "vault" {
  name               = "vault"
  data_factory_id    = azurerm_data_factory.this.id
  target_resource_id = var.vault_id
  subresource_name   = "vault"
}

resource "azurerm_data_factory_managed_private_endpoint" "lake" {
  name               = "lake"
  data_factory_id    = azurerm_data_factory.this.id
  target_resource_id = var.lake_account_id
  subresource_name   = "dfs"
}

module "endpoint" {
  source = "../private_endpoint"

  name                = "${var.name}-factory"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
  subnet_id           = var.endpoints_subnet_id
  target_id           = azurerm_data_factory.this.id
  kinds               = { dataFactory = var.zone_ids["factory"] }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                           = "audit"
  target_resource_id             = azurerm_data_factory.this.id
  log_analytics_workspace_id     = var.log_workspace_id
  log_analytics_destination_type = "Dedicated"

  enabled_log {
    category = "PipelineRuns"
  }

  enabled_log {
    category = "ActivityRuns"
  }
}
