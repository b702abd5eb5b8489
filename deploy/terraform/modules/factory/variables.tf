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

variable "lake_account_id" {
  description = "Storage account of the Delta tables."
  type        = string
}

variable "lake_container_id" {
  description = "Their container."
  type        = string
}

variable "vault_id" {
  description = "Key Vault with the factory's key to the web's API."
  type        = string
}
