output "id" {
  description = "The Data Factory."
  value       = azurerm_data_factory.this.id
}

output "name" {
  description = "Its name."
  value       = azurerm_data_factory.this.name
}
