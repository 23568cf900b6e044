#!/bin/sh
# Reports what a deployment needs from this host: one fact a line, a name and its value. Reads only: it creates no file,
# fetches no agent and starts no daemon, so it also works where the agent cannot start (docs/decisions/0064-check-of-hosts.md).
#
# The SSM document puts these assignments before this text (cdk/check-document.template.json):
#   CERTFERRY_HOME   the agent's own folder, an absolute path
#   RUNTIME_URL      the word host for the node of this host, or a Node binary that the host downloads
#   RUNTIME_BYTES    the size of the unpacked runtime; may be empty
#   S3_URL           the agent in S3, as https. It is requested without credentials, so S3 answers 403.
#
# account/doctor/hosts/host-facts.ts reads the facts. SSM returns the first 2,500 characters of them. No fact contains a
# credential, a value of a proxy variable, or content of a file of a daemon.

set -u
LC_ALL=C
export LC_ALL
# Tests replace this line by a folder that stands for /.
root=''

# fact NAME VALUE: printable characters only, so that a value cannot add a line.
fact() { printf '%s %s\n' "$1" "$(printf '%s' "$2" | tr '\n' ' ' | tr -cd ' -~' | cut -c 1-120)"; }

# setting NAME FILE: the value of NAME=value or NAME="value".
setting() { sed -n "s/^$1=\"\{0,1\}\([^\"]*\)\"\{0,1\}\$/\1/p" "$2" 2>/dev/null; }

# version_of PROGRAM: the first line of its version. Empty if the program is missing or cannot be executed.
version_of() { ! command -v "$1" >/dev/null 2>&1 || "$1" --version 2>&1 | head -n 1; }

existing_folder() {
  folder=$CERTFERRY_HOME
  while [ ! -d "$folder" ]; do
    folder=${folder%/*}
    folder=${folder:-/}
  done
  printf '%s' "$folder"
}

# column OPTION NUMBER: a column of df for the file system of the agent.
column() { df "$1" "$(existing_folder)" 2>/dev/null | sed -n '$p' | tr -s ' ' | cut -d ' ' -f "$2"; }

# The last mount counts: a later one covers an earlier one.
mount_options() {
  options=''
  while read -r _ point _ found _; do
    [ "$point" != "$1" ] || options=$found
  done 2>/dev/null <"$root/proc/self/mounts"
  printf '%s' "$options"
}

libc() {
  getconf GNU_LIBC_VERSION 2>/dev/null && return
  case $(ldd --version 2>&1 | head -n 1) in
    musl*) printf 'musl' ;;
  esac
}

is_set() { [ -z "$1" ] || printf '%s ' "$2"; }

imds=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
ask() { curl -fsS --noproxy '*' --connect-timeout 2 --max-time 5 "$@" 2>&1; }

# The kind of credentials with which this host can read from S3. Only the name of a role is requested.
credentials() {
  shared=$(sed -n 's/.*"ShareFile" *: *"\([^"]*\)".*/\1/p' "$root/var/lib/amazon/ssm/runtimeconfig/identity_config.json" 2>/dev/null)
  case $shared,${AWS_SSM_INSTANCE_ID:-} in
    ?*,mi-*) printf 'hybrid' ;;
    ?*,*) printf 'default-host-management' ;;
    ,mi-*) printf 'hybrid-not-shared' ;;
    *)
      token=$(ask -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$imds/latest/api/token") || {
        printf 'no-metadata %s' "$token"
        return
      }
      role=$(ask -H "X-aws-ec2-metadata-token: $token" "$imds/latest/meta-data/iam/security-credentials/") || {
        case $role in
          *'error: 404'*) printf 'none' ;;
          *) printf 'no-metadata %s' "$role" ;;
        esac
        return
      }
      printf 'instance-role %s' "$role"
      ;;
  esac
}

# Sets $answer to the status and $date to the clock of S3. An answer of AWS has a request id.
request_s3() {
  date=''
  headers=$(curl -sSI --connect-timeout 5 --max-time 15 ${AWS_CA_BUNDLE:+--cacert "$AWS_CA_BUNDLE"} "$S3_URL" 2>&1) || {
    answer="error $headers"
    return
  }
  headers=$(printf '%s' "$headers" | tr -d '\r')
  answer=$(printf '%s' "$headers" | sed -n 's/^HTTP[^ ]* \([0-9]*\).*/\1/p' | tail -n 1)
  date=$(printf '%s' "$headers" | sed -n 's/^[Dd]ate: //p' | tail -n 1)
  case $(printf '%s' "$headers" | tr '[:upper:]' '[:lower:]') in
    *x-amz-request-id*) answer="aws $answer" ;;
    *) answer="other $answer" ;;
  esac
}

user_data() {
  if [ ! -d "$root/run/cloud-init" ]; then
    printf 'none'
  elif [ -e "$root/run/cloud-init/result.json" ]; then
    printf 'finished'
  else
    printf 'running'
  fi
}

daemons() {
  PATH=$PATH:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  for program in nginx haproxy apache2 httpd caddy envoy traefik postfix dovecot java psql mariadbd mysqld redis-server \
    mosquitto rabbitmqctl; do
    ! command -v "$program" >/dev/null 2>&1 || printf '%s ' "$program"
  done
}

case $RUNTIME_URL in
  host) runtime=host ;;
  *) runtime=fetched ;;
esac
mount=$(column -Pk 6)
request_s3

fact certferry-check 1
fact system "$(setting ID "$root/etc/os-release") $(setting VERSION_ID "$root/etc/os-release")"
fact architecture "$(uname -m)"
fact libc "$(libc)"
fact runtime "$runtime"
fact runtime-bytes "${RUNTIME_BYTES:-0}"
fact node "$(version_of node)"
fact mount "$mount"
fact mount-options "$(mount_options "$mount")"
fact free-kib "$(column -Pk 4)"
fact inodes "$(column -Pi 2)"
fact free-inodes "$(column -Pi 4)"
fact memory-kib "$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' "$root/proc/meminfo" 2>/dev/null)"
fact curl "$(version_of curl)"
fact aws "$(version_of aws)"
fact fips "$(cat "$root/proc/sys/crypto/fips_enabled" 2>/dev/null)"
fact proxies "$(is_set "${https_proxy:-}${HTTPS_PROXY:-}" https_proxy)$(is_set "${http_proxy:-}" http_proxy)\
$(is_set "${no_proxy:-}${NO_PROXY:-}" no_proxy)"
fact credentials "$(credentials)"
fact s3 "$answer"
fact s3-date "$date"
fact time "$(date +%s)"
fact user-data "$(user_data)"
fact daemons "$(daemons)"
