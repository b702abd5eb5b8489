# Who the roles are for Azure: an identity each, with what it needs and no more. tests/deploy holds the roles
# to a list; a new one is added there, with its reason.

locals {
  # Whether a role touches the lake, and how. The gateway does not.
  lake_roles = {
    processor = "Storage Blob Data Contributor" # bronze
    scheduler = "Storage Blob Data Contributor" # silver, gold
    web       = "Storage Blob Data Contributor" # dashboards, SQL; keeps invoices as documents
  }
  roles = toset(["gateway", "processor", "scheduler", "web"])

  # Secret by secret: the processor's identity opens none but these either.
  secrets = ["postgres-password", "events-connection"]
  reads   = { for pair in setproduct(local.roles, local.secrets) : "${pair[0]}-${pair[1]}" => { role = pair[0], secret = pair[1] } }
}

resource "azurerm_user_assigned_identity" "role" {
  for_each = local.roles

  name                = "${var.name}-${each.key}"
  resource_group_name = var.resource_group_name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_role_assignment" "lake" {
  for_each = local.lake_roles

  scope                = var.lake_container_id
  role_definition_name = each.value
  principal_id         = azurerm_user_assigned_identity.role[each.key].principal_id
  principal_type       = "ServicePrincipal"
  description          = "${each.key}: the Delta tables"
}

resource "azurerm_role_assignment" "secret" {
  for_each = local.reads

  scope                = "${var.vault_id}/secrets/${each.value.secret}"
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.role[each.value.role].principal_id
  principal_type       = "ServicePrincipal"
  description          = "${each.value.role}: ${each.value.secret}"
}

resource "azurerm_role_assignment" "image" {
  for_each = var.registry_id == null ? toset([]) : local.roles

  scope                = var.registry_id
  role_definition_name = "AcrPull"
  principal_id         = azurerm_user_assigned_identity.role[each.key].principal_id
  principal_type       = "ServicePrincipal"
  description          = "${each.key}: the image"
}
