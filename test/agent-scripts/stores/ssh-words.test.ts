import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { shellLine } from '../../../agent-scripts/stores/ssh/remote-command.ts';

describe('words for the shell of a server', () => {
  const hostile = [
    'plain',
    '',
    ' ',
    "it's",
    "''",
    '"',
    '$HOME',
    '$(id)',
    '`id`',
    '*',
    '?',
    '[a]',
    '{a,b}',
    '~',
    '~root',
    '\\',
    '\\\\',
    "\\'",
    '!',
    '!!',
    '#',
    ';',
    '&',
    '|',
    '>',
    '<',
    '(',
    ')',
    'A=b',
    '-n',
    '--',
    'if',
    'line\nbreak',
    '\ttab',
    '\r',
    'é',
    '\u00a0',
    '🔑',
  ];
  test('A POSIX shell passes each word unchanged, alone and together.', () => {
    const lines = [hostile, ...hostile.map((word) => [word])];
    for (const words of lines) {
      const line = shellLine(['printf', '%s\\0', ...words]);
      const output = execFileSync('/bin/sh', ['-c', line], { encoding: 'utf8' });

      expect(output.split('\0').slice(0, -1)).toEqual(words);
    }
  });
  test('The first word is always a program, never a reserved word or an assignment.', () => {
    for (const word of ['if', 'A=b', 'while', '{', '!', 'echo x']) {
      expect(() => execFileSync('/bin/sh', ['-c', shellLine([word])], { stdio: 'pipe' })).toThrow(
        /not found/,
      );
    }
  });
});
