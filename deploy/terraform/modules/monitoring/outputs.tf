output "log_workspace_id" {
  description = "The Log Analytics workspace."
  value       = azurerm_log_analytics_workspace.this.id
}

output "action_group_id" {
  description = "Who is told."
  value       = azurerm_monitor_action_group.this.id
}
