import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitCodes } from '../../cli/exit-codes.ts';
import { captured } from './capture.ts';

const text = readFileSync('docs/cli.md', 'utf8');

test('docs/cli.md has the exit code of every outcome', () => {
  for (const [outcome, code] of Object.entries(exitCodes)) {
    const row = text.split('\n').find((line) => line.startsWith(`| ${code} |`));

    expect(row, `exit code ${code}`).toContain(`\`${outcome}\``);
  }
});

test('docs/cli.md has every option of every command', async () => {
  for (const command of ['deploy', 'rollback', 'history', 'inspect', 'check', 'probe', 'schema', 'demo']) {
    const synopsis = new RegExp(`^certferry ${command} [^]*?(?=^certferry |^\`\`\`)`, 'm').exec(text)?.[0];
    const { out } = await captured(command, '--help');
    const options = [...out.matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, option]) => option);

    for (const option of options) expect(synopsis, command).toContain(option);
  }
});
