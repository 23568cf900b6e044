import { chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { formerStateHint } from '../../cli/input/former-state.ts';
import { defaultState, selectedState } from '../../cli/options/state-option.ts';
import { describeWith, root } from '../rigs/require-daemon.ts';

const user = { uid: 1000, environment: {}, home: '/home/me' };

describe('the default state folder', () => {
  test('The default state folder of root is /var/lib/certferry, whatever its environment contains', () => {
    const environment = { XDG_STATE_HOME: '/tmp/x', HOME: '/tmp' };

    expect(defaultState({ uid: 0, environment, home: '/tmp' })).toBe('/var/lib/certferry');
  });

  test('The default state folder of other users is in XDG_STATE_HOME, or in ~/.local/state', () => {
    expect(defaultState({ ...user, environment: { XDG_STATE_HOME: '/data' } })).toBe('/data/certferry');
    expect(defaultState(user)).toBe('/home/me/.local/state/certferry');
  });

  test.each(['', 'state', './state'])('A relative XDG_STATE_HOME is ignored: "%s"', (value) => {
    const environment = { XDG_STATE_HOME: value };

    expect(defaultState({ ...user, environment })).toBe('/home/me/.local/state/certferry');
  });

  test('There is no default state folder if the home folder is unknown', () => {
    expect(() => defaultState({ ...user, home: '' })).toThrow('Name one with --state DIR.');
  });

  test('The option --state has precedence over CERTFERRY_STATE, and that over the default', () => {
    const settings = { ...user, environment: { CERTFERRY_STATE: '/srv/state' } };

    expect(selectedState('other', settings)).toBe('other');
    expect(selectedState(undefined, settings)).toBe('/srv/state');
    expect(selectedState(undefined, { ...user, environment: { CERTFERRY_STATE: '' } })).toBe(
      '/home/me/.local/state/certferry',
    );
  });
});

describe('the state folder of an earlier version', () => {
  // root has another default folder, which these tests must not touch
  const uid = process.geteuid?.() || 1000;
  let folder: string;
  const work = () => join(folder, 'work');
  const hint = (options: object = {}, environment: object = {}) =>
    formerStateHint({ local: true, ...options }, work(), {
      uid,
      environment: { XDG_STATE_HOME: join(folder, 'xdg'), ...environment },
      home: folder,
    });
  const createFormer = (owner: number) => {
    mkdirSync(join(work(), '.certferry'));
    if (process.geteuid?.() === 0) chownSync(join(work(), '.certferry'), owner, owner);
  };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
    mkdirSync(work());
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('A .certferry in the working directory is reported with the commands that keep its history', () => {
    createFormer(uid);

    expect(hint()).toBe(
      `hint: certferry does not use ${work()}/.certferry any more: the state folder is now ${folder}/xdg/certferry. To keep the history, run "mkdir -p ${folder}/xdg && mv .certferry ${folder}/xdg/certferry", or add --state .certferry`,
    );
    mkdirSync(join(folder, 'xdg'));
    expect(hint()).toContain(`run "mv .certferry ${folder}/xdg/certferry"`);
  });

  test('A .certferry is not reported if the default folder exists or is not used', () => {
    createFormer(uid);

    expect(hint({ state: 'x' })).toBeNull();
    expect(hint({ local: false })).toBeNull();
    expect(hint({}, { CERTFERRY_STATE: '/x' })).toBeNull();
    mkdirSync(join(folder, 'xdg/certferry'), { recursive: true });
    expect(hint()).toBeNull();
  });

  test('A .certferry that is a link or a missing folder is not reported', () => {
    expect(hint()).toBeNull();
    symlinkSync(folder, join(work(), '.certferry'));
    expect(hint()).toBeNull();
  });

  describeWith([root], 'a .certferry of another user', () => {
    test('A .certferry of another user is not reported', () => {
      createFormer(uid + 1);

      expect(hint()).toBeNull();
    });
  });
});
