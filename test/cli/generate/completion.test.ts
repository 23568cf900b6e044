// The shells are real: a key press of Tab completes the line, and a function prints the words that Enter passes to certferry.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { typedInto } from '../../rigs/interactive-shell.ts';
import { describeWith, program } from '../../rigs/require-daemon.ts';
import { captured } from '../capture.ts';

let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certferry-completion-'));
  writeFileSync(join(folder, 'fleet.yaml'), '');
  for (const shell of ['bash', 'zsh', 'fish']) {
    writeFileSync(join(folder, `completion.${shell}`), (await captured('completion', shell)).out);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is typed, and the words that certferry gets. */
const completed = [
  ['a command', 'certferry rollb\t', 'rollback'],
  ['an option', 'certferry deploy --dry\t', 'deploy --dry-run'],
  ['a value of an option', 'certferry rollout --on-halt st\t', 'rollout --on-halt stop'],
  ['a file as the value of an option', 'certferry deploy --targets fle\t', 'deploy --targets fleet.yaml'],
  ['a file as an argument', 'certferry check fle\t', 'check fleet.yaml'],
  ['an action', 'certferry targets app\t', 'targets apply'],
  [
    'an option after the value of another one',
    'certferry history --target web-1 --js\t',
    'history --target web-1 --json',
  ],
] as const;

/** Types all lines into one shell, and returns the words of each call of certferry. */
async function callsIn(shell: string, setup: readonly string[]): Promise<string[]> {
  const shown = await typedInto(shell, folder, [...setup, ...completed.map(([, typed]) => typed)]);
  return [...shown.matchAll(/^GOT (.*)\r$/gm)].map(([, words = '']) => words.trim());
}

const shells = [
  ['bash', 'bash --norc --noprofile -i', ['certferry() { echo GOT "$@"; }', '. ./completion.bash']],
  [
    'zsh',
    'zsh -f -i',
    ['certferry() { print GOT "$@" }', 'autoload -U compinit; compinit -u -D', '. ./completion.zsh'],
  ],
] as const;

for (const [name, shell, setup] of shells) {
  describeWith([program(name), program('script', 'bsdutils')], `completion in ${name}`, () => {
    let calls: string[];
    beforeAll(async () => {
      calls = await callsIn(shell, setup);
    });

    test.each(completed.map((one, at) => [one[0], one[2], at] as const))(
      `Tab in ${name} completes %s`,
      (_, words, at) => {
        expect(calls[at]).toBe(words);
      },
    );
  });
}

describeWith([program('fish')], 'completion in fish', () => {
  test.each(completed)('Tab in fish completes %s', (_, typed, words) => {
    const line = `source completion.fish; complete -C ${JSON.stringify(typed.trim())}`;
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', line], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: folder },
    });

    expect(stderr).toBe('');
    expect(stdout.split('\n').map((one) => one.split('\t')[0])).toContain(words.split(' ').at(-1));
  });
});

describeWith([program('bash')], 'the words of a command line', () => {
  test('Tab in bash does not run a command substitution among the words', async () => {
    const mark = join(folder, 'mark');
    await typedInto('bash --norc --noprofile -i', folder, [
      '. ./completion.bash',
      `certferry rollout --reason "$(touch ${mark})" --urg\t\u0003`,
    ]);

    expect(spawnSync('test', ['-e', mark]).status).toBe(1);
  });
});
