import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * What the proxy does with a command. A text: return it instead of haproxy's output. Null: forward the command. Undefined:
 * never respond.
 */
export type Interference = (
  command: string,
) => Promise<string | null | undefined> | string | null | undefined;

/** A stats socket that forwards to the real one, to simulate failures of haproxy. */
export function betweenHaproxy(path: string, real: string, interfere: Interference): Server {
  rmSync(path, { force: true });
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    client.once('data', (data: Buffer) => {
      void Promise.resolve(interfere(data.toString())).then((answer) => {
        if (answer === null) passOn(client, data, real);
        else if (answer !== undefined) client.end(`${answer}\n`);
      });
    });
  });
  return server.listen(path);
}

function passOn(client: Socket, command: Buffer, real: string): void {
  const haproxy = connect(real);
  haproxy.on('error', () => client.destroy());
  haproxy.write(command);
  client.pipe(haproxy).pipe(client);
}
