# Plans against a mock of the provider: nothing of Azure is asked. What is held here are our own rules.

mock_provider "azurerm" {
  mock_data "azurerm_client_config" {
    defaults = {
      tenant_id       = "11111111-1111-1111-1111-111111111111"
      subscription_id = "22222222-2222-2222-2222-222222222222"
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
