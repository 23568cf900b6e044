import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundedInspections } from '../../core/bounds/agent-line.ts';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import { type InspectionRequest, maximumInspections } from '../../core/deployment/job.ts';
import { openJobText } from '../../core/seal/job-text.ts';
import { served, verifyOf, versionOf } from '../core/tls-probe/endpoints.ts';
import { useEndpoints } from '../core/tls-probe/use-endpoints.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { filesBelow, scratchFolder } from './disk.ts';
import { aTarget, runAgentWith, startAgent, testHost } from './run-agent.ts';

const scratch = scratchFolder();
const endpoints = useEndpoints();

function lookJob(inspections: InspectionRequest[], expiresIn = 600): string {
  const expiresAt = Math.floor(Date.now() / 1000) + expiresIn;
  const about = { deploymentId: 'sweep-1', targetId: inspections[0]?.targetId ?? '', fence: 0 };
  return openJobText({ header: { v: 1, action: 'inspect', expiresAt, ...about }, probe: null, inspections });
}

const at = (targetId: string, port: number, known: Partial<InspectionRequest> = {}): InspectionRequest => ({
  targetId,
  verify: verifyOf(port, { timeoutSeconds: 5 }),
  version: null,
  ...known,
});

async function lookedAt(
  home: string,
  inspections: InspectionRequest[],
  expiresIn?: number,
): Promise<AgentLine> {
  const { line, stderr } = await runAgentWith(home, lookJob(inspections, expiresIn), [], {
    CERTFERRY_ROLE: 'probe',
  });
  if (line === null) throw new Error(`no line: ${stderr}`);
  return line;
}

describe('an inspection job', () => {
  test('An inspection job reports for each target what is served, or why nothing could be read', async () => {
    const version = await aVersion();
    const [web, closed] = [await endpoints.serve(served(version)), await endpoints.serve({})];
    await closed.close();
    const { fingerprint, chain, notAfter } = versionOf(version);

    const line = await lookedAt(join(scratch, 'looking'), [at('web', web.port), at('mail', closed.port)]);

    expect(line).toMatchObject({ deploymentId: 'sweep-1', targetId: 'web', outcome: 'inspected' });
    const address = (port: number) => `127.0.0.1:${port}`;
    expect(line.inspections).toEqual([
      {
        targetId: 'web',
        seen: [{ address: address(web.port), problem: null, served: { fingerprint, chain, notAfter } }],
      },
      {
        targetId: 'mail',
        seen: [{ address: address(closed.port), problem: 'connection refused', served: null }],
      },
    ]);
  });

  test('An inspection job asks a server with two certificates for the one of the version that is known', async () => {
    const [ec, rsa] = [await aVersion(), await aVersion({ keyType: 'rsa2048' })];
    const both = { cert: [ec.fullchainPem, rsa.fullchainPem], key: [ec.keyPem, rsa.keyPem] };
    const { port } = await endpoints.serve(both);

    const line = await lookedAt(join(scratch, 'two'), [
      at('ec', port, { version: versionOf(ec) }),
      at('rsa', port, { version: versionOf(rsa, 'rsa') }),
    ]);

    const seen = line.inspections?.map((one) => one.seen?.[0]?.served?.fingerprint);
    expect(seen).toEqual([ec.fingerprint, rsa.fingerprint]);
  });

  test('An inspection job that arrives too late is refused and probes nothing', async () => {
    const { port, accepted } = await endpoints.serve(served(await aVersion()));

    const line = await lookedAt(join(scratch, 'late'), [at('web', port)], -1);

    expect(line).toMatchObject({ outcome: 'rejected', reason: 'JobExpired' });
    expect(accepted()).toBe(0);
  });
});

describe('what a host saw', () => {
  const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
  const fingerprints = hex.map((digits) => `sha256:${digits}`);
  const served = fc.record({
    fingerprint: fingerprints,
    chain: fc.array(fingerprints, { maxLength: 10 }),
    notAfter: fc.integer(),
  });
  const address = fc.record({
    address: fc.ipV6(),
    problem: fc.option(fc.string({ maxLength: 300 })),
    served: fc.option(served),
  });
  const look = fc.record({
    targetId: fc.string({ maxLength: 64 }),
    seen: fc.array(address, { maxLength: 40, size: 'max' }),
  });

  test('The inspection of a target is reported completely or not at all, and everything fits into a line that SSM keeps', () => {
    let leftOut = 0;
    fc.assert(
      fc.property(fc.array(look, { maxLength: maximumInspections, size: 'max' }), (inspections) => {
        const shortened = boundedInspections(inspections);

        expect(Buffer.byteLength(JSON.stringify(shortened))).toBeLessThan(22_000);
        expect(shortened.map(({ targetId }) => targetId)).toEqual(
          inspections.map(({ targetId }) => targetId),
        );
        for (const [at, { seen }] of shortened.entries())
          expect([null, inspections[at]?.seen]).toContainEqual(seen);
        leftOut += shortened.filter(({ seen }) => seen === null).length;
      }),
    );
    expect(leftOut).toBeGreaterThan(0);
  });
});

test('The inspections of a result line are counted in bytes, because the SSM Agent cuts its output in bytes', () => {
  const problem = '證'.repeat(300);
  const inspections = Array.from({ length: 40 }, (_, at) => ({
    targetId: `web-${at}`,
    seen: [{ address: '192.0.2.1:443', problem, served: null }],
  }));

  const shortened = boundedInspections(inspections);

  expect(JSON.stringify(inspections).length).toBeLessThan(20_000);
  expect(Buffer.byteLength(JSON.stringify(shortened))).toBeLessThan(22_000);
});

describeWith([program('flock', 'util-linux')], 'an inspection during another job', () => {
  test('An inspection during another job neither waits for it nor changes what it has begun', async () => {
    const home = join(scratch, 'busy');
    const gate = join(scratch, 'gate');
    const host = testHost(home);
    const { port } = await endpoints.serve(served(await aVersion()));
    // not in the folder of the gate, which the check cannot see in its mount namespace
    const tls = join(scratch, 'tls');
    mkdirSync(tls);
    const target = aTarget('files', {
      certPath: join(tls, 'cert.pem'),
      keyPath: join(tls, 'key.pem'),
      validateCommand: ['sh', '-c', `touch ${gate}.waiting; while [ ! -e ${gate} ]; do sleep 0.02; done`],
      reloadCommand: ['true'],
    });
    const job = await host.jobText('deploy', { target, version: await aVersion() });
    const deploying = startAgent(home, job).ended;
    while (!existsSync(`${gate}.waiting`)) await sleep(10);
    const before = filesBelow(home);

    const line = await lookedAt(home, [at('web-1', port)]);

    expect(line).toMatchObject({ outcome: 'inspected', recovered: null });
    expect(line.inspections?.[0]?.seen?.[0]?.served).not.toBeNull();
    expect(filesBelow(home)).toEqual(before);
    expect(before).toContain('journal.json');
    writeFileSync(gate, '');
    expect((await deploying).line).toMatchObject({ outcome: 'applied', recovered: null });
  });
});
