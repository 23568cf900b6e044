import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import * as z from 'zod/mini';
import { endpointParts } from '../../core/targets/verify.ts';
import type { Change } from '../change/change.ts';
import { privateFolder } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { presentableOutput } from '../host/presentable-output.ts';
import { captureCommand } from '../host/run-command.ts';

/** Result of a rehearsal. `unavailable`: the sandbox could not be set up, so the files are neither proven nor refused. */
export type Rehearsal =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'unavailable'; readonly why: string };

/**
 * The JSON line that the probe inside the sandbox prints (see `sandbox-probe.ts`). `ok` is null if the instance could prove
 * nothing. `output` is the end of the daemon's output in base64: the agent judges its bytes, because the sandbox has no key
 * to compare them with.
 */
const SandboxProbeResult = z.strictObject({
  ok: z.nullable(z.boolean()),
  why: z.string(),
  output: z.string(),
});
export type SandboxProbeResult = z.infer<typeof SandboxProbeResult>;

/** Exit status with which the script reports that the sandbox could not be set up. */
const sandboxUnavailable = 97;

/** Deadline of the whole rehearsal, including the probe. */
const rehearsalSeconds = 30;

/**
 * Sets up the sandbox: new mount, network, process and IPC namespaces (unshare(1)).
 * - An overlay in memory covers every file system. Logs, pid files, sockets and caches of the sandboxed instance
 *   disappear with it.
 * - /dev holds only devices that keep no data.
 * - The network is a separate loopback with all addresses of this host.
 * - When the first process of the sandbox ends, the kernel ends the others.
 *
 * Arguments: scratch folder, mount points, `--`, addresses, `--`, pairs of staged and live path, `--`, runtime, agent
 * and probe request, `--`, argv of the daemon.
 */
const script = `
no() { echo "$1" >&2; exit ${sandboxUnavailable}; }
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
runtime=$1 agent=$2 request=$3; shift 4
( cd "$root" && chroot "$root" "$@" > "$root/dev/shm/sandbox.log" 2>&1 < /dev/null; echo $? > "$root/dev/shm/sandbox.exit-code" ) &
exec chroot "$root" "$runtime" "$agent" probe-sandbox "$request"`;

/**
 * Starts a sandboxed instance of the daemon with its real configuration and the staged files, and probes it as a client
 * does. Finds a wrong path, a wrong virtual host, an unreadable key and a missing chain before any live file changes.
 * Needs Linux, root and a `verify` policy.
 */
export async function rehearse(home: Home, change: Change, sandbox: readonly string[]): Promise<Rehearsal> {
  if (change.verify === 'none') return unavailable('the target has no endpoint to probe (verify: none)');
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return unavailable('a rehearsal needs Linux and root');
  if (change.fileUser !== undefined)
    return unavailable(`the files of fileUser ${change.fileUser.name} are not bound as root`);
  const request = JSON.stringify({ verify: change.verify, version: change.version });
  const command = await captureCommand(
    [
      // if this agent dies, setpriv ends unshare, and with it the whole sandbox
      ...['setpriv', '--pdeathsig', 'KILL', '--'],
      ...['unshare', '--mount', '--net', '--pid', '--ipc', '--fork', '--kill-child'],
      ...['--propagation', 'private'],
      ...['--', '/bin/sh', '-c', script, 'certferry', privateFolder(home.scratch)],
      ...[...writableMounts(), '--', ...localAddresses(), '--'],
      ...change.files.flatMap((file) => [file.staged, file.path]),
      ...['--', process.execPath, process.argv[1] ?? '', request, '--', ...sandbox],
    ],
    rehearsalSeconds,
  );
  if (command.ending === 'timed out')
    return { kind: 'failed', why: `the rehearsal did not finish within ${rehearsalSeconds} seconds` };
  const result = lastResult(command.rawOutput.toString('utf8'));
  if (command.ending === 'exited' && command.code === 0 && result !== null) return rehearsalOf(result);
  return unavailable(presentableOutput(command.rawOutput, 'end') || `unshare exited with ${command.code}`);
}

function rehearsalOf(result: SandboxProbeResult): Rehearsal {
  if (result.ok === null) return unavailable(reasonOf(result));
  return result.ok ? { kind: 'passed' } : { kind: 'failed', why: reasonOf(result) };
}

function reasonOf({ why, output }: SandboxProbeResult): string {
  const shown = presentableOutput(Buffer.from(output, 'base64'), 'end');
  return [why, shown].filter((part) => part !== '').join(': ');
}

/** Endpoints at which the sandboxed instance may listen: the target's own if it is on this host, else every local address. */
export function sandboxEndpoints(endpoint: string): string[] {
  const { host, port } = endpointParts(endpoint);
  const own = localAddresses().map((address) => address.split('/')[0] ?? '');
  const all = ['127.0.0.1', '::1', ...own];
  const hosts = all.includes(host) ? [host] : all;
  return hosts.map((address) => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`));
}

function unavailable(why: string): Rehearsal {
  return { kind: 'unavailable', why };
}

function lastResult(output: string): SandboxProbeResult | null {
  for (const line of output.trimEnd().split('\n').reverse()) {
    if (!line.startsWith('{')) continue;
    const parsed = SandboxProbeResult.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** Addresses of this host except loopback, each with the prefix length of a single address. */
function localAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
    .map(({ address, family }) => `${address}/${family === 'IPv6' ? 128 : 32}`);
}

/** Types of file systems that a daemon may write to. */
const writableType = /^(ext[234]|xfs|btrfs|f2fs|zfs|tmpfs|overlay)$/;

/** Mount points, outermost first (proc_pid_mountinfo(5); paths have octal escapes). */
function writableMounts(): string[] {
  const points = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => {
      const [mount = '', fileSystem = ''] = line.split(' - ');
      return { point: unescapeOctal(mount.split(' ')[4] ?? ''), type: fileSystem.split(' ')[0] ?? '' };
    })
    .filter(({ point, type }) => writableType.test(type) && !/^\/(proc|sys|dev)(\/|$)/.test(point))
    .map(({ point }) => point);
  return [...new Set(['/', ...points])].sort();
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
