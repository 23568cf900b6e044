import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess } from '../../../cli/demo/demo-server.ts';
import { freePort } from '../../../cli/demo/free-port.ts';
import { createAuthority } from '../../../cli/demo/throwaway-ca.ts';
import { untilListening } from '../../rigs/processes.ts';
import { pebbleProgram } from '../programs.ts';

/** A running ACME server on a loopback port. */
export interface Pebble {
  /** The address of its directory. */
  readonly directory: string;
  /** A file with the root of its own HTTPS certificate. */
  readonly root: string;
  stop(): Promise<void>;
}

/**
 * Starts Pebble, the test server of Let's Encrypt. It issues certificates without validation, because the names of the tests have
 * no address. It shows how a tool calls its hook, not how the tool answers a challenge.
 */
export async function startPebble(folder: string): Promise<Pebble> {
  mkdirSync(folder);
  const [port, managementPort] = [await freePort(), await freePort()];
  const authority = await createAuthority({ name: 'Pebble of a test' });
  const { fullchainPem, keyPem } = await authority.issue({ names: ['127.0.0.1'] });
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const root = file('root.pem', authority.rootPem);
  const config = file(
    'pebble.json',
    JSON.stringify({
      pebble: {
        listenAddress: `127.0.0.1:${port}`,
        managementListenAddress: `127.0.0.1:${managementPort}`,
        certificate: file('cert.pem', fullchainPem),
        privateKey: file('key.pem', keyPem),
        profiles: { default: { description: 'for tests', validityPeriod: 7_776_000 } },
      },
    }),
  );
  const log = join(folder, 'pebble.log');
  const output = openSync(log, 'a');
  const child = spawn(pebbleProgram, ['-config', config], {
    env: { ...process.env, PEBBLE_VA_ALWAYS_VALID: '1', PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0' },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  await untilListening('pebble', port, log);
  return { directory: `https://127.0.0.1:${port}/dir`, root, stop: () => endProcess(child, 'SIGTERM') };
}
