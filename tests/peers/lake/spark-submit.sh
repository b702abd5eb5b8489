#!/usr/bin/env bash
# spark-submit (or what SPARK_PROGRAM names) for MILLRACE_SPARK_SUBMIT and MR_TEST_SPARK: of the readers' own
# Spark (install.sh), or of the release that SPARK_RELEASE names ("4.0.1"), fetched from PyPI the first time.
set -euo pipefail

if [ -n "${SPARK_RELEASE:-}" ]; then
    folder="${XDG_CACHE_HOME:-$HOME/.cache}/millrace/readers/spark-$SPARK_RELEASE"
    mkdir -p "${folder%/*}"
    exec 9>"$folder.lock"
    flock 9 # two runs at once install once
    if [ ! -f "$folder/complete" ]; then
        rm -rf "$folder"
        python3 -m venv "$folder"
        "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "pyspark==$SPARK_RELEASE" >&2
        touch "$folder/complete"
    fi
    exec 9>&-
    PYSPARK_PYTHON="$folder/bin/python"
else
    installed="$("$(dirname "$0")/install.sh")"
    PYSPARK_PYTHON="${installed%%$'\n'*}"
fi
export PYSPARK_PYTHON SPARK_LOCAL_IP="${SPARK_LOCAL_IP:-127.0.0.1}"
export PATH="${PYSPARK_PYTHON%/*}:$PATH" # Spark's scripts find it by the first python3
exec "${PYSPARK_PYTHON%/*}/${SPARK_PROGRAM:-spark-submit}" "$@"
