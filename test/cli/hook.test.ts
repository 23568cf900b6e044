import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hook } from '../../cli/commands/hook.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { servedBy } from '../rigs/served.ts';
import { aWorkplace, endpointOf } from './command.ts';

type Place = Awaited<ReturnType<typeof aWorkplace>>;

/** The folder of the certificate, as certbot keeps it. */
function lineageIn({ folder }: Place): string {
  const live = join(folder, 'lineage');
  mkdirSync(live, { recursive: true });
  return live;
}

function write(place: Place, { fullchainPem, keyPem }: IssuedCertificate): void {
  writeFileSync(join(lineageIn(place), 'fullchain.pem'), fullchainPem);
  writeFileSync(join(lineageIn(place), 'privkey.pem'), keyPem, { mode: 0o600 });
}

/** Renews as certbot does, and runs the hook. `meanwhile` runs after the hook has read the files. */
async function renewed(place: Place, version: IssuedCertificate, meanwhile = () => {}) {
  write(place, version);
  const lines: string[] = [];
  const terminal = {
    out: (line: string) => lines.push(`out: ${line}`),
    err: (line: string) => lines.push(`err: ${line}`),
    interactive: false,
    width: 100,
    colours: plainColours,
  };
  const options = { targets: join(place.folder, 'targets.json'), state: join(place.folder, 'state') };
  const running = hook([], options, terminal, { RENEWED_LINEAGE: lineageIn(place) });
  meanwhile();
  return { code: await running, lines };
}

describe('certferry hook', () => {
  let place: Place;
  beforeAll(async () => {
    place = await aWorkplace();
  });
  afterAll(() => place.stop());

  const served = () => servedBy(Number(endpointOf(place.server).split(':')[1]));

  test('The hook of a renewal is quiet when the target serves the certificate, and when nothing changed', async () => {
    const version = await place.issue();

    const first = await renewed(place, version);
    const second = await renewed(place, version);

    expect([first, second]).toEqual([
      { code: 0, lines: [] },
      { code: 0, lines: [] },
    ]);
    expect(await served()).toBe(version.fingerprint);
  }, 600_000);

  test('A renewal during the deployment is deployed as well, so that no older version stays installed', async () => {
    const [first, second] = [await place.issue(), await place.issue()];

    const { code } = await renewed(place, first, () => write(place, second));

    expect(code).toBe(0);
    expect(await served()).toBe(second.fingerprint);
  }, 600_000);

  test('Two hooks of one renewal at the same moment both succeed, and the target serves the certificate', async () => {
    const version = await place.issue();

    const both = await Promise.all([renewed(place, version), renewed(place, version)]);

    expect(both).toEqual([
      { code: 0, lines: [] },
      { code: 0, lines: [] },
    ]);
    expect(await served()).toBe(version.fingerprint);
  }, 600_000);

  test('A target of the certificate on another host is left out', async () => {
    const file = join(place.folder, 'targets.json');
    const { targets } = JSON.parse(readFileSync(file, 'utf8'));
    const names = targets.map((target: object) => ({ ...target, certificate: place.certificate }));
    writeFileSync(file, JSON.stringify({ targets: names }));
    const version = await place.issue();

    const { code, lines } = await renewed(place, version);
    writeFileSync(file, JSON.stringify({ targets }));

    expect({ code, lines }).toEqual({ code: 0, lines: [] });
    expect(await served()).toBe(version.fingerprint);
  }, 600_000);

  test('A certificate without targets is reported in one line, and is no failure', async () => {
    const { code, lines } = await renewed(place, await aVersion({ names: ['other.example.com'] }));

    expect(code).toBe(0);
    expect(lines).toEqual([expect.stringContaining('no target in')]);
    expect(lines[0]).toContain('other.example.com. Nothing was deployed.');
  }, 600_000);

  test('A deployment that fails ends with its exit code and one paragraph on standard error', async () => {
    const failing = await aWorkplace((usual) => ({ ...usual, reloadCommand: ['false'] }));

    const { code, lines } = await renewed(failing, await failing.issue());
    await failing.stop();

    expect(code).toBeGreaterThanOrEqual(10);
    expect(lines[0]).toMatch(
      /^err: certferry hook \(certbot\): the renewed certificate for .* is not deployed/,
    );
    expect(lines.every((line) => line.startsWith('err: '))).toBe(true);
  }, 600_000);

  test('A bundle that cannot be deployed is rejected before anything is changed', async () => {
    const [version, other] = [await place.issue(), await place.issue()];
    const { code, lines } = await renewed(place, { ...version, keyPem: other.keyPem });

    expect(code).toBe(10);
    expect(lines.join(' ')).toContain('KeyMismatch');
    expect(lines.join(' ')).toContain('Nothing was changed.');
  }, 600_000);
});
