// A server with the answers of Tomcat's text manager (https://tomcat.apache.org/tomcat-10.1-doc/manager-howto.html). It has no
// TLS configuration of its own: test/contract/javakeystore.test.ts proves the reload on Tomcat.
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ActivationContext } from '../../agent-scripts/activations/activator.ts';
import {
  type TomcatManagerActivation,
  tomcatManager,
} from '../../agent-scripts/activations/tomcat-manager.ts';
import { containsKnownKey } from '../../agent-scripts/host/known-keys.ts';
import { anAuthority, aVersion } from '../fixtures/certificates.ts';
import { scratchFolder } from './disk.ts';

const scratch = scratchFolder();
// no part of it is a word of a message
const password = 'kF7-zQ9w-Lm2x-Tb8y';
const context: ActivationContext = { timeoutSeconds: 1, readFile: () => null };
let server: Server | null = null;

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** The activation for a manager that answers so. */
async function managerWith(answer: RequestListener, mode = 0o600): Promise<TomcatManagerActivation> {
  return await activationOf('http', createServer(answer), mode);
}

/** The activation for a manager that answers so over TLS, with a certificate for these names. */
async function tlsManagerWith(answer: RequestListener, names: string[]): Promise<TomcatManagerActivation> {
  const { fullchainPem, keyPem } = await aVersion({ names });
  const activation = await activationOf(
    'https',
    createTlsServer({ cert: fullchainPem, key: keyPem }, answer),
  );
  const caFile = join(scratch, 'ca.pem');
  writeFileSync(caFile, (await anAuthority()).rootPem);
  return { ...activation, caFile };
}

async function activationOf(scheme: string, started: Server, mode = 0o600): Promise<TomcatManagerActivation> {
  server = started;
  await new Promise<void>((resolve) => started.listen(0, '127.0.0.1', resolve));
  const passwordFile = join(scratch, `password-${mode}`);
  writeFileSync(passwordFile, `${password}\n`, { mode });
  const url = `${scheme}://127.0.0.1:${(started.address() as AddressInfo).port}/manager`;
  return { kind: 'tomcatManager', url, user: 'deployer', passwordFile, tlsHostName: '_default_' };
}

test('The manager gets user, password and host name, and an answer with OK is a success', async () => {
  const seen: unknown[] = [];
  const activation = await managerWith(({ url, headers }, response) => {
    seen.push(url, headers.authorization);
    response.end('OK - Reloaded TLS configuration for [_default_]\n');
  });

  const result = await tomcatManager.run(activation, context);

  expect(result).toMatchObject({
    ok: true,
    detail: 'sslReload: OK - Reloaded TLS configuration for [_default_]',
  });
  const basic = Buffer.from(`deployer:${password}`).toString('base64');
  expect(seen).toEqual(['/manager/text/sslReload?tlsHostName=_default_', `Basic ${basic}`]);
});

test('A manager over https is used if the certificate is of caFile and has the name of the url', async () => {
  const activation = await tlsManagerWith((_, response) => response.end('OK - done\n'), ['127.0.0.1']);

  expect(await tomcatManager.run(activation, context)).toMatchObject({ ok: true });
});

test.each([
  ['another name', ['tomcat.example.test'], {}, "does not match certificate's altnames"],
  ['an unknown CA', ['127.0.0.1'], { caFile: undefined }, 'unable to get local issuer certificate'],
])('No manager over https with %s gets the password', async (_, names, changes, reason) => {
  let requests = 0;
  const activation = await tlsManagerWith((_, response) => {
    requests++;
    response.end('OK - done\n');
  }, names);

  const result = await tomcatManager.run({ ...activation, ...changes }, context);

  expect(result).toMatchObject({ ok: false });
  expect(result.detail).toContain(reason);
  expect(requests).toBe(0);
});

test.each([
  [500, '<html>java.lang.NullPointerException</html>', 'HTTP 500'],
  [200, 'FAIL - Reload of TLS configuration failed', 'FAIL - Reload of TLS configuration failed'],
  [200, '<html>OK</html>', 'HTTP 200'],
])('Tomcat keeps its certificate after an answer without OK: %i %s', async (status, body, reason) => {
  const activation = await managerWith((_, response) => response.writeHead(status).end(body));

  expect(await tomcatManager.run(activation, context)).toEqual({
    ok: false,
    keptPrevious: true,
    detail: `sslReload: ${reason}`,
  });
});

test('A manager that does not answer before the deadline leaves unknown what Tomcat uses', async () => {
  const activation = await managerWith(() => undefined);

  const result = await tomcatManager.run(activation, context);

  expect(result.ok).toBe(false);
  expect(result.keptPrevious).toBeUndefined();
});

test('A redirection is not followed, because the password would go elsewhere', async () => {
  const activation = await managerWith((_, response) =>
    response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
  );

  expect(await tomcatManager.run(activation, context)).toMatchObject({
    ok: false,
    detail: 'sslReload: HTTP 302',
  });
});

test('An answer with the password is withheld', async () => {
  const activation = await managerWith((_, response) => response.end(`FAIL - ${password}`));

  const { detail } = await tomcatManager.run(activation, context);

  expect(detail).not.toContain(password);
  expect(containsKnownKey(Buffer.from(password))).toBe(true);
});

test('A password file that other users can read is refused before any file changes', async () => {
  const activation = await managerWith((_, response) => response.end('OK'), 0o644);

  expect(await tomcatManager.readMemory?.(activation, context)).toMatchObject({
    ok: false,
    retry: 'never',
    why: expect.stringContaining('chmod 600'),
  });
});

test('The command for operators contains no password', async () => {
  const activation = await managerWith(() => undefined);

  expect(tomcatManager.manualCommand(activation)).toMatch(/^curl -fsS -u deployer '?http/);
});
