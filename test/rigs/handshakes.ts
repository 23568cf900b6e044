import { connect } from 'node:tls';

/** Results of the clients during some work on a daemon. */
export interface Handshakes<Result> {
  readonly result: Result;
  readonly count: number;
  readonly failures: readonly string[];
}

/**
 * Makes handshakes with a loopback port, a few at a time and each on a new connection, from before the work until after
 * it.
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
