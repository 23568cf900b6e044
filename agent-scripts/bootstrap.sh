#!/bin/sh
# Fetches the pinned agent and its runtime, keeps both under their SHA-256, checks both, and starts the agent. With the job
# warm, it fetches and checks them, and starts nothing.
#
# The SSM document puts these assignments before this text (cdk/ssm-document.template.json):
#   AGENT_URL, AGENT_SHA256      the agent, one .cjs file
#   RUNTIME_URL, RUNTIME_SHA256  a Node binary, or the word host for the node on this host's PATH (20.12 or later).
#                                A name that ends in .gz is unpacked; the digest is that of the unpacked binary.
#   RUNTIME_BYTES                the size of the unpacked runtime, for the check of the free space; may be empty
#   CERTFERRY_HOME               the agent's own folder, an absolute path
#   CERTFERRY_ROLE, CERTFERRY_JOB_KEYS, CERTFERRY_FENCE_STEP
#                                the jobs that the agent accepts (agent-scripts/host/agent-environment.ts)
#   FETCH_SECONDS, WARM_SECONDS  the time for fetching, before a job and with the job warm (core/time-budgets.ts)
# A URL is file:///path (not decoded), https://host/path or s3://bucket/key. The SSM agent passes the job in the
# variable SSM_Job; it is never inserted into this text.
#
# Only the agent writes to standard output; with the job warm, this script prints one line of JSON. Runs may overlap: one fetches and the others wait. Each file is fetched to a
# temporary file, which is renamed only if its digest is correct.
#
# Until the agent starts, this script ends with exit code 125 and nothing else (core/deployment/agent-start.ts). The agent
# never ends with it, so the code proves that the job did not start. SSM returns the first 8,000 characters of the errors:
# all messages together stay below that.

set -eu
umask 077

# shorten TEXT: the start and the end of a long text.
shorten() {
  if [ ${#1} -le 1500 ]; then
    printf '%s' "$1"
  else
    printf '%s [...] %s' "$(printf '%s' "$1" | head -c 900)" "$(printf '%s' "$1" | tail -c 500)"
  fi
}

log() { printf 'certferry bootstrap: %s\n' "$(shorten "$1")" >&2; }

fail() {
  log "$1"
  exit 125
}

is_locked=''
fetched=''
is_entry=''
temporary=''
clean_up() { [ -z "$temporary" ] || rm -f "$temporary" "$temporary.gz"; }
trap 'clean_up; exit 125' EXIT
trap 'exit 125' HUP INT TERM

# Before version 5.1, bash keeps a here-document in a file of this folder. One that cannot be written would be empty.
require_here_documents() {
  { read -r _; } 2>/dev/null <<LINE || fail "the shell cannot write to ${TMPDIR:-/tmp}, because its file system is full or \
read-only. Free some space there, or remount it with the option rw."
a line
LINE
}

# The SSM Agent of Bottlerocket runs in a container, which has this folder of the host. A job would change files of the container.
bottlerocket_folder=/.bottlerocket
require_host() {
  [ ! -d "$bottlerocket_folder" ] || fail "this host runs Bottlerocket: its SSM Agent runs in a container and cannot change \
files of the host. Nothing was changed. Deploy to a Kubernetes Secret or a load balancer instead."
  [ -z "${ECS_CONTAINER_METADATA_URI_V4:-}" ] || fail "this SSM Agent runs in a container of ECS, so it cannot change files of \
the host. Nothing was changed. Deploy to a load balancer instead, or to a host."
}

require_job() {
  # an older SSM Agent ignores ENV_VAR parameters without an error
  [ -n "${SSM_Job:-}" ] || fail "SSM_Job is not set, so this host received no job. Update its SSM Agent to \
3.3.2746.0 or later: earlier versions do not pass parameters as environment variables."
}

# refuse_path COMPONENT FIX
refuse_path() {
  fail "UntrustedPath: the $purpose $whole is not used: $1 belongs to uid $uid, gid $gid with mode $mode, so another user \
can change it. Check what the folder contains, then run: $2"
}

# refuse_owner COMPONENT: an entry of another user must not be used with another owner, so it is removed.
refuse_owner() {
  if [ -n "$is_entry" ] && [ "$1" = "$whole" ]; then
    refuse_path "$1" "rm -rf '$1'"
  else
    refuse_path "$1" "chown -h root '$1'"
  fi
}

is_trusted_user() {
  [ "$1" != 0 ] || return 0
  own=${own:-$(id -u)}
  [ "$1" = "$own" ]
}

# is_private_group GID: whether the group contains only the running user. It is the primary group of that user, and neither
# another user nor another member has it (passwd(5), group(5)). Never for root.
is_private_group() {
  own=${own:-$(id -u)}
  [ "$own" != 0 ] || return 1
  owner=''
  primary=''
  while IFS=: read -r name _ id group _ || [ -n "$name" ]; do
    if [ "$id" = "$own" ]; then
      [ -n "$owner" ] || { owner=$name primary=$group; }
    elif [ "$group" = "$1" ]; then
      return 1
    fi
  done </etc/passwd
  [ "$primary" = "$1" ] || return 1
  while IFS=: read -r name _ id members || [ -n "$name" ]; do
    [ "$id" = "$1" ] || continue
    case ,$members, in
      ,, | ",$owner,") ;;
      *) return 1 ;;
    esac
  done </etc/group
  return 0
}

# Other versions than that of GNU may not mark an access control list with a plus sign.
shows_access_lists() {
  case $(ls --version 2>/dev/null) in
    *GNU*) return 0 ;;
    *) return 1 ;;
  esac
}

# Whether others may write to the component with this $mode and $gid. An access control list (+) can give more users
# than the group the right to write.
is_writable_by_others() {
  case $mode in
    ????????w* | ?????w*+) return 0 ;;
    ?????w*) ! is_private_group "$gid" || ! shows_access_lists ;;
    *) return 1 ;;
  esac
}

# require_trusted PURPOSE PATH: exits with UntrustedPath if a user other than root and the running one can change a
# component of the absolute path, from / downwards and through symbolic links. core/paths/trusted-path.ts has the same
# rule. Returns 1 if a component does not exist. One ls lists all components, and those behind a link need another.
require_trusted() {
  purpose=$1
  whole=$2
  path=$2
  links=0
  while :; do
    set -- /
    prefix=''
    names=$path/
    while [ -n "$names" ]; do
      name=${names%%/*}
      names=${names#*/}
      case $name in
        '' | .) ;;
        *)
          prefix=$prefix/$name
          set -- "$@" "$prefix"
          ;;
      esac
    done
    # in the C locale, each component is listed after its folder
    listing=$(LC_ALL=C ls -ldn "$@" 2>/dev/null) || [ -n "$listing" ] || fail "ls -ldn / failed on this host"
    link=''
    while [ -z "$link" ] && read -r mode _ uid gid _; do
      is_trusted_user "$uid" || refuse_owner "$1"
      case $mode in
        l*) link=$1 ;;
        ?????????[tT]*) [ $# -gt 1 ] || ! is_writable_by_others || refuse_path "$1" "chmod go-w '$1'" ;;
        *) ! is_writable_by_others || refuse_path "$1" "chmod go-w '$1'" ;;
      esac
      shift
    done <<LISTING
$listing
LISTING
    [ -n "$link" ] || break
    links=$((links + 1))
    [ "$links" -le 40 ] || refuse_path "$link" "ls -l '$link'"
    target=$(readlink "$link") || fail "$link cannot be read"
    case $target in
      /*) path=$target${prefix#"$link"} ;;
      *) path=${link%/*}/$target${prefix#"$link"} ;;
    esac
  done
  [ $# -eq 0 ]
}

# The folder of the agent, or the nearest folder above it that exists.
existing_folder() {
  folder=$CERTFERRY_HOME
  while [ ! -d "$folder" ]; do
    folder=${folder%/*}
    folder=${folder:-/}
  done
  printf '%s' "$folder"
}

# available OPTION: what df reports as available in the file system of the agent: KiB with -Pk, inodes with -Pi.
available() {
  df "$1" "$(existing_folder)" 2>/dev/null | {
    read -r _ || :
    read -r _ _ _ available _ || :
    case $available in
      '' | *[!0-9]*) ;;
      *) printf '%s' "$available" ;;
    esac
  }
}

is_selinux_enforcing() {
  case $(getenforce 2>/dev/null || cat /sys/fs/selinux/enforce 2>/dev/null) in
    Enforcing | 1) return 0 ;;
    *) return 1 ;;
  esac
}

# disk_cause TEXT: why a write failed, from the message of a program. Empty if the message names no cause of a disk.
disk_cause() {
  mount=$(df -P "$(existing_folder)" | sed -n '$s/.*% //p')
  mount=${mount:-$CERTFERRY_HOME}
  case $1 in
    *'Read-only file system'*)
      printf '%s' "The file system $mount is read-only. Run mount -o remount,rw $mount and correct /etc/fstab. If it \
should be writable, the kernel log names the error of the disk."
      ;;
    *[Qq]'uota exceeded'*)
      printf '%s' "The disk quota of $mount is exceeded. Raise the quota, or remove files there."
      ;;
    *'No space left'* | *'riting body'* | *'riting output'* | *'riting received'* | *'ERROR on write'*)
      if [ "$(available -Pi)" = 0 ] && [ "$(available -Pk)" != 0 ]; then
        printf '%s' "The file system $mount has no free inodes: df -i shows it. Remove files that are not needed there."
      else
        printf '%s' "The file system $mount is full. Free some space, or mount a larger file system there."
      fi
      ;;
    *'Permission denied'*)
      ! is_selinux_enforcing ||
        printf '%s' "SELinux is enforcing on this host: ausearch -m avc -ts recent shows what it denied. Run \
restorecon -R $CERTFERRY_HOME, or allow the access in its policy."
      ;;
  esac
}

# fail_writing WHAT TEXT
fail_writing() {
  cause=$(disk_cause "$2")
  fail "$1. ${cause:-The program reported: $2}"
}

# Creates the folder of the agent if it does not exist. Nothing in it is read or executed before this check.
require_trusted_home() {
  case $CERTFERRY_HOME in
    /*) ;;
    *) fail "CERTFERRY_HOME is $CERTFERRY_HOME, but it must be an absolute path" ;;
  esac
  require_trusted 'agent folder' "$CERTFERRY_HOME" && [ -d "$bin" ] || {
    printed=$(LC_ALL=C mkdir -p "$bin" 2>&1) || fail_writing "$bin could not be created" "$printed"
    # in a sticky folder, another user can create the path at the same time
    require_trusted 'agent folder' "$CERTFERRY_HOME" || fail "$CERTFERRY_HOME was removed while this job started"
  }
  [ ! -h "$bin" ] || require_trusted 'agent folder' "$bin" || fail "$bin was removed while this job started"
  require_trusted_content
}

# The files that are executed: the agent, the runtime, and the code that Node has compiled. One ls lists all of them. If a
# line shows a link or a right of another user, each file is checked on its own.
require_trusted_content() {
  compiled=$CERTFERRY_HOME/compiled
  set -- "$bin/." "$bin"/* "$compiled" "$compiled"/* "$compiled"/*/*
  # files that do not exist make ls fail
  listing=$(ls -ldn "$@" 2>/dev/null) || [ -n "$listing" ] || fail "ls -ldn $bin failed on this host"
  suspect=''
  while [ -z "$suspect" ] && read -r mode _ uid gid _; do
    case $mode in
      l*) suspect=yes ;;
      *) is_trusted_user "$uid" && ! is_writable_by_others || suspect=yes ;;
    esac
  done <<LISTING
$listing
LISTING
  [ -n "$suspect" ] || return 0
  is_entry=yes
  for file in "$@"; do
    require_trusted 'agent folder' "$file" || :
  done
  is_entry=''
}

digest_of() {
  if command -v sha256sum >/dev/null 2>&1; then
    set -- "$(sha256sum <"$1")"
  else
    set -- "$(shasum -a 256 <"$1")"
  fi
  printf '%s' "${1%% *}"
}

# Starts the time for fetching. All fetches of this run and the wait for another run share it.
start_fetching() {
  fetch_started=$(date +%s)
  fetch_seconds=$FETCH_SECONDS
  [ "$SSM_Job" != warm ] || fetch_seconds=$WARM_SECONDS
}

spent_seconds() { echo $(($(date +%s) - fetch_started)); }

# in_time COMMAND...: stops the command at the end of the time for fetching. It stays in the process group of this script,
# which the SSM Agent kills. A host without timeout(1) has only the time limit of the document.
in_time() {
  left=$((fetch_seconds - $(spent_seconds)))
  [ "$left" -gt 0 ] || return 124
  if timeout --foreground 1 sh -c : 2>/dev/null; then
    timeout --foreground "$left" "$@"
  elif command -v timeout >/dev/null 2>&1; then
    # that of BusyBox has no such option and no process group of its own
    timeout "$left" "$@"
  else
    "$@"
  fi
}

# fail_if_late WHAT: the error of a fetch that used up its time.
fail_if_late() {
  [ "$(spent_seconds)" -lt "$fetch_seconds" ] || fail "$1 did not end within $fetch_seconds seconds, the time for fetching \
the agent and its runtime. Check the connection of this host to S3. On a slow connection, run certferry warm for this host, \
which allows $WARM_SECONDS seconds."
}

# is_at_least VERSION MAJOR MINOR
is_at_least() {
  major=${1%%.*}
  minor=${1#*.}
  minor=${minor%%.*}
  [ "$major" -gt "$2" ] || { [ "$major" -eq "$2" ] && [ "$minor" -ge "$3" ]; }
}

fetch_https() {
  if command -v curl >/dev/null 2>&1; then
    in_time curl -fsS --proto '=https' -L --connect-timeout 10 --retry 2 -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    # with -q, the wget of GNU reports no error
    quiet=-nv
    wget --version >/dev/null 2>&1 || quiet=-q
    in_time wget $quiet -T 30 -O "$2" "$1"
  else
    log 'neither curl nor wget is installed'
    return 1
  fi
}

# The role for S3 is the one with which the SSM Agent manages this host. No other setting of the host is used
# (docs/decisions/0062-credentials-of-the-bootstrap.md).
ssm_folder=/var/lib/amazon/ssm
# The second address of the metadata service is for hosts without IPv4.
imds_endpoints=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254 http://[fd00:ec2::254]}

# ssm_setting NAME: what the SSM Agent has recorded about the credentials that it uses.
ssm_setting() { value_in "$(cat "$ssm_folder/runtimeconfig/identity_config.json" 2>/dev/null)" "$1"; }

# value_in JSON NAME
value_in() { printf '%s' "$1" | sed -n "s/.*\"$2\" *: *\"\([^\"]*\)\".*/\1/p"; }

imds() {
  curl -fsS --noproxy '*' --connect-timeout 2 --max-time 10 \
    -H "X-aws-ec2-metadata-token: $imds_token" "$imds_endpoint/latest/$1" 2>&1
}

# shared_value NAME: a value of the profile in the file of the SSM Agent (aws_access_key_id, ...).
shared_value() { sed -n "/^\[$profile]/,/^\[/s/^ *$1 *= *//p" "$shared"; }

# Sets $role, the words for it, $region, and the credentials if this script has to sign. Exits if there is no role.
choose_role() {
  shared=$(ssm_setting ShareFile)
  profile=$(ssm_setting ShareProfile)
  profile=${profile:-default}
  region=${AWS_SSM_REGION_NAME:-}
  case $shared,${AWS_SSM_INSTANCE_ID:-} in
    ,*) role='the instance role' ;;
    *,mi-*) role='the service role of this hybrid node' ;;
    *) role='the role of Default Host Management Configuration' ;;
  esac
  if [ -n "$shared" ]; then
    key_id=$(shared_value aws_access_key_id) secret=$(shared_value aws_secret_access_key)
    session=$(shared_value aws_session_token)
    [ -n "$key_id" ] || fail "no role: the SSM Agent has no credentials of $role in $shared. Restart the SSM Agent and read its log."
  elif command -v curl >/dev/null 2>&1; then
    read_instance_role
  fi
}

fail_metadata() {
  case ${AWS_SSM_INSTANCE_ID:-} in
    mi-*) fail "no role: the SSM Agent of this hybrid node does not share its credentials. Set Profile.ShareCreds to true \
in amazon-ssm-agent.json, and restart the SSM Agent." ;;
    *) fail "no role: the metadata service $imds_endpoints does not answer ($1). Enable it in the metadata options of the \
instance, and allow it in the firewall of this host." ;;
  esac
}

# Sets $imds_endpoint and $imds_token.
open_metadata() {
  answers=''
  for imds_endpoint in $imds_endpoints; do
    imds_token=$(curl -fsS --noproxy '*' --connect-timeout 2 --max-time 10 -X PUT \
      -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "$imds_endpoint/latest/api/token" 2>&1) && return 0
    answers=${answers:+$answers; }$imds_token
  done
  fail_metadata "$answers"
}

read_instance_role() {
  open_metadata
  name=$(imds meta-data/iam/security-credentials/) || case $name in
    *'error: 404'*) fail "no role: this instance has no instance profile. Attach one whose role has the host policy, the \
output HostPolicyArn of the stack." ;;
    *) fail_metadata "$name" ;;
  esac
  role="the instance role $name"
  credentials=$(imds "meta-data/iam/security-credentials/$name") || credentials=''
  key_id=$(value_in "$credentials" AccessKeyId) secret=$(value_in "$credentials" SecretAccessKey)
  session=$(value_in "$credentials" Token)
  code=$(value_in "$credentials" Code)
  [ -n "$key_id" ] || fail "no role: the metadata service has no credentials of $role ($code). Check that the role exists and that its trust policy allows EC2."
  [ -n "$region" ] || region=$(imds meta-data/placement/region) || fail "the metadata service does not name the region: $region"
}

# The domain of AWS services in the partition of $region.
s3_domain() {
  case $region in
    cn-*) printf 'amazonaws.com.cn' ;;
    us-iso-*) printf 'c2s.ic.gov' ;;
    us-isob-*) printf 'sc2s.sgov.gov' ;;
    us-isof-*) printf 'csp.hci.ic.gov' ;;
    eu-isoe-*) printf 'cloud.adc-e.uk' ;;
    eusc-*) printf 'amazonaws.eu' ;;
    *) printf 'amazonaws.com' ;;
  esac
}

# has_default_route FILE PATTERN: the line of a default route that does not belong to the loopback interface.
has_default_route() { sed -n "/$2/p" "$network/$1" 2>/dev/null | grep -qv ' lo$'; }

# Whether S3 is reached over IPv6: the host has no default route for IPv4, but one for IPv6 (proc(5)). The variable of the
# AWS SDKs decides if it is set. Other endpoints of S3 have only IPv4 addresses.
network=/proc/net
is_dual_stack() {
  case ${AWS_USE_DUALSTACK_ENDPOINT:-} in
    true) return 0 ;;
    false) return 1 ;;
  esac
  ! has_default_route route '^[^[:space:]]*[[:space:]]*00000000[[:space:]]' &&
    has_default_route ipv6_route '^0\{32\} 00 '
}

# The host name of S3. AWS_USE_FIPS_ENDPOINT is a variable of the AWS SDKs.
s3_host() {
  name=s3
  [ "${AWS_USE_FIPS_ENDPOINT:-}" != true ] || name=s3-fips
  ! is_dual_stack || name=$name.dualstack
  printf '%s' "$name.$region.$(s3_domain)"
}

# curl signs the request. The credentials are passed on standard input, because other processes can read argument lists.
fetch_s3_with_curl() {
  location=${1#s3://}
  endpoint=${AWS_ENDPOINT_URL_S3:-}
  if [ -n "$endpoint" ]; then
    address=${endpoint%/}/$location
  else
    address=https://${location%%/*}.$(s3_host)/${location#*/}
  fi
  status=$(
    printf 'user = "%s:%s"\nheader = "x-amz-security-token: %s"\nheader = "x-amz-content-sha256: UNSIGNED-PAYLOAD"\n' \
      "$key_id" "$secret" "$session" |
      in_time curl -K - -sS --connect-timeout 10 --retry 2 -w '%{http_code}' \
        ${AWS_CA_BUNDLE:+--cacert "$AWS_CA_BUNDLE"} --aws-sigv4 "aws:amz:$region:s3" -o "$2" "$address"
  ) || return 1
  [ "$status" = 200 ] || {
    printf 'S3 answered: '
    ! is_web_page "$2" || printf '%s ' "$web_page"
    # other elements of the answer may contain the session token
    answer=$(head -c 4000 "$2" | tr '\n' ' ')
    for element in Code Message Region Endpoint; do
      printf '%s ' "$(printf '%s' "$answer" | sed -n "s/.*<$element>\([^<]*\)<.*/\1/p")"
    done
    printf '(%s)\n' "$status"
    return 1
  }
}

# The variables keep the AWS CLI from other credentials, and from a proxy on the way to the metadata service.
fetch_s3_with_cli() {
  unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_SECURITY_TOKEN AWS_PROFILE AWS_DEFAULT_PROFILE \
    AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE AWS_CONTAINER_CREDENTIALS_RELATIVE_URI \
    AWS_CONTAINER_CREDENTIALS_FULL_URI AWS_CREDENTIAL_FILE AWS_EC2_METADATA_DISABLED
  export AWS_SHARED_CREDENTIALS_FILE="${shared:-/dev/null}" AWS_CONFIG_FILE=/dev/null BOTO_CONFIG=/dev/null
  [ -z "$shared" ] || export AWS_PROFILE="$profile"
  [ -z "$region" ] || export AWS_REGION="$region" AWS_DEFAULT_REGION="$region"
  ! is_dual_stack || export AWS_USE_DUALSTACK_ENDPOINT=true
  : "${imds_endpoint:=${imds_endpoints%% *}}"
  # the AWS CLI 2.9 appends paths without a slash
  export AWS_EC2_METADATA_SERVICE_ENDPOINT="${imds_endpoint%/}/"
  metadata=${imds_endpoint#*://}
  case $metadata in
    \[*) metadata=${metadata%%]*}] ;;
    *) metadata=${metadata%%[:/]*} ;;
  esac
  no_proxy=${no_proxy:-${NO_PROXY:-}},$metadata
  NO_PROXY=$no_proxy
  export no_proxy NO_PROXY
  # the AWS CLI reads this variable from 2.13 on
  in_time aws ${AWS_ENDPOINT_URL_S3:+--endpoint-url "$AWS_ENDPOINT_URL_S3"} s3 cp --only-show-errors "$1" "$2" >&2
}

# curl before 7.88 does not sign all headers, or cannot sign.
is_signing_curl() {
  curl_version=$(curl --version 2>/dev/null) || return 1
  curl_version=${curl_version#curl }
  curl_version=${curl_version%% *}
  is_at_least "$curl_version" 7 88
}

fetch_s3() {
  if is_signing_curl; then
    fetch_s3_with_curl "$1" "$2"
  elif command -v aws >/dev/null 2>&1; then
    fetch_s3_with_cli "$1" "$2"
  elif [ -n "$curl_version" ]; then
    log "curl $curl_version cannot sign requests to S3. Install the AWS CLI on this host, or curl 7.88 or later."
    return 1
  else
    log 'neither curl nor the AWS CLI is installed. Install one of them: curl 7.88 or later, or the AWS CLI.'
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

# seconds_off URL: how much the clock of this host is ahead of that of the server, in seconds. Empty if it is unknown. Only
# the header Date is used, so the certificate may be invalid.
seconds_off() {
  case $1 in
    s3://*) address=${AWS_ENDPOINT_URL_S3:-https://s3.$region.$(s3_domain)} ;;
    *) address=$1 ;;
  esac
  date=$(curl -skI --connect-timeout 5 --max-time 10 "$address" 2>/dev/null | tr -d '\r' | sed -n 's/^[Dd]ate: //p' | tail -n 1)
  [ -n "$date" ] || return 0
  # date of GNU, then that of BusyBox
  theirs=$(date -u -d "$date" +%s 2>/dev/null || date -u -D '%a, %d %b %Y %H:%M:%S GMT' -d "$date" +%s 2>/dev/null) || return 0
  printf '%s' "$(($(date +%s) - theirs))"
}

# clock_cause URL: names the clock if it is more than five minutes off: AWS refuses such signatures.
clock_cause() {
  off=$(seconds_off "$1")
  case $off in
    '' | 0 | [1-9] | [1-9][0-9] | [12][0-9][0-9] | -[1-9] | -[1-9][0-9] | -[12][0-9][0-9]) return 0 ;;
    -*) off="${off#-} seconds behind" ;;
    *) off="$off seconds ahead" ;;
  esac
  printf '%s' "The clock of this host is $off. Correct it: run chronyc makestep, or start chronyd or systemd-timesyncd."
}

web_page='the answer is a web page'

# fetch_cause URL TEXT: why a fetch failed, from what curl, wget or the AWS CLI printed. The first matching line counts.
fetch_cause() {
  cause=''
  case $2 in
    *ExpiredToken* | *InvalidToken* | *InvalidAccessKeyId* | *SignatureDoesNotMatch*)
      cause=$(clock_cause "$1")
      cause=${cause:-"S3 does not accept the credentials of $role. Restart the SSM Agent, and check that the role still exists."}
      ;;
    *RequestTimeTooSkewed* | *'not yet valid'* | *'not yet been activated'* | *'ertificate has expired'*)
      cause=$(clock_cause "$1")
      cause=${cause:-'The clock of this host is wrong, or the certificate of the server has expired. Compare date -u with another host.'}
      ;;
    *"$web_page"*)
      cause='The answer is a web page, as a proxy or a login page returns it. Allow this host in the proxy, or set no_proxy for the SSM Agent.'
      ;;
    *'from proxy'* | *'resolve proxy'* | *'to proxy'* | *'CONNECT tunnel'* | *ProxyError* | *'Proxy tunneling'* | *'error: 407'*)
      cause='The proxy does not answer or refuses the request. Check https_proxy of the SSM Agent, and allow this host in the proxy.'
      ;;
    *'certificate problem'* | *'certificate verif'* | *CERTIFICATE_VERIFY_FAILED* | *'cannot verify'* | *'is not trusted'* | *'ertificate issuer'*)
      cause='This host does not trust the certificate of the server. Update ca-certificates. If a proxy inspects TLS, add its CA to the trust store.'
      ;;
    *'VPC endpoint policy'*)
      cause='The policy of the VPC endpoint for S3 denies it. Allow s3:GetObject on this bucket there.'
      ;;
    *kms:Decrypt*)
      cause="The bucket is encrypted with a key that $role may not use. Allow kms:Decrypt on that key."
      ;;
    *PermanentRedirect* | *AuthorizationHeaderMalformed* | *IllegalLocationConstraint* | *'(301)'*)
      cause="The bucket is not in $region, the region of this host. Deploy a stack, or a member stack, in this region."
      ;;
    *NoSuchKey* | *NoSuchBucket* | *'(404)'* | *'rror: 404'* | *'ERROR 404'* | *'HTTP/1.1 404'*)
      cause='The file does not exist any more. Deploy the stack again.'
      ;;
    *AccessDenied* | *'(403)'* | *'rror: 403'* | *'ERROR 403'* | *'HTTP/1.1 403'*)
      cause=$(clock_cause "$1")
      case $1 in
        s3://*) cause=${cause:-"S3 denies access to $role. Attach the host policy to it, the output HostPolicyArn of the stack. \
If it is attached, the object may be missing: deploy the stack again."} ;;
        *) cause=${cause:-'The server denies access to this host.'} ;;
      esac
      ;;
    *'locate credentials'* | *'load credentials'*)
      cause='The AWS CLI found no role. Attach an instance profile whose role has the host policy, the output HostPolicyArn of the stack.'
      ;;
    *'eset by peer'* | *SSL_ERROR_SYSCALL* | *'nexpected eof'* | *'onnection was closed'* | *'establish SSL'*)
      cause='A firewall or proxy between this host and the server closed the connection. Allow this host to reach the server on port 443 there.'
      ;;
    *'resolve'* | *'bad address'* | *'Name or service not known'*)
      cause='This host cannot resolve the name of the server. Check its DNS and, in a VPC, the attribute enableDnsSupport.'
      ;;
    *'onnect'* | *'imed out'* | *'imeout'* | *'nreachable'* | *'No route'*)
      cause='This host has no route to the server. In a VPC without internet, add a gateway endpoint for S3 to the route table of the subnet. Otherwise, set https_proxy for the SSM Agent.'
      ;;
    *) cause=$(disk_cause "$2") ;;
  esac
  printf '%s' "$cause"
}

# fail_fetch URL TEXT
fail_fetch() {
  cause=$(fetch_cause "$1" "$2")
  fail "could not fetch $1${cause:+. $cause}"
}

# fetch_or_fail URL FILE: exits on failure with the start and the end of what the program printed. A program that outlives
# this script must not keep the lock, so fetching programs do not inherit it.
fetch_or_fail() {
  case $1 in
    s3://*/*) choose_role ;;
  esac
  printed=$(exec 9>&- && LC_ALL=C && export LC_ALL && fetch "$1" "$2" 2>&1) || {
    [ -z "$printed" ] || printf '%s\n' "$(shorten "$printed")" >&2
    fail_if_late "fetching $1"
    fail_fetch "$1" "$printed"
  }
}

# Waits until no other run fetches. The lock is released when this script ends, however it ends.
lock_fetches() {
  lock=$CERTFERRY_HOME/fetch.lock
  if ! command -v flock >/dev/null 2>&1; then
    log 'flock is not installed, so runs that start together each fetch the same files; install util-linux'
  elif printed=$(LC_ALL=C && { : >>"$lock"; } 2>&1); then
    exec 9>>"$lock"
    flock -n 9 || {
      log 'another run fetches the agent or its runtime; waiting for its end'
      in_time flock 9 || {
        fail_if_late 'another run that fetches the same files'
        fail "flock failed on $lock"
      }
    }
    is_locked=yes
  else
    fail_writing "$lock could not be created" "$printed"
  fi
}

unlock_fetches() {
  exec 9>&-
  is_locked=''
}

# Removes temporary files of killed runs: under the lock all, otherwise those at least a day old.
remove_old_temporaries() {
  if [ -n "$is_locked" ]; then
    rm -f "$bin"/.fetch.*
  else
    find "$bin" -type f -name '.fetch.*' -mtime +0 -exec rm -f {} + 2>/dev/null || :
  fi
}

# require_space URL BYTES: the file system of the agent must have room for the unpacked file, for its archive and for
# 8 MiB more. An archive of Node has about 36% of its size; 50% are required.
require_space() {
  case $1 in
    *.gz) need=$(($2 * 3 / 2)) ;;
    *) need=$2 ;;
  esac
  need=$((need / 1024 + 8192))
  free=$(available -Pk)
  [ -n "$free" ] || return 0
  [ "$free" -ge "$need" ] ||
    fail "fetching $1 needs $((need / 1024)) MiB of free space in $bin, but only $((free / 1024)) MiB are free. Nothing \
was fetched. Free some space, or mount a larger file system there."
}

new_temporary() {
  temporary=$(LC_ALL=C mktemp "$bin/.fetch.XXXXXX" 2>&1) || {
    printed=$temporary
    temporary=''
    fail_writing "no file could be created in $bin" "$printed"
  }
}

is_web_page() { head -c 1000 "$1" | LC_ALL=C grep -qi -e '<html' -e '<!doctype html'; }

# refuse_web_page URL FILE: a proxy may answer with a web page and the status of a success.
refuse_web_page() {
  ! is_web_page "$2" || fail_fetch "$1" "$web_page"
}

# fetch_checked URL SHA256 BYTES: fetches to $temporary, checks the digest and flushes the file. Exits on failure.
fetch_checked() {
  remove_old_temporaries
  require_space "$1" "$3"
  new_temporary
  case $1 in
    *.gz)
      fetch_or_fail "$1" "$temporary.gz"
      printed=$(LC_ALL=C gunzip -c "$temporary.gz" 2>&1 >"$temporary") || {
        refuse_web_page "$1" "$temporary.gz"
        fail_writing "could not unpack $1" "$printed"
      }
      rm -f "$temporary.gz"
      ;;
    *) fetch_or_fail "$1" "$temporary" ;;
  esac
  found=$(digest_of "$temporary")
  [ "$found" = "$2" ] || refuse_web_page "$1" "$temporary"
  [ "$found" = "$2" ] || fail "the SHA-256 of $1 is $found, but the document requires $2. The file is not used. \
Deploy the stack again, or find out why the file has changed."
  chmod 0700 "$temporary"
  # later runs compare the runtime only with its record, so its content must be flushed before
  sync "$temporary" 2>/dev/null || sync
}

# keep_as FILE: renames $temporary to its final name, atomically.
keep_as() {
  mv -f "$temporary" "$1"
  temporary=''
}

# prune PREFIX FILE: of the files with this prefix and their records, keeps FILE and the one used before it.
prune() {
  before=''
  # shellcheck disable=SC2045  # sorted by use; the names contain digests and no spaces
  for name in $(ls -t "$bin" 2>/dev/null); do
    name=${name%.checked}
    case $bin/$name in
      "$2") ;;
      "$bin/$1"*)
        before=${before:-$name}
        [ "$name" = "$before" ] || rm -f "${bin:?}/$name" "${bin:?}/$name.checked"
        ;;
    esac
  done
}

# The agent is small: every run checks its digest.
is_agent_intact() { [ -f "$agent" ] && [ "$(digest_of "$agent")" = "$AGENT_SHA256" ]; }

prepare_agent() {
  ! is_agent_intact || return 0
  [ ! -f "$agent" ] || log "$agent has changed since it was fetched; fetching it again"
  fetch_checked "$AGENT_URL" "$AGENT_SHA256" 0
  keep_as "$agent"
  fetched=agent
  prune agent- "$agent"
  # the compiled code of the previous agent is useless now
  rm -rf "$CERTFERRY_HOME/compiled"
}

host_runtime() {
  runtime=$(command -v node) ||
    fail 'no node on PATH: install Node 20.12 or later on this host, or use the pinned runtime of the stack'
  version=$("$runtime" --version) || fail "$runtime --version failed"
  # 20.12 is the first version with DecompressionStream("deflate-raw"), which opening a sealed job needs
  is_at_least "${version#v}" 20 12 ||
    fail "$runtime is $version: the agent needs Node 20.12 or later"
}

# The runtime is large, so its digest takes up to a second. After a correct digest, the run records device, inode, size,
# mode, owner and times of the file. Later runs compare the record. Every write, chmod and rename changes the time of the
# last status change (ctime), which utimensat(2) cannot set. Any difference leads to a full check.

# Empty if this host does not report that time in fractions of a second. Then every run makes the full check.
runtime_facts() {
  facts=$(TZ=UTC0 stat -L -c '%d %i %s %f %u %g %y %z' "$runtime" 2>/dev/null) || facts=''
  case $facts in
    *.000000000\ +0000) facts='' ;;
    *.?????????\ +0000) ;;
    *) facts='' ;;
  esac
}

is_runtime_recorded() {
  [ -x "$runtime" ] && [ -f "$record" ] || return 1
  runtime_facts
  IFS= read -r recorded <"$record" || return 1
  [ "$facts" = "$recorded" ]
}

# Reads the facts before the content: a change during the check differs from the record.
check_runtime() {
  [ -x "$runtime" ] || return 1
  runtime_facts
  [ "$(digest_of "$runtime")" = "$RUNTIME_SHA256" ] || return 1
  [ -n "$facts" ] || return 0
  new_temporary
  printf '%s\n' "$facts" >"$temporary"
  keep_as "$record"
}

# The mount point of $bin if its file system does not allow the execution of files, else empty. The kernel names the mount
# of an open file by its number (proc(5), fdinfo and mountinfo). A mount that ends during a read of the list may hide
# another one: this is repeated then.
noexec_mount() {
  id=$(sed -n 's/^mnt_id:[[:space:]]*//p' /proc/self/fdinfo/0 <"$bin" 2>/dev/null)
  [ -n "$id" ] || return 0
  for _ in 1 2 3 4 5; do
    line=$(sed -n "/^$id /p" /proc/self/mountinfo)
    [ -z "$line" ] || break
  done
  printf '%s\n' "$line" | while read -r _ _ _ _ point options _; do
    case ,$options, in
      # blanks are octal numbers of three digits; printf reads up to three digits after \0
      *,noexec,*) printf '%b\n' "$(printf '%s' "$point" | sed 's/\\\([0-7]\{3\}\)/\\0\1/g')" ;;
    esac
  done
}

# The runtime is executed in the folder of the agent. An empty file is a valid script, which only needs that permission.
require_executable_folder() {
  new_temporary
  chmod 0700 "$temporary"
  "$temporary" 2>/dev/null || {
    mounted=$(noexec_mount)
    [ -z "$mounted" ] || fail "files in $bin cannot be executed: the file system $mounted has the mount option noexec. Run mount -o remount,exec $mounted and correct /etc/fstab, or use runtime 'host' with a node installed on this host."
    ! is_selinux_enforcing || fail "files in $bin cannot be executed: SELinux is enforcing on this host, and \
ausearch -m avc -ts recent shows what it denied. Run restorecon -R $CERTFERRY_HOME, or use runtime 'host' with a node installed on this host."
    fail "files in $bin cannot be executed: check AppArmor or fapolicyd on this host, or use runtime 'host' with a node installed on this host."
  }
  rm -f "$temporary"
  temporary=''
}

# runtime_cause TEXT CODE: why the runtime in $temporary does not run, from its header, the C library of the host, what the
# runtime printed, and its exit code.
runtime_cause() {
  machine=$(uname -m)
  # the field e_machine of elf(5)
  case $(od -An -tx1 -j18 -N1 "$temporary" 2>/dev/null) in
    *3e*) built=x86_64 ;;
    *b7*) built=aarch64 ;;
    *) built=$machine ;;
  esac
  library=$(getconf GNU_LIBC_VERSION 2>/dev/null || { ldd --version 2>&1 || :; } | head -n 1)
  if [ "$built" != "$machine" ]; then
    printf '%s' "It is built for $built, and this host is $machine."
  else
    case $library,$1 in
      *musl*,*)
        printf '%s' 'This host has the C library musl, as Alpine Linux does, and the runtime needs glibc 2.28 or later.'
        ;;
      *,*GLIBC*'not found'*)
        printf '%s' "This host has ${library:-an old C library}, and the runtime needs glibc 2.28 or later. Amazon Linux 2 and CentOS 7 are older."
        ;;
      *,*'shared librar'*)
        printf '%s' "A library is missing: $1. Install the package that contains it."
        ;;
      *) printf '%s' "It ended with exit code $2 and printed: $1." ;;
    esac
  fi
}

prepare_runtime() {
  ! is_runtime_recorded || return 0
  require_executable_folder
  ! check_runtime || return 0
  [ ! -f "$runtime" ] || log "$runtime has changed since it was fetched; fetching it again"
  fetch_checked "$RUNTIME_URL" "$RUNTIME_SHA256" "${RUNTIME_BYTES:-0}"
  printed=$(LC_ALL=C "$temporary" --version 2>&1) || {
    cause=$(runtime_cause "$printed" $?)
    fail "the runtime $RUNTIME_URL does not run on this host. $cause Use runtime 'host' with a node installed on this host."
  }
  keep_as "$runtime"
  fetched="${fetched:+$fetched }runtime"
  check_runtime || fail "$runtime has changed while it was checked"
  prune node- "$runtime"
}

# A job on a host that has both files needs no lock.
is_prepared() {
  is_agent_intact || return 1
  [ "$RUNTIME_URL" = host ] || is_runtime_recorded
}

prepare() {
  agent=$bin/agent-$AGENT_SHA256.cjs
  runtime=$bin/node-$RUNTIME_SHA256
  record=$runtime.checked
  CERTFERRY_FETCH_SECONDS=0
  is_prepared || {
    start_fetching
    lock_fetches
    prepare_agent
    [ "$RUNTIME_URL" = host ] || prepare_runtime
    unlock_fetches
    CERTFERRY_FETCH_SECONDS=$(spent_seconds)
  }
  # the time of the last use decides what prune keeps; a new time of the runtime itself would invalidate its record
  if [ "$RUNTIME_URL" = host ]; then
    host_runtime
    touch -c "$agent"
  else
    touch -c "$agent" "$record"
  fi
}

# The result of the job warm. Nothing was started, so a warm run is never a late job.
end_warm() {
  printf '{"warm":true,"fetched":"%s","seconds":%s}\n' "$fetched" "$CERTFERRY_FETCH_SECONDS"
  trap - EXIT
  exit 0
}

main() {
  require_here_documents
  require_host
  require_job
  bin=$CERTFERRY_HOME/bin
  require_trusted_home
  prepare
  [ "$SSM_Job" != warm ] || end_warm

  CERTFERRY_JOB=$SSM_Job
  # Node caches the compiled agent, which saves about 10% of each start
  NODE_COMPILE_CACHE=$CERTFERRY_HOME/compiled
  export CERTFERRY_HOME CERTFERRY_JOB NODE_COMPILE_CACHE
  export CERTFERRY_ROLE CERTFERRY_JOB_KEYS CERTFERRY_FENCE_STEP CERTFERRY_FETCH_SECONDS
  # settings for other Node programs on this host must not affect the agent
  unset SSM_Job NODE_OPTIONS NODE_PATH
  exec "$runtime" "$agent"
}

main
