import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Change } from '../change/change.ts';
import { privateFolder } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { type CommandResult, runCommand } from '../host/run-command.ts';

/** Exit status with which the script reports that the namespace could not be set up. */
const namespaceUnavailable = 97;

/**
 * Runs inside a new mount namespace, which is invisible to other processes and ends with the command. Arguments: folders in
 * which a file is missing (an overlay provides an empty one to mount over), `--`, pairs of staged and live path, `--`, argv.
 */
const script = `
no() { echo "$1" >&2; exit ${namespaceUnavailable}; }
scratch=$1; shift
while [ "$1" != -- ]; do
  mount -t tmpfs -o mode=700 certferry "$scratch" 2>&1 || no "tmpfs cannot be mounted"
  mkdir "$scratch/upper" "$scratch/work"
  mount -t overlay -o "lowerdir=$1,upperdir=$scratch/upper,workdir=$scratch/work" certferry "$1" 2>&1 || no "overlay cannot be mounted on $1"
  shift
done
shift
while [ "$1" != -- ]; do
  [ -e "$2" ] || : > "$2"
  mount --bind "$1" "$2" 2>&1 || no "$2 cannot be bound"
  shift 2
done
shift
exec "$@"`;

/** Result of the daemon's check of the staged files. `unavailable`: the check could not run separately from live files. */
export type StagedCheck =
  | { readonly kind: 'checked'; readonly command: CommandResult }
  | { readonly kind: 'unavailable'; readonly why: string };

/**
 * Runs the daemon's own check on the staged files within its real configuration, without changing live files. In a
 * private mount namespace, the staged files are bound over the live paths (unshare(1), mount_namespaces(7)).
 * Needs Linux and root.
 */
export async function checkStagedFiles(
  home: Home,
  change: Change,
  { argv, input }: { readonly argv: readonly string[]; readonly input?: string | undefined },
): Promise<StagedCheck> {
  if (process.platform !== 'linux') return { kind: 'unavailable', why: 'a mount namespace needs Linux' };
  if (process.getuid?.() !== 0) return { kind: 'unavailable', why: 'a mount namespace needs root' };
  if (change.fileUser !== undefined)
    return {
      kind: 'unavailable',
      why: `the files of fileUser ${change.fileUser.name} are not bound as root`,
    };
  const missing = new Set(
    change.files.filter((file) => !existsSync(file.path)).map((file) => dirname(file.path)),
  );
  const command = await runCommand(
    [
      ...['unshare', '--mount', '--propagation', 'private', '--', '/bin/sh', '-c', script, 'certferry'],
      privateFolder(home.scratch),
      ...missing,
      '--',
      ...change.files.flatMap((file) => [file.staged, file.path]),
      '--',
      ...argv,
    ],
    change.commandTimeoutSeconds,
    input,
  );
  if (
    command.ending === 'not started' ||
    (command.ending === 'exited' && command.code === namespaceUnavailable)
  ) {
    return { kind: 'unavailable', why: command.output };
  }
  // util-linux: unshare exits with 1 on its own failures, and starts its messages with its name
  if (command.code === 1 && /^unshare: /.test(command.output))
    return { kind: 'unavailable', why: command.output };
  return { kind: 'checked', command: { ...command, argv } };
}
