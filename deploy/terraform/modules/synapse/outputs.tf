output "id" {
  description = "The workspace."
  value       = azurerm_synapse_workspace.this.id
}

output "serverless_host" {
  description = "Server that Power BI and SQL clients connect to."
  value       = azurerm_synapse_workspace.this.connectivity_endpoints["sqlOnDemand"]
}
