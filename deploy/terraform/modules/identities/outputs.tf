output "ids" {
  description = "Identities by role."
  value       = { for role, identity in azurerm_user_assigned_identity.role : role => identity.id }
}

output "client_ids" {
  description = "What MILLRACE_AZURE_CLIENT_ID is set to, by role."
  value       = { for role, identity in azurerm_user_assigned_identity.role : role => identity.client_id }
}
