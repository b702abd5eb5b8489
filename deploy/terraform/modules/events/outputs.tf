output "namespace_id" {
  description = "The Event Hubs namespace."
  value       = azurerm_eventhub_namespace.this.id
}

output "namespace_name" {
  description = "Its name."
  value       = azurerm_eventhub_namespace.this.name
}

output "bus" {
  description = "What MILLRACE_BUS is set to."
  value       = "kafka://${azurerm_eventhub_namespace.this.name}.servicebus.windows.net:9093"
}
