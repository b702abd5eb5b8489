# Plans against a mock of the provider: nothing of Azure is asked. What is held here are our own rules.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      tenant_id       = "11111111-1111-1111-1111-111111111111"
      subscription_id = "22222222-2222-2222-2222-222222222222"
    }
  }

  # The provider reads identifiers that one resource has of another.
  mock_resource "azurerm_resource_group" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop" }
  }

  mock_resource "azurerm_log_analytics_workspace" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.OperationalInsights/workspaces/shop" }
  }

  mock_resource "azurerm_virtual_network" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/shop" }
  }

  mock_resource "azurerm_subnet" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Network/virtualNetworks/shop/subnets/shop" }
  }

  mock_resource "azurerm_network_security_group" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Network/networkSecurityGroups/shop" }
  }

  mock_resource "azurerm_private_dns_zone" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Network/privateDnsZones/shop.example" }
  }

  mock_resource "azurerm_key_vault" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.KeyVault/vaults/shop" }
  }

  mock_resource "azurerm_storage_account" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/shop" }
  }

  mock_resource "azurerm_storage_container" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Storage/storageAccounts/shop/blobServices/default/containers/shop" }
  }

  mock_resource "azurerm_eventhub_namespace" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.EventHub/namespaces/shop" }
  }

  mock_resource "azurerm_eventhub" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.EventHub/namespaces/shop/eventhubs/shop" }
  }

  mock_resource "azurerm_postgresql_flexible_server" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop" }
  }

  mock_resource "azurerm_user_assigned_identity" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop" }
  }

  mock_resource "azurerm_container_app_environment" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.App/managedEnvironments/shop" }
  }

  mock_resource "azurerm_container_app" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.App/containerApps/shop" }
  }

  mock_resource "azurerm_monitor_action_group" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Insights/actionGroups/shop" }
  }

  mock_resource "azurerm_data_factory" {
    defaults = { id = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.DataFactory/factories/shop" }
  }

  mock_resource "azurerm_synapse_workspace" {
    defaults = {
      id                     = "/subscriptions/22222222-2222-2222-2222-222222222222/resourceGroups/shop/providers/Microsoft.Synapse/workspaces/shop"
      connectivity_endpoints = { sqlOnDemand = "shop-ondemand.example", sql = "shop.example", dev = "shop-dev.example" }
    }
  }
}

variables {
  subscription_id   = "22222222-2222-2222-2222-222222222222"
  environment       = "test"
  location          = "westeurope"
  suffix            = "abc1"
  owner             = "somebody@example.com"
  image             = "example.com/millrace:0.1.0"
  database_password = "a-password-of-the-test-alone"
  contacts          = ["somebody@example.com"]
  monthly_budget    = 100
  budget_start      = "2026-12-01"
}

run "plan" {
  command = plan

  assert {
    condition     = length(module.synapse) == 0 && length(module.factory) == 0
    error_message = "What costs while it idles is only made where it is asked for."
  }

  assert {
    condition     = output.lake_url == "abfss://lake@millracetestabc1.dfs.core.windows.net/"
    error_message = "The lake's address is not the account's."
  }
}

run "everything" {
  command = plan

  variables {
    synapse_admin_password = "another-Password-of-the-test-1"
    data_factory           = true
    synapse = {
      administrators = { name = "analysts", object_id = "33333333-3333-3333-3333-333333333333" }
      dedicated_pool = "DW100c"
      spark_pool     = { node_size = "Small", most_nodes = 3 }
    }
  }

  assert {
    condition     = length(module.synapse) == 1 && length(module.factory) == 1
    error_message = "What was asked for is not planned."
  }

  assert {
    condition     = !can(regex("password-of-the-test|another-Password", output.env))
    error_message = "The .env holds a secret where a reference belongs."
  }
}

run "more_processors_than_partitions" {
  command = plan

  variables {
    processors       = 7
    event_partitions = 6
  }

  expect_failures = [var.processors]
}

run "short_password" {
  command = plan

  variables {
    database_password = "short"
  }

  expect_failures = [var.database_password]
}

run "a_shop_that_ends_the_quotes" {
  command = plan

  variables {
    shop = "Anna's"
  }

  expect_failures = [var.shop]
}
