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

if [ ! -e secrets/redis_users ]; then
  redis=$(password)
  keep newsflow_redis_url "redis://newsflow:$redis@redis:6379/0"
  keep redis_users "user default on nopass resetkeys resetchannels -@all +ping
user newsflow on >$redis resetkeys ~articles.* resetchannels -@all +@stream +@hash +@sortedset +get +set +del +expire +persist +@scripting +@connection +ping +info +time
"
fi
keep mongo_key "$(head -c 756 /dev/urandom | base64 -w 76)"
keep mongo_root_password "$(password)"
if [ ! -e secrets/mongo_newsflow_password ]; then
  mongo=$(password)
  keep mongo_newsflow_password "$mongo"
  keep newsflow_mongo_url "mongodb://newsflow:$mongo@mongo:27017/?replicaSet=newsflow&authSource=newsflow"
fi
echo "passwords are in ./secrets; next: docker compose up -d --build"
