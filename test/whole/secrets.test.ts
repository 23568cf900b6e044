import { createPrivateKey } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { filesBelow, scratchFolder } from '../agent-scripts/disk.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { certferry, startCertferry, versionFiles } from './certferry.ts';

const scratch = scratchFolder();
let count = 0;

/**
 * What a private key looks like wherever it may be: lines of its PEM, its DER raw and in both base64 alphabets at
 * every alignment, and the secret number itself.
 */
function facesOf({ keyPem }: IssuedCertificate): Buffer[] {
  const lines = keyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
  const der = createPrivateKey(keyPem).export({ type: 'pkcs8', format: 'der' });
  const jwk = createPrivateKey(keyPem).export({ format: 'jwk' });
  const number = Buffer.from(jwk.d ?? '', 'base64url');
  const aligned = [0, 1, 2].flatMap((shift) => {
    const bytes = der.subarray(der.indexOf(number) - (der.indexOf(number) % 3) + shift);
    const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).subarray(0, 24);
    return [whole.toString('base64'), whole.toString('base64url')];
  });
  const texts = [
    ...lines,
    der.toString('base64'),
    der.toString('base64url'),
    ...aligned,
    number.toString('hex'),
  ];
  return [der, number, ...texts.map((text) => Buffer.from(text))];
}

function holdersOf(faces: readonly Buffer[], folder: string): string[] {
  return filesBelow(folder).filter((name) => {
    const bytes = readFileSync(join(folder, name));
    return faces.some((face) => bytes.includes(face));
  });
}

/** Command lines and environments of every process of this machine, over and over until it is stopped. */
function watchProcesses(faces: readonly Buffer[]): () => string[] {
  const found = new Set<string>();
  const look = setInterval(() => {
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      for (const kind of ['cmdline', 'environ']) {
        if (holds(`/proc/${pid}/${kind}`, faces)) found.add(`${kind} of a process`);
      }
    }
  }, 15);
  return () => {
    clearInterval(look);
    return [...found];
  };
}

function holds(path: string, faces: readonly Buffer[]): boolean {
  try {
    const bytes = readFileSync(path);
    return faces.some((face) => bytes.includes(face));
  } catch {
    return false;
  }
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
    expect(run.json.summary).toContain('[redacted]');
    expect(holdersOf(faces, folder)).toEqual(['incoming/privkey.pem']);
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
