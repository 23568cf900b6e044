import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Change } from '../change/change.ts';
import { privateFolder } from '../host/durable-files.ts';
import type { Home } from '../host/home.ts';
import { type CommandResult, runCommand } from '../host/run-command.ts';

/** Exit status by which our script says that the namespace, not the daemon, is the problem. */
const noNamespace = 97;

/**
 * Runs inside a new mount namespace, which nothing outside sees and which ends with the command. Arguments: folders
 * that miss a file (an overlay gives them an empty one to mount over), `--`, pairs of staged and live path, `--`, argv.
 */
const script = `
no() { echo "$1" >&2; exit ${noNamespace}; }
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

/** What the daemon's own check said of the staged bytes, or why it could not be asked in private. */
export type StagedCheck =
  | { readonly kind: 'judged'; readonly command: CommandResult }
  | { readonly kind: 'unavailable'; readonly why: string };

/**
 * Lets the daemon judge exactly the bytes that will go live, in its real configuration, while the live files are
 * untouched: a private mount namespace in which the staged files are bound over the live paths (unshare(1),
 * mount_namespaces(7)). Needs Linux and root.
 */
export async function checkStagedFiles(
  home: Home,
  change: Change,
  argv: readonly string[],
): Promise<StagedCheck> {
  if (process.platform !== 'linux') return { kind: 'unavailable', why: 'mount namespaces need Linux' };
  if (process.getuid?.() !== 0) return { kind: 'unavailable', why: 'mount namespaces need root' };
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
  );
  if (command.ending === 'not started' || (command.ending === 'exited' && command.code === noNamespace)) {
    return { kind: 'unavailable', why: command.output };
  }
  // unshare itself fails with 1 and says so; its own name in front is how it signs (util-linux)
  if (command.code === 1 && /^unshare: /.test(command.output))
    return { kind: 'unavailable', why: command.output };
  return { kind: 'judged', command: { ...command, argv } };
}
