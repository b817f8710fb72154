#!/bin/sh
# audit.sh PLAN DATA [NAME]: audit a file by a plan; writes NAME.json and NAME.html.
# TACTFUL is the folder of a Tactful checkout. Exit 0 within the limits, 1 beyond one, 2 unusable.
# What is inconclusive passes with a note, or ends with 3 where STRICT=1.
set -eu
plan=$1 data=$2 name=${3:-fairness}
tactful() { "${PYTHON:-python3}" "${TACTFUL:?is the folder of a Tactful checkout}/manage.py" "$@"; }

tactful audit_plans check "$plan"
code=0
tactful audit --plan "$plan" "$data" --also "$name.json" --also "$name.html" || code=$?
if [ "$code" = 3 ] && [ "${STRICT:-0}" != 1 ]; then
  echo "Inconclusive: too few people to decide; the report says how many more."
  code=0
fi
exit "$code"
