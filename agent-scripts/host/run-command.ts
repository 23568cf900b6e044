import { type ChildProcess, spawn } from 'node:child_process';
import { isStartable } from './find-program.ts';
import { judgedBytes, presentableOutput } from './presentable-output.ts';

/** How a command ended. `output` is the presentable end of its output. */
export interface CommandResult {
  readonly argv: readonly string[];
  readonly ending: 'exited' | 'killed' | 'timed out' | 'not started';
  readonly code: number | null;
  readonly output: string;
}

/** The same with the end of the raw output, which may contain a private key: it must not reach a result. */
export interface CapturedCommand extends Omit<CommandResult, 'output'> {
  readonly rawOutput: Buffer;
}

/** Time between SIGTERM at the deadline and SIGKILL. */
const terminationMilliseconds = 2_000;
/** Time to read remaining output after the exit: a daemon that the command started may keep the pipe open. */
const remainingOutputMilliseconds = 50;

const cleanEnvironment = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LANG: 'C.UTF-8',
  HOME: '/root',
};

/** Why argv cannot be started, as one sentence. Null if it can. Does not run it. */
export function findStartProblem([file = '']: readonly string[]): string | null {
  if (isStartable(file, cleanEnvironment.PATH)) return null;
  const searched = file.includes('/') ? '' : ` in ${cleanEnvironment.PATH}`;
  return `there is no program ${file === '' ? '(an empty name)' : file}${searched} on this host`;
}

/**
 * Runs argv without a shell in a new process group, which is killed at the deadline. `input`: its standard input. The environment is that of a
 * service, not the agent's: a command cannot inherit a job or a key.
 */
export async function runCommand(
  argv: readonly string[],
  timeoutSeconds: number,
  input?: string,
): Promise<CommandResult> {
  const command = await captureCommand(argv, timeoutSeconds, input);
  const { ending, code } = command;
  return { argv, ending, code, output: presentableOutput(command.rawOutput, 'end') };
}

/** As {@link runCommand}, for a caller that reads the output itself. */
export function captureCommand(
  argv: readonly string[],
  timeoutSeconds: number,
  input?: string,
): Promise<CapturedCommand> {
  const [file, ...args] = argv;
  if (file === undefined) return Promise.resolve(captured(argv, 'not started', null, 'empty command'));
  return new Promise((resolve) => {
    let output: Buffer = Buffer.alloc(0);
    let timedOut = false;
    const child = spawn(file, args, {
      detached: true,
      cwd: '/',
      env: cleanEnvironment,
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    });
    // the command may end without reading it
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
    const collect = (chunk: Buffer): void => {
      output = Buffer.concat([output, chunk]).subarray(-judgedBytes);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    const deadline = setTimeout(() => {
      timedOut = true;
      killGroup(child);
    }, timeoutSeconds * 1_000);
    child.once('error', (error) => {
      clearTimeout(deadline);
      resolve(captured(argv, 'not started', null, error.message));
    });
    child.once('exit', (code, signal) => {
      clearTimeout(deadline);
      if (timedOut) signalGroup(child, 'SIGKILL');
      const ending = timedOut ? 'timed out' : signal === null ? 'exited' : 'killed';
      resolve(readRemainingOutput(child).then(() => captured(argv, ending, code, output)));
    });
  });
}

/** Whether the command exited with 0. */
export function succeeded(command: CommandResult): boolean {
  return command.ending === 'exited' && command.code === 0;
}

/** One sentence for the operator: the command, how it ended, the end of its output. */
export function describeCommand(command: CommandResult): string {
  const how =
    command.ending === 'exited'
      ? `exited with ${command.code}`
      : command.ending.replace('not started', 'did not start');
  return `${quoteArgv(command.argv)} ${how}${command.output === '' ? '' : `: ${command.output}`}`;
}

/** Argv quoted for a shell. */
export function quoteArgv(argv: readonly string[]): string {
  return argv
    .map((word) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}

function captured(
  argv: readonly string[],
  ending: CommandResult['ending'],
  code: number | null,
  output: string | Buffer,
): CapturedCommand {
  return { argv, ending, code, rawOutput: Buffer.from(output) };
}

function killGroup(child: ChildProcess): void {
  signalGroup(child, 'SIGTERM');
  setTimeout(() => signalGroup(child, 'SIGKILL'), terminationMilliseconds).unref();
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // the group has already ended
  }
}

function readRemainingOutput(child: ChildProcess): Promise<void> {
  return new Promise<void>((resolve) => {
    const done = setTimeout(resolve, remainingOutputMilliseconds);
    child.once('close', () => {
      clearTimeout(done);
      resolve();
    });
  }).finally(() => {
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
}
