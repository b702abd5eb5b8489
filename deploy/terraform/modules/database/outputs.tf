output "id" {
  description = "The server."
  value       = azurerm_postgresql_flexible_server.this.id
}

output "host" {
  description = "What POSTGRES_HOST is set to."
  value       = azurerm_postgresql_flexible_server.this.fqdn
}

output "database" {
  description = "What POSTGRES_DB is set to."
  value       = azurerm_postgresql_flexible_server_database.this.name
}
