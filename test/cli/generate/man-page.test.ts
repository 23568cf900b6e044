import { spawnSync } from 'node:child_process';
import { beforeAll, expect, test } from 'vitest';
import { createProgram } from '../../../cli/program.ts';
import { processTerminal } from '../../../cli/terminal/terminal.ts';
import { describeWith, program } from '../../rigs/require-daemon.ts';
import { captured } from '../capture.ts';

/** man writes bold text as each character twice, with a backspace between them. */
const overstrike = new RegExp(`.${String.fromCharCode(8)}`, 'g');

let page: string;
beforeAll(async () => {
  page = `${(await captured('man')).out}\n`;
});

describeWith([program('mandoc'), program('man', 'man-db')], 'the manual page', () => {
  test('The manual page has no problem that mandoc reports', () => {
    const { status, stdout } = spawnSync('mandoc', ['-Tlint', '-Wwarning'], {
      input: page,
      encoding: 'utf8',
    });

    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });

  test('man shows each command with all of its options, examples and exit codes, and each variable', () => {
    const { stdout } = spawnSync('man', ['-l', '-'], {
      input: page,
      encoding: 'utf8',
      env: { ...process.env, MANWIDTH: '300', MAN_KEEP_FORMATTING: '', MANROFFOPT: '-c' },
    });
    const shown = stdout.replaceAll(overstrike, '').replaceAll('‐', '-');

    for (const command of createProgram(processTerminal(), () => {}).commands) {
      expect(shown).toContain(`certferry ${command.name()}`);
      for (const { flags, hidden } of command.options) if (!hidden) expect(shown).toContain(flags);
    }
    expect(shown).toMatch(/^ +13 +rolled_back/m);
    expect(shown).toContain('$ certferry rollback --local --targets targets.yaml --target web-1');
    expect(shown).toContain('CERTFERRY_STATE');
  });
});
