import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hook } from '../../cli/commands/hook.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { servedBy } from '../rigs/served.ts';
import { aWorkplace, endpointOf } from './command.ts';

describe('certferry hook', () => {
  let place: Awaited<ReturnType<typeof aWorkplace>>;
  let live: string;
  beforeAll(async () => {
    place = await aWorkplace();
    live = join(place.folder, 'lineage');
    mkdirSync(live);
  });
  afterAll(() => place.stop());

  const served = () => servedBy(Number(endpointOf(place.server).split(':')[1]));

  /** Renews as certbot does, and runs the hook with these changes. */
  async function renewed(version: IssuedCertificate, onDeployed = () => {}) {
    write(version);
    const lines: string[] = [];
    const terminal = {
      out: (line: string) => lines.push(`out: ${line}`),
      err: (line: string) => lines.push(`err: ${line}`),
      interactive: false,
      width: 100,
      colours: plainColours,
    };
    const options = { targets: join(place.folder, 'targets.json'), state: join(place.folder, 'state') };
    const running = hook([], options, terminal, { RENEWED_LINEAGE: live });
    onDeployed();
    return { code: await running, lines };
  }

  function write({ fullchainPem, keyPem }: IssuedCertificate): void {
    writeFileSync(join(live, 'fullchain.pem'), fullchainPem);
    writeFileSync(join(live, 'privkey.pem'), keyPem, { mode: 0o600 });
  }

  test('The hook of a renewal is quiet when the target serves the certificate, and when nothing changed', async () => {
    const version = await place.issue();

    const first = await renewed(version);
    const second = await renewed(version);

    expect([first, second]).toEqual([
      { code: 0, lines: [] },
      { code: 0, lines: [] },
    ]);
    expect(await served()).toBe(version.fingerprint);
  }, 600_000);

  test('A renewal during the deployment is deployed as well, so that no older version stays installed', async () => {
    const [first, second] = [await place.issue(), await place.issue()];

    const { code } = await renewed(first, () => write(second));

    expect(code).toBe(0);
    expect(await served()).toBe(second.fingerprint);
  }, 600_000);

  test('A certificate without targets is reported in one line, and is no failure', async () => {
    const { code, lines } = await renewed(await aVersion({ names: ['other.example.com'] }));

    expect(code).toBe(0);
    expect(lines).toEqual([expect.stringContaining('no target in')]);
    expect(lines[0]).toContain('other.example.com. Nothing was deployed.');
  }, 600_000);

  test('A deployment that fails ends with its exit code and one paragraph on standard error', async () => {
    await place.server.stop();

    const { code, lines } = await renewed(await place.issue());

    expect(code).toBeGreaterThanOrEqual(10);
    expect(lines[0]).toMatch(
      /^err: certferry hook \(certbot\): the renewed certificate for .* is not deployed/,
    );
    expect(lines.every((line) => line.startsWith('err: '))).toBe(true);
  }, 600_000);

  test('A bundle that cannot be deployed is rejected before anything is changed', async () => {
    const [version, other] = [await place.issue(), await place.issue()];
    const { code, lines } = await renewed({ ...version, keyPem: other.keyPem });

    expect(code).toBe(10);
    expect(lines.join(' ')).toContain('KeyMismatch');
    expect(lines.join(' ')).toContain('Nothing was changed.');
  }, 600_000);
});
