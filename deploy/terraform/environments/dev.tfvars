# A place to try things in: the smallest of everything, one copy of the data.
subscription_id = "00000000-0000-0000-0000-000000000000" # yours
environment     = "dev"
location        = "westeurope"
suffix          = "shop1" # yours
owner           = "data-team@example.com"
image           = "ghcr.io/example/millrace:0.1.0"

gateways   = { least = 1, most = 2 }
processors = 1

event_processing_units = 1
event_partitions       = 6
event_retention_hours  = 24

database_sku         = "B_Standard_B2s"
database_storage_mb  = 32768
database_backup_days = 7

lake_replication  = "LRS"
lake_deleted_days = 7

contacts       = ["data-team@example.com"]
monthly_budget = 1200
budget_start   = "2026-12-01"
