#!/bin/sh
# Fetches the pinned agent (and its runtime) once, keeps them under their SHA-256, and becomes the agent.
#
# The SSM document puts these assignments before this text (cdk/ssm-document.template.json):
#   AGENT_URL, AGENT_SHA256      the agent, one .cjs file
#   RUNTIME_URL, RUNTIME_SHA256  a Node binary (packed if the name ends in .gz; the digest is of the unpacked
#                                binary), or the word host: the node on this host's PATH, 20.12 or later
#   CERTFERRY_HOME               the agent's own folder, absolute
# A URL is file:///path (taken as it is written), https://host/path or s3://bucket/key. The SSM agent puts the job into
# the variable SSM_Job; it is never pasted into this text.
#
# Standard output belongs to the agent. Two runs at once are safe: a fetch goes to a name of its own and is renamed
# only when its digest is right.

set -eu
umask 077

say() { printf 'certferry bootstrap: %s\n' "$1" >&2; }

fail() {
  say "$1"
  exit 1
}

temporary=''
clean_up() { [ -z "$temporary" ] || rm -f "$temporary" "$temporary.gz"; }
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

require_job() {
  # An older SSM Agent ignores ENV_VAR parameters in silence.
  [ -n "${SSM_Job:-}" ] || fail "SSM_Job is not set: the job did not arrive. Update the SSM Agent of this host \
to 3.3.2746.0 or later; older ones do not pass parameters as environment variables."
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
    say 'neither curl nor wget is installed'
    return 1
  fi
}

imds() {
  curl -fsS --noproxy '*' --connect-timeout 2 --max-time 10 \
    -H "X-aws-ec2-metadata-token: $imds_token" "$imds_endpoint/latest/$1"
}

credential() { printf '%s' "$credentials" | sed -n "s/.*\"$1\" *: *\"\([^\"]*\)\".*/\1/p"; }

# Without the AWS CLI: curl signs with the instance role's credentials, which reach it on standard input and so
# never stand in an argument list.
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
      say 'reading S3 without the AWS CLI needs curl 7.88 or later and an instance role'
      return 1
    }
  else
    say 'neither the AWS CLI nor curl is installed'
    return 1
  fi
}

fetch() {
  case $1 in
    file:///*) cp "${1#file://}" "$2" ;;
    https://*) fetch_https "$1" "$2" ;;
    s3://*/*) fetch_s3 "$1" "$2" ;;
    *)
      say "a URL begins with file:///, https:// or s3://"
      return 1
      ;;
  esac
}

# fetch_checked URL SHA256: leaves the right bytes, on disk for good, in $temporary, or ends the run.
fetch_checked() {
  # what a killed run left behind a day ago or more; files of runs under way come and go while it looks
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
  [ "$found" = "$2" ] || fail "refusing to run what $1 holds: its SHA-256 is $found, the document says $2. \
Deploy the stack again, or find out who changed the file."
  chmod 0700 "$temporary"
  # a runtime is trusted by its name from now on, so its bytes must survive a power cut before its name does
  sync "$temporary" 2>/dev/null || sync
}

# keep_as FILE: gives $temporary its name for good, in one step.
keep_as() {
  mv -f "$temporary" "$1"
  temporary=''
}

# prune PREFIX FILE: of the files so named, keeps FILE and the one used before it.
prune() {
  others=0
  # shellcheck disable=SC2045  # in order of use; the names are digests, without spaces
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

# The agent is small: its digest is checked at each run.
prepare_agent() {
  agent=$bin/agent-$AGENT_SHA256.cjs
  if [ -f "$agent" ]; then
    [ "$(digest_of "$agent")" != "$AGENT_SHA256" ] || return 0
    say "$agent is not what it was when it was fetched; fetching it again"
  fi
  fetch_checked "$AGENT_URL" "$AGENT_SHA256"
  keep_as "$agent"
  prune agent- "$agent"
  # what the runtime kept of an older agent is of no use any more
  rm -rf "$CERTFERRY_HOME/compiled"
}

host_runtime() {
  runtime=$(command -v node) ||
    fail 'no node on PATH: install Node 20.12 or later on this host, or let the stack bring its pinned runtime'
  version=$("$runtime" --version) || fail "$runtime --version failed"
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  # 20.12 is the first with DecompressionStream("deflate-raw"), without which no sealed job opens
  [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 12 ]; } ||
    fail "$runtime is $version: the agent needs Node 20.12 or later"
}

# The runtime is large: its digest is checked when it is fetched, and is its name from then on.
prepare_runtime() {
  runtime=$bin/node-$RUNTIME_SHA256
  [ ! -x "$runtime" ] || return 0
  fetch_checked "$RUNTIME_URL" "$RUNTIME_SHA256"
  "$temporary" --version >/dev/null ||
    fail "the runtime of $RUNTIME_URL does not run on this host ($(uname -sm)). It is built for one architecture \
and glibc 2.28 or later; use runtime 'host' with a node of this host's own."
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
  # the runtime keeps the agent compiled, which saves it a tenth of every start
  NODE_COMPILE_CACHE=$CERTFERRY_HOME/compiled
  export CERTFERRY_HOME CERTFERRY_JOB NODE_COMPILE_CACHE
  # what the host's own programs put into the environment of Node is not for the agent
  unset SSM_Job NODE_OPTIONS NODE_PATH
  exec "$runtime" "$agent"
}

main
