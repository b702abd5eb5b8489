#!/usr/bin/env bash
# Puts the connection string of Event Hubs into the Key Vault, from where millrace reads it: asked of Azure and
# handed on within this script, so that it stands in no state, no log and no process list. Again after a key
# is renewed. Needs az, signed in, with the rights of whoever applies, and a way to the vault.
#
#   deploy/terraform/secrets.sh            writes the secret
#   deploy/terraform/secrets.sh --renew    makes a new key first (the old one stops at once: roles read the
#                                          vault again within MILLRACE_SECRETS_REFRESH)
set -euo pipefail
cd "$(dirname "$0")"

readonly rule=millrace secret=events-connection
renew=0
case "${1:-}" in
    '') ;;
    --renew) renew=1 ;;
    *) printf 'usage: secrets.sh [--renew]\n' >&2; exit 2 ;;
esac
readonly terraform="${TERRAFORM:-terraform}"

group="$("$terraform" output -raw resource_group)"
namespace="$("$terraform" output -raw events_namespace)"
vault="$("$terraform" output -raw vault_name)"
readonly group namespace vault
readonly where=(--resource-group "$group" --namespace-name "$namespace" --name "$rule")

if ! az eventhubs namespace authorization-rule show "${where[@]}" --output none 2>/dev/null; then
    az eventhubs namespace authorization-rule create "${where[@]}" --rights Listen Send --output none
fi
if [ "$renew" -eq 1 ]; then
    az eventhubs namespace authorization-rule keys renew "${where[@]}" --key PrimaryKey --output none
fi

umask 077
file="$(mktemp)"
trap 'rm -f "$file"' EXIT
az eventhubs namespace authorization-rule keys list "${where[@]}" --query primaryConnectionString --output tsv |
    tr -d '\r\n' >"$file"
[ -s "$file" ] || { printf 'secrets: Azure gave no connection string of %s\n' "$namespace" >&2; exit 1; }
az keyvault secret set --vault-name "$vault" --name "$secret" --file "$file" --encoding utf-8 --output none
printf 'secrets: %s of %s is in %s\n' "$rule" "$namespace" "$vault"
