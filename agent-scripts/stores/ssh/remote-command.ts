import type { ClientChannel } from 'ssh2';
import { CertferryError, isCertferryError } from '../../../core/errors.ts';
import { judgedBytes, presentableOutput } from '../../host/presentable-output.ts';
import type { Session } from './session.ts';

/** How a command on the server ended. `output` is the presentable end of its output. */
export interface RemoteResult {
  readonly argv: readonly string[];
  /** Null if a signal or the deadline ended it. */
  readonly code: number | null;
  readonly ending: 'exited' | 'killed' | 'timed out' | 'refused';
  readonly output: string;
}

/**
 * Words for a POSIX shell (Shell Command Language, 2.2.2). Each word is quoted, also a plain one: an unquoted first word could be
 * a reserved word, an alias or an assignment.
 */
export function shellLine(argv: readonly string[]): string {
  return argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

/**
 * Runs argv through the login shell of the user (RFC 4254, section 6.5). After the deadline, the server is asked to kill the
 * command, and the channel is closed.
 * @throws CertferryError StoreUnreachable if the connection is lost before the command ends
 */
export async function runRemotely(
  session: Session,
  argv: readonly string[],
  timeoutSeconds: number,
): Promise<RemoteResult> {
  return runLine(session, argv, shellLine(argv), timeoutSeconds);
}

/** Whether the command exited with 0. */
export function succeeded({ ending, code }: RemoteResult): boolean {
  return ending === 'exited' && code === 0;
}

/** One sentence for the operator. */
export function describeRemote({ argv, ending, code, output }: RemoteResult): string {
  const how = {
    exited: `exited with ${code}`,
    killed: 'was killed by a signal',
    'timed out': 'did not end before its deadline',
    refused: 'was refused by the server',
  }[ending];
  return `${shellLine(argv)} ${how}${output === '' ? '' : `: ${output}`}`;
}

const hostileWord = `it's \\ "$HOME" *`;
/** The shell has to compute a number and to leave a quoted word unchanged. A server that runs no commands can do neither. */
const probeLine = `printf '%s %s' "$((6 * 7))" ${shellLine([hostileWord])}`;
const probeAnswer = `42 ${hostileWord}`;

/**
 * Requires that the account runs commands through a POSIX shell. A server that allows only SFTP (`ForceCommand internal-sftp`)
 * swallows a command: exit code 1 and a text, without a protocol error.
 * @throws CertferryError PlanInvalid
 */
export async function requireCommands(
  server: string,
  session: Session,
  timeoutSeconds: number,
): Promise<void> {
  const probe = await runLine(session, ['printf'], probeLine, timeoutSeconds);
  if (succeeded(probe) && probe.output === probeAnswer) return;
  const answer = probe.output === '' ? 'nothing' : `"${probe.output}"`;
  throw new CertferryError(
    'PlanInvalid',
    `${server} runs no commands through a POSIX shell: a test command ended with ${probe.code ?? probe.ending} and returned ${answer}. The account may allow only SFTP. Remove validateCommand, reloadCommand and restoreCommand from the target, or allow commands for the account; nothing was changed`,
    { details: { server } },
  );
}

/** Milliseconds for output that arrives after the exit status. */
const remainingMilliseconds = 2_000;

type Ending = Pick<RemoteResult, 'code' | 'ending'>;

async function runLine(
  session: Session,
  argv: readonly string[],
  line: string,
  timeoutSeconds: number,
): Promise<RemoteResult> {
  let output: Buffer = Buffer.alloc(0);
  const collect = (chunk: Buffer): void => {
    output = Buffer.concat([output, chunk]).subarray(-judgedBytes);
  };
  const timers: NodeJS.Timeout[] = [];
  try {
    const ending = await session.request<Ending>((done) => {
      session.client.exec(line, (error, channel) => {
        if (error) return done(error);
        channel.on('data', collect);
        channel.stderr.on('data', collect);
        whenEnded(session, channel, { timeoutSeconds, timers, done: (ended) => done(null, ended) });
        // no command may wait for input
        channel.end();
      });
    });
    return { argv, ...ending, output: presentableOutput(output, 'end') };
  } catch (error) {
    if (isCertferryError(error)) throw error;
    return { argv, code: null, ending: 'refused', output: '' };
  } finally {
    for (const timer of timers) clearTimeout(timer);
  }
}

interface Waiting {
  readonly timeoutSeconds: number;
  readonly timers: NodeJS.Timeout[];
  readonly done: (ended: Ending) => void;
}

/** Listens at once: the exit status can arrive together with the answer that opens the channel. */
function whenEnded(
  session: Session,
  channel: ClientChannel,
  { timeoutSeconds, timers, done }: Waiting,
): void {
  let ended: Ending = { code: null, ending: 'killed' };
  const stop = (ending: Ending): void => {
    if (session.isOpen()) channel.close();
    done(ending);
  };
  timers.push(
    setTimeout(() => {
      if (session.isOpen()) channel.signal('KILL');
      stop({ code: null, ending: 'timed out' });
    }, timeoutSeconds * 1_000),
  );
  channel.on('exit', (code: number | null) => {
    ended = { code, ending: code === null ? 'killed' : 'exited' };
    // a daemon that the command started may keep the channel open
    timers.push(setTimeout(() => stop(ended), remainingMilliseconds));
  });
  channel.on('close', () => {
    // a lost connection also closes its channels
    setImmediate(() => session.isOpen() && done(ended));
  });
}
