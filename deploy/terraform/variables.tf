variable "subscription_id" {
  description = "Azure subscription that takes everything."
  type        = string
}

variable "environment" {
  description = "Name of the environment: dev, prod; part of every name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,7}$", var.environment))
    error_message = "2 to 8 small letters and digits, beginning with a letter."
  }
}

variable "location" {
  description = "Azure region, such as westeurope."
  type        = string
}

variable "suffix" {
  description = "What makes names one of a kind where all of Azure shares them: 3 to 6 small letters and digits."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{3,6}$", var.suffix))
    error_message = "3 to 6 small letters and digits."
  }
}

variable "owner" {
  description = "Who answers for it: a tag of every resource."
  type        = string
}

variable "address_space" {
  description = "Addresses of the virtual network."
  type        = string
  default     = "10.20.0.0/22"
}

variable "deployer_addresses" {
  description = "Public addresses that may write to the Key Vault while a deployment from outside the network lasts."
  type        = list(string)
  default     = []
}

variable "image" {
  description = "The image of millrace, with an exact tag or a digest."
  type        = string
}

variable "registry" {
  description = "Azure container registry of the image: server and resource id; null: the image needs no sign-in."
  type        = object({ server = string, id = string })
  default     = null
}

variable "public" {
  description = "Gateway and web may be reached from outside the virtual network (by HTTPS, with keys and sign-in)."
  type        = bool
  default     = false
}

variable "web_url" {
  description = "How people reach the web, where that is a domain of your own; null: the environment's address."
  type        = string
  default     = null
}

variable "shop" {
  description = "The shop's name, as pages show it."
  type        = string
  default     = "millrace"

  validation {
    condition     = can(regex("^[^'\\n]+$", var.shop))
    error_message = "The settings' file holds it in single quotes: without ' and on one line."
  }
}

variable "gateways" {
  description = "Replicas of the gateway, least and most."
  type        = object({ least = number, most = number })
  default     = { least = 2, most = 4 }
}

variable "processors" {
  description = "Replicas of the processor: no more than event_partitions."
  type        = number
  default     = 2

  validation {
    condition     = var.processors >= 1 && var.processors <= var.event_partitions
    error_message = "Processors beyond event_partitions would be idle."
  }
}

variable "event_processing_units" {
  description = "Processing units of Event Hubs."
  type        = number
  default     = 1
}

variable "event_partitions" {
  description = "Partitions of each topic."
  type        = number
  default     = 6
}

variable "event_retention_hours" {
  description = "How long events stay readable again."
  type        = number
  default     = 168
}

variable "database_sku" {
  description = "Tier and size of PostgreSQL."
  type        = string
  default     = "GP_Standard_D2ds_v5"
}

variable "database_storage_mb" {
  description = "Size of its disk to begin with."
  type        = number
  default     = 131072
}

variable "database_zone_redundant" {
  description = "A standby in another zone."
  type        = bool
  default     = false
}

variable "database_backup_days" {
  description = "Days that the store can be restored to."
  type        = number
  default     = 14
}

variable "database_password" {
  description = "Password of the store's login, from TF_VAR_database_password: sent to Azure, kept in no state or plan."
  type        = string
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = length(var.database_password) >= 24
    error_message = "At least 24 characters: openssl rand -base64 33."
  }
}

variable "database_password_version" {
  description = "Raise it by one to set a new database_password."
  type        = number
  default     = 1
}

variable "lake_replication" {
  description = "Copies of the lake: LRS, ZRS, GRS or GZRS."
  type        = string
  default     = "ZRS"
}

variable "lake_deleted_days" {
  description = "Days for which deleted files of the lake can be had back."
  type        = number
  default     = 14
}

variable "schedule" {
  description = "When silver and gold are made, as cron writes it; off where Data Factory or Airflow is the clock."
  type        = string
  default     = "40 7 * * *"
}

variable "timezone" {
  description = "Time zone of the schedule."
  type        = string
  default     = "Europe/Paris"
}

variable "synapse" {
  description = "A Synapse workspace: its administrators, and pools; null: none."
  type = object({
    administrators = object({ name = string, object_id = string })
    dedicated_pool = optional(string)
    spark_pool     = optional(object({ node_size = string, most_nodes = number }))
  })
  default = null
}

variable "synapse_admin_password" {
  description = "What Azure demands at the making of a workspace, from TF_VAR_synapse_admin_password; nobody can sign in with it."
  type        = string
  sensitive   = true
  default     = null
}

variable "data_factory" {
  description = "A Data Factory."
  type        = bool
  default     = false
}

variable "contacts" {
  description = "Addresses that alerts and budgets are mailed to."
  type        = list(string)
}

variable "monthly_budget" {
  description = "What it may cost in a month, in the currency of the subscription."
  type        = number
}

variable "budget_start" {
  description = "First day of the month that the budget begins with."
  type        = string
}

variable "log_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 30
}

variable "log_daily_gb" {
  description = "Most gigabytes of logs a day."
  type        = number
  default     = 2
}
