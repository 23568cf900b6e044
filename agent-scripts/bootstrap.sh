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

# Creates the folder of the agent if it does not exist. Nothing in it is read or executed before this check.
require_trusted_home() {
  case $CERTFERRY_HOME in
    /*) ;;
    *) fail "CERTFERRY_HOME is $CERTFERRY_HOME, but it must be an absolute path" ;;
  esac
  require_trusted 'agent folder' "$CERTFERRY_HOME" && [ -d "$bin" ] || {
    mkdir -p "$bin" || fail "$bin could not be created; check the free space and the mount options of this file system"
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

fetch_https() {
  if command -v curl >/dev/null 2>&1; then
    in_time curl -fsS --proto '=https' -L --connect-timeout 10 --retry 2 -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    in_time wget -q -T 30 -O "$2" "$1"
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
    in_time curl -K - -fsS --connect-timeout 10 --retry 2 \
      --aws-sigv4 "aws:amz:$region:s3" -o "$2" "$address"
}

fetch_s3() {
  if command -v aws >/dev/null 2>&1; then
    in_time aws s3 cp --only-show-errors "$1" "$2" >&2
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

# fetch_or_fail URL FILE: exits on failure with the start and the end of what the program printed. A program that outlives
# this script must not keep the lock, so fetching programs do not inherit it.
fetch_or_fail() {
  printed=$(exec 9>&- && fetch "$1" "$2" 2>&1) || {
    [ -z "$printed" ] || printf '%s\n' "$(shorten "$printed")" >&2
    fail_if_late "fetching $1"
    fail "could not fetch $1"
  }
}

# Waits until no other run fetches. The lock is released when this script ends, however it ends.
lock_fetches() {
  lock=$CERTFERRY_HOME/fetch.lock
  if ! command -v flock >/dev/null 2>&1; then
    log 'flock is not installed, so runs that start together each fetch the same files; install util-linux'
  elif true >>"$lock"; then
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
    fail "$lock could not be created; check the free space and the mount options of this file system"
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
  free=$(df -Pk "$bin" | {
    read -r _
    read -r _ _ _ available _
    printf '%s' "$available"
  }) || return 0
  case $free in
    '' | *[!0-9]*) return 0 ;;
  esac
  [ "$free" -ge "$need" ] ||
    fail "fetching $1 needs $((need / 1024)) MiB of free space in $bin, but only $((free / 1024)) MiB are free. Nothing \
was fetched. Free some space, or mount a larger file system there."
}

# fetch_checked URL SHA256 BYTES: fetches to $temporary, checks the digest and flushes the file. Exits on failure.
fetch_checked() {
  remove_old_temporaries
  require_space "$1" "$3"
  temporary=$(mktemp "$bin/.fetch.XXXXXX")
  case $1 in
    *.gz)
      fetch_or_fail "$1" "$temporary.gz"
      gunzip -c "$temporary.gz" >"$temporary" || fail "could not unpack $1"
      rm -f "$temporary.gz"
      ;;
    *) fetch_or_fail "$1" "$temporary" ;;
  esac
  found=$(digest_of "$temporary")
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
  major=${version#v}
  minor=${major#*.}
  major=${major%%.*}
  minor=${minor%%.*}
  # 20.12 is the first version with DecompressionStream("deflate-raw"), which opening a sealed job needs
  [ "$major" -gt 20 ] || { [ "$major" -eq 20 ] && [ "$minor" -ge 12 ]; } ||
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
  temporary=$(mktemp "$bin/.fetch.XXXXXX")
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
      # blanks are octal numbers
      *,noexec,*) printf '%b\n' "$point" ;;
    esac
  done
}

# The runtime is executed in the folder of the agent. An empty file is a valid script, which only needs that permission.
require_executable_folder() {
  temporary=$(mktemp "$bin/.fetch.XXXXXX")
  chmod 0700 "$temporary"
  "$temporary" 2>/dev/null || {
    mounted=$(noexec_mount)
    [ -z "$mounted" ] || fail "files in $bin cannot be executed: the file system $mounted has the mount option noexec. Run mount -o remount,exec $mounted and correct /etc/fstab, or use runtime 'host' with a node installed on this host."
    fail "files in $bin cannot be executed: check SELinux, AppArmor or fapolicyd on this host, or use runtime 'host' with a node installed on this host."
  }
  rm -f "$temporary"
  temporary=''
}

prepare_runtime() {
  ! is_runtime_recorded || return 0
  require_executable_folder
  ! check_runtime || return 0
  [ ! -f "$runtime" ] || log "$runtime has changed since it was fetched; fetching it again"
  fetch_checked "$RUNTIME_URL" "$RUNTIME_SHA256" "${RUNTIME_BYTES:-0}"
  "$temporary" --version >/dev/null ||
    fail "the runtime $RUNTIME_URL does not run on this host ($(uname -sm)). It is built for one architecture \
and glibc 2.28 or later; use runtime 'host' with a node installed on this host."
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
