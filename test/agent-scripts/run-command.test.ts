import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { redact } from '../../agent-scripts/host/presentable-output.ts';
import { quoteArgv, runCommand } from '../../agent-scripts/host/run-command.ts';
import { aVersion } from '../fixtures/certificates.ts';
import { scratchFolder } from './disk.ts';

const scratch = scratchFolder();

describe('runCommand', () => {
  test('runCommand hands hostile words to the program untouched, because no shell sees them', async () => {
    const words = ['$(id)', '`id`', '; touch /tmp/x', '| cat', '> /dev/null', "'", '"', '\\', '*', '~', '&&'];

    const command = await runCommand(['printf', '%s\n', ...words], 60);

    expect(command.output.split('\n')).toEqual(words);
  });

  test('runCommand distinguishes an exit code, a signal, a missing program and a timeout', async () => {
    expect(await runCommand(['sh', '-c', 'echo no; exit 3'], 60)).toMatchObject({
      ending: 'exited',
      code: 3,
      output: 'no',
    });
    expect(await runCommand(['sh', '-c', 'kill -9 $$'], 60)).toMatchObject({ ending: 'killed', code: null });
    expect(await runCommand(['/no/such/program'], 60)).toMatchObject({ ending: 'not started' });
    expect(await runCommand(['sleep', '60'], 0.1)).toMatchObject({ ending: 'timed out' });
  });

  test('runCommand kills the whole process group at the deadline, also those who ignore SIGTERM', async () => {
    const marker = join(scratch, 'late-child-wrote');
    const stubborn = `(trap '' TERM; sleep 1; touch ${marker}) & sleep 30`;

    const command = await runCommand(['sh', '-c', stubborn], 0.2);
    await new Promise((resolve) => setTimeout(resolve, 1_500));

    expect(command.ending).toBe('timed out');
    expect(existsSync(marker)).toBe(false);
  });

  test('runCommand does not wait for a daemon that a reload leaves behind with our pipe open', async () => {
    const command = await runCommand(['sh', '-c', 'echo reloaded; sleep 3 &'], 30);

    expect(command).toMatchObject({ ending: 'exited', code: 0, output: 'reloaded' });
  });

  test('runCommand gives commands a clean environment', async () => {
    process.env.CERTFERRY_SECRET_OF_A_TEST = 'must not be seen';

    const command = await runCommand(['env'], 60);

    delete process.env.CERTFERRY_SECRET_OF_A_TEST;
    expect(command.output).not.toContain('must not be seen');
    expect(command.output).not.toContain('CERTFERRY');
  });

  test('runCommand carries no line of a key out of a command that prints it', async () => {
    for (const keyType of ['rsa2048', 'p256', 'ed25519'] as const) {
      const { keyPem } = await aVersion({ keyType });

      const command = await runCommand(['printf', '%s', `the key is\n${keyPem}\nand that was it`], 60);

      const body = keyPem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
      for (const line of body) expect(command.output).not.toContain(line);
      expect(command.output).toContain('and that was it');
    }
  });
});

describe('redact', () => {
  test('Redact leaves paths and ordinary messages as they are', () => {
    const message =
      'nginx: [emerg] cannot load certificate "/etc/letsencrypt/archive/api.example.com/fullchain12.pem": BIO_new_file() failed';

    expect(redact(message)).toBe(message);
  });

  test('Redact leaves a long path with upper case, lower case and digits as it is, if its folder exists', async () => {
    const folder = join(scratch, 'HTTPServer85', 'Keys-2026');
    mkdirSync(folder, { recursive: true });
    const message = `cannot open ${folder}/fullchain`;
    const { keyPem } = await aVersion();
    const [, base64 = ''] = keyPem.split('\n');

    expect(folder.length).toBeGreaterThan(40);
    expect(redact(message)).toBe(message);
    expect(redact(`cannot open ${folder}/${base64}`)).toBe('cannot open [redacted]');
    expect(redact(`/${base64}`)).toBe('[redacted]');
  });

  test('Redact hides a key whose end was cut off', async () => {
    const { keyPem } = await aVersion();

    expect(redact(keyPem.slice(0, 120))).toBe('[redacted]');
  });
});

describe('quoteArgv', () => {
  test('quoteArgv gives a line that a shell reads back as the same words', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ minLength: 1 }).filter((word) => !word.includes('\0')),
          { minLength: 1, maxLength: 4 },
        ),
        async (words) => {
          const line = `printf '%s\\0' ${quoteArgv(words)} | od -An -c | tr -d ' \\n'`;
          const direct = await runCommand(
            ['sh', '-c', `printf '%s\\0' "$@" | od -An -c | tr -d ' \\n'`, 'sh', ...words],
            5,
          );
          const quoted = await runCommand(['sh', '-c', line], 60);
          expect(quoted.output).toBe(direct.output);
        },
      ),
      { numRuns: 60 },
    );
  });
});
