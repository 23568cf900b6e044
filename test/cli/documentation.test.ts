import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodes, rolloutExitCodes } from '../../cli/terminal/exit-codes.ts';
import { captured } from './capture.ts';

const text = readFileSync('docs/cli.md', 'utf8');

test('docs/cli.md has the exit code of every outcome', () => {
  for (const [outcome, code] of [...Object.entries(exitCodes), ...Object.entries(rolloutExitCodes)]) {
    const row = text.split('\n').find((line) => line.startsWith(`| ${code} |`));

    expect(row, `exit code ${code}`).toContain(`\`${outcome}\``);
  }
});

const synopsis = /^```\n(certferry deploy [\s\S]*?)^```/m.exec(text)?.[1] ?? '';

/** What a word in capitals of the synopsis stands for: `STACK     --stack NAME …`. */
function meaningOf(word: string): string {
  const meaning = new RegExp(`^${word} +([\\s\\S]*?)(?=^[A-Z]|$(?![\\s\\S]))`, 'm').exec(synopsis)?.[1] ?? '';
  return meaning.replaceAll(/\bSTACK\b/g, (inner) => (word === inner ? inner : meaningOf(inner)));
}

/** The command's lines of the synopsis, with what its words in capitals stand for. */
function synopsisOf(command: string): string {
  const lines = [
    ...text.matchAll(new RegExp(`^certferry ${command} [\\s\\S]*?(?=^certferry |^\n)`, 'gm')),
  ].join('');
  return lines.replaceAll(/\b(WHERE|STACK|STRATEGY)\b/g, meaningOf);
}

test('docs/cli.md has every option of every command', async () => {
  const { out: overview } = await captured('--help');
  const commands = [...overview.matchAll(/^ {2}([a-z]+) .*\S/gm)].map(([, name = '']) => name);
  expect(commands).toContain('rollout');
  for (const command of commands.filter((name) => name !== 'help')) {
    const { out } = await captured(command, '--help');
    const options = [...out.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option);

    expect(
      options.length + Number(['schema', 'completion', 'man'].includes(command)),
      command,
    ).toBeGreaterThan(0);
    for (const option of options) expect(synopsisOf(command), command).toContain(option);
  }
});
