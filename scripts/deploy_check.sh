#!/usr/bin/env bash
# Checks what deploys millrace: Terraform, workflows, the Helm chart, Data Factory, scripts; and what Synapse and Power BI take of it. Each check is a tool's or one of
# the house's own (scripts/deploy_check/); what a tool that is missing here would have checked is named as
# skipped. Closes with one line of counts; fails if a check did.
#
#   scripts/deploy_check.sh [FOLDER]     FOLDER: a copy of deploy/ and .github/ to look at; default: this tree
#   CHECKS="fmt workflows"               only these
#
# A new check: a function check_NAME that prints breaches and returns 1 for them, or says `missing REASON`; and
# a fault for it in tests/deploy/test_deploy_check.py.
set -uo pipefail

top="$(cd "$(dirname "$0")/.." && pwd)"
tree="$(cd "${1:-$top}" && pwd)" || exit 2
readonly top tree rules="$top/scripts/deploy_check"
readonly skipped_status=77
readonly kubernetes_versions=(1.27 1.37) # the oldest that the chart allows, and the newest known here
missing() { printf '%s\n' "$*"; return "$skipped_status"; }

tools="$("$top/tests/peers/deploy/install.sh" | tail -n 1)"
readonly tools
export PATH="$tools/bin:$PATH" PYTHONPATH="$rules" PYTHONDONTWRITEBYTECODE=1
export TF_CLI_CONFIG_FILE=/dev/null CHECKPOINT_DISABLE=1 # nobody's own settings
work="$(mktemp -d)"
readonly work
trap 'rm -rf "$work"' EXIT

have() { [ -x "$tools/bin/$1" ] || missing "no $1: $top/tests/peers/deploy/install.sh says why"; }
have_python() { [ -x "$tools/requirements/bin/python" ] || missing "no python with its packages: $top/tests/peers/deploy/install.sh says why"; }
python() { "$tools/requirements/bin/python" "$@"; }

# The sources of the provider, which hold its reference; Go keeps them.
provider_folder() {
    local version
    version="$(awk '$1 == "terraform-provider-azurerm" { print $3 }' "$top/tests/peers/deploy/tools.txt")"
    command -v go >/dev/null &&
        (cd "$work" && GOFLAGS=-mod=mod go mod download -json "github.com/hashicorp/terraform-provider-azurerm@$version" 2>/dev/null) |
        sed -nE 's/^\t"Dir": "(.*)",?$/\1/p'
}

# --- Terraform

check_terraform_rules() {
    have_python || return
    python "$rules/terraform_rules.py" "$tree/deploy/terraform"
}

check_terraform_reference() {
    local provider
    have_python || return
    provider="$(provider_folder)"
    [ -n "$provider" ] || { missing "no reference of the azurerm provider: it comes by Go's proxy"; return; }
    python "$rules/provider_rules.py" "$tree/deploy/terraform" "$provider"
}

check_terraform_policies() {
    [ -x "$tools/checkov/bin/checkov" ] || { missing "no checkov: $top/tests/peers/deploy/install.sh says why"; return; }
    (cd "$work" && "$tools/checkov/bin/checkov" --config-file "$tree/deploy/terraform/.checkov.yaml" --skip-download --directory "$tree/deploy/terraform" 2>&1)
}

check_terraform_format() {
    have tofu || return
    tofu fmt -check -recursive -diff "$tree/deploy/terraform"
}

# A copy with the provider beside it: `init` may fetch nothing.
terraform_copy() { # FOLDER
    local mirror="$work/mirror/registry.opentofu.org/hashicorp/azurerm/5.2.0/linux_amd64"
    mkdir -p "$mirror" "$1"
    ln -sf "$tools/bin/terraform-provider-azurerm" "$mirror/terraform-provider-azurerm_v5.2.0"
    printf 'provider_installation {\n  filesystem_mirror {\n    path = "%s"\n  }\n}\n' "$work/mirror" >"$work/tofurc"
    cp -r "$tree/deploy/terraform/." "$1"
    export TF_CLI_CONFIG_FILE="$work/tofurc"
}

readonly no_provider="no azurerm provider: tests/peers/deploy/install.sh --provider builds it, once"

check_terraform_validate() {
    local copy="$work/validate" folder
    have tofu || return
    have terraform-provider-azurerm >/dev/null || { missing "$no_provider"; return; }
    terraform_copy "$copy"
    for folder in "$copy" "$copy/bootstrap"; do
        (cd "$folder" && tofu init -backend=false -input=false && tofu validate) >"$work/validate.log" 2>&1 || { cat "$work/validate.log"; return 1; }
    done
}

check_terraform_test() {
    local copy="$work/test"
    have tofu || return
    have terraform-provider-azurerm >/dev/null || { missing "$no_provider"; return; }
    terraform_copy "$copy"
    (cd "$copy" && tofu init -backend=false -input=false && tofu test) >"$work/test.log" 2>&1 || { cat "$work/test.log"; return 1; }
}

# --- Workflows and scripts

check_workflows() {
    have actionlint || return
    have shellcheck || return
    actionlint -no-color "$tree"/.github/workflows/*.yml
}

check_workflow_rules() {
    have_python || return
    python "$rules/workflow_rules.py" "$tree/.github/workflows"
}

check_scripts() {
    local scripts
    mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh$' "$tree/deploy")
    [ ${#scripts[@]} -gt 0 ] || { echo "no scripts in $tree/deploy"; return 1; }
    for script in "${scripts[@]}"; do bash -n "$script" || return 1; done
    have shellcheck || return
    shellcheck "${scripts[@]}"
}

# --- Data Factory

have_factory() { [ -x "$tools/factory/bin/python" ] || missing "no python with Data Factory's packages: $top/tests/peers/deploy/install.sh says why"; }

check_factory_rules() {
    command -v python3 >/dev/null || { missing "no python3"; return; }
    python3 "$rules/factory_rules.py" "$tree/deploy/adf"
}

check_factory_schema() {
    have_factory || return
    "$tools/factory/bin/python" "$rules/factory_schema.py" "$tree/deploy/adf"
}

check_factory_scenarios() {
    have_factory || return
    "$tools/factory/bin/python" "$rules/factory_scenarios.py" "$tree/deploy/adf"
}

# --- Kubernetes

readonly chart="$tree/deploy/kubernetes/millrace"

rendered() { # VERSION: the manifests of the defaults and of each example, in files
    local values name
    for values in "$chart/values.yaml" "$chart"/examples/*.yaml; do
        name="$(basename "$values" .yaml)"
        helm template shop "$chart" --namespace shop --kube-version "$1.0" --values "$values" >"$work/$name-$1.yaml" || return 1
        echo "$work/$name-$1.yaml"
    done
}

check_chart() {
    local values
    have helm || return
    for values in "$chart/values.yaml" "$chart"/examples/*.yaml; do
        helm lint --strict --quiet --kube-version "${kubernetes_versions[0]}.0" --values "$values" "$chart" || return 1
    done
}

check_manifests() {
    local version files
    have helm || return
    have_python || return
    for version in "${kubernetes_versions[@]}"; do
        files="$(rendered "$version")" || return 1
        # shellcheck disable=SC2086 # a file a word
        python -m kubernetes_validate --strict --quiet -k "$version" $files || return 1
    done
}

check_manifest_rules() {
    local files
    have helm || return
    have_python || return
    files="$(rendered "${kubernetes_versions[1]}")" || return 1
    # shellcheck disable=SC2086 # a file a word
    python "$rules/kubernetes_rules.py" $files
}

# --- Synapse and Power BI

have_microsoft() { [ -x "$tools/microsoft/bin/python" ] || missing "no parsers of Microsoft's: $top/tests/peers/deploy/install.sh says why"; }
microsoft() { "$tools/microsoft/bin/python" "$rules/microsoft_parsers.py" "$@"; }
warehouse() {
    [ -x "$tools/warehouse/bin/python" ] || { missing "no readers of T-SQL and DAX: $top/tests/peers/deploy/install.sh says why"; return; }
    "$tools/warehouse/bin/python" "$rules/warehouse_rules.py" "$@"
}

check_synapse_grammar() { have_microsoft && microsoft tsql "$tree/deploy/synapse"; }
check_synapse_dialect() { warehouse dialect "$tree/deploy/synapse"; }
check_synapse_objects() { warehouse objects "$tree/deploy/synapse"; }
check_powerbi_model() { have_microsoft && microsoft tmdl "$tree/deploy/powerbi/millrace.SemanticModel/definition"; }
check_powerbi_measures() { warehouse measures "$tree/deploy/powerbi"; }
check_powerbi_fields() { warehouse fields "$tree/deploy/powerbi"; }

check_powerbi_report() {
    [ -d "$tools/pbir/node_modules" ] || { missing "no validator of reports: $top/tests/peers/deploy/install.sh says why"; return; }
    node "$rules/powerbi_report.mjs" "$tools/pbir" "$tree/deploy/powerbi/millrace.Report"
}

main() {
    local name status said passed=0 failed=0 skipped=0 began=$SECONDS
    for name in ${CHECKS:-terraform_rules terraform_reference terraform_policies terraform_format terraform_validate terraform_test \
        workflows workflow_rules scripts factory_rules factory_schema factory_scenarios chart manifests manifest_rules \
        synapse_grammar synapse_dialect synapse_objects powerbi_model powerbi_measures powerbi_fields powerbi_report}; do
        said="$("check_$name" 2>&1)"
        status=$?
        case "$status" in
            0) passed=$((passed + 1)); printf 'deploy-check: %s: ok\n' "$name" ;;
            "$skipped_status") skipped=$((skipped + 1)); printf 'deploy-check: %s: skipped: %s\n' "$name" "$said" ;;
            *) failed=$((failed + 1)); printf 'deploy-check: %s: FAILED\n%s\n' "$name" "$said" ;;
        esac
    done
    printf 'deploy-check: %d s\n%d passed, %d failed, %d skipped\n' $((SECONDS - began)) "$passed" "$failed" "$skipped"
    [ "$failed" -eq 0 ]
}

main
