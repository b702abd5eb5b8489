output "network_id" {
  description = "The virtual network."
  value       = azurerm_virtual_network.this.id
}

output "apps_subnet_id" {
  description = "Subnet of the container apps."
  value       = azurerm_subnet.apps.id
}

output "endpoints_subnet_id" {
  description = "Subnet of the private endpoints."
  value       = azurerm_subnet_network_security_group_association.endpoints.subnet_id
}

output "zone_ids" {
  description = "Private DNS zones by kind of endpoint."
  value       = { for kind, zone in azurerm_private_dns_zone.this : kind => zone.id }
}
