import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import * as z from 'zod/mini';
import { endpointParts } from '../../core/targets/verify.ts';
import type { Change } from './change.ts';
import { privateFolder } from './durable.ts';
import type { Home } from './home.ts';
import { runCommand } from './run-command.ts';

/** What a rehearsal found, or why it could not be held. `seconds` is how long the shadow may take to answer. */
export type Rehearsal =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };

/** What the look inside the private world prints (see `rehearsal-look.ts`). */
export const LookResult = z.strictObject({ ok: z.boolean(), why: z.string() });

/** Exit status by which our script says that the private world, not the daemon, is the problem. */
const noPrivateWorld = 97;

/** Seconds the whole rehearsal may take, the look included. */
const rehearsalSeconds = 30;

/**
 * A private world: new mount, network, process and IPC namespaces (unshare(1)). Every file system is covered by an
 * overlay whose upper side is memory, so what the shadow writes (logs, pid files, sockets, caches) is gone with it; /dev
 * holds only what cannot be written to; the network is a loopback of its own that answers for all addresses of this
 * host; and when the first process of the world ends, the kernel kills the others. Arguments: scratch folder, mount
 * points, `--`, addresses, `--`, pairs of staged and live path, `--`, words of the look, `--`, words of the daemon.
 */
const script = `
no() { echo "$1" >&2; exit ${noPrivateWorld}; }
scratch=$1; shift
mount -t tmpfs -o mode=700,size=256m certferry "$scratch" 2>&1 || no "tmpfs cannot be mounted"
root=$scratch/root; mkdir "$root"
n=0
while [ "$1" != -- ]; do
  n=$((n + 1)); mkdir "$scratch/upper$n" "$scratch/work$n"
  target=$root; [ "$1" = / ] || target=$root$1
  if [ -d "$1" ]; then
    mount -t overlay -o "lowerdir=$1,upperdir=$scratch/upper$n,workdir=$scratch/work$n" certferry "$target" 2>&1 || no "overlay cannot be mounted on $1"
  else
    mount --bind -o ro "$1" "$target" 2>&1 || no "$1 cannot be bound"
  fi
  shift
done
shift
mount -t proc proc "$root/proc" 2>&1 || no "proc cannot be mounted"
mount -t tmpfs -o mode=755 certferry "$root/dev" || no "dev cannot be mounted"
for device in null zero full random urandom; do
  : > "$root/dev/$device"; mount --bind "/dev/$device" "$root/dev/$device" || no "/dev/$device cannot be bound"
done
mkdir -m 1777 "$root/dev/shm"; ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"; ln -s /proc/self/fd/1 "$root/dev/stdout"; ln -s /proc/self/fd/2 "$root/dev/stderr"
ip link set lo up 2>&1 || no "ip(8) of iproute2 is needed to start the loopback"
while [ "$1" != -- ]; do ip addr add "$1" dev lo 2>/dev/null; shift; done
shift
while [ "$1" != -- ]; do
  [ -e "$root$2" ] || : > "$root$2"
  mount --bind "$1" "$root$2" 2>&1 || no "$2 cannot be bound"
  shift 2
done
shift
runtime=$1 agent=$2 question=$3; shift 4
( cd "$root" && chroot "$root" "$@" > "$root/dev/shm/shadow.log" 2>&1 < /dev/null; echo $? > "$root/dev/shm/shadow.ended" ) &
exec chroot "$root" "$runtime" "$agent" rehearsal-look "$question"`;

/**
 * Starts a shadow of the daemon, with its real configuration and the staged files bound over the live paths, in a
 * private world, and shakes hands with it as a client would. So a wrong path, a wrong virtual host, an unreadable key or a
 * missing chain is found before the live service is touched. Needs Linux, root and a target that says how it is seen.
 */
export async function rehearse(home: Home, change: Change, shadow: readonly string[]): Promise<Rehearsal> {
  if (change.verify === 'none') return unavailable('the target has no endpoint to look at (verify: none)');
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return unavailable('it needs Linux and root');
  const question = JSON.stringify({ verify: change.verify, version: change.version });
  const world = await runCommand(
    [
      // whatever ends this agent ends unshare, which ends the first process of the world, which ends the world
      ...['setpriv', '--pdeathsig', 'KILL', '--'],
      ...['unshare', '--mount', '--net', '--pid', '--ipc', '--fork', '--kill-child'],
      ...['--propagation', 'private'],
      ...['--', '/bin/sh', '-c', script, 'certferry', privateFolder(home.scratch)],
      ...[...writableMounts(), '--', ...localAddresses(), '--'],
      ...change.files.flatMap((file) => [file.staged, file.path]),
      ...['--', process.execPath, process.argv[1] ?? '', question, '--', ...shadow],
    ],
    rehearsalSeconds,
  );
  if (world.ending === 'timed out')
    return { kind: 'failed', why: `the shadow gave no answer within ${rehearsalSeconds} seconds` };
  const answer = lastJson(world.output);
  if (world.ending === 'exited' && world.code === 0 && answer !== null) {
    return answer.ok ? { kind: 'passed' } : { kind: 'failed', why: answer.why };
  }
  return unavailable(world.output || `unshare ended with ${world.code}`);
}

/** Port and addresses at which a shadow may answer: its own, when the endpoint is one of this host's, else any. */
export function shadowEndpoints(endpoint: string): string[] {
  const { host, port } = endpointParts(endpoint);
  const own = localAddresses().map((address) => address.split('/')[0] ?? '');
  const all = ['127.0.0.1', '::1', ...own];
  const hosts = all.includes(host) ? [host] : all;
  return hosts.map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
}

function unavailable(why: string): Rehearsal {
  return { kind: 'unavailable', why };
}

function lastJson(output: string): z.infer<typeof LookResult> | null {
  for (const line of output.trimEnd().split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    const parsed = LookResult.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** Addresses of this host but for loopback's own, with the prefix that gives one address to one interface. */
function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
    .map(({ address, family }) => `${address}/${family === 'IPv6' ? 128 : 32}`);
}

/** File systems that hold files people write, outermost first (proc_pid_mountinfo(5); octal escapes in paths). */
const covered = /^(ext[234]|xfs|btrfs|f2fs|zfs|tmpfs|overlay)$/;

function writableMounts(): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => {
      const [before = '', after = ''] = line.split(' - ');
      return { point: unescapeOctal(before.split(' ')[4] ?? ''), type: after.split(' ')[0] ?? '' };
    })
    .filter(({ point, type }) => covered.test(type) && !/^\/(proc|sys|dev)(\/|$)/.test(point))
    .map(({ point }) => point);
  return [...new Set(['/', ...points])].sort();
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
