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

variable "log_workspace_id" {
  description = "Log Analytics workspace for audit logs and metrics."
  type        = string
}

variable "subnet_id" {
  description = "Subnet delegated to container apps."
  type        = string
}

variable "image" {
  description = "The image of millrace, with an exact tag or a digest."
  type        = string

  validation {
    condition     = can(regex("(@sha256:[0-9a-f]{64}|:[^:/]*[0-9][^:/]*)$", var.image))
    error_message = "An image with an exact tag or a digest: what is latest may be anything tomorrow."
  }
}

variable "registry" {
  description = "Container registry to sign in to; null: none is needed."
  type        = string
  default     = null
}

variable "public" {
  description = "Gateway and web may be reached from outside the virtual network (by HTTPS)."
  type        = bool
}

variable "identity_ids" {
  description = "Identities by role."
  type        = map(string)
}

variable "client_ids" {
  description = "Their client ids."
  type        = map(string)
}

variable "settings" {
  description = "Settings of every role: names and values of millrace's .env."
  type        = map(string)
}

variable "gateways" {
  description = "Replicas of the gateway, least and most."
  type        = object({ least = number, most = number })
}

variable "processors" {
  description = "Replicas of the processor: no more than partitions."
  type        = number
}
