#!/bin/bash
# Give the API a new image; go back to the one before if it does not become ready or healthy.
set -euo pipefail

if [[ $# -ne 1 ]]; then
  echo "usage: $0 IMAGE" >&2
  exit 64
fi
image=$1
namespace=agentflow
deployment=deployment/agentflow-api

roll_back() {
  echo "rolling back: $1" >&2
  kubectl rollout undo "$deployment" --namespace="$namespace"
  kubectl rollout status "$deployment" --namespace="$namespace" --timeout=5m
  exit 1
}

kubectl set image "$deployment" "api=$image" --namespace="$namespace"
if ! kubectl rollout status "$deployment" --namespace="$namespace" --timeout=10m; then
  roll_back "the new pods did not become ready"
fi
if ! "$(dirname "$0")/health-check.sh"; then
  roll_back "the API is not healthy"
fi
