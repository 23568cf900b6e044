import { afterAll, beforeAll, expect, test } from 'vitest';
import { warmLines } from '../../cli/commands/warm.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { aWorkplace } from './command.ts';

const terminal = { out: () => {}, err: () => {}, interactive: false, width: 100, colours: plainColours };

let place: Awaited<ReturnType<typeof aWorkplace>>;
beforeAll(async () => {
  place = await aWorkplace();
});
afterAll(() => place.stop());

test('The table names each host, what it fetched and in which time, and the reason of a host that is not warm', () => {
  const lines = warmLines(
    [
      { host: 'i-1', outcome: 'warm', fetched: ['agent', 'runtime'], seconds: 41, summary: '' },
      { host: 'i-2', outcome: 'warm', fetched: [], seconds: 0, summary: '' },
      { host: 'i-3', outcome: 'failed', fetched: [], seconds: 0, summary: 'the mount option noexec' },
    ],
    terminal,
  );

  expect(lines).toEqual([
    'host  result  fetched               time',
    'i-1   warm    agent, runtime        41 s',
    'i-2   warm    nothing: it had both  0 s',
    'i-3   failed  –                     –',
    '',
    '✖ i-3',
    '  the mount option noexec',
    '',
    '✖ 1 of 3 hosts not warm',
  ]);
});

test('warm --local fetches the agent of this machine once, and the next deployment finds it', async () => {
  const first = await place.run('warm', '--local', '--json');
  const second = await place.run('warm', '--local', '--json');
  const hosts = (fetched: string[]) => ({
    ok: true,
    hosts: [{ host: 'local', outcome: 'warm', fetched, seconds: expect.any(Number), summary: '' }],
  });

  expect([first.code, second.code]).toEqual([0, 0]);
  expect(JSON.parse(first.out)).toEqual(hosts(['agent']));
  expect(JSON.parse(second.out)).toEqual(hosts([]));
});
