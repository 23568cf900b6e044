import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A key of each type that certferry deploys. */
export const keyMakers = {
  'RSA 2048': () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  'RSA 4096': () => generateKeyPairSync('rsa', { modulusLength: 4_096 }),
  'RSA-PSS 2048': () => generateKeyPairSync('rsa-pss', { modulusLength: 2_048 }),
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  Ed25519: () => generateKeyPairSync('ed25519'),
} as const satisfies Readonly<Record<string, () => { privateKey: KeyObject; publicKey: KeyObject }>>;
export type KeyType = keyof typeof keyMakers;

const cached = new Map<KeyType, { privateKey: KeyObject; publicKey: KeyObject }>();

/** One key per type for a test file: RSA keys take long to make. */
export function aKey(type: KeyType): { readonly privateKey: KeyObject; readonly publicKey: KeyObject } {
  const pair = cached.get(type) ?? keyMakers[type]();
  cached.set(type, pair);
  return pair;
}

export const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
export const derOf = (key: KeyObject): Buffer => key.export({ type: 'pkcs8', format: 'der' });

/** A way to print bytes. */
type Render = (bytes: Buffer) => Buffer;

const text =
  (render: (bytes: Buffer) => string): Render =>
  (bytes) =>
    Buffer.from(render(bytes), 'latin1');

const grouped = (digits: string, size: number, separator: string): string =>
  digits.match(new RegExp(`.{1,${size}}`, 'g'))?.join(separator) ?? '';

const upper = (bytes: Buffer): string => bytes.toString('hex').toUpperCase();
const wrapped =
  (encoding: 'base64' | 'base64url', width: number, indent: string): Render =>
  (bytes) =>
    Buffer.from(indent + grouped(bytes.toString(encoding), width, `\n${indent}`));

/** Renderings without a program, so that each of them runs on every machine. */
export const pureRenderings: Readonly<Record<string, Render>> = {
  'raw bytes': (bytes) => bytes,
  'Latin-1 as UTF-8': (bytes) => Buffer.from(bytes.toString('latin1'), 'utf8'),
  hex: text((bytes) => bytes.toString('hex')),
  'hex in upper case': text(upper),
  'hex with colons, 15 bytes per line': text((bytes) => grouped(grouped(upper(bytes), 2, ':'), 45, '\n    ')),
  'hex with spaces, 2 bytes per line': text((bytes) => grouped(grouped(upper(bytes), 2, ' '), 6, '\n')),
  'hex after words': text((bytes) => `bad decade: face ${bytes.toString('hex')}`),
  'hex with a word before each 3 bytes': text(
    (bytes) => `daemon: ${grouped(bytes.toString('hex'), 6, '\ndaemon: ')}`,
  ),
  'hex as UTF-16': (bytes) => Buffer.from(bytes.toString('hex'), 'utf16le'),
  'a C array': text(
    (bytes) =>
      `{ ${[...bytes]
        .map((byte) => `0x${byte.toString(16)}`.padStart(4, '0'))
        .map((word) => (word.length === 4 && word.startsWith('0x') ? word : `0x0${word.slice(-1)}`))
        .join(', ')} }`,
  ),
  'hex escapes': text((bytes) =>
    [...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  ),
  'octal escapes': text((bytes) =>
    [...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join(''),
  ),
  'a byte string of Python': text((bytes) =>
    [...bytes]
      .map((byte) =>
        byte >= 32 && byte < 127 && byte !== 92
          ? String.fromCharCode(byte)
          : `\\x${byte.toString(16).padStart(2, '0')}`,
      )
      .join(''),
  ),
  'percent encoding': text((bytes) =>
    [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  ),
  'a list of decimals': text((bytes) => JSON.stringify([...bytes])),
  'a JSON string': text((bytes) => JSON.stringify(bytes.toString('latin1'))),
  'base64 on one line': wrapped('base64', 100_000, ''),
  'base64url on one line': wrapped('base64url', 100_000, ''),
  'base64 of 76': wrapped('base64', 76, ''),
  'base64 of 64, indented': wrapped('base64', 64, '        '),
  'base64 of 7 after a word': wrapped('base64', 7, 'key: '),
  'base64url of 5': wrapped('base64url', 5, ' '),
  'base64 of 1': wrapped('base64', 1, ''),
  'base64 in a JSON string': text((bytes) => JSON.stringify(grouped(bytes.toString('base64'), 11, '\r\n'))),
  'base64 of base64': text((bytes) =>
    grouped(Buffer.from(grouped(bytes.toString('base64'), 64, '\n')).toString('base64'), 76, '\n'),
  ),
  'hex of base64': text((bytes) => Buffer.from(grouped(bytes.toString('base64'), 64, '\n')).toString('hex')),
};

/** Programs that print standard input, with the Debian package that contains them. */
export const programRenderings: readonly (readonly [program: string, debian: string, ...args: string[]])[] = [
  ...[
    ['-p'],
    [],
    ['-c', '3'],
    ['-c', '1'],
    ['-g', '1'],
    ['-e'],
    ['-b'],
    ['-b', '-c', '2'],
    ['-i'],
    ['-u'],
    ['-ps', '-c', '5'],
  ].map((args) => ['xxd', 'xxd', ...args] as const),
  ...[
    ['-An', '-tx1'],
    ['-tx1'],
    ['-x'],
    ['-An', '-x'],
    ['-b'],
    ['-An', '-b'],
    ['-c'],
    [],
    ['-An'],
    ['-d'],
    ['-tu1'],
    ['-td1'],
    ['-td2'],
    ['-tu4'],
    ['-tx4'],
    ['-tx8'],
    ['-to4'],
    ['-td8'],
    ['-tx1z'],
    ['-An', '-tx1z', '-w4'],
    ['-tx1z', '-w3'],
    ['-Ad', '-tx2', '-w2'],
    ['-Ax', '-to1', '-w1'],
    ['-v', '-w5', '-c'],
  ].map((args) => ['od', 'coreutils', ...args] as const),
  ...[['-C'], [], ['-b'], ['-d'], ['-o'], ['-x'], ['-c'], ['-v', '-e', '1/1 "%02x:"']].map(
    (args) => ['hexdump', 'bsdextrautils', ...args] as const,
  ),
  ...['0', '1', '2', '3', '5', '8', '13', '16', '19', '33', '64', '76', '100'].map(
    (width) => ['base64', 'coreutils', '-w', width] as const,
  ),
  ['basenc', 'coreutils', '--base64url', '-w', '7'],
  ['basenc', 'coreutils', '--base16', '-w', '9'],
  ['cat', 'coreutils', '-v'],
  ['cat', 'coreutils', '-A'],
];

/** The output of a program with this standard input. Null if the program is missing or refuses the arguments. */
export function printedBy(program: string, args: readonly string[], input: Buffer): Buffer | null {
  const { status, stdout } = spawnSync(program, args, { input, maxBuffer: 64 * 1_024 * 1_024 });
  return status === 0 ? stdout : null;
}
