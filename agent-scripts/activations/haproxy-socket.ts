import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Sends one command to a running haproxy and returns the complete output, trimmed. */
export type SendCommand = (command: string) => Promise<string>;

const socketProblems: Readonly<Record<string, string>> = {
  ENOENT:
    'the socket does not exist; check that haproxy runs and that this is the path of its `stats socket`',
  ECONNREFUSED: 'no process listens on the socket; check that haproxy runs',
  ENOTSOCK: 'the path is not a socket',
  EACCES: 'this user has no write permission for the socket',
};

/** Error codes that mean: haproxy closed the connection while the agent was still writing. */
const closedByPeer: readonly string[] = ['EPIPE', 'ECONNRESET'];

/** haproxy responds within milliseconds. If a payload exceeds its buffer, it waits for the rest and never responds. */
const responseMilliseconds = 10_000;

/**
 * haproxy refuses a command about certificates, without doing anything, while it handles such a command of another
 * client. `commit ssl cert` can take long in a configuration with many certificates.
 */
const locked = 'Operations on certificates are currently locked';
const lockedPollMilliseconds = 20;
const lockedTooLong =
  'another client keeps the certificates of haproxy locked; end its command and try again';

/**
 * Sends commands to a stats socket, each over a new connection, which haproxy closes after its output
 * (non-interactive mode: https://docs.haproxy.org/2.6/management.html#9.3). Stops waiting when `deadline` aborts.
 * Repeats a command that haproxy refuses because of another client's command.
 * @throws Error with a message for the operator
 */
export function haproxySocket(socketPath: string, deadline: AbortSignal): SendCommand {
  return async (command) => {
    const limit = AbortSignal.any([deadline, AbortSignal.timeout(responseMilliseconds)]);
    let isLocked = false;
    try {
      for (;;) {
        const output = await exchange(socketPath, command, limit);
        if (!output.includes(locked)) return output.trim();
        isLocked = true;
        await sleep(lockedPollMilliseconds, null, { signal: limit });
      }
    } catch (error) {
      const problem =
        isLocked && limit.aborted ? lockedTooLong : problemOf(error as NodeJS.ErrnoException, limit);
      throw new Error(`${socketPath}: ${problem}`, { cause: error });
    }
  };
}

function exchange(path: string, command: string, deadline: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const socket = connect({ path, signal: deadline });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      output += chunk;
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      closedByPeer.includes(error.code ?? '') ? resolve(output) : reject(error),
    );
    socket.once('close', () => resolve(output));
    socket.write(`${command}\n`);
  });
}

function problemOf(error: NodeJS.ErrnoException, deadline: AbortSignal): string {
  if (deadline.aborted) return 'haproxy did not respond before the deadline';
  return socketProblems[error.code ?? ''] ?? error.message;
}
