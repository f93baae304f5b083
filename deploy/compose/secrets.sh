#!/usr/bin/env bash
# Makes the passwords that docker-compose.yml mounts, in ./secrets; keeps those that are there.
# The files are readable by all: containers read them as users that this machine does not know.
# The folder is not: only its owner gets at them from outside.
set -euo pipefail
cd "$(dirname "$0")/../.."

mkdir -p secrets inbox archive
chmod 711 secrets
password() { head -c 24 /dev/urandom | base64 | tr -d '/+=\n'; }
keep() { # NAME CONTENT
  [ -e "secrets/$1" ] || { printf '%s' "$2" >"secrets/$1" && chmod 444 "secrets/$1"; }
}

# A user for each service, with the rights of deploy/redis/users.acl.
if [ ! -e secrets/ingest_redis_url ]; then
  users=$(<deploy/redis/users.acl)
  for user in ingest enrich store operator reader producer; do
    redis=$(password)
    users=${users//>${user^^}_PASSWORD/>$redis}
    keep "${user}_redis_url" "redis://$user:$redis@redis:6379/0"
  done
  rm -f secrets/redis_users # of an earlier version, with one user for all
  keep redis_users "$users
"
fi
keep mongo_key "$(head -c 756 /dev/urandom | base64 -w 76)"
keep mongo_root_password "$(password)"
if [ ! -e secrets/mongo_newsflow_password ]; then
  mongo=$(password)
  keep mongo_newsflow_password "$mongo"
  keep newsflow_mongo_url "mongodb://newsflow:$mongo@mongo:27017/?replicaSet=newsflow&authSource=newsflow"
fi
if [ ! -e secrets/mongo_console_password ]; then
  mongo=$(password)
  keep mongo_console_password "$mongo"
  keep console_mongo_url "mongodb://console:$mongo@mongo:27017/?replicaSet=newsflow&authSource=newsflow"
fi
keep newsflow_console_token "$(password)"
rm -f secrets/newsflow_redis_url # of an earlier version
echo "passwords are in ./secrets; next: docker compose up -d --build"
