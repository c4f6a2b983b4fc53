#!/bin/sh
# Takes the user and the password's file as the official image of ClickHouse does.
set -eu
umask 077
printf '[{"name":"%s","password":"%s","access":"write"}]' \
  "$CLICKHOUSE_USER" "$(cat "$CLICKHOUSE_PASSWORD_FILE")" >/tmp/users.json
exec node tests/engines/clickhouse-shim-main.ts \
  --host 0.0.0.0 --port 8123 --data /var/lib/clickhouse/data --users /tmp/users.json
