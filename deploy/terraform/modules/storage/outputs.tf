output "account_id" {
  description = "The storage account."
  value       = azurerm_storage_account.lake.id
}

output "account_name" {
  description = "Its name."
  value       = azurerm_storage_account.lake.name
}

output "lake_container_id" {
  description = "Container of the Delta tables: the scope of the roles that read and write them."
  value       = azurerm_storage_container.this["lake"].id
}

output "synapse_container_id" {
  description = "Container of the Synapse workspace's own files."
  value       = azurerm_storage_container.this["synapse"].id
}

output "lake_url" {
  description = "What MILLRACE_LAKE is set to."
  value       = "abfss://${azurerm_storage_container.this["lake"].name}@${azurerm_storage_account.lake.name}.dfs.core.windows.net/"
}

output "synapse_filesystem_id" {
  description = "The synapse container as a Data Lake file system."
  value       = "https://${azurerm_storage_account.lake.name}.dfs.core.windows.net/${azurerm_storage_container.this["synapse"].name}"
}
