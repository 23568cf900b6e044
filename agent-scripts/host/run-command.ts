import { type ChildProcess, spawn } from 'node:child_process';
import { isStartable } from './find-program.ts';

/** How a command of a target ended. `output` is the end of what it wrote, redacted and cut. */
export interface CommandResult {
  readonly argv: readonly string[];
  readonly ending: 'exited' | 'killed' | 'timed out' | 'not started';
  readonly code: number | null;
  readonly output: string;
}

/** Characters of a command's output that may travel in the agent's line. */
const outputLimit = 600;
/** After the deadline the group gets SIGTERM, and this many milliseconds later SIGKILL. */
const politeMilliseconds = 2_000;
/** A daemon started by a reload may keep our pipe open for ever; its last words before the exit still arrive. */
const lastWordsMilliseconds = 50;

const cleanEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  HOME: '/root',
};

/** Why argv could not even be started, in one sentence; null when it can. It is not run. */
export function startProblemOf([file = '']: readonly string[]): string | null {
  if (isStartable(file, cleanEnvironment.PATH)) return null;
  const place = file.includes('/') ? '' : ` in ${cleanEnvironment.PATH}`;
  return `there is no program ${file === '' ? '(an empty name)' : file}${place} on this host`;
}

/**
 * Runs argv without a shell, in a process group of its own that dies as a whole at the deadline. The environment is
 * a service's, not the agent's: no job, no key can be inherited.
 */
export function runCommand(argv: readonly string[], timeoutSeconds: number): Promise<CommandResult> {
  const [file, ...args] = argv;
  if (file === undefined) return Promise.resolve(result(argv, 'not started', null, 'empty command'));
  return new Promise((resolve) => {
    let output = '';
    let timedOut = false;
    const child = spawn(file, args, {
      detached: true,
      cwd: '/',
      env: cleanEnvironment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-8_192);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const deadline = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutSeconds * 1_000);
    child.once('error', (error) => {
      clearTimeout(deadline);
      resolve(result(argv, 'not started', null, error.message));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(deadline);
      if (timedOut) signalGroup(child, 'SIGKILL');
      const ending = timedOut ? 'timed out' : signal === null ? 'exited' : 'killed';
      resolve(lastWords(child).then(() => result(argv, ending, code, output)));
    });
  });
}

/** The command ran to its end and said yes. */
export function succeeded(command: CommandResult): boolean {
  return command.ending === 'exited' && command.code === 0;
}

/** One sentence for a person: what ran, how it ended, its last words. */
export function describeCommand(command: CommandResult): string {
  const how =
    command.ending === 'exited'
      ? `exited with ${command.code}`
      : command.ending.replace('not started', 'did not start');
  return `${quoteArgv(command.argv)} ${how}${command.output === '' ? '' : `: ${command.output}`}`;
}

/** Argv as a person can paste it into a shell. */
export function quoteArgv(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

function result(
  argv: readonly string[],
  ending: CommandResult['ending'],
  code: number | null,
  output: string,
): CommandResult {
  return { argv, ending, code, output: redact(output).trim().slice(-outputLimit) };
}

/**
 * A command that prints the key (a verbose hook, a stray `cat`) must not carry it into SSM's output: PEM blocks and
 * long base64 runs go. A run counts as base64 when it mixes cases and digits, so that paths stay readable.
 */
export function redact(text: string): string {
  return (
    text
      .replace(
        /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g,
        '[redacted]',
      )
      // what is left of a block whose beginning was cut off
      .replace(/[\s\S]*-----END [A-Z ]*PRIVATE KEY-----/, '[redacted]')
      .replace(/[A-Za-z0-9+/_-]{40,}={0,2}/g, (run) =>
        /[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9]/.test(run) ? '[redacted]' : run,
      )
  );
}

function killGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  setTimeout(() => signalGroup(child, 'SIGKILL'), politeMilliseconds).unref();
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the whole group has ended already
  }
}

function lastWords(child: ChildProcess): Promise<void> {
  return new Promise<void>((resolve) => {
    const done = setTimeout(resolve, lastWordsMilliseconds);
    child.once('close', () => {
      clearTimeout(done);
      resolve();
    });
  }).finally(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
}
