import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { activate, readMemory } from '../../agent-scripts/activations/activation.ts';
import { rememberKeysIn } from '../../agent-scripts/host/known-keys.ts';
import { resultLine } from '../../agent-scripts/journal/result-line.ts';
import { freePort } from '../../cli/demo/free-port.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { scratchFolder } from './disk.ts';

const scratch = scratchFolder();
const context = { timeoutSeconds: 5, readFile: () => 'no PEM' };
const servers: Server[] = [];
let count = 0;

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A key that this process handles, and its lines in base64 without the usual markers. */
async function aKnownKey(): Promise<string> {
  const { keyPem } = await aVersion({ keyType: 'rsa2048' });
  rememberKeysIn(keyPem);
  return keyPem.replaceAll(/-----.*-----|\n/g, '').replaceAll(/.{30}/g, '$&\n');
}

async function anHttpServer(status: number, body: string): Promise<number> {
  const port = await freePort();
  const server = createHttpServer((_, response) => response.writeHead(status).end(body));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return port;
}

async function aHaproxySocket(output: string): Promise<string> {
  const path = join(scratch, `socket-${++count}`);
  const server = createServer((socket) => socket.once('data', () => socket.end(output)));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return path;
}

describe('an answer that contains the key', () => {
  test('The result of haproxy contains no key that its Runtime API printed', async () => {
    const shown = await aKnownKey();
    const socket = await aHaproxySocket(`unknown command: ${shown}`);
    const activation = {
      kind: 'haproxyRuntime',
      socket,
      name: 'www',
      pemPath: import.meta.filename,
      keyPath: null,
    } as const;

    const { ok, detail } = await activate(activation, context);

    expect(ok).toBe(false);
    expect(detail).toBe('haproxy did not load www: output withheld: it contains part of a private key');
  });

  test('The result of Caddy contains no key that its admin API returned', async () => {
    const shown = await aKnownKey();
    const port = await anHttpServer(500, `{"error":"cannot load\n${shown}"}`);
    const activation = {
      kind: 'caddyCertificates',
      address: `127.0.0.1:${port}`,
      loader: 'load_pem',
      certPath: '/c',
      keyPath: '/k',
      tag: 'www',
      name: 'www',
    } as const;

    const { ok, detail } = await activate(activation, context);

    expect(ok).toBe(false);
    expect(detail).toContain('output withheld');
    expect(detail).not.toContain(shown.slice(0, 20));
  });

  test('The result of Envoy contains no key that its admin interface returned', async () => {
    const shown = await aKnownKey();
    const port = await anHttpServer(200, shown);
    const activation = {
      kind: 'envoySecrets',
      adminEndpoint: `http://127.0.0.1:${port}`,
      certPath: '/no/such/file',
    } as const;

    const reading = await readMemory(activation, context);

    expect(reading).toMatchObject({ ok: false, why: expect.stringMatching(/\/certs returned no JSON$/) });
  });

  test('A result line contains no key, although an error message quotes it', async () => {
    const shown = await aKnownKey();
    const line = resultLine(
      { deploymentId: 'd', targetId: 't' },
      { outcome: 'rejected', summary: `unexpected "${shown.slice(900, 940)}"`, warnings: ['a', shown] },
    );

    expect(line.summary).toBe('output withheld: it contains part of a private key');
    expect(line.warnings).toEqual(['a', 'output withheld: it contains part of a private key']);
  });
});
