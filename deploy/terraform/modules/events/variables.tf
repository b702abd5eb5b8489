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

variable "processing_units" {
  description = "Processing units of the Premium namespace: 1, 2, 4, 8, 12 or 16 (docs/capacity.md)."
  type        = number

  validation {
    condition     = contains([1, 2, 4, 8, 12, 16], var.processing_units)
    error_message = "1, 2, 4, 8, 12 or 16."
  }
}

variable "partitions" {
  description = "Partitions of each topic: as many processors can share it. They can be added, never taken away."
  type        = number
}

variable "retention_hours" {
  description = "How long events stay readable again."
  type        = number
}
