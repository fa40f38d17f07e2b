#!/bin/bash
# Ask every service how it is; say all that is wrong, and fail if anything is.
set -uo pipefail

api_url=${API_URL:-https://api.agentflow.example.com}
failed=0

check() {
  local name=$1
  shift
  if "$@" > /dev/null; then
    echo "$name: healthy"
  else
    echo "$name: FAILED" >&2
    failed=1
  fi
}

check API curl --fail --silent --show-error --max-time 10 "$api_url/health"
check pods kubectl wait pods --namespace=agentflow --selector=app=agentflow-api --for=condition=Ready --timeout=30s
exit "$failed"
