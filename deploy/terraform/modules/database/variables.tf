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

variable "sku" {
  description = "Tier and size, such as GP_Standard_D2ds_v5 (docs/capacity.md)."
  type        = string
}

variable "storage_mb" {
  description = "Size of the disk; it grows by itself."
  type        = number
}

variable "zone_redundant" {
  description = "A standby in another zone: the failover takes a minute, the price is twice."
  type        = bool
}

variable "backup_days" {
  description = "Days that can be restored to, 7 to 35."
  type        = number
}

variable "login" {
  description = "The store's login."
  type        = string
}

variable "password" {
  description = "Its password: sent to the server, kept in no state."
  type        = string
  sensitive   = true
  ephemeral   = true
}

variable "password_version" {
  description = "Raise it to set a new password."
  type        = number
}
