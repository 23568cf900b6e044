import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readConfig } from '../../../cli/config/read-config.ts';
import { aRegisteredTarget } from '../../fixtures/registered.ts';
import { describeWith, root } from '../../rigs/require-daemon.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certferry-config-'));
  mkdirSync(join(folder, 'shop/web'), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const content = (state: string) =>
  stringify({ settings: { state }, targets: [aRegisteredTarget({ id: 'web-1', host: 'local' })] });

function write(path: string, text: string): string {
  const file = join(folder, path);
  writeFileSync(file, text);
  return file;
}

const surroundings = (environment: Record<string, string> = {}) => ({
  environment,
  workingDirectory: join(folder, 'shop/web'),
  systemFile: join(folder, 'etc.yaml'),
});

const read = (named?: string, environment?: Record<string, string>) =>
  readConfig(named, surroundings(environment));

describe('the search for certferry.yaml', () => {
  test('The nearest file is used: the working directory, then its parents, then the file of the system', () => {
    expect(read()).toBeNull();
    write('etc.yaml', content('system'));
    expect(read()?.settings).toEqual({ state: 'system' });
    write('certferry.yaml', content('above'));
    expect(read()?.settings).toEqual({ state: 'above' });
    const nearest = write('shop/web/certferry.yaml', content('here'));
    expect(read()).toMatchObject({ path: nearest, settings: { state: 'here' }, targets: [{ id: 'web-1' }] });
  });

  test('A file that --targets or CERTFERRY_TARGETS names replaces the search, and the option has precedence', () => {
    write('shop/web/certferry.yaml', 'not: read');
    write('shop/web/option.yaml', content('option'));
    write('shop/web/variable.yaml', content('variable'));
    const environment = { CERTFERRY_TARGETS: 'variable.yaml' };

    expect(read('option.yaml', environment)?.settings).toEqual({ state: 'option' });
    expect(read(undefined, environment)?.settings).toEqual({ state: 'variable' });
  });

  test('A file for a stack may have settings and no targets', () => {
    write('certferry.yaml', 'settings: { stack: Shop, region: eu-west-1 }');

    expect(read()).toMatchObject({ settings: { stack: 'Shop', region: 'eu-west-1' }, targets: [] });
  });

  test('An error names the file and each field, and suggests the key that an unknown one resembles', () => {
    const file = write('certferry.yaml', 'settings: { regoin: eu-west-1, stack: 7 }\ntarget: []');

    expect(() => read()).toThrow(
      [
        `${file} has 3 problems:`,
        '  settings.stack: expected a string, got 7',
        '  settings.regoin: unknown key; did you mean region?',
        '  target: unknown key; did you mean targets?',
      ].join('\n'),
    );
  });
});

describeWith([root], 'a certferry.yaml that another user can change', () => {
  const other = 65534;

  test.each([
    ['belongs to another user', (file: string) => chownSync(file, other, other)],
    ['can be written by all users', (file: string) => chmodSync(file, 0o666)],
    ['is in a folder of another user', () => chownSync(join(folder, 'shop'), other, other)],
    ['is in a folder that all users can write', () => chmodSync(join(folder, 'shop'), 0o777)],
  ])('A file that %s is refused with the next step, and not skipped', (_, expose) => {
    write('etc.yaml', content('system'));
    const file = write('shop/certferry.yaml', content('planted'));
    expose(file);

    expect(() => read()).toThrow(
      new RegExp(`^the configuration ${file} is not used: .*another user can change it\\. .*--targets FILE`),
    );
  });

  test('A file of a sticky folder for all users, such as /tmp, is used if it belongs to the running user', () => {
    chmodSync(join(folder, 'shop'), 0o1777);
    write('shop/certferry.yaml', content('own'));

    expect(read()?.settings).toEqual({ state: 'own' });
  });

  test('A file that --targets names is used as before: you have chosen it', () => {
    chownSync(write('shop/web/chosen.yaml', content('chosen')), other, other);

    expect(read('chosen.yaml')?.settings).toEqual({ state: 'chosen' });
  });
});
