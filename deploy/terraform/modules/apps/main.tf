# The four roles as three container apps: scheduler and web are two containers of one replica, since the pages
# of operations read the runs that the scheduler keeps in their common folder. That folder lives as long as
# the replica: runs of before a new version are not shown, the data is in store, lake and log.
#
# Sizes: docs/capacity.md. The gateway measured 27 MiB at its peak, the processor 123 MiB, the web 453 MiB.

locals {
  data_folder = "/var/lib/millrace"
}

resource "azurerm_container_app_environment" "this" {
  name                           = "${var.name}-apps"
  resource_group_name            = var.resource_group_name
  location                       = var.location
  infrastructure_subnet_id       = var.subnet_id
  internal_load_balancer_enabled = !var.public
  public_network_access          = var.public ? "Enabled" : "Disabled"
  logs_destination               = "log-analytics"
  log_analytics_workspace_id     = var.log_workspace_id
  tags                           = var.tags

  workload_profile {
    name                  = "Consumption"
    workload_profile_type = "Consumption"
  }
}

resource "azurerm_container_app" "gateway" {
  name                         = "${var.name}-gateway"
  resource_group_name          = var.resource_group_name
  container_app_environment_id = azurerm_container_app_environment.this.id
  revision_mode                = "Single"
  workload_profile_name        = "Consumption"
  tags                         = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_ids["gateway"]]
  }

  dynamic "registry" {
    for_each = var.registry == null ? [] : [var.registry]

    content {
      server   = registry.value
      identity = var.identity_ids["gateway"]
    }
  }

  ingress {
    target_port                = 8000
    external_enabled           = true # to the environment's own address, which is internal unless var.public
    allow_insecure_connections = false
    transport                  = "http"

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }

  template {
    min_replicas                     = var.gateways.least
    max_replicas                     = var.gateways.most
    termination_grace_period_seconds = 30

    http_scale_rule {
      name                = "requests"
      concurrent_requests = "256"
    }

    container {
      name   = "gateway"
      image  = var.image
      args   = ["gateway"]
      cpu    = 1
      memory = "2Gi"

      dynamic "env" {
        for_each = merge(var.settings, { MILLRACE_AZURE_CLIENT_ID = var.client_ids["gateway"] })

        content {
          name  = env.key
          value = env.value
        }
      }

      startup_probe {
        transport               = "HTTP"
        port                    = 8000
        path                    = "/health"
        interval_seconds        = 2
        failure_count_threshold = 30
      }

      liveness_probe {
        transport        = "HTTP"
        port             = 8000
        path             = "/health"
        interval_seconds = 10
        timeout          = 5
      }

      readiness_probe {
        transport               = "HTTP"
        port                    = 8000
        path                    = "/ready"
        interval_seconds        = 5
        timeout                 = 5
        success_count_threshold = 1
      }

      volume_mounts {
        name = "data"
        path = local.data_folder
      }
    }

    volume {
      name         = "data"
      storage_type = "EmptyDir"
    }
  }
}

# As many as are asked for: a processor more or less moves partitions, so no rule adds and removes them.
resource "azurerm_container_app" "processor" {
  name                         = "${var.name}-processor"
  resource_group_name          = var.resource_group_name
  container_app_environment_id = azurerm_container_app_environment.this.id
  revision_mode                = "Single"
  workload_profile_name        = "Consumption"
  tags                         = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_ids["processor"]]
  }

  dynamic "registry" {
    for_each = var.registry == null ? [] : [var.registry]

    content {
      server   = registry.value
      identity = var.identity_ids["processor"]
    }
  }

  template {
    min_replicas                     = var.processors
    max_replicas                     = var.processors
    termination_grace_period_seconds = 30

    container {
      name   = "processor"
      image  = var.image
      args   = ["processor"]
      cpu    = 1
      memory = "2Gi"

      dynamic "env" {
        for_each = merge(var.settings, { MILLRACE_AZURE_CLIENT_ID = var.client_ids["processor"] })

        content {
          name  = env.key
          value = env.value
        }
      }

      volume_mounts {
        name = "data"
        path = local.data_folder
      }
    }

    volume {
      name         = "data"
      storage_type = "EmptyDir"
    }
  }
}

resource "azurerm_container_app" "web" {
  name                         = "${var.name}-web"
  resource_group_name          = var.resource_group_name
  container_app_environment_id = azurerm_container_app_environment.this.id
  revision_mode                = "Single"
  workload_profile_name        = "Consumption"
  tags                         = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [var.identity_ids["web"], var.identity_ids["scheduler"]]
  }

  dynamic "registry" {
    for_each = var.registry == null ? [] : [var.registry]

    content {
      server   = registry.value
      identity = var.identity_ids["web"]
    }
  }

  ingress {
    target_port                = 8080
    external_enabled           = true
    allow_insecure_connections = false
    transport                  = "http"

    traffic_weight {
      latest_revision = true
      percentage      = 100
    }
  }

  # One replica: there is one scheduler.
  template {
    min_replicas                     = 1
    max_replicas                     = 1
    termination_grace_period_seconds = 30

    container {
      name   = "web"
      image  = var.image
      args   = ["web"]
      cpu    = 1
      memory = "2Gi"

      dynamic "env" {
        for_each = merge(var.settings, { MILLRACE_AZURE_CLIENT_ID = var.client_ids["web"] })

        content {
          name  = env.key
          value = env.value
        }
      }

      startup_probe {
        transport               = "HTTP"
        port                    = 8080
        path                    = "/health"
        interval_seconds        = 2
        failure_count_threshold = 30
      }

      liveness_probe {
        transport        = "HTTP"
        port             = 8080
        path             = "/health"
        interval_seconds = 10
        timeout          = 5
      }

      volume_mounts {
        name = "data"
        path = local.data_folder
      }
    }

    container {
      name   = "scheduler"
      image  = var.image
      args   = ["scheduler"]
      cpu    = 1
      memory = "2Gi"

      dynamic "env" {
        for_each = merge(var.settings, { MILLRACE_AZURE_CLIENT_ID = var.client_ids["scheduler"] })

        content {
          name  = env.key
          value = env.value
        }
      }

      volume_mounts {
        name = "data"
        path = local.data_folder
      }
    }

    volume {
      name         = "data"
      storage_type = "EmptyDir"
    }
  }
}
