output "names" {
  description = "The alerts that there are."
  value = sort(concat(
    [for alert in azurerm_monitor_metric_alert.service : alert.name],
    [for alert in azurerm_monitor_metric_alert.restarts : alert.name],
    [azurerm_monitor_scheduled_query_rules_alert_v2.errors.name],
  ))
}
