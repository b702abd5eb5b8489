# Once for a subscription, by an owner of it, with its own state on that person's disk: where the state of
# everything else lives, and who may deploy. docs/deploy-azure.md, steps 2 to 4.
#
# The state's account is open to the network, since workflows run outside ours; it is opened by names alone,
# without keys, and asked over TLS.

provider "azurerm" {
  storage_use_azuread             = true
  resource_provider_registrations = "none"
  subscription_id                 = var.subscription_id

  # What main.tf of the tree above makes things of.
  resource_providers_to_register = [
    "Microsoft.App", "Microsoft.Consumption", "Microsoft.DataFactory", "Microsoft.DBforPostgreSQL", "Microsoft.EventHub",
    "Microsoft.Insights", "Microsoft.KeyVault", "Microsoft.ManagedIdentity", "Microsoft.Network",
    "Microsoft.OperationalInsights", "Microsoft.Storage", "Microsoft.Synapse",
  ]

  features {}
}

data "azurerm_client_config" "current" {}

locals {
  tags = {
    project     = "millrace"
    environment = "all"
    owner       = var.owner
    managed-by  = "terraform"
  }
  subscription = "/subscriptions/${var.subscription_id}"

  # A plan reads, an apply writes: an identity each.
  subjects = var.repository == null ? {} : merge(
    { plan = "repo:${var.repository}:pull_request" },
    { for name in var.environments : "apply-${name}" => "repo:${var.repository}:environment:${name}" },
  )

  # Roles that whoever applies may give away, and no others: those of modules/*.
  grantable = {
    "Storage Blob Data Contributor" = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
    "Storage Blob Data Reader"      = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
    "Key Vault Secrets User"        = "4633458b-17de-408a-b874-0445c86b69e6"
    "AcrPull"                       = "7f951dda-4ed3-4680-a7ca-43fe172d538d"
  }
  ids            = join(", ", values(local.grantable))
  only_grantable = <<-CONDITION
    (
      (!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))
      OR
      (@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.ids}})
    )
    AND
    (
      (!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'}))
      OR
      (@Resource[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {${local.ids}})
    )
  CONDITION
}

resource "azurerm_resource_group" "state" {
  name     = "millrace-state"
  location = var.location
  tags     = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_account" "state" {
  name                = "millracestate${var.suffix}"
  resource_group_name = azurerm_resource_group.state.name
  location            = azurerm_resource_group.state.location
  tags                = local.tags

  account_kind             = "StorageV2"
  account_tier             = "Standard"
  account_replication_type = "GRS"

  public_network_access_enabled    = true # checked: the one account whose data workflows reach from outside
  shared_access_key_enabled        = false
  default_to_oauth_authentication  = true
  local_user_enabled               = false
  allow_nested_items_to_be_public  = false
  cross_tenant_replication_enabled = false
  https_traffic_only_enabled       = true
  min_tls_version                  = "TLS1_2"

  blob_properties {
    versioning_enabled = true # each state that ever was

    delete_retention_policy {
      days = 90
    }

    container_delete_retention_policy {
      days = 90
    }
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_storage_container" "state" {
  name                  = "state"
  storage_account_id    = azurerm_storage_account.state.id
  container_access_type = "private"
}

resource "azurerm_user_assigned_identity" "deploy" {
  for_each = local.subjects

  name                = "millrace-${each.key}"
  resource_group_name = azurerm_resource_group.state.name
  location            = azurerm_resource_group.state.location
  tags                = local.tags
}

# GitHub's token for that very subject stands for the identity; there is no secret to keep.
resource "azurerm_federated_identity_credential" "deploy" {
  for_each = local.subjects

  name                      = "github"
  user_assigned_identity_id = azurerm_user_assigned_identity.deploy[each.key].id
  issuer                    = "https://token.actions.githubusercontent.com"
  audience                  = ["api://AzureADTokenExchange"]
  subject                   = each.value
}

locals {
  appliers = merge(
    { for key in keys(local.subjects) : key => azurerm_user_assigned_identity.deploy[key].principal_id if key != "plan" },
    { for id in var.deployer_object_ids : id => id },
  )
}

# Whoever plans reads the state, and holds the lock while it does.
resource "azurerm_role_assignment" "state" {
  for_each = merge(local.appliers, { for key in keys(local.subjects) : key => azurerm_user_assigned_identity.deploy[key].principal_id if key == "plan" })

  scope                = azurerm_storage_container.state.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = each.value
  description          = "${each.key}: state and lock"
}

resource "azurerm_role_assignment" "plan" {
  for_each = { for key in keys(local.subjects) : key => azurerm_user_assigned_identity.deploy[key].principal_id if key == "plan" }

  scope                = local.subscription
  role_definition_name = "Reader"
  principal_id         = each.value
  principal_type       = "ServicePrincipal"
  description          = "plan: sees what there is"
}

resource "azurerm_role_assignment" "apply" {
  for_each = local.appliers

  scope                = local.subscription
  role_definition_name = "Contributor"
  principal_id         = each.value
  description          = "${each.key}: makes and changes resources"
}

resource "azurerm_role_assignment" "grant" {
  for_each = local.appliers

  scope                = local.subscription
  role_definition_name = "Role Based Access Control Administrator"
  principal_id         = each.value
  description          = "${each.key}: gives the apps their roles, and no other"
  condition_version    = "2.0"
  condition            = local.only_grantable
}

resource "azurerm_role_assignment" "secrets" {
  for_each = local.appliers

  scope                = local.subscription
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = each.value
  description          = "${each.key}: writes the platform's secrets"
}
