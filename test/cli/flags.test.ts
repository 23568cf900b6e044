import { describe, expect, test } from 'vitest';
import { captured } from './capture.ts';

const commands = [
  ...['deploy', 'rollback', 'rollout', 'rollouts', 'halt', 'approve', 'sweep', 'targets', 'doctor'],
  ...['history', 'inspect', 'check', 'probe', 'schema', 'demo', 'completion', 'man'],
];

describe('the version of certferry', () => {
  test.each([
    ['--version', []],
    ['-V', []],
    ...commands.flatMap((command): [string, string[]][] => [
      ['--version', [command]],
      ['-V', [command]],
    ]),
  ])('The version of certferry is printed by %s after "certferry %s"', async (flag, command) => {
    const { code, out, err } = await captured(...command, flag);

    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

describe('a renamed flag', () => {
  test.each([
    [['deploy', '--stack', 's', '--version', 'current'], '--version VERSION', '--to VERSION'],
    [['rollout', '--version=sha256:12', '--stack', 's'], '--version VERSION', '--to VERSION'],
    [['rollout', '--local', '--resume', 'r', '--roll-back'], '--roll-back', '--rollback'],
    [['halt', '--roll-back', '--local', 'r'], '--roll-back', '--rollback'],
  ])(
    'A renamed flag ends the command with exit code 2 and the new name: certferry %j',
    async (args, former, current) => {
      const message = `${former} was renamed. Use ${current}.`;

      const { err, ...printed } = await captured(...args);
      expect([printed, err.split('\n')[0]]).toEqual([{ code: 2, out: '' }, message]);
      const { code, out } = await captured(...args, '--json');
      expect({ code, ...JSON.parse(out) }).toEqual({ code: 2, error: { name: 'UsageError', message } });
    },
  );

  test('A renamed flag is not shown in the help', async () => {
    for (const command of ['deploy', 'rollout', 'halt']) {
      expect((await captured(command, '--help')).out).not.toMatch(/--version|--roll-back/);
    }
  });
});
