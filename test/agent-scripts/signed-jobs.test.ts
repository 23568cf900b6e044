import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { jobActions } from '../../core/deployment/job.ts';
import { JobKey, jobKeysText } from '../../core/seal/job-keys.ts';
import { openJobText } from '../../core/seal/job-text.ts';
import { aHeader, anOpenJob } from '../core/seal/jobs.ts';
import { verifyOf } from '../core/tls-probe/endpoints.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { aJobKey, signed, signedOpenJob, testKey, withoutSignature } from '../fixtures/signed-jobs.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { filesBelow, fingerprintOfFile, scratchFolder } from './disk.ts';
import { aTarget, runAgentWith, testHost } from './run-agent.ts';

const scratch = scratchFolder();
let count = 0;

/** A `files` target with a deployed first version. */
async function aDeployed() {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const [certPath, keyPath] = [join(folder, 'tls/cert.pem'), join(folder, 'tls/key.pem')];
  const target = aTarget('files', { certPath, keyPath, reloadCommand: ['true'] });
  const host = testHost(join(folder, 'home'));
  const first = await aVersion();
  const line = await host.send('deploy', { target, version: first });
  expect(line.outcome).toBe('applied');
  return { host, target, certPath, first, deploymentId: line.deploymentId };
}

/** All files of a folder with their content. */
const contentsOf = (folder: string) =>
  filesBelow(folder)
    .filter((name) => statSync(join(folder, name)).isFile())
    .map((name) => [name, readFileSync(join(folder, name), 'latin1')]);

const never = { ...aHeader(), expiresAt: 9_999_999_999 };

describeWith([program('flock', 'util-linux')], 'the signature of a job', () => {
  test('The agent refuses a job without a signature, and a high fence in it locks nothing', async () => {
    const { host, target, certPath } = await aDeployed();
    const lockout = { ...never, action: 'inspect', fence: Number.MAX_SAFE_INTEGER } as const;
    const before = contentsOf(host.home);
    const version = await aVersion();

    for (const action of ['undo', 'rollback', 'enroll', 'inspect'] as const) {
      const job = openJobText({ header: { ...lockout, action }, probe: null });
      const { line, code } = await runAgentWith(host.home, job);
      expect({ code, line }).toMatchObject({
        code: 0,
        line: { outcome: 'rejected', reason: 'JobUnsigned', deploymentId: '', targetId: '', hostKey: null },
      });
    }

    expect(contentsOf(host.home)).toEqual(before);
    const sealed = withoutSignature(await host.jobText('deploy', { target, version }));
    expect((await runAgentWith(host.home, sealed)).line).toMatchObject({ reason: 'JobUnsigned' });
    expect((await host.send('deploy', { target, version })).outcome).toBe('applied');
    expect(fingerprintOfFile(certPath)).toBe(version.fingerprint);
  });

  test('The agent refuses each action with the signature of another key, of another job and for another host', async () => {
    const home = join(scratch, 'wrong');
    const stranger = aJobKey().signer;
    const valid = await signedOpenJob({ header: { ...never, deploymentId: 'd-other' }, probe: null });

    for (const action of jobActions) {
      const job = openJobText(anOpenJob({ ...never, action }));
      const texts = [
        await signed(job, { signer: stranger }),
        await signed(job, { signer: { ...stranger, kid: testKey.signer.kid } }),
        await signed(job, { host: 'i-0123456789abcdef0' }),
        `${valid.split('~')[0]}~${job}`,
      ];
      for (const text of texts) {
        expect((await runAgentWith(home, text)).line).toMatchObject({ reason: 'JobUnsigned' });
      }
    }
    expect(existsSync(home)).toBe(false);
  });

  test('The agent verifies the signature before it reads the job: an unreadable job with a wrong signature is JobUnsigned', async () => {
    const home = join(scratch, 'unreadable');
    const stranger = aJobKey().signer;

    for (const text of ['bm90IGEgam9i', 'a.b.c.d.e', '{', '']) {
      expect((await runAgentWith(home, await signed(text, { signer: stranger }))).line).toMatchObject({
        reason: 'JobUnsigned',
      });
      const accepted = await runAgentWith(home, await signed(text));
      expect([accepted.line, accepted.code]).toEqual([null, 1]);
    }
    expect(existsSync(home)).toBe(false);
  });

  test('The agent refuses every job if the SSM Agent does not report the host, and names the update', async () => {
    const text = await signedOpenJob({ header: never, probe: null });

    const { line } = await runAgentWith(join(scratch, 'nameless'), text, [], {
      AWS_SSM_INSTANCE_ID: undefined,
    });

    expect(line).toMatchObject({ reason: 'JobUnsigned' });
    expect(line?.summary).toMatch(/AWS_SSM_INSTANCE_ID is not set.*Update its SSM Agent/);
  });

  test('While keys are rotated, the agent accepts jobs of both keys, and afterwards those of the new one only', async () => {
    const home = join(scratch, 'rotated');
    const next = aJobKey();
    const both = { CERTFERRY_JOB_KEYS: jobKeysText([testKey, next].map(({ pair }) => JobKey.parse(pair))) };
    const enroll = (signer: typeof next.signer) =>
      signedOpenJob({ header: { ...never, action: 'enroll' }, probe: null }, { signer });

    const outcomes = [];
    for (const [signer, environment] of [
      [testKey.signer, both],
      [next.signer, both],
      [next.signer, { CERTFERRY_JOB_KEYS: next.publicKeys }],
      [testKey.signer, { CERTFERRY_JOB_KEYS: next.publicKeys }],
    ] as const) {
      outcomes.push((await runAgentWith(home, await enroll(signer), [], environment)).line?.outcome);
    }

    expect(outcomes).toEqual(['enrolled', 'enrolled', 'enrolled', 'rejected']);
  });
});

describeWith([program('flock', 'util-linux')], 'a job that arrives twice', () => {
  test('The agent accepts a signed job once: the same deployment, undo or rollback is refused, and changes nothing', async () => {
    const { host, target, deploymentId } = await aDeployed();
    const deploy = await host.jobText('deploy', { target, version: await aVersion() });
    await runAgentWith(host.home, deploy);
    const undo = await host.jobText('undo', { target, header: { deploymentId } });
    await runAgentWith(host.home, undo);
    const before = contentsOf(host.home);

    for (const job of [deploy, undo]) {
      expect((await runAgentWith(host.home, job)).line).toMatchObject({
        outcome: 'rejected',
        reason: 'JobReplayed',
        hostKey: null,
      });
    }

    expect(contentsOf(host.home)).toEqual(before);
  });

  test('The agent answers a repeated delivery, which is another signed job, from the receipt', async () => {
    const { host, target } = await aDeployed();
    const sent = { target, version: await aVersion(), header: { deploymentId: 'd-once', fence: 5 } };
    const [first, second] = [await host.jobText('deploy', sent), await host.jobText('deploy', sent)];

    const lines = [(await runAgentWith(host.home, first)).line, (await runAgentWith(host.home, second)).line];

    expect(lines.map((line) => line?.outcome)).toEqual(['applied', 'applied']);
    expect(lines[1]?.version).toEqual(lines[0]?.version);
  });

  test('A replayed job neither recovers nor removes the change of an interrupted job', async () => {
    const { host, target } = await aDeployed();
    const job = await host.jobText('undo', { target, header: { deploymentId: 'd-unknown' } });
    await runAgentWith(host.home, job);
    writeFileSync(join(host.home, 'journal.json'), 'of an interrupted job');

    const { line } = await runAgentWith(host.home, job);

    expect(line).toMatchObject({ reason: 'JobReplayed', recovered: null });
    expect(readFileSync(join(host.home, 'journal.json'), 'utf8')).toBe('of an interrupted job');
  });

  test('The agent forgets ids a day after they expired, and refuses all jobs that are so old', async () => {
    const home = join(scratch, 'forgetful');
    const now = Math.floor(Date.now() / 1_000);
    const enroll = (expiresAt: number) =>
      signedOpenJob({ header: { ...never, action: 'enroll', expiresAt }, probe: null });
    const file = join(home, 'accepted-jobs.json');
    const [old, older] = [await enroll(now - 90_000), await enroll(now - 95_000)];
    await runAgentWith(home, old);
    const remembered = JSON.parse(readFileSync(file, 'utf8'));

    await runAgentWith(home, await enroll(now + 600));
    const forgotten = JSON.parse(readFileSync(file, 'utf8'));

    expect(Object.values(remembered.jobs)).toEqual([now - 90_000]);
    expect(forgotten).toMatchObject({ forgottenUntil: now - 90_000 });
    expect(Object.values(forgotten.jobs)).toEqual([now + 600]);
    for (const job of [old, older]) {
      expect((await runAgentWith(home, job)).line).toMatchObject({ reason: 'JobReplayed' });
    }
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describeWith([program('flock', 'util-linux')], 'a fence far above the last one', () => {
  test('The agent refuses a fence that exceeds the last one by more than the configured step, and keeps the last one', async () => {
    const { host, target } = await aDeployed();
    const version = await aVersion();
    const send = async (fence: number) => {
      const job = await host.jobText('deploy', { target, version, header: { fence } });
      const { line } = await runAgentWith(host.home, job, [], { CERTFERRY_FENCE_STEP: '10' });
      host.received(line);
      return line;
    };

    const refused = await send(12);
    expect(refused).toMatchObject({ outcome: 'rejected', reason: 'FenceTooHigh' });
    expect(refused?.summary).toMatch(/has fence 12 for web-1, and the last one on this host was 1/);
    expect(await send(Number.MAX_SAFE_INTEGER)).toMatchObject({ reason: 'FenceTooHigh' });
    expect(readFileSync(join(host.home, 'targets/web-1/fence'), 'utf8')).toBe('1');
    expect((await send(11))?.outcome).toBe('applied');
  });

  test('The agent accepts the first fence of a target on a host as it is', async () => {
    const { host, target } = await aDeployed();
    const undo = await host.jobText('undo', {
      target: { ...target, id: 'web-2' },
      header: { fence: 5_000_000 },
    });

    expect((await runAgentWith(host.home, undo)).line?.outcome).toBe('restored');
  });
});

describe('the role of the document that can only probe', () => {
  const asProbe = { CERTFERRY_ROLE: 'probe', CERTFERRY_JOB_KEYS: '', AWS_SSM_INSTANCE_ID: undefined };
  const version = { fingerprint: `sha256:${'0'.repeat(64)}`, chain: [], keyAlgorithm: 'ec', notAfter: 1 };

  test('In the role probe, the agent probes an endpoint without a signature, a lock or a folder', async () => {
    const home = join(scratch, 'probing');
    const probe = { verify: verifyOf(1, { timeoutSeconds: 5 }), version };
    const job = openJobText({ header: { ...never, action: 'inspect' }, probe } as never);

    const { line, stderr } = await runAgentWith(home, job, [], asProbe);

    expect(line, stderr).toMatchObject({
      outcome: 'inspected',
      observations: [{ ok: false }],
      hostKey: null,
    });
    expect(existsSync(home)).toBe(false);
  });

  test('In the role probe, the agent refuses every other job, also a signed one, and reports no outcome of a deployment', async () => {
    const home = join(scratch, 'only-probing');

    for (const action of jobActions) {
      const job = { header: { ...never, action }, probe: null };
      for (const text of [openJobText(job), await signedOpenJob(job)]) {
        const { line, code } = await runAgentWith(home, text, [], asProbe);
        expect([line, code]).toEqual([null, 1]);
      }
    }
    expect(existsSync(home)).toBe(false);
  });

  test('The agent refuses a signed probe through the document for jobs', async () => {
    const probe = { verify: verifyOf(1, { timeoutSeconds: 5 }), version };
    const text = await signedOpenJob({ header: { ...never, action: 'inspect' }, probe } as never);

    expect((await runAgentWith(join(scratch, 'signed-probe'), text)).line).toMatchObject({
      outcome: 'rejected',
      reason: 'JobUnreadable',
    });
  });

  test('The agent does nothing without a role', async () => {
    const { code, stderr } = await runAgentWith(join(scratch, 'roleless'), 'a', [], { CERTFERRY_ROLE: '' });

    expect(code).toBe(1);
    expect(stderr).toContain('CERTFERRY_ROLE');
  });
});
