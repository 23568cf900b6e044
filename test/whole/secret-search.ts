import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import { filesBelow } from '../agent-scripts/disk.ts';

/** What a password, a token or the text of a key looks like: its lines, and their base64 at every alignment. */
export function facesOfText(secret: string): Buffer[] {
  const lines = secret.split('\n').filter((line) => line.length >= 12 && !line.startsWith('-----'));
  return lines.flatMap((line) => {
    const shifted = [0, 1, 2].flatMap((shift) => {
      const bytes = Buffer.from(line).subarray(shift);
      const whole = bytes.subarray(0, bytes.length - (bytes.length % 3)).subarray(0, 24);
      return [whole.toString('base64'), whole.toString('base64url')];
    });
    return [line, ...shifted].map((face) => Buffer.from(face));
  });
}

/**
 * What a private key looks like wherever it may be: lines of its PEM, its DER raw and in both base64 alphabets at
 * every alignment, and the secret number itself.
 */
export function facesOf({ keyPem }: IssuedCertificate): Buffer[] {
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

/** The files below a folder that contain a secret, sorted. */
export function holdersOf(faces: readonly Buffer[], folder: string): string[] {
  return filesBelow(folder).filter((name) => {
    const bytes = readFileSync(join(folder, name));
    return faces.some((face) => bytes.includes(face));
  });
}

/** Command lines and environments of every process of this machine, over and over until it is stopped. */
export function watchProcesses(faces: readonly Buffer[]): () => string[] {
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
