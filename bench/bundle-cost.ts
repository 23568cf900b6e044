import { createHash, pbkdf2Sync } from 'node:crypto';
import { createAuthority } from '../cli/demo/throwaway-ca.ts';
import { maximumIterations } from '../core/certificate/derivation-budget.ts';
import { type blockBytes, digestBytes, pkcs12Key } from '../core/certificate/pkcs12-key.ts';
import { readBundle } from '../core/certificate/read-bundle.ts';
import { asPkcs12 } from '../test/fixtures/forms.ts';
import { measureInTurn } from './measure.ts';

const rounds = 5;
const iterations = 200_000;
const salt = Buffer.alloc(16, 1);

/** Lambda gives one processor per 1,769 MB (docs.aws.amazon.com/lambda, "Configure Lambda function memory"). */
const processorShare = 512 / 1769;

/** Half of the timeout of the state PushBundle, in seconds. */
const allowedSeconds = 60 / 2;

/** The CPU time of a bundle at the limit of iterations, compared with the time that PushBundle has for it. */
export async function bundleCost(): Promise<string[]> {
  const authority = await createAuthority({ name: 'Bench', intermediate: true });
  const { certPem, keyPem } = await authority.issue({ names: ['www.example.test'] });
  const legacy = asPkcs12(certPem + keyPem, 'secret', ['-legacy', '-iter', String(iterations)]);
  const modern = asPkcs12(certPem + keyPem, 'secret', ['-iter', String(iterations)]);
  const cpu = (work: () => unknown) => () => cpuMilliseconds(work);
  const read = (pkcs12: Buffer) => cpu(() => readBundle({ pkcs12, passphrase: 'secret' }, new Date()));
  const times = await measureInTurn(rounds, {
    native1: cpu(() => pbkdf2Sync('secret', salt, iterations, digestBytes.sha1, 'sha1')),
    own1: cpu(() => derive('sha1')),
    objects1: cpu(() => withHashObjects('sha1')),
    native512: cpu(() => pbkdf2Sync('secret', salt, iterations, digestBytes.sha512, 'sha512')),
    own512: cpu(() => derive('sha512')),
    objects512: cpu(() => withHashObjects('sha512')),
    legacy: read(legacy),
    modern: read(modern),
  });
  const each = (name: keyof typeof times, blocks = 1) => (times[name].median * 1000) / (iterations * blocks);
  const worst = Math.max(each('own1'), each('own512'), each('legacy', 6), each('modern', 3));
  const seconds = (worst * maximumIterations) / 1e6 / processorShare;
  const line = (title: string, native: number, own: number, objects: number) =>
    `${title}  native PBKDF2 ${native.toFixed(3)} µs, this code ${own.toFixed(3)} µs (${(own / native).toFixed(1)} times), hash objects ${objects.toFixed(3)} µs`;
  return [
    line('PKCS#12, SHA-1, an iteration:  ', each('native1'), each('own1'), each('objects1')),
    line('PKCS#12, SHA-512, an iteration:', each('native512'), each('own512'), each('objects512')),
    `file of OpenSSL -legacy:         ${each('legacy', 6).toFixed(3)} µs an iteration (6 blocks)`,
    `file of OpenSSL 3:               ${each('modern', 3).toFixed(3)} µs an iteration (3 blocks)`,
    `${maximumIterations} iterations at 512 MB:    ${seconds.toFixed(1)} s  (target: at most ${allowedSeconds})`,
  ];
}

function derive(digest: keyof typeof blockBytes): Buffer {
  return pkcs12Key('secret', { digest, purpose: 'mac', salt, iterations, length: digestBytes[digest] });
}

/** The same loop with an object for each hash, as JavaScript programs usually have it. */
function withHashObjects(digest: string): Buffer {
  let last: Buffer = salt;
  for (let done = 0; done < iterations; done += 1) last = createHash(digest).update(last).digest();
  return last;
}

/** CPU time and not elapsed time, so that other programs on the machine do not count. */
function cpuMilliseconds(work: () => unknown): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}
