import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createKeyDetector, type KeyDetector } from '../../../core/redaction/key-detector.ts';
import { secretParts } from '../../../core/redaction/secret-parts.ts';
import { anAuthority } from '../../fixtures/certificates.ts';
import { describeWith, program } from '../../rigs/require-daemon.ts';
import {
  aKey,
  derOf,
  type KeyType,
  keyMakers,
  pemOf,
  printedBy,
  programRenderings,
  pureRenderings,
} from './renderings.ts';

/** What the agent keeps of an output, in bytes. */
const keptBytes = 8_192;

const keyTypes = Object.keys(keyMakers) as KeyType[];
const detectors = new Map<KeyType, KeyDetector>();

function detectorOf(type: KeyType): KeyDetector {
  const detector = detectors.get(type) ?? createKeyDetector([aKey(type).privateKey]);
  detectors.set(type, detector);
  return detector;
}

/** A fragment of a secret between bytes that are no secret. `at` and `around` choose the offset and the length of both. */
const aFragment = fc.record({
  part: fc.nat(),
  at: fc.nat(),
  length: fc.integer({ min: 24, max: 48 }),
  before: fc.uint8Array({ maxLength: 40 }),
  after: fc.uint8Array({ maxLength: 40 }),
});
type Fragment = typeof aFragment extends fc.Arbitrary<infer Value> ? Value : never;

function bytesOf(type: KeyType, { part, at, length, before, after }: Fragment): Buffer {
  const { bytes } = secretParts(aKey(type).privateKey);
  const secret = bytes[part % bytes.length] ?? Buffer.alloc(0);
  const start = at % Math.max(1, secret.length - length);
  return Buffer.concat([before, secret.subarray(start, start + length), after]);
}

describe.each(keyTypes)('the detector of a key of type %s', (type) => {
  test.each(Object.entries(pureRenderings))('The detector finds a whole key printed as %s', (_, render) => {
    const { privateKey } = aKey(type);

    expect(detectorOf(type)(render(derOf(privateKey)).subarray(-keptBytes))).toBe(true);
    expect(detectorOf(type)(render(Buffer.from(pemOf(privateKey))).subarray(-keptBytes))).toBe(true);
  });

  test('The detector finds 24 bytes of any secret part at any offset in every rendering', () => {
    const renderings = Object.values(pureRenderings);
    fc.assert(
      fc.property(aFragment, fc.constantFrom(...renderings), (fragment, render) => {
        expect(detectorOf(type)(render(bytesOf(type, fragment)))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test('The detector finds each secret number in decimal, also part of it and with group separators', () => {
    for (const number of secretParts(aKey(type).privateKey).numbers) {
      const digits = number.toString();
      const grouped = digits.replaceAll(/(?=(\d{3})+$)/g, ',');
      for (const shown of [digits, digits.slice(7, 35), grouped, digits.replaceAll(/\d{20}/g, '$&\\\n')]) {
        expect(detectorOf(type)(Buffer.from(`the number is ${shown}.`))).toBe(true);
      }
    }
  });

  test('The detector does not find the public key, in any rendering', () => {
    const { publicKey } = aKey(type);
    const spki = publicKey.export({ type: 'spki', format: 'der' });
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));

    for (const render of Object.values(pureRenderings)) {
      expect(detectorOf(type)(render(spki))).toBe(false);
      expect(detectorOf(type)(render(pem))).toBe(false);
    }
  });
});

describe.each(
  programRenderings.map(([name, debian, ...args]) => ({
    name,
    debian,
    args,
    line: [name, ...args].join(' '),
  })),
)('the output of $line', ({ name, debian, args, line }) => {
  describeWith([program(name, debian)], name, () => {
    test.each(keyTypes)(`The detector finds a key of type %s that ${line} prints`, (type) => {
      const { privateKey } = aKey(type);
      for (const key of [derOf(privateKey), Buffer.from(pemOf(privateKey))]) {
        const output = printedBy(name, args, key);
        expect(output).not.toBeNull();
        expect(detectorOf(type)((output ?? key).subarray(-keptBytes))).toBe(true);
      }
    });

    test(`The detector finds 24 bytes of a secret at any offset in the output of ${line}`, () => {
      fc.assert(
        fc.property(aFragment, fc.constantFrom(...keyTypes), (fragment, type) => {
          const output = printedBy(name, args, bytesOf(type, fragment));
          expect(detectorOf(type)(output ?? Buffer.alloc(0))).toBe(true);
        }),
        { numRuns: 12 },
      );
    });
  });
});

describeWith([program('openssl')], 'openssl', () => {
  test.each(keyTypes)('The detector finds a key of type %s that openssl prints, cut at any place', (type) => {
    const pem = Buffer.from(pemOf(aKey(type).privateKey));
    for (const args of [['pkey', '-text', '-noout'], ['pkey', '-outform', 'DER'], ['asn1parse']]) {
      const output = printedBy('openssl', args, pem) ?? Buffer.alloc(0);
      expect(detectorOf(type)(output.subarray(-keptBytes))).toBe(true);
    }
  });

  test.each(['RSA 2048', 'P-256'] as const)(
    'The detector finds a key of type %s in its traditional format',
    (type) => {
      const pem = Buffer.from(pemOf(aKey(type).privateKey));
      const output = printedBy('openssl', ['pkey', '-traditional'], pem) ?? Buffer.alloc(0);

      expect(output.toString()).toMatch(/BEGIN (RSA|EC) PRIVATE KEY/);
      expect(detectorOf(type)(output)).toBe(true);
    },
  );

  test('The detector finds an RSA key in every cut of 300 characters that openssl pkey -text prints after the modulus', () => {
    const output = printedBy(
      'openssl',
      ['pkey', '-text', '-noout'],
      Buffer.from(pemOf(aKey('RSA 2048').privateKey)),
    );
    const text = output?.toString('latin1') ?? '';
    const secretStart = text.indexOf('privateExponent:');
    fc.assert(
      fc.property(fc.integer({ min: secretStart, max: text.length - 300 }), (start) => {
        expect(detectorOf('RSA 2048')(Buffer.from(text.slice(start, start + 300)))).toBe(true);
      }),
      { numRuns: 100 },
    );
    expect(secretStart).toBeGreaterThan(0);
  });

  test('The detector does not find a key in its certificate, as PEM or as text', async () => {
    for (const keyType of ['rsa2048', 'p256', 'ed25519'] as const) {
      const { keyPem, fullchainPem, certPem } = await (await anAuthority()).issue({
        names: ['www.example.test'],
        keyType,
      });
      const detect = createKeyDetector([createPrivateKey(keyPem)]);
      const text = printedBy('openssl', ['x509', '-text'], Buffer.from(certPem)) ?? Buffer.alloc(0);

      expect(text.length).toBeGreaterThan(500);
      expect(detect(text)).toBe(false);
      expect(detect(Buffer.from(fullchainPem))).toBe(false);
    }
  });
});

/** What daemons print when their configuration is checked, and other output of commands. */
const ordinaryOutputs: readonly string[] = [
  'nginx: the configuration file /etc/nginx/nginx.conf syntax is ok\nnginx: configuration file /etc/nginx/nginx.conf test is successful\n',
  'nginx: [emerg] SSL_CTX_use_PrivateKey("/etc/nginx/tls/privkey.pem") failed (SSL: error:05800074:x509 certificate routines::key values mismatch)\nnginx: configuration file /etc/nginx/nginx.conf test failed\n',
  "AH00558: apache2: Could not reliably determine the server's fully qualified domain name, using 127.0.1.1. Set the 'ServerName' directive globally to suppress this message\nSyntax OK\n",
  'postfix/postfix-script: warning: not owned by root: /var/spool/postfix/.\npostfix: fatal: /etc/postfix/main.cf, line 12: missing \'=\' after attribute name: "smtpd_tls"\n',
  "[NOTICE]   (1234) : haproxy version is 2.6.12-1+deb12u1\n[ALERT]    (1234) : config : parsing [/etc/haproxy/haproxy.cfg:27] : 'bind *:443' : unable to stat SSL certificate from file '/etc/haproxy/certs/www.pem' : No such file or directory.\n",
  'Job for nginx.service failed because the control process exited with error code.\nSee "systemctl status nginx.service" and "journalctl -xeu nginx.service" for details.\n',
  '{"level":"error","ts":1732630000.123456,"logger":"tls","msg":"loading certificate","error":"tls: private key does not match public key"}\n',
  'Thread 1 "httpd" received signal SIGSEGV\n0x00007ffff7e4b2a0 in ?? () from /lib/x86_64-linux-gnu/libcrypto.so.3\nrax 0x0 rbx 0x5555555a12f0 rip 0x7ffff7e4b2a0\n',
];

describe('ordinary output', () => {
  const detect = createKeyDetector(keyTypes.map((type) => aKey(type).privateKey));

  test.each(ordinaryOutputs)('The detector does not find a key in %j', (output) => {
    expect(detect(Buffer.from(output))).toBe(false);
    expect(detect(Buffer.from(output.repeat(40).slice(-keptBytes)))).toBe(false);
  });

  test('The detector does not find a key in digests, identifiers, dumps and random bytes', () => {
    const digests = Array.from({ length: 120 }, (_, index) =>
      createHash('sha256')
        .update(`${index}`)
        .digest(index % 2 === 0 ? 'hex' : 'base64'),
    ).join('\n');
    const random = randomBytes(2_000);

    for (const output of [digests, ...Object.values(pureRenderings).map((render) => render(random))]) {
      expect(detect(Buffer.from(output).subarray(-keptBytes))).toBe(false);
    }
  });

  test('The detector does not find a key in what the programs of this machine print about themselves', () => {
    for (const command of ['env', 'ps aux', 'ls -l /usr/bin', 'openssl version -a', 'id; uname -a; mount']) {
      const output = execFileSync('sh', ['-c', `${command} 2>&1 || true`], { maxBuffer: 64 * 1_024 * 1_024 });
      expect(detect(output.subarray(-keptBytes))).toBe(false);
    }
  });

  test('The detector does not find one key in the output that contains another', () => {
    const others = createKeyDetector([aKey('P-256').privateKey]);

    expect(others(Buffer.from(pemOf(aKey('RSA 2048').privateKey)))).toBe(false);
  });

  test('The detector finds other secrets that it is given', () => {
    const secret = randomBytes(32);

    expect(createKeyDetector([], [secret])(Buffer.from(`{"d":"${secret.toString('base64url')}"}`))).toBe(
      true,
    );
    expect(
      createKeyDetector([], [randomBytes(32)])(Buffer.from(`{"d":"${secret.toString('base64url')}"}`)),
    ).toBe(false);
  });
});
