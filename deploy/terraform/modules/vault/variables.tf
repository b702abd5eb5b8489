variable "name" {
  description = "What the names of the resources begin with: project and environment."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group that takes them."
  type        = string
}

variable "location" {
  description = "Azure region."
  type        = string
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
}

variable "endpoints_subnet_id" {
  description = "Subnet of private endpoints."
  type        = string
}

variable "zone_ids" {
  description = "Private DNS zones by kind of endpoint."
  type        = map(string)
}

variable "log_workspace_id" {
  description = "Log Analytics workspace for audit logs and metrics."
  type        = string
}

variable "vault_name" {
  description = "Name of the Key Vault: 3 to 24 letters, digits and hyphens, one of a kind in all of Azure."
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z][a-zA-Z0-9-]{1,22}[a-zA-Z0-9]$", var.vault_name))
    error_message = "3 to 24 letters, digits and hyphens, beginning with a letter."
  }
}

variable "tenant_id" {
  description = "Directory (tenant) whose identities may ask."
  type        = string
}

variable "deployer_addresses" {
  description = "Public addresses that may write secrets while they are set up; empty: none, the vault has no public door."
  type        = list(string)
}

variable "postgres_password" {
  description = "Password of the store's login: written to the vault, kept in no state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "postgres_password_version" {
  description = "Raise it to write a new password."
  type        = number
}
