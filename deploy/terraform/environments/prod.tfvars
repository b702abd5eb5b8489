# What a shop's figures rest on: copies in three zones, a standby of the store, a month of backups.
subscription_id = "00000000-0000-0000-0000-000000000000" # yours
environment     = "prod"
location        = "westeurope"
suffix          = "shop1" # yours
owner           = "data-team@example.com"
image           = "ghcr.io/example/millrace:0.1.0"
address_space   = "10.30.0.0/22"

gateways   = { least = 2, most = 6 }
processors = 3

event_processing_units = 2
event_partitions       = 12
event_retention_hours  = 168

database_sku            = "GP_Standard_D4ds_v5"
database_storage_mb     = 524288
database_zone_redundant = true
database_backup_days    = 30

lake_replication  = "ZRS"
lake_deleted_days = 30

synapse = {
  administrators = { name = "warehouse-admins", object_id = "00000000-0000-0000-0000-000000000000" } # yours
}

contacts       = ["data-team@example.com"]
monthly_budget = 4500
budget_start   = "2026-12-01"
log_days       = 90
