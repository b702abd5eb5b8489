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

variable "account_name" {
  description = "Name of the storage account: 3 to 24 small letters and digits, one of a kind in all of Azure."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,24}$", var.account_name))
    error_message = "3 to 24 small letters and digits."
  }
}

variable "replication" {
  description = "Copies of the data: LRS in one building, ZRS in three, GZRS also in another region."
  type        = string

  validation {
    condition     = contains(["LRS", "ZRS", "GRS", "GZRS"], var.replication)
    error_message = "LRS, ZRS, GRS or GZRS."
  }
}

variable "deleted_days" {
  description = "Days for which what was deleted can be had back."
  type        = number
}
