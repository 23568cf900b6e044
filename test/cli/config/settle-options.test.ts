import { describe, expect, test } from 'vitest';
import type { Config } from '../../../cli/config/read-config.ts';
import { settleOptions, variables } from '../../../cli/config/settle-options.ts';
import { aRegisteredTarget } from '../../fixtures/registered.ts';

const local = aRegisteredTarget({ id: 'web-1', host: 'local' });
const remote = aRegisteredTarget({ id: 'web-2', host: 'i-0123456789abcdef0' });

const aConfig = (settings: Config['settings'], targets: Config['targets'] = []): Config => ({
  path: '/srv/shop/certferry.yaml',
  certificates: [],
  targets,
  settings,
});

/** A value of each option from an option, a variable and the file. */
const fromOption = { region: 'option-1', profile: 'option', state: '/option', targets: 'option.yaml' };
const fromVariable = {
  [variables.region]: 'variable-1',
  [variables.profile]: 'variable',
  [variables.state]: '/variable',
  [variables.targets]: 'variable.yaml',
};
const file = { region: 'file-1', profile: 'file', state: 'data' };

describe('the precedence of options, variables and certferry.yaml', () => {
  test.each([
    ['region', 'stack', 'option-1', 'variable-1', 'file-1'],
    ['profile', 'stack', 'option', 'variable', 'file'],
    ['state', 'local', '/option', '/variable', '/srv/shop/data'],
    ['targets', 'local', 'option.yaml', 'variable.yaml', '/srv/shop/certferry.yaml'],
  ] as const)(
    'The option --%s has precedence over its variable, and the variable over the file',
    (name, backend, ofOption, ofVariable, ofFile) => {
      const config = aConfig(file, [local]);
      const where = backend === 'stack' ? { stack: 'Shop' } : { local: true };
      const empty = { [variables[name]]: '' };

      expect(settleOptions({ ...where, ...fromOption }, config, fromVariable)[name]).toBe(ofOption);
      expect(settleOptions(where, config, fromVariable)[name]).toBe(ofVariable);
      expect(settleOptions(where, config, {})[name]).toBe(ofFile);
      expect(settleOptions(where, config, empty)[name]).toBe(ofFile);
      expect(settleOptions(where, null, {})[name]).toBeUndefined();
    },
  );

  test('The option --stack has precedence over CERTFERRY_STACK, the variable over the file, and --local over both', () => {
    const config = aConfig({ stack: 'OfFile' }, [local]);
    const environment = { CERTFERRY_STACK: 'OfVariable' };

    expect(settleOptions({ stack: 'OfOption' }, config, environment)).toEqual({ stack: 'OfOption' });
    expect(settleOptions({}, config, environment)).toEqual({ stack: 'OfVariable' });
    expect(settleOptions({}, config, {})).toEqual({ stack: 'OfFile' });
    expect(settleOptions({ local: true }, config, environment)).toEqual({
      local: true,
      targets: '/srv/shop/certferry.yaml',
    });
  });
});

describe('the backend of a command without --local and --stack', () => {
  test('A file with targets of this machine only selects local mode', () => {
    const config = aConfig(undefined, [local, { ...local, id: 'web-3', host: 'local-b' }]);

    expect(settleOptions({}, config, {})).toEqual({ local: true, targets: '/srv/shop/certferry.yaml' });
  });

  test.each([
    ['a target of another host', [local, remote]],
    ['no target', []],
  ])('A file with %s selects nothing', (_, targets) => {
    expect(settleOptions({}, aConfig({ region: 'eu-west-1' }, targets), {})).toEqual({});
  });

  test('The settings of a stack are not added to local mode, and a state folder not to a stack', () => {
    const config = aConfig({ region: 'eu-west-1', profile: 'shop', state: '/srv/state' }, [local]);

    expect(settleOptions({}, config, {})).toEqual({
      local: true,
      state: '/srv/state',
      targets: '/srv/shop/certferry.yaml',
    });
    expect(settleOptions({ stack: 'Shop' }, config, {})).toEqual({
      stack: 'Shop',
      region: 'eu-west-1',
      profile: 'shop',
    });
  });
});
