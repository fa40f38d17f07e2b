#!/usr/bin/env bash
# Make a throw-away certificate authority and one certificate per service of compose.yaml.
set -euo pipefail
cd "$(dirname "$0")"
umask 077
mkdir -p certificates
cd certificates

openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj "/CN=AgentFlow development CA" -keyout ca.key -out ca.pem

# service, the user that its container runs as (a key must be readable by that user alone), further names
while read -r service owner names; do
  openssl req -newkey rsa:3072 -nodes -subj "/CN=$service" -keyout "$service.key" -out "$service.csr"
  printf 'subjectAltName=DNS:%s,DNS:localhost%s\n' "$service" "${names:+,DNS:${names//,/,DNS:}}" > "$service.ext"
  openssl x509 -req -in "$service.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 \
    -extfile "$service.ext" -out "$service.pem"
  rm "$service.csr" "$service.ext"
  chmod 0644 "$service.pem"
  chown "$owner" "$service.key" || echo "run as root so that $service.key can belong to $owner" >&2
done <<'SERVICES'
pgbouncer 70:70
postgres 999:999
redis 999:1000
qdrant 1000:1000
monitoring 65534:65534 postgres-exporter,prometheus,alertmanager
SERVICES
chmod 0644 ca.pem
