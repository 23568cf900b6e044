#!/bin/sh
# Fetches the pinned agent and its runtime, keeps both under their SHA-256, and starts the agent.
#
# The SSM document puts these assignments before this text (cdk/ssm-document.template.json):
#   AGENT_URL, AGENT_SHA256      the agent, one .cjs file
#   RUNTIME_URL, RUNTIME_SHA256  a Node binary, or the word host for the node on this host's PATH (20.12 or later).
#                                A name that ends in .gz is unpacked; the digest is that of the unpacked binary.
#   CERTFERRY_HOME               the agent's own folder, an absolute path
#   CERTFERRY_ROLE, CERTFERRY_JOB_KEYS, CERTFERRY_FENCE_STEP
#                                the jobs that the agent accepts (agent-scripts/host/agent-environment.ts)
# A URL is file:///path (not decoded), https://host/path or s3://bucket/key. The SSM agent passes the job in the
# variable SSM_Job; it is never inserted into this text.
#
# Only the agent writes to standard output. Two runs may overlap: each fetches to its own temporary file, which is
# renamed only if its digest is correct.

set -eu
umask 077

log() { printf 'certferry bootstrap: %s\n' "$1" >&2; }

fail() {
  log "$1"
  exit 1
}

temporary=''
clean_up() { [ -z "$temporary" ] || rm -f "$temporary" "$temporary.gz"; }
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

require_job() {
  # an older SSM Agent ignores ENV_VAR parameters without an error
  [ -n "${SSM_Job:-}" ] || fail "SSM_Job is not set, so this host received no job. Update its SSM Agent to \
3.3.2746.0 or later: earlier versions do not pass parameters as environment variables."
}

digest_of() {
  if command -v sha256sum >/dev/null 2>&1; then
    set -- "$(sha256sum <"$1")"
  else
    set -- "$(shasum -a 256 <"$1")"
  fi
  printf '%s' "${1%% *}"
}

fetch_https() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsS --proto '=https' -L --connect-timeout 10 --max-time 300 --retry 2 -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -T 30 -O "$2" "$1"
  else
    log 'neither curl nor wget is installed'
    return 1
  fi
}

imds() {
  curl -fsS --noproxy '*' --connect-timeout 2 --max-time 10 \
    -H "X-aws-ec2-metadata-token: $imds_token" "$imds_endpoint/latest/$1"
}

credential() { printf '%s' "$credentials" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }

# Without the AWS CLI, curl signs the request with the credentials of the instance role. They are passed on standard
# input, because other processes can read argument lists.
fetch_s3_with_curl() {
  imds_endpoint=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
  imds_token=$(curl -fsS --noproxy '*' --connect-timeout 2 --max-time 10 -X PUT \
    -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$imds_endpoint/latest/api/token") || return 1
  region=$(imds meta-data/placement/region) || return 1
  domain=$(imds meta-data/services/domain) || return 1
  role=$(imds meta-data/iam/security-credentials/) || return 1
  credentials=$(imds "meta-data/iam/security-credentials/$role") || return 1

  location=${1#s3://}
  endpoint=${AWS_ENDPOINT_URL_S3:-}
  if [ -n "$endpoint" ]; then
    address=${endpoint%/}/$location
  else
    address=https://${location%%/*}.s3.$region.$domain/${location#*/}
  fi
  printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\nheader = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\n' \
    "$(credential AccessKeyId)" "$(credential SecretAccessKey)" "$(credential Token)" |
    curl -K - -fsS --connect-timeout 10 --max-time 300 --retry 2 \
      --aws-sigv4 "aws:amz:$region:s3" -o "$2" "$address"
}

fetch_s3() {
  if command -v aws >/dev/null 2>&1; then
    aws s3 cp --only-show-errors "$1" "$2" >&2
  elif command -v curl >/dev/null 2>&1; then
    fetch_s3_with_curl "$1" "$2" || {
      log 'without the AWS CLI, reading S3 needs curl 7.88 or later and an instance role'
      return 1
    }
  else
    log 'neither the AWS CLI nor curl is installed'
    return 1
  fi
}

fetch() {
  case $1 in
    file:///*) cp "${1#file://}" "$2" ;;
    https://*) fetch_https "$1" "$2" ;;
    s3://*/*) fetch_s3 "$1" "$2" ;;
    *)
      log "unsupported URL $1: use file:///, https:// or s3://"
      return 1
      ;;
  esac
}

# fetch_checked URL SHA256: fetches to $temporary, checks the digest and flushes the file. Exits on failure.
fetch_checked() {
  # removes temporary files of killed runs, at least a day old; other runs may remove them at the same time
  find "$bin" -type f -name '.fetch.*' -mtime +0 -exec rm -f {} + 2>/dev/null || :
  temporary=$(mktemp "$bin/.fetch.XXXXXX")
  case $1 in
    *.gz)
      fetch "$1" "$temporary.gz" || fail "could not fetch $1"
      gunzip -c "$temporary.gz" >"$temporary" || fail "could not unpack $1"
      rm -f "$temporary.gz"
      ;;
    *) fetch "$1" "$temporary" || fail "could not fetch $1" ;;
  esac
  found=$(digest_of "$temporary")
  [ "$found" = "$2" ] || fail "the SHA-256 of $1 is $found, but the document requires $2. The file is not used. \
Deploy the stack again, or find out why the file has changed."
  chmod 0700 "$temporary"
  # later runs trust the name of the runtime, so its content must be flushed before it gets that name
  sync "$temporary" 2>/dev/null || sync
}

# keep_as FILE: renames $temporary to its final name, atomically.
keep_as() {
  mv -f "$temporary" "$1"
  temporary=''
}

# prune PREFIX FILE: of the files with this prefix, keeps FILE and the one used before it.
prune() {
  others=0
  # shellcheck disable=SC2045  # sorted by use; the names contain digests and no spaces
  for name in $(ls -t "$bin" 2>/dev/null); do
    case $bin/$name in
      "$2") ;;
      "$bin/$1"*)
        others=$((others + 1))
        [ "$others" -eq 1 ] || rm -f "${bin:?}/$name"
        ;;
    esac
  done
}

# The agent is small: every run checks its digest.
prepare_agent() {
  agent=$bin/agent-$AGENT_SHA256.cjs
  if [ -f "$agent" ]; then
    [ "$(digest_of "$agent")" != "$AGENT_SHA256" ] || return 0
    log "$agent has changed since it was fetched; fetching it again"
  fi
  fetch_checked "$AGENT_URL" "$AGENT_SHA256"
  keep_as "$agent"
  prune agent- "$agent"
  # the compiled code of the previous agent is useless now
  rm -rf "$CERTFERRY_HOME/compiled"
}

host_runtime() {
  runtime=$(command -v node) ||
    fail 'no node on PATH: install Node 20.12 or later on this host, or use the pinned runtime of the stack'
  version=$("$runtime" --version) || fail "$runtime --version failed"
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  # 20.12 is the first version with DecompressionStream("deflate-raw"), which opening a sealed job needs
  [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 12 ]; } ||
    fail "$runtime is $version: the agent needs Node 20.12 or later"
}

# The runtime is large: only the run that fetches it checks its digest, which then becomes its name.
prepare_runtime() {
  runtime=$bin/node-$RUNTIME_SHA256
  [ ! -x "$runtime" ] || return 0
  fetch_checked "$RUNTIME_URL" "$RUNTIME_SHA256"
  "$temporary" --version >/dev/null ||
    fail "the runtime $RUNTIME_URL does not run on this host ($(uname -sm)). It is built for one architecture \
and glibc 2.28 or later; use runtime 'host' with a node installed on this host."
  keep_as "$runtime"
  prune node- "$runtime"
}

main() {
  require_job
  bin=$CERTFERRY_HOME/bin
  [ -d "$bin" ] || mkdir -p "$bin"
  prepare_agent
  if [ "$RUNTIME_URL" = host ]; then
    host_runtime
    touch -c "$agent"
  else
    prepare_runtime
    touch -c "$agent" "$runtime"
  fi

  CERTFERRY_JOB=$SSM_Job
  # Node caches the compiled agent, which saves about 10% of each start
  NODE_COMPILE_CACHE=$CERTFERRY_HOME/compiled
  export CERTFERRY_HOME CERTFERRY_JOB NODE_COMPILE_CACHE
  export CERTFERRY_ROLE CERTFERRY_JOB_KEYS CERTFERRY_FENCE_STEP
  # settings for other Node programs on this host must not affect the agent
  unset SSM_Job NODE_OPTIONS NODE_PATH
  exec "$runtime" "$agent"
}

main
