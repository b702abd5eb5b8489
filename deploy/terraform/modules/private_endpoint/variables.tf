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

variable "subnet_id" {
  description = "Subnet of private endpoints."
  type        = string
}

variable "target_id" {
  description = "Resource that the endpoint leads to."
  type        = string
}

variable "kinds" {
  description = "Sub-resource to private DNS zone, an endpoint each; such as { blob = <zone id> }."
  type        = map(string)
}
