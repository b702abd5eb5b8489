#!/usr/bin/env python3
"""The house's own rules for Terraform, on the parsed files: terraform_rules.py FOLDER. A breach a line."""

import ipaddress
import re
import sys
from pathlib import Path

import hcl2

# What an identity of the platform may hold, and why.
ROLES = {
    "Storage Blob Data Contributor": "writes Delta tables, or the state",
    "Storage Blob Data Reader": "reads Delta tables",
    "Key Vault Secrets User": "reads one secret",
    "AcrPull": "pulls the image",
}
# What only bootstrap/ gives, to those who deploy.
DEPLOY_ROLES = {"Reader", "Contributor", "Role Based Access Control Administrator", "Key Vault Secrets Officer"}
MUST_BE = {
    "azurerm_storage_account": {
        "shared_access_key_enabled": False, "allow_nested_items_to_be_public": False, "https_traffic_only_enabled": True,
        "min_tls_version": "TLS1_2", "local_user_enabled": False, "cross_tenant_replication_enabled": False},
    "azurerm_storage_container": {"container_access_type": "private"},
    "azurerm_key_vault": {"rbac_authorization_enabled": True, "purge_protection_enabled": True},
    "azurerm_eventhub_namespace": {"minimum_tls_version": "1.2", "public_network_access_enabled": False},
    "azurerm_postgresql_flexible_server": {"public_network_access_enabled": False},
    "azurerm_synapse_workspace": {
        "public_network_access_enabled": False, "managed_virtual_network_enabled": True,
        "data_exfiltration_protection_enabled": True, "azuread_authentication_only": True},
    "azurerm_data_factory": {"public_network_enabled": False, "managed_virtual_network_enabled": True},
}
KEPT = {"azurerm_storage_account", "azurerm_key_vault", "azurerm_postgresql_flexible_server", "azurerm_postgresql_flexible_server_database"}
# Types that take no tags.
UNTAGGED = {
    "azurerm_subnet", "azurerm_subnet_network_security_group_association", "azurerm_storage_container",
    "azurerm_role_assignment", "azurerm_eventhub", "azurerm_postgresql_flexible_server_database",
    "azurerm_synapse_workspace_aad_admin", "azurerm_synapse_managed_private_endpoint",
    "azurerm_data_factory_managed_private_endpoint", "azurerm_monitor_diagnostic_setting",
    "azurerm_consumption_budget_resource_group", "azurerm_federated_identity_credential",
}
FORBIDDEN = {"azurerm_postgresql_flexible_server_firewall_rule", "azurerm_synapse_firewall_rule", "azurerm_eventhub_namespace_authorization_rule"}
SECRET = re.compile(r"password|secret|connection_string|access_key|sas_token|primary_key")
NOT_SECRET = re.compile(r"(_version|_reference|secret_ids?)$")


def plain(value):
    """A quoted text without its quotes; everything else as it is."""
    if isinstance(value, str) and len(value) >= 2 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


class Checker:
    """Gathers breaches of one tree."""

    def __init__(self, top):
        self.top = top
        self.breaches = []
        self.seen = 0

    def breach(self, file, text):
        self.breaches.append(f"{file.relative_to(self.top)}: {text}")

    def blocks(self, file, kind):
        """(name parts, body) of each block of a kind."""
        for block in self.parsed[file].get(kind, []):
            yield from self.unfold(block, ())

    def unfold(self, block, names):
        if block.get("__is_block__"):
            yield names, block
            return
        for name, inner in block.items():
            if isinstance(inner, dict):
                yield from self.unfold(inner, (*names, plain(name)))

    def run(self):
        files = sorted(path for path in self.top.rglob("*.tf") if ".terraform" not in path.parts)
        if not files:
            return [f"{self.top}: no Terraform here"]
        self.parsed = {}
        for file in files:
            try:
                self.parsed[file] = hcl2.loads(file.read_text())
            except Exception as problem:  # the parser raises many kinds
                self.breach(file, f"cannot be read: {str(problem).splitlines()[0]}")
        for file in self.parsed:
            self.check_variables(file)
            self.check_outputs(file)
            self.check_resources(file)
            self.check_addresses(file)
        if not self.seen:
            self.breaches.append("no resource was checked")
        self.check_folders(files)
        self.check_variables_are_used(files)
        self.check_references(files)
        self.check_values()
        return self.breaches

    def check_variables(self, file):
        for (name,), body in self.blocks(file, "variable"):
            if not plain(body.get("description")):
                self.breach(file, f"variable {name} has no description")
            if "type" not in body or body["type"] in ("any", "${any}"):
                self.breach(file, f"variable {name} has no type")
            if SECRET.search(name) and not NOT_SECRET.search(name):
                if body.get("sensitive") is not True:
                    self.breach(file, f"variable {name} is not sensitive")
                if plain(body.get("default")) not in (None, "null", "${null}"):
                    self.breach(file, f"variable {name} is a secret with a default")

    def check_outputs(self, file):
        for (name,), body in self.blocks(file, "output"):
            if not plain(body.get("description")):
                self.breach(file, f"output {name} has no description")
            for reference in re.findall(r"[a-z_]+(?:\.[a-z_0-9\[\]\"]+)+", str(body.get("value"))):
                last = reference.rsplit(".", 1)[-1]
                if SECRET.search(last) and not NOT_SECRET.search(last) and body.get("sensitive") is not True:
                    self.breach(file, f"output {name} shows {reference} and is not sensitive")

    def check_resources(self, file):
        for (kind, name), body in self.blocks(file, "resource"):
            self.seen += 1
            where = f"{kind}.{name}"
            if kind in FORBIDDEN:
                self.breach(file, f"{where}: opens a firewall, or keeps a key in the state")
            if kind not in UNTAGGED and "tags" not in body:
                self.breach(file, f"{where} has no tags")
            if kind in UNTAGGED and "tags" in body:
                self.breach(file, f"{where} takes no tags")
            for setting, wanted in MUST_BE.get(kind, {}).items():
                if plain(body.get(setting)) != wanted:
                    self.breach(file, f"{where}: {setting} is not {wanted}")
            if kind in KEPT and not any(part.get("prevent_destroy") is True for part in body.get("lifecycle", [])):
                self.breach(file, f"{where} holds data and may be destroyed")
            self.check_network(file, kind, where, body)
            if kind == "azurerm_role_assignment":
                self.check_role(file, where, body)
            self.check_literal_secrets(file, where, body)

    def check_network(self, file, kind, where, body):
        bootstrap = self.top / "bootstrap" in file.parents
        if kind == "azurerm_storage_account" and not bootstrap:
            if body.get("public_network_access_enabled") is not False:
                self.breach(file, f"{where}: public_network_access_enabled is not False")
            if [plain(rules.get("default_action")) for rules in body.get("network_rules", [])] != ["Deny"]:
                self.breach(file, f"{where}: its network rules do not deny by default")
        if kind == "azurerm_key_vault":
            if "deployer_addresses" not in str(body.get("public_network_access_enabled")):
                self.breach(file, f"{where}: is open for others than deployer_addresses")
            if [plain(rules.get("default_action")) for rules in body.get("network_acls", [])] != ["Deny"]:
                self.breach(file, f"{where}: its network rules do not deny by default")

    def check_role(self, file, where, body):
        bootstrap = self.top / "bootstrap" in file.parents
        if "role_definition_id" in body:
            self.breach(file, f"{where} names a role by id: say its name")
        said = str(body.get("role_definition_name"))
        names = re.findall(r'"([^"]+)"', said)
        if said == "${each.value}":
            names = [plain(value) for block in self.parsed[file].get("locals", []) for value in block.get("lake_roles", {}).values() if isinstance(value, str)]
        if not names:
            self.breach(file, f"{where}: cannot tell its role")
        for role in names:
            if role not in ROLES and not (bootstrap and role in DEPLOY_ROLES):
                self.breach(file, f"{where} gives '{role}', which is not on the list")
            if role == "Role Based Access Control Administrator" and "condition" not in body:
                self.breach(file, f"{where} may give any role away: it needs a condition")
        if not bootstrap and re.search(r"resource_group|subscription", str(body.get("scope"))):
            self.breach(file, f"{where}: its scope is wider than one resource")

    def check_literal_secrets(self, file, where, body):
        for setting, value in body.items():
            if setting.startswith("__") or not SECRET.search(setting) or NOT_SECRET.search(setting):
                continue
            if isinstance(value, str) and value.startswith('"') and "${" not in value:
                self.breach(file, f"{where}: {setting} is written down")
        if "administrator_password" in body or "value" in body and "key_vault_secret" in where:
            self.breach(file, f"{where} keeps a secret in the state: use the write-only argument")

    def check_addresses(self, file):
        text = re.sub(r"#[^\n]*", "", file.read_text())
        for found in re.findall(r'"(\d+\.\d+\.\d+\.\d+(?:/\d+)?)"', text):
            if not ipaddress.ip_network(found, strict=False).is_private or found.startswith("0.0.0.0"):
                self.breach(file, f"{found} is open to the world")

    def check_folders(self, files):
        for folder in {file.parent for file in files}:
            for name in ("variables.tf", "outputs.tf", "versions.tf"):
                if not (folder / name).is_file():
                    self.breach(folder / name, "is missing")
        for file in self.parsed:
            for (name,), body in self.blocks(file, "module"):
                source = file.parent / str(plain(body.get("source")))
                if not (source / "main.tf").is_file():
                    self.breach(file, f"module {name}: there is no {plain(body.get('source'))}")
                    continue
                self.check_module_call(file, name, body, source.resolve())

    def check_module_call(self, file, name, body, source):
        declared = source / "variables.tf"
        if declared not in self.parsed:
            return
        known = {names[0]: "default" in variable for names, variable in self.blocks(declared, "variable")}
        given = {key for key in body if not key.startswith("__")} - {"source", "count", "for_each", "depends_on", "providers"}
        for extra in sorted(given - set(known)):
            self.breach(file, f"module {name} knows no {extra}")
        for missing in sorted(key for key, has_default in known.items() if not has_default and key not in given):
            self.breach(file, f"module {name} is not told {missing}")

    def check_variables_are_used(self, files):
        for folder in {file.parent for file in files}:
            text = "\n".join(file.read_text() for file in folder.glob("*.tf"))
            declared = {names[0] for file in folder.glob("*.tf") if file in self.parsed for names, _ in self.blocks(file, "variable")}
            used = set(re.findall(r"\bvar\.(\w+)", text))
            for name in sorted(declared - used):
                self.breach(folder / "variables.tf", f"variable {name} is used nowhere")
            for name in sorted(used - declared):
                self.breach(folder / "variables.tf", f"var.{name} is not declared")

    def names(self, folder, kind):
        """Blocks of a kind in a folder, by their names; locals by theirs."""
        for file in folder.glob("*.tf"):
            if kind == "locals":
                for block in self.parsed.get(file, {}).get("locals", []):
                    yield from (plain(name) for name in block if not name.startswith("__"))
            elif file in self.parsed:
                yield from (".".join(names) for names, _ in self.blocks(file, kind))

    def check_references(self, files):
        """What an expression refers to is there: resources, locals, modules and their outputs."""
        for folder in sorted({file.parent for file in files}):
            resources, modules = set(self.names(folder, "resource")), {}
            for file in folder.glob("*.tf"):
                for (name,), body in self.blocks(file, "module") if file in self.parsed else ():
                    modules[name] = set(self.names((folder / str(plain(body.get("source")))).resolve(), "output"))
            for file in folder.glob("*.tf"):
                text = re.sub(r"(?<!\S)#[^\n]*", "", file.read_text())
                for name in set(re.findall(r"\blocal\.(\w+)", text)) - set(self.names(folder, "locals")):
                    self.breach(file, f"local.{name} is not there")
                for name in set(re.findall(r"(?<!data\.)\b(azurerm_\w+\.\w+)", text)) - resources:
                    self.breach(file, f"{name} is not there")
                for name, output in set(re.findall(r"\bmodule\.(\w+)(?:\[[^]]*\])?(?:\.(\w+))?", text)):
                    if name not in modules or output and output not in modules[name]:
                        self.breach(file, f"module.{name}{'.' + output if output else ''} is not there")

    def check_values(self):
        declared = {}
        root = self.top / "variables.tf"
        if root in self.parsed:
            declared = {names[0]: body for names, body in self.blocks(root, "variable")}
        for file in sorted((self.top / "environments").glob("*.tfvars")):
            try:
                values = {key: value for key, value in hcl2.loads(file.read_text()).items() if not key.startswith("__")}
            except Exception as problem:
                self.breach(file, f"cannot be read: {str(problem).splitlines()[0]}")
                continue
            for name in sorted(set(values) - set(declared)):
                self.breach(file, f"{name} is not a variable")
            for name, body in declared.items():
                if name in values and body.get("sensitive") is True:
                    self.breach(file, f"{name} is a secret: it belongs into TF_VAR_{name}")
                if name not in values and "default" not in body and body.get("sensitive") is not True:
                    self.breach(file, f"{name} is missing")
            if not (file.parent / f"{file.stem}.backend.hcl").is_file():
                self.breach(file, "has no backend file beside it")


def main():
    breaches = Checker(Path(sys.argv[1]).resolve()).run()
    print("\n".join(breaches), end="\n" if breaches else "")
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
