#!/usr/bin/env bash
# Install what the tests in this folder start, as far as Debian has it and this user may; without it they are skipped by name.
set -euo pipefail

missing=()
need() {
  local package=$1 program=$2
  PATH=$PATH:/usr/sbin:/sbin command -v "$program" > /dev/null || missing+=("$package")
}
need redis-server redis-server
need redis-tools redis-cli
need pgbouncer pgbouncer
need prometheus prometheus
need prometheus-alertmanager prometheus-alertmanager
need shellcheck shellcheck
compgen -G "/usr/lib/postgresql/*/bin/initdb" > /dev/null || missing+=(postgresql)

if [[ ${#missing[@]} -eq 0 ]]; then
  exit 0
fi
if [[ $EUID -ne 0 ]] || ! command -v apt-get > /dev/null; then
  echo "not installed, as only root can, with apt-get: ${missing[*]}; what needs them is skipped" >&2
  exit 0
fi

# The packages' own services are not wanted: the tests start theirs.
policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then
  printf '#!/bin/sh\nexit 101\n' > "$policy"
  chmod +x "$policy"
  trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq > /dev/null || echo "apt-get update failed; trying with what is known" >&2
for package in "${missing[@]}"; do
  apt-get install -y -qq --no-install-recommends "$package" > /dev/null 2>&1 || echo "could not install $package; what needs it is skipped" >&2
done
