# The secrets. Access by Azure roles alone, nothing can be purged before its time, no public network unless
# an address of the deployer's is named.

resource "azurerm_key_vault" "this" {
  name                = var.vault_name
  resource_group_name = var.resource_group_name
  location            = var.location
  tenant_id           = var.tenant_id
  sku_name            = "standard"
  tags                = var.tags

  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 90
  public_network_access_enabled = length(var.deployer_addresses) > 0

  network_acls {
    default_action = "Deny"
    bypass         = "None"
    ip_rules       = var.deployer_addresses
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_key_vault_secret" "postgres_password" {
  name             = "postgres-password"
  key_vault_id     = azurerm_key_vault.this.id
  value_wo         = var.postgres_password
  value_wo_version = var.postgres_password_version
  content_type     = "password"
  tags             = var.tags
}

module "endpoint" {
  source = "../private_endpoint"

  name                = "${var.name}-vault"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
  subnet_id           = var.endpoints_subnet_id
  target_id           = azurerm_key_vault.this.id
  kinds               = { vault = var.zone_ids["vault"] }
}

resource "azurerm_monitor_diagnostic_setting" "this" {
  name                       = "audit"
  target_resource_id         = azurerm_key_vault.this.id
  log_analytics_workspace_id = var.log_workspace_id

  enabled_log {
    category = "AuditEvent"
  }
}
