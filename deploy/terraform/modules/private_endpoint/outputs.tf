output "ids" {
  description = "The endpoints by sub-resource."
  value       = { for kind, endpoint in azurerm_private_endpoint.this : kind => endpoint.id }
}
