output "env" {
  description = "The .env that millrace reads: `terraform output -raw env > .env`. Its secrets are references, not values."
  value       = local.env_file
}

output "client_ids" {
  description = "Client ids of the roles' identities: MILLRACE_AZURE_CLIENT_ID is the one thing that differs by role."
  value       = module.identities.client_ids
}

output "resource_group" {
  description = "The resource group."
  value       = azurerm_resource_group.this.name
}

output "gateway_url" {
  description = "Where senders post to."
  value       = module.apps.gateway_url
}

output "web_url" {
  description = "Where people look."
  value       = coalesce(var.web_url, module.apps.web_url)
}

output "vault_name" {
  description = "The Key Vault, for secrets.sh."
  value       = module.vault.name
}

output "events_namespace" {
  description = "The Event Hubs namespace, for secrets.sh."
  value       = module.events.namespace_name
}

output "lake_url" {
  description = "Where the Delta tables are."
  value       = module.storage.lake_url
}

output "synapse_serverless_host" {
  description = "Server of Synapse's serverless SQL; null where there is no workspace."
  value       = one(module.synapse[*].serverless_host)
}

output "data_factory_name" {
  description = "The Data Factory; null where there is none."
  value       = one(module.factory[*].name)
}
