output "backend" {
  description = "Contents of environments/<name>.backend.hcl, but for its key."
  value       = <<-HCL
    resource_group_name  = "${azurerm_resource_group.state.name}"
    storage_account_name = "${azurerm_storage_account.state.name}"
    container_name       = "${azurerm_storage_container.state.name}"
  HCL
}

output "github" {
  description = "AZURE_CLIENT_ID of each use: plan as a variable of the repository, the others of their environments."
  value       = { for key, identity in azurerm_user_assigned_identity.deploy : key => identity.client_id }
}

output "tenant_id" {
  description = "AZURE_TENANT_ID."
  value       = data.azurerm_client_config.current.tenant_id
}
