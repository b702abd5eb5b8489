# The lake: one account with a hierarchical namespace. Names alone open it, no keys and no public network.
# Delta's own versions stand for blob versions, which a hierarchical namespace does not have.

resource "azurerm_storage_account" "lake" {
  name                = var.account_name
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = var.replication
  is_hns_enabled           = true

  public_network_access_enabled    = false
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  https_traffic_only_enabled       = true
  min_tls_version                  = "TLS1_2"

  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
  }

  blob_properties {
    delete_retention_policy {
      days = var.deleted_days
    }

    container_delete_retention_policy {
      days = var.deleted_days
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

# By the management interface, so that whoever deploys needs no way to the data.
resource "azurerm_storage_container" "this" {
  for_each = toset(["lake", "synapse"])

  name                  = each.key
  storage_account_id    = azurerm_storage_account.lake.id
  container_access_type = "private"
}

module "endpoint" {
  source = "../private_endpoint"

  name                = "${var.name}-lake"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
  subnet_id           = var.endpoints_subnet_id
  target_id           = azurerm_storage_account.lake.id
  kinds               = { blob = var.zone_ids["blob"], dfs = var.zone_ids["dfs"] }
}

resource "azurerm_monitor_diagnostic_setting" "blob" {
  name                       = "audit"
  target_resource_id         = "${azurerm_storage_account.lake.id}/blobServices/default"
  log_analytics_workspace_id = var.log_workspace_id

  enabled_log {
    category = "StorageDelete"
  }

  enabled_metric {
    category = "Transaction"
  }
}
