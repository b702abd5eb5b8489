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

variable "filesystem_id" {
  description = "Container of the workspace's own files, as a Data Lake file system."
  type        = string
}

variable "workspace_container_id" {
  description = "The same container as a resource."
  type        = string
}

variable "lake_container_id" {
  description = "Container of the Delta tables."
  type        = string
}

variable "lake_account_id" {
  description = "Their storage account."
  type        = string
}

variable "tenant_id" {
  description = "Directory (tenant) of the administrators."
  type        = string
}

variable "administrators" {
  description = "Group of directory users who administer the workspace: name and object id."
  type        = object({ name = string, object_id = string })
}

variable "admin_password" {
  description = "Azure demands a SQL login when a workspace is made, even where the directory alone signs people in."
  type        = string
  sensitive   = true
}

variable "dedicated_pool" {
  description = "Size of a dedicated SQL pool, such as DW100c; null: serverless alone."
  type        = string
  default     = null
}

variable "spark_pool" {
  description = "A Spark pool: size of a node, and the most of them; null: none."
  type        = object({ node_size = string, most_nodes = number })
  default     = null
}
