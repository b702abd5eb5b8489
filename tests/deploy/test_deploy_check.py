"""`make deploy-check` finds a fault of each kind: put into a copy on purpose, and looked for by the check alone."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
CHECK = TOP / "scripts/deploy_check.sh"
TERRAFORM = "deploy/terraform"
CHART = "deploy/kubernetes/millrace"
SYNAPSE = "deploy/synapse"
MODEL = "deploy/powerbi/millrace.SemanticModel/definition"
PAGES = "deploy/powerbi/millrace.Report/definition/pages"
FACTORY = "deploy/adf"

# check, file, what is replaced, by what, what the check must say
FAULTS = [
    ("terraform_rules", f"{TERRAFORM}/modules/storage/main.tf", "public_network_access_enabled    = false", "public_network_access_enabled    = true", "public_network_access_enabled is not False"),
    ("terraform_rules", f"{TERRAFORM}/modules/storage/main.tf", 'default_action = "Deny"', 'default_action = "Allow"', "do not deny by default"),
    ("terraform_rules", f"{TERRAFORM}/modules/vault/main.tf", "purge_protection_enabled      = true", "purge_protection_enabled      = false", "purge_protection_enabled is not True"),
    ("terraform_rules", f"{TERRAFORM}/modules/vault/main.tf", "length(var.deployer_addresses) > 0", "true", "open for others"),
    ("terraform_rules", f"{TERRAFORM}/modules/identities/main.tf", '"Storage Blob Data Contributor" # bronze', '"Storage Blob Data Owner" # bronze', "'Storage Blob Data Owner', which is not on the list"),
    ("terraform_rules", f"{TERRAFORM}/modules/database/main.tf", "administrator_password_wo         = var.password", "administrator_password            = var.password", "keeps a secret in the state"),
    ("terraform_rules", f"{TERRAFORM}/modules/network/main.tf", "address_space       = [var.address_space]", 'address_space       = ["0.0.0.0/0", var.address_space]', "open to the world"),
    ("terraform_rules", f"{TERRAFORM}/modules/events/main.tf", "  tags                = var.tags\n\n  public", "\n  public", "has no tags"),
    ("terraform_rules", f"{TERRAFORM}/variables.tf", 'description = "Who answers for it: a tag of every resource."\n', "", "variable owner has no description"),
    ("terraform_rules", f"{TERRAFORM}/variables.tf", "  sensitive   = true\n  ephemeral   = true\n", "  ephemeral   = true\n", "database_password is not sensitive"),
    ("terraform_rules", f"{TERRAFORM}/outputs.tf", "value       = module.vault.name", "value       = module.database.administrator_password", "and is not sensitive"),
    ("terraform_rules", f"{TERRAFORM}/main.tf", "  vault_id            = module.vault.id\n", "", "is not told vault_id"),
    ("terraform_rules", f"{TERRAFORM}/environments/dev.tfvars", 'owner           = "data-team@example.com"\n', "", "owner is missing"),
    ("terraform_rules", f"{TERRAFORM}/environments/prod.tfvars", "processors = 3", 'database_password = "x"', "belongs into TF_VAR_database_password"),
    ("terraform_rules", f"{TERRAFORM}/main.tf", 'module "network" {', 'module "network" ', "cannot be read"),
    ("terraform_rules", f"{TERRAFORM}/bootstrap/main.tf", "  condition            = local.only_grantable\n", "", "needs a condition"),
    ("terraform_rules", f"{TERRAFORM}/settings.tf", "module.events.bus", "module.events.buss", "module.events.buss is not there"),
    ("terraform_rules", f"{TERRAFORM}/modules/vault/main.tf", "azurerm_key_vault.this.id", "azurerm_key_vault.that.id", "azurerm_key_vault.that is not there"),
    ("terraform_rules", f"{TERRAFORM}/main.tf", "= local.settings\n", "= local.setting\n", "local.setting is not there"),
    ("terraform_reference", f"{TERRAFORM}/modules/storage/main.tf", "is_hns_enabled           = true", "hns_enabled              = true", "hns_enabled, which the provider does not know"),
    ("terraform_reference", f"{TERRAFORM}/modules/vault/main.tf", '  sku_name            = "standard"\n', "", "lacks sku_name"),
    ("terraform_reference", f"{TERRAFORM}/modules/events/main.tf", 'cleanup_policy          = "Delete"', 'cleanup_policy          = "Shred"', "cleanup_policy is Shred"),
    ("terraform_policies", f"{TERRAFORM}/modules/storage/main.tf", 'min_tls_version                  = "TLS1_2"', 'min_tls_version                  = "TLS1_0"', "CKV_AZURE_44"),
    ("terraform_format", f"{TERRAFORM}/modules/vault/main.tf", "  purge_protection_enabled      = true", "  purge_protection_enabled = true", "purge_protection_enabled"),
    ("terraform_validate", f"{TERRAFORM}/modules/vault/main.tf", "azurerm_key_vault.this.id", "azurerm_key_vault.that.id", "azurerm_key_vault"),
    ("terraform_test", f"{TERRAFORM}/variables.tf", "length(var.database_password) >= 24", "length(var.database_password) >= 1", "short_password"),
    ("workflows", ".github/workflows/build.yml", "runs-on: ubuntu-24.04", "runs-on: ubuntu-1.04", "ubuntu-1.04"),
    ("workflows", ".github/workflows/release.yml", "sha256sum -- * >SHA256SUMS", "sha256sum -- $FILES >SHA256SUMS", "SC2086"),
    ("workflow_rules", ".github/workflows/release.yml", "@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2", "@v4", "not pinned by commit"),
    ("workflow_rules", ".github/workflows/terraform.yml", "    environment: ${{ inputs.environment || 'dev' }} # waits for its reviewers\n", "", "without an environment"),
    ("workflow_rules", ".github/workflows/build.yml", "permissions:\n  contents: read", "permissions: write-all", "permissions are not"),
    ("scripts", f"{TERRAFORM}/secrets.sh", 'trap \'rm -f "$file"\' EXIT', "trap 'rm -f $file EXIT", "secrets.sh"),
    ("scripts", f"{TERRAFORM}/secrets.sh", '[ -s "$file" ]', "[ -s $file ]", "SC2086"),
    ("factory_rules", f"{FACTORY}/pipeline/medallion.json", '"referenceName": "gold"', '"referenceName": "golden"', "there is no pipeline golden"),
    ("factory_rules", f"{FACTORY}/dataset/DeltaLog.json", '"referenceName": "Lake"', '"referenceName": "Pond"', "there is no linkedService Pond"),
    ("factory_rules", f"{FACTORY}/pipeline/gold.json", '"referenceName": "DeltaLog"', '"referenceName": "Log"', "there is no dataset Log"),
    ("factory_rules", f"{FACTORY}/pipeline/transform.json", '"target": {', '"goal": {', "pipeline run has no parameter goal"),
    ("factory_rules", f"{FACTORY}/pipeline/run.json", "pipeline().globalParameters.keyName", "pipeline().globalParameters.key", "there is no global parameter key"),
    ("factory_rules", f"{FACTORY}/pipeline/run.json", "@variables('state')", "@variables('stat')", "there is no variable stat"),
    ("factory_rules", f"{FACTORY}/pipeline/run.json", "@activity('Start').output.id", "@activity('Look').output.id", "'Look' has not ended when this is asked"),
    ("factory_rules", f"{FACTORY}/pipeline/run.json", '"timeout": "0.02:00:00",\n', "", "it has no time-out"),
    ("factory_rules", f"{FACTORY}/pipeline/run.json", '"secureOutput": true', '"secureOutput": false', "a secret, is logged"),
    ("factory_rules", f"{FACTORY}/trigger/daily.json", '"timeZone"', '"zone"', "at no hour of a time zone"),
    ("factory_rules", f"{FACTORY}/linkedService/Lake.json", '"url":', '"accountKey": "x", "url":', "a secret: accountKey"),
    ("factory_rules", f"{FACTORY}/factory/millrace.json", '"keyName"', '"nameOfKey"', "there is no global parameter keyName"),
    ("factory_schema", f"{FACTORY}/pipeline/run.json", '"type": "WebActivity"', '"type": "WobActivity"', "there is no type WobActivity"),
    ("factory_schema", f"{FACTORY}/linkedService/KeyVault.json", '"baseUrl"', '"baseURI"', "lacks baseUrl"),
    ("factory_scenarios", f"{FACTORY}/pipeline/silver.json", "greater(length(", "less(length(", "new_data: order"),
    ("chart", f"{CHART}/values.yaml", 'tag: ""', 'tag: "latest"', "tag"),
    ("chart", f"{CHART}/templates/gateway.yaml", "{{- if .Values.gateway.autoscaling.enabled }}", "{{- if .Values.gateway.autoscaling.enabled }", "gateway.yaml"),
    ("manifests", f"{CHART}/templates/processor.yaml", "  revisionHistoryLimit: 5", "  revisionHistoryLimit: many", "revisionHistoryLimit"),
    ("manifests", f"{CHART}/templates/platform.yaml", "serviceName:", "serviceNames:", "'serviceName' is a required property"),
    ("manifest_rules", f"{CHART}/templates/_helpers.tpl", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "can be written"),
    ("manifest_rules", f"{CHART}/templates/_helpers.tpl", "runAsNonRoot: true", "runAsNonRoot: false", "may be root"),
    ("manifest_rules", f"{CHART}/templates/_helpers.tpl", "enableServiceLinks: false\n", "", "MILLRACE_ variables"),
    ("manifest_rules", f"{CHART}/values.yaml", "limits: { cpu: \"2\", memory: 512Mi }", "limits: { cpu: \"2\", memory: 64Mi }", "asks for more memory"),
    ("manifest_rules", f"{CHART}/templates/network.yaml", "policyTypes: [Ingress, Egress]", "policyTypes: [Ingress]", "no policy denies"),
    ("manifest_rules", f"{CHART}/templates/gateway.yaml", "    name: {{ include \"millrace.name\" . }}-gateway\n  minReplicas", "    name: {{ include \"millrace.name\" . }}-gate\n  minReplicas", "there is no Deployment"),
    ("synapse_grammar", f"{SYNAPSE}/dedicated/4_load.sql", "WHEN NOT MATCHED BY SOURCE THEN DELETE", "WHEN NOT MATCHED BY SOURCE DELETE", "Incorrect syntax near DELETE"),
    ("synapse_grammar", f"{SYNAPSE}/serverless/6_export.sql", "FROM [gold].[dim_customer]'", "FROM FROM [gold].[dim_customer]'", "in the statement it makes"),
    ("synapse_dialect", f"{SYNAPSE}/serverless/3_tables.sql", "FORMAT = 'DELTA')", "FORMAT 'DELTA')", "3_tables.sql"),
    ("synapse_dialect", f"{SYNAPSE}/dedicated/4_load.sql", "FILE_TYPE = ''PARQUET''", "FILE_TYPE ''PARQUET''", "4_load.sql:26"),
    ("synapse_objects", f"{SYNAPSE}/serverless/4_views.sql", "FROM gold.mart_sales_by_product m", "FROM gold.mart_sales_by_item m", "there is no gold.mart_sales_by_item yet"),
    ("synapse_objects", f"{SYNAPSE}/serverless/2_lake.sql", "CREATE EXTERNAL DATA SOURCE [millrace_lake]", "CREATE EXTERNAL DATA SOURCE [millrace_pond]", "no source or format millrace_lake"),
    ("synapse_objects", f"{SYNAPSE}/dedicated/4_load.sql", "VALUES (s.[CustomerID], s.[CustomerName], ", "VALUES (s.[CustomerID], ", "does not take every column"),
    ("powerbi_model", f"{MODEL}/tables/dim_date.tmdl", "dataType: dateTime", "dataType: day", "Failed to convert the value 'day'"),
    ("powerbi_model", f"{MODEL}/relationships.tmdl", "toColumn: dim_customer.CustomerID", "toColumn: dim_customer.Customer", "Failed links: [relationship 'fact_sales_CustomerID']"),
    ("powerbi_measures", f"{MODEL}/tables/fact_sales.tmdl", "DIVIDE ( [Sales], [Orders] )", "DIVIDE ( [Sales], [Order] )", "there is no measure Order"),
    ("powerbi_measures", f"{MODEL}/tables/fact_sales.tmdl", "DIVIDE ( [Sales], [Orders] )", "DIVIDE ( [Sales], [Orders]", "measure Average order is no DAX"),
    ("powerbi_fields", f"{PAGES}/total_sales/visuals/by_month/visual.json", '"Property": "Year"', '"Property": "Years"', "the model has no column dim_date[Years]"),
    ("powerbi_fields", "deploy/powerbi/synapse.pbids", '"tds"', '"tdx"', "one connection"),
    ("powerbi_report", f"{PAGES}/total_sales/visuals/by_month/visual.json", '"Category": {', '"Categories": {', "Categories"),
]


def copy(folder):
    for name in ("deploy", ".github"):
        shutil.copytree(TOP / name, folder / name)
    return folder


def check(name, folder):
    said = subprocess.run([CHECK, folder], capture_output=True, text=True, check=False, env={**os.environ, "CHECKS": name, "BUILD_SECONDS": "0"})
    if f"{name}: skipped" in said.stdout:
        pytest.skip(said.stdout.splitlines()[0])
    return said


@pytest.mark.parametrize(("name", "file", "good", "bad", "message"), FAULTS, ids=[f"{fault[0]}-{number}" for number, fault in enumerate(FAULTS)])
def test_the_check_finds_it(tmp_path, name, file, good, bad, message):
    broken = copy(tmp_path) / file
    text = broken.read_text()
    assert good in text, f"{file} has changed: '{good}' is not in it"
    broken.write_text(text.replace(good, bad, 1))
    said = check(name, tmp_path)
    assert said.returncode == 1, said.stdout
    assert message in said.stdout, said.stdout
    assert said.stdout.rstrip().endswith("0 passed, 1 failed, 0 skipped")


def test_each_check_has_a_fault_of_its_own():
    listed = re.search(r"\$\{CHECKS:-([^}]*)\}", CHECK.read_text())[1].replace("\\", " ").split()
    assert set(listed) == {fault[0] for fault in FAULTS}
    assert set(listed) == set(re.findall(r"^check_(\w+)\(\)", CHECK.read_text(), re.M))


def test_what_is_missing_is_named(tmp_path):
    """With an empty cache, and no Go and no pip to fill it."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": str(tmp_path / "bin")}
    (tmp_path / "bin").mkdir()
    for tool in ("bash", "env", "dirname", "mktemp", "rm", "tail", "mkdir", "flock", "cut", "sha256sum", "grep", "awk", "sed", "cat"):
        (tmp_path / "bin" / tool).symlink_to(shutil.which(tool))
    said = subprocess.run([CHECK], capture_output=True, text=True, check=False, env=environment)
    counts = re.search(r"(\d+) passed, (\d+) failed, (\d+) skipped", said.stdout.splitlines()[-1])
    assert said.returncode == 0 and counts[2] == "0" and int(counts[3]) >= 10, said.stdout + said.stderr
    assert said.stdout.count(": skipped: ") == int(counts[3])
