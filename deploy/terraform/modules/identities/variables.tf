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

variable "lake_container_id" {
  description = "Container of the Delta tables."
  type        = string
}

variable "vault_id" {
  description = "The Key Vault."
  type        = string
}

variable "registry_id" {
  description = "Container registry that holds the image; null: an image that needs no sign-in."
  type        = string
  default     = null
}
