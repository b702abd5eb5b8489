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

variable "resource_group_id" {
  description = "The resource group, whose costs are watched."
  type        = string
}

variable "log_days" {
  description = "Days for which logs are kept, 30 to 730."
  type        = number
}

variable "log_daily_gb" {
  description = "Most gigabytes of logs a day: a flood of messages costs no more than this."
  type        = number
}

variable "contacts" {
  description = "Addresses that alerts and budgets are mailed to."
  type        = list(string)

  validation {
    condition     = length(var.contacts) > 0
    error_message = "Somebody has to be told."
  }
}

variable "monthly_budget" {
  description = "What the resource group may cost in a month, in the currency of the subscription."
  type        = number
}

variable "budget_start" {
  description = "First day of the month that the budget begins with, such as 2026-12-01."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{4}-[0-9]{2}-01$", var.budget_start))
    error_message = "The first day of a month, such as 2026-12-01."
  }
}
