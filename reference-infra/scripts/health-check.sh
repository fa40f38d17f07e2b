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
# the figure that the alert ResponsesSlow watches all the time
seconds=$(curl --silent --output /dev/null --max-time 10 --write-out "%{time_total}" "$api_url/health")
check "response time" test "$(echo "$seconds < 1.0" | bc)" -eq 1
check pods kubectl wait pods --namespace=agentflow --selector=app=agentflow-api --for=condition=Ready --timeout=30s
exit "$failed"
