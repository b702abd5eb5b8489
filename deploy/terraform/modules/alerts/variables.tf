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

variable "action_group_id" {
  description = "Who is told."
  type        = string
}

variable "log_workspace_id" {
  description = "Log Analytics workspace that the apps write to."
  type        = string
}

variable "app_ids" {
  description = "The container apps by name."
  type        = map(string)
}

variable "events_namespace_id" {
  description = "The Event Hubs namespace."
  type        = string
}

variable "database_id" {
  description = "The PostgreSQL server."
  type        = string
}

variable "storage_account_id" {
  description = "The lake's storage account."
  type        = string
}
