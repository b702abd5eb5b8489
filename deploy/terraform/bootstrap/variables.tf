variable "subscription_id" {
  description = "Azure subscription that takes everything."
  type        = string
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

variable "repository" {
  description = "GitHub repository whose workflows deploy, as owner/name; null: none does."
  type        = string
  default     = null

  validation {
    condition     = var.repository == null || can(regex("^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", var.repository))
    error_message = "As owner/name."
  }
}

variable "environments" {
  description = "GitHub environments that may apply; each asks for a reviewer's approval."
  type        = set(string)
  default     = ["dev", "prod"]
}

variable "deployer_object_ids" {
  description = "People (object ids of the directory) who also plan and apply, from their own machines."
  type        = set(string)
  default     = []
}
