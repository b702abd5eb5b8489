output "id" {
  description = "The Key Vault."
  value       = azurerm_key_vault.this.id
}

output "name" {
  description = "Its name, as keyvault:// references say it."
  value       = azurerm_key_vault.this.name
}

output "postgres_password_reference" {
  description = "What POSTGRES_PASSWORD is set to: where the password is, not the password."
  value       = "keyvault://${azurerm_key_vault.this.name}/${azurerm_key_vault_secret.postgres_password.name}"
}

output "events_connection_reference" {
  description = "What MILLRACE_KAFKA_SASL_PASSWORD is set to; secrets.sh writes that secret."
  value       = "keyvault://${azurerm_key_vault.this.name}/events-connection"
}
