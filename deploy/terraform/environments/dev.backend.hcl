# What bootstrap/ made, for `terraform init -backend-config=environments/dev.backend.hcl`.
resource_group_name  = "millrace-state"
storage_account_name = "millracestateshop1" # yours
container_name       = "state"
key                  = "dev.tfstate"
