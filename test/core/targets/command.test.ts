import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitWords } from '../../../core/targets/kinds/command.ts';

/** What /bin/sh itself makes of the line, as the arguments of a function. Null when it cannot read it. */
function wordsOfShell(line: string): string[] | null {
  const script = `words() { for word; do printf '%s\\0' "$word"; done; }\nwords ${line}\n`;
  try {
    const output = execFileSync('/bin/sh', ['-c', script], {
      cwd: '/',
      env: { HOME: '/home/somebody', X: 'expanded' },
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    });
    return output.split('\0').slice(0, -1);
  } catch {
    return null;
  }
}

const pieces = fc.constantFrom(
  ...[
    'a',
    'b',
    'X',
    ' ',
    '  ',
    '\t',
    "'",
    '"',
    '\\',
    '\\\\',
    '$',
    '$X',
    '~',
    '=',
    '-',
    '/',
    '.',
    ',',
    ':',
    '%',
  ],
  ...[
    '#',
    '!',
    '*',
    '?',
    '[',
    ']',
    '{',
    '}',
    '(',
    ')',
    '|',
    '&',
    ';',
    '<',
    '>',
    '`',
    '^',
    '@',
    'é',
    '\u00a0',
  ],
  ...[
    "'a b'",
    '"a b"',
    '"$X"',
    "'$X'",
    '\\ ',
    '\\$',
    '\\"',
    '""',
    "''",
    'e*',
    '/b?n',
    '[ab]',
    '"\\a"',
    '"\\$"',
  ],
);

describe('a command line', () => {
  test.each([
    ['nginx -t -c /etc/nginx/nginx.conf', ['nginx', '-t', '-c', '/etc/nginx/nginx.conf']],
    ['systemctl  reload\tnginx', ['systemctl', 'reload', 'nginx']],
    ["nginx -g 'daemon off;'", ['nginx', '-g', 'daemon off;']],
    ['say "a \\"quoted\\" word" it\\\'s', ['say', 'a "quoted" word', "it's"]],
    ["touch ''", ['touch', '']],
    ['docker kill --signal=HUP web', ['docker', 'kill', '--signal=HUP', 'web']],
  ])('A command line is split into words: %s', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each([
    'nginx -t | tee log',
    'nginx -t && nginx -s reload',
    'nginx -t; reboot',
    'nginx -t > /dev/null',
    'nginx -t 2>&1',
    'kill -HUP $(cat /run/nginx.pid)',
    'kill -HUP "$(cat /run/nginx.pid)"',
    'kill -HUP `cat /run/nginx.pid`',
    'echo $HOME',
    'echo "$HOME"',
    'rm *.pem',
    'rm key?.pem',
    'rm key[12].pem',
    '~/bin/reload',
    'LANG=C nginx -t',
    'nginx -t # twice',
    'nginx -t &',
    '(nginx -t)',
    '! nginx -t',
    '{ nginx; }',
    'echo "unfinished',
    "echo 'unfinished",
    'echo unfinished\\',
    'nginx -t\nreboot',
    'nginx\0-t',
    '   ',
  ])('A command line is refused where only a shell could know what is meant: %j', (line) => {
    expect(splitWords(line)).toBeNull();
  });

  test('A command line means to certferry what it means to a shell, whenever it is taken', () => {
    fc.assert(
      fc.property(fc.array(pieces, { minLength: 1, maxLength: 8 }), (parts) => {
        const line = `x${parts.join('')}`;
        const words = splitWords(line);
        fc.pre(words !== null);
        expect(words).toEqual(wordsOfShell(line));
      }),
      { numRuns: 700 },
    );
  });
});
