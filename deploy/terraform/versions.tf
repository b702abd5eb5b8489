terraform {
  required_version = ">= 1.11.0" # write-only arguments: passwords that no state keeps

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 5.2"
    }
  }

  # Filled in by environments/<name>.backend.hcl. A blob's lease is the lock.
  backend "azurerm" {
    use_azuread_auth = true
  }
}

provider "azurerm" {
  storage_use_azuread             = true # the accounts have no shared keys
  resource_provider_registrations = "none"
  subscription_id                 = var.subscription_id

  features {
    key_vault {
      purge_soft_delete_on_destroy    = false
      recover_soft_deleted_key_vaults = true
    }
    storage {
      data_plane_available = false # it is reached from within the network alone
    }
    resource_group {
      prevent_deletion_if_contains_resources = true
    }
  }
}
