# The whole platform on Azure. docs/deploy-azure.md leads through it; settings.tf holds what the roles are told.

data "azurerm_client_config" "current" {}

locals {
  name = "millrace-${var.environment}"
  tags = {
    project     = "millrace"
    environment = var.environment
    owner       = var.owner
    managed-by  = "terraform"
  }

  # What nearly every module is told.
  place = {
    resource_group_name = azurerm_resource_group.this.name
    location            = azurerm_resource_group.this.location
  }
}

resource "azurerm_resource_group" "this" {
  name     = local.name
  location = var.location
  tags     = local.tags
}

module "monitoring" {
  source = "./modules/monitoring"

  name                = local.name
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  resource_group_id   = azurerm_resource_group.this.id
  log_days            = var.log_days
  log_daily_gb        = var.log_daily_gb
  contacts            = var.contacts
  monthly_budget      = var.monthly_budget
  budget_start        = var.budget_start
}

module "network" {
  source = "./modules/network"

  name                = local.name
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  address_space       = var.address_space
}

module "storage" {
  source = "./modules/storage"

  name                = local.name
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  endpoints_subnet_id = module.network.endpoints_subnet_id
  zone_ids            = module.network.zone_ids
  log_workspace_id    = module.monitoring.log_workspace_id
  account_name        = "millrace${var.environment}${var.suffix}"
  replication         = var.lake_replication
  deleted_days        = var.lake_deleted_days
}

module "vault" {
  source = "./modules/vault"

  name                      = local.name
  resource_group_name       = local.place.resource_group_name
  location                  = local.place.location
  tags                      = local.tags
  endpoints_subnet_id       = module.network.endpoints_subnet_id
  zone_ids                  = module.network.zone_ids
  log_workspace_id          = module.monitoring.log_workspace_id
  vault_name                = "mr-${var.environment}-${var.suffix}"
  tenant_id                 = data.azurerm_client_config.current.tenant_id
  deployer_addresses        = var.deployer_addresses
  postgres_password         = var.database_password
  postgres_password_version = var.database_password_version
}

module "identities" {
  source = "./modules/identities"

  name                = local.name
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  lake_container_id   = module.storage.lake_container_id
  vault_id            = module.vault.id
  registry_id         = one(var.registry[*].id)
}

module "events" {
  source = "./modules/events"

  name                = "${local.name}-${var.suffix}"
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  endpoints_subnet_id = module.network.endpoints_subnet_id
  zone_ids            = module.network.zone_ids
  log_workspace_id    = module.monitoring.log_workspace_id
  processing_units    = var.event_processing_units
  partitions          = var.event_partitions
  retention_hours     = var.event_retention_hours
}

module "database" {
  source = "./modules/database"

  name                = "${local.name}-${var.suffix}"
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  endpoints_subnet_id = module.network.endpoints_subnet_id
  zone_ids            = module.network.zone_ids
  log_workspace_id    = module.monitoring.log_workspace_id
  sku                 = var.database_sku
  storage_mb          = var.database_storage_mb
  zone_redundant      = var.database_zone_redundant
  backup_days         = var.database_backup_days
  login               = local.database_login
  password            = var.database_password
  password_version    = var.database_password_version
}

module "apps" {
  source = "./modules/apps"

  name                = local.name
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  subnet_id           = module.network.apps_subnet_id
  log_workspace_id    = module.monitoring.log_workspace_id
  image               = var.image
  registry            = one(var.registry[*].server)
  public              = var.public
  identity_ids        = module.identities.ids
  client_ids          = module.identities.client_ids
  settings            = local.settings
  gateways            = var.gateways
  processors          = var.processors

  # The roles' rights, and the ways to what they use, come before them.
  depends_on = [module.identities, module.storage, module.vault, module.events, module.database]
}

module "synapse" {
  source = "./modules/synapse"
  count  = var.synapse == null ? 0 : 1

  name                   = "${local.name}-${var.suffix}"
  resource_group_name    = local.place.resource_group_name
  location               = local.place.location
  tags                   = local.tags
  endpoints_subnet_id    = module.network.endpoints_subnet_id
  zone_ids               = module.network.zone_ids
  log_workspace_id       = module.monitoring.log_workspace_id
  filesystem_id          = module.storage.synapse_filesystem_id
  workspace_container_id = module.storage.synapse_container_id
  lake_container_id      = module.storage.lake_container_id
  lake_account_id        = module.storage.account_id
  tenant_id              = data.azurerm_client_config.current.tenant_id
  administrators         = var.synapse.administrators
  admin_password         = var.synapse_admin_password
  dedicated_pool         = var.synapse.dedicated_pool
  spark_pool             = var.synapse.spark_pool
}

module "factory" {
  source = "./modules/factory"
  count  = var.data_factory ? 1 : 0

  name                = "${local.name}-${var.suffix}"
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  endpoints_subnet_id = module.network.endpoints_subnet_id
  zone_ids            = module.network.zone_ids
  log_workspace_id    = module.monitoring.log_workspace_id
  lake_account_id     = module.storage.account_id
  lake_container_id   = module.storage.lake_container_id
  vault_id            = module.vault.id
}

module "alerts" {
  source = "./modules/alerts"

  name                = local.name
  resource_group_name = local.place.resource_group_name
  location            = local.place.location
  tags                = local.tags
  action_group_id     = module.monitoring.action_group_id
  log_workspace_id    = module.monitoring.log_workspace_id
  app_ids             = module.apps.app_ids
  events_namespace_id = module.events.namespace_id
  database_id         = module.database.id
  storage_account_id  = module.storage.account_id
}
