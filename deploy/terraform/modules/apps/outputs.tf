output "environment_id" {
  description = "Environment of the container apps."
  value       = azurerm_container_app_environment.this.id
}

output "app_ids" {
  description = "The apps by name."
  value = {
    gateway   = azurerm_container_app.gateway.id
    processor = azurerm_container_app.processor.id
    web       = azurerm_container_app.web.id
  }
}

output "gateway_url" {
  description = "Where senders post to."
  value       = "https://${azurerm_container_app.gateway.ingress[0].fqdn}"
}

output "web_url" {
  description = "Where people look."
  value       = "https://${azurerm_container_app.web.ingress[0].fqdn}"
}

output "domain" {
  description = "Domain of the environment: an app is found at <its name>.<this>."
  value       = azurerm_container_app_environment.this.default_domain
}
