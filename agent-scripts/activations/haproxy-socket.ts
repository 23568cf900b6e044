import { connect } from 'node:net';

/** Asks a running haproxy one thing and gives the whole answer, white space around it removed. */
export type SendCommand = (command: string) => Promise<string>;

const noSuchSocket: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such socket; is haproxy running, and is this the path of its `stats socket`?',
  ECONNREFUSED: 'nobody listens on it; is haproxy running?',
  ENOTSOCK: 'it is not a socket',
  EACCES: 'this user may not write to it',
};

/** How it shows that haproxy closed the connection while we were still writing. */
const hungUp: readonly string[] = ['EPIPE', 'ECONNRESET'];

/** haproxy answers within milliseconds; one that waits for the rest of what it cannot hold never does. */
const answerMilliseconds = 10_000;

/**
 * Speaks to a stats socket: a connection for each command, which haproxy closes after its answer (it does not prompt
 * unless it is asked to: https://docs.haproxy.org/2.6/management.html#9.3). An answer that has not come when `deadline`
 * ends is given up.
 * @throws Error in words for a person
 */
export function haproxySocket(socketPath: string, deadline: AbortSignal): SendCommand {
  return async (command) => {
    const patience = AbortSignal.any([deadline, AbortSignal.timeout(answerMilliseconds)]);
    try {
      return (await exchange(socketPath, command, patience)).trim();
    } catch (error) {
      throw new Error(`${socketPath}: ${wordsOf(error as NodeJS.ErrnoException, patience)}`, {
        cause: error,
      });
    }
  };
}

function exchange(path: string, command: string, deadline: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect({ path, signal: deadline });
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      answer += chunk;
    });
    socket.once('error', (error: NodeJS.ErrnoException) =>
      hungUp.includes(error.code ?? '') ? resolve(answer) : reject(error),
    );
    socket.once('close', () => resolve(answer));
    socket.write(`${command}\n`);
  });
}

function wordsOf(error: NodeJS.ErrnoException, deadline: AbortSignal): string {
  if (deadline.aborted) return 'haproxy did not answer in time';
  return noSuchSocket[error.code ?? ''] ?? error.message;
}
