# The way into a service that has no public one: an address in our network, and the name that finds it.

resource "azurerm_private_endpoint" "this" {
  for_each = var.kinds

  name                = "${var.name}-${lower(each.key)}"
  resource_group_name = var.resource_group_name
  location            = var.location
  subnet_id           = var.subnet_id
  tags                = var.tags

  private_service_connection {
    name                           = "${var.name}-${lower(each.key)}"
    private_connection_resource_id = var.target_id
    subresource_names              = [each.key]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "default"
    private_dns_zone_ids = [each.value]
  }
}
