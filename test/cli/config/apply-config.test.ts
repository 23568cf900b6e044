import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { applyConfig } from '../../../cli/config/apply-config.ts';
import { createProgram } from '../../../cli/program.ts';
import { plainColours } from '../../../cli/terminal/terminal.ts';
import { aRegisteredTarget } from '../../fixtures/registered.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'certferry-config-'));
  const target = aRegisteredTarget({ id: 'web-1', host: 'local' });
  writeFileSync(join(folder, 'certferry.yaml'), JSON.stringify({ targets: [target] }));
});
afterAll(() => rmSync(folder, { recursive: true }));

const silent = () => undefined;
const terminal = { out: silent, err: silent, interactive: false, width: 100, colours: plainColours };

/** The options of each command, as its code receives them in a folder with a certferry.yaml for this machine. */
function optionsOf(name: string, ...words: string[]): object {
  const command =
    createProgram(terminal, silent).commands.find((one) => one.name() === name) ?? new Command();
  command.parseOptions(words);
  applyConfig(command, { environment: {}, workingDirectory: folder, systemFile: '/nonexistent' });
  return command.opts();
}

describe('commands in a folder with a certferry.yaml for this machine', () => {
  test.each(['deploy', 'rollback', 'rollout', 'status'])(
    '%s works in local mode, with the targets of the file',
    (command) => {
      expect(optionsOf(command)).toMatchObject({ local: true, targets: join(folder, 'certferry.yaml') });
    },
  );

  test.each([...['rollouts', 'halt', 'approve', 'sweep', 'warm', 'history', 'inspect']])(
    '%s works in local mode',
    (command) => {
      const options = optionsOf(command);

      expect(options).toMatchObject({ local: true });
      expect(options).not.toHaveProperty('targets');
    },
  );

  test.each(['check', 'probe', 'schema', 'demo'])('%s ignores the file', (command) => {
    expect(optionsOf(command)).not.toHaveProperty('local');
  });

  test.each(['--resume', '--follow'])(
    'A rollout with %s gets no targets: they are fixed when it starts',
    (option) => {
      expect(optionsOf('rollout', option, 'r')).not.toHaveProperty('targets');
    },
  );
});
