import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { describe, expect, test } from 'vitest';
import { privateJwk } from '../../core/seal/host-key.ts';
import { filesBelow, scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { certferry, startCertferry, versionFiles } from './certferry.ts';
import { facesOf, holdersOf, watchProcesses } from './secret-search.ts';

const scratch = scratchFolder();
let count = 0;

/** Every sealed job (compact JWE) in the state folder. Local mode records commands as SSM does. */
function sealedJobsIn(state: string): string[] {
  const jobs = filesBelow(state).flatMap(
    (name) =>
      readFileSync(join(state, name), 'latin1').match(
        /eyJ[\w-]{50,}\.[\w-]*\.[\w-]{16}\.[\w-]{100,}\.[\w-]{22}/g,
      ) ?? [],
  );
  return [...new Set(jobs)];
}

/** Every private key of a host in the state folder. */
function hostKeysIn(state: string): ReturnType<typeof privateJwk>[] {
  return filesBelow(state)
    .filter((name) => name.endsWith('keys.json'))
    .flatMap((name) => {
      const { current, next } = JSON.parse(readFileSync(join(state, name), 'utf8'));
      return [current, ...(next === null ? [] : [next])].map(privateJwk);
    });
}

async function aDeployment(verify: object | 'none', reloadCommand: string, keyType: 'p256' | 'rsa2048') {
  const folder = join(scratch, `host-${++count}`);
  mkdirSync(join(folder, 'tls'), { recursive: true });
  const targets = join(folder, 'targets.json');
  const config = {
    certPath: join(folder, 'tls/cert.pem'),
    keyPath: join(folder, 'tls/key.pem'),
    shell: true,
    reloadCommand,
  };
  const target = {
    id: 'web-1',
    certificate: 'www.example.test',
    host: 'local',
    kind: 'files',
    config,
    verify,
  };
  writeFileSync(targets, JSON.stringify({ targets: [target] }));
  const version = await aVersion({ keyType });
  const incoming = join(folder, 'incoming');
  const { cert, key } = versionFiles(incoming, version);
  const faces = facesOf(version);
  const stop = watchProcesses(faces);
  const args = [
    '--local',
    '--state',
    join(folder, 'state'),
    '--targets',
    targets,
    '--certificate',
    'www.example.test',
  ];
  const { ended } = startCertferry(['deploy', ...args, '--cert', cert, '--key', key, '--json']);
  const run = await ended;
  const inspected = await certferry('inspect', '--local', '--state', join(folder, 'state'), 'last', '--json');
  return { folder, run, inspected, faces, inProcesses: stop() };
}

describe('the private key', () => {
  test('The private key is after a deployment in the daemon’s own file and nowhere else', async () => {
    const { folder, run, inspected, faces, inProcesses } = await aDeployment('none', 'true', 'p256');

    expect(run.json.outcome).toBe('deployed_unverified');
    expect(holdersOf(faces, folder)).toEqual(['incoming/privkey.pem', 'tls/key.pem']);
    expect(inProcesses).toEqual([]);
    for (const text of [run.stdout, run.stderr, inspected.stdout]) {
      expect(faces.some((face) => text.includes(face.toString('latin1')))).toBe(false);
    }
  });

  test('The private key is nowhere after a rollback, not even when the reload command printed it', async () => {
    const verify = { endpoint: '127.0.0.1:1', attempts: 1 };
    const leak = `cat ${join(scratch, `host-${count + 1}`, 'tls/key.pem')} >&2`;
    const { folder, run, inspected, faces, inProcesses } = await aDeployment(
      verify,
      `${leak}; true`,
      'rsa2048',
    );

    expect(['rolled_back', 'rollback_failed']).toContain(run.json.outcome);
    expect(holdersOf(faces, folder)).toEqual(['incoming/privkey.pem']);
    expect(inProcesses).toEqual([]);
    for (const text of [run.stdout, run.stderr, inspected.stdout]) {
      expect(faces.some((face) => text.includes(face.toString('latin1')))).toBe(false);
    }
  });

  test('The private key is not in the output of a failing reload command, although the command printed it', async () => {
    const leak = `cat ${join(scratch, `host-${count + 1}`, 'tls/key.pem')} >&2`;
    const { folder, run, faces } = await aDeployment('none', `${leak} && exit 1`, 'rsa2048');

    expect(run.code).not.toBe(0);
    expect(run.json.summary).toContain('output withheld: it contains part of a private key');
    expect(holdersOf(faces, folder)).toEqual(['incoming/privkey.pem']);
  });

  test('Neither the recorded commands nor the keys of the host open the newest job after a deployment', async () => {
    const { folder, run } = await aDeployment('none', 'true', 'p256');

    expect(run.json.outcome).toBe('deployed_unverified');
    const jobs = sealedJobsIn(join(folder, 'state'));
    const keys = hostKeysIn(join(folder, 'state'));
    expect(jobs.length).toBeGreaterThan(0);
    expect(keys.length).toBeGreaterThan(0);
    for (const job of jobs) {
      for (const key of keys) await expect(compactDecrypt(job, key)).rejects.toThrow();
    }
  });

  test('The private key would be found by this search if it were there', async () => {
    const version = await aVersion({ keyType: 'p256' });
    const folder = join(scratch, 'planted');
    mkdirSync(folder);
    const der = createPrivateKey(version.keyPem).export({ type: 'pkcs8', format: 'der' });
    writeFileSync(join(folder, 'a'), version.keyPem);
    writeFileSync(join(folder, 'b'), `x${der.toString('base64url')}`);
    writeFileSync(join(folder, 'c'), Buffer.concat([Buffer.from('zz'), der]));
    writeFileSync(
      join(folder, 'd'),
      JSON.stringify({ nested: Buffer.from(`y${version.keyPem}`).toString('utf8') }),
    );
    writeFileSync(join(folder, 'e'), 'nothing');

    expect(holdersOf(facesOf(version), folder)).toEqual(['a', 'b', 'c', 'd']);
  });
});
