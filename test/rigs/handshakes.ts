import { connect } from 'node:tls';

/** How clients fared while something was done to a daemon. */
export interface Handshakes<Result> {
  readonly result: Result;
  readonly count: number;
  readonly failures: readonly string[];
}

/**
 * Shakes hands with a port of loopback again and again, a few clients at a time, each on a new connection, from before
 * some work until after it.
 */
export async function handshakesDuring<Result>(
  port: number,
  work: () => Promise<Result>,
): Promise<Handshakes<Result>> {
  let count = 0;
  let isOver = false;
  const failures: string[] = [];
  const client = async (): Promise<void> => {
    while (!isOver) {
      const failure = await handshake(port);
      count += 1;
      if (failure !== null) failures.push(failure);
    }
  };
  const clients = [client(), client(), client(), client()];
  try {
    const result = await work();
    isOver = true;
    await Promise.all(clients);
    return { result, count, failures };
  } finally {
    isOver = true;
  }
}

function handshake(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, servername: 'www.example.test', rejectUnauthorized: false };
    const socket = connect(options, () => {
      socket.destroy();
      resolve(null);
    });
    socket.once('error', (error) => resolve(error.message));
  });
}
