import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { statusPage } from '../../cli/page/status-page.ts';
import { prometheusText } from '../../cli/render/prometheus.ts';
import { statusLines } from '../../cli/render/status.ts';
import { timesIn } from '../../cli/render/times.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import { writeOutput } from '../../cli/terminal/write-file.ts';
import { undeployedStatus } from '../../core/drift/target-status.ts';
import { anOutdatedStatus, aStatus, presentSeconds } from '../fixtures/target-statuses.ts';
import { describeWith, program } from '../rigs/require-daemon.ts';
import { readPage, textOf } from './pages.ts';

const now = new Date(presentSeconds * 1_000);
const own = (command: string) => `certferry ${command} --local`;
const layout = {
  colours: plainColours,
  width: 80,
  interactive: true,
  own,
  times: timesIn('UTC'),
  now,
  probed: false,
  local: true,
};
const two = [anOutdatedStatus(), aStatus()];

describe('the list of statuses', () => {
  test('Status prints a table, each problem with its next step, and the next expiry', () => {
    expect(statusLines(two, { ...layout, width: 130 })).toEqual([
      '  target  certificate      state     expires     version               last deployment (UTC)',
      '✖ web-2   api.example.com  outdated  in 9 days   sha256:cdcdcdcdcdcd…  2026-11-22 04:16 rolled_back',
      '✔ web-1   api.example.com  current   in 60 days  sha256:abababababab…  2026-11-22 04:15 deployed',
      '',
      '✖ web-2  outdated',
      '  it has sha256:cdcdcdcdcdcd…, expected sha256:abababababab… (as recorded, not probed); last deployment: rolled_back',
      '  Next step:  certferry inspect web-2-x --local',
      '',
      '✖ 1 of 2 targets needs action; the next expiry is in 9 days (web-2)',
      '  As recorded. To probe now: certferry status --probe --local',
    ]);
  });

  test('Status has no line wider than 80 columns on a screen of 80 columns', () => {
    const lines = statusLines(two, layout);

    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.slice(0, 2)).toEqual([
      '✖ web-2  api.example.com  outdated  in 9 days  version sha256:cdcdcdcdcdcd…',
      '  2026-11-22 04:16 rolled_back',
    ]);
  });

  test('Status after a probe does not advise to probe', () => {
    expect(statusLines([aStatus({ condition: 'ok' })], { ...layout, probed: true })).toEqual([
      '✔ web-1  api.example.com  ok  in 60 days  version sha256:abababababab…',
      '  2026-11-22 04:15 deployed',
      '',
      '✔ 1 target, none needs action; the next expiry is in 60 days (web-1)',
    ]);
  });

  test('Status shows the leaf that a probe received, not the installed one', () => {
    const served = { fingerprint: `sha256:${'ef'.repeat(32)}`, notAfter: presentSeconds + 2 * 86_400 };

    expect(statusLines([aStatus({ condition: 'drift', served })], layout).slice(0, 1)).toEqual([
      '✖ web-1  api.example.com  drift  in 2 days  version sha256:efefefefefef…',
    ]);
  });

  test('Status advises a first rollout for a target that was never deployed, with the files that local mode needs', () => {
    const target = undeployedStatus({ id: 'web-3', certificate: 'api.example.com', host: 'local' });
    const [local, stack] = [true, false].map((one) =>
      statusLines([target], { ...layout, width: 130, local: one }).join(),
    );

    expect(local).toContain(
      'Next step:  certferry rollout --certificate api.example.com --cert FILE --local',
    );
    expect(stack).toContain('Next step:  certferry rollout --certificate api.example.com --local');
  });

  test('Status names the execution that holds a lock', () => {
    const lock = { executionName: 'web-1-y', since: '2026-11-22T11:58:00.000Z' };

    const lines = statusLines([aStatus({ lock })], layout);

    expect(lines[0]).toContain('current, locked');
    expect(lines).toContain('  web-1 is locked by web-1-y since 2026-11-22 11:58 (UTC)');
    expect(lines).toContain('  To follow a deployment: certferry inspect web-1-y --local');
    expect(lines.at(-2)).toContain('none needs action');
  });

  test('Status shows 100 targets and counts the others', () => {
    const many = Array.from({ length: 250 }, (_, at) => aStatus({ targetId: `web-${at}` }));

    expect(statusLines(many, { ...layout, interactive: false })).toContain(
      '150 more targets. --json lists all of them.',
    );
  });

  test('Status reports how targets are registered if there is none', () => {
    expect(statusLines([], layout).join(' ')).toMatch(/no target is registered.*certferry targets apply/);
  });
});

describe('the metrics of the statuses', () => {
  const hostile = anOutdatedStatus({ targetId: 'a "quoted" \\ name\nwith a line' });
  const text = prometheusText([...two, hostile], now);

  test('Each metric has one line of help and one of type, and each sample belongs to the metric above it', () => {
    const names = text.match(/(?<=^# TYPE )\S+/gm) ?? [];

    expect(text.match(/(?<=^# HELP )\S+/gm)).toEqual(names);
    expect(new Set(names).size).toBe(names.length);
    let metric = '';
    for (const line of text.trimEnd().split('\n')) {
      if (line.startsWith('# TYPE ')) metric = line.split(' ')[2] ?? '';
      else if (!line.startsWith('#')) {
        expect(line).toMatch(/^[a-z_]+(\{([a-z]+="([^"\\\n]|\\[\\"n])*",?)*\})? \d+(\.\d+)?$/);
        expect(line.split(/[{ ]/)[0]).toBe(metric);
      }
    }
  });

  test('The metrics contain the expiry, the condition and the last deployment of each target', () => {
    const labels = 'target="web-2",certificate="api.example.com",host="i-0123456789abcdef0"';

    expect(text).toContain(
      `certferry_certificate_expiry_timestamp_seconds{${labels}} ${presentSeconds + 9 * 86_400}\n`,
    );
    expect(text).toContain(`certferry_target_condition{${labels},condition="outdated"} 1\n`);
    expect(text).toContain(`certferry_target_needs_action{${labels}} 1\n`);
    expect(text).toContain(
      `certferry_last_deployment_timestamp_seconds{${labels},outcome="rolled_back"} ${Date.parse('2026-11-22T04:16:00Z') / 1_000}\n`,
    );
    expect(text).toContain('certferry_targets{condition="outdated"} 2\n');
    expect(text).toContain(`certferry_status_timestamp_seconds ${presentSeconds}\n`);
  });

  test('A file is replaced as a whole, and one that cannot be written leaves nothing behind', () => {
    const folder = mkdtempSync(join(tmpdir(), 'status-'));
    const file = join(folder, 'certferry.prom');
    writeFileSync(file, 'old');

    const before = process.umask(0o077);
    writeOutput(file, text, 0o644);
    process.umask(before);

    expect(statSync(file).mode & 0o777).toBe(0o644);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(() => writeOutput(folder, text)).toThrow(`cannot write ${folder}`);
    expect(readdirSync(folder)).toEqual(['certferry.prom']);
    expect(() => writeOutput(join(folder, 'none', 'x'), text)).toThrow('ENOENT');
  });

  test('A file that is a device stays one, and a link is replaced instead of followed', () => {
    const folder = mkdtempSync(join(tmpdir(), 'status-'));
    const [file, link] = [join(folder, 'important'), join(folder, 'status.html')];
    writeFileSync(file, 'old');
    symlinkSync(file, link);

    writeOutput('/dev/null', text);
    writeOutput(link, text);

    expect(statSync('/dev/null').isCharacterDevice()).toBe(true);
    expect([file, link].map((one) => readFileSync(one, 'utf8'))).toEqual(['old', text]);
  });
});

describeWith([program('promtool', 'prometheus')], 'the metrics of the statuses in promtool', () => {
  test('promtool finds no problem in the metrics, also with hostile names and without any target', () => {
    const hostile = anOutdatedStatus({ targetId: 'a "quoted" \\ name\nwith a line' });
    for (const statuses of [[...two, hostile], []]) {
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
        input: prometheusText(statuses, now),
        encoding: 'utf8',
      });
      expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    }
  });
});

describe('the page of the statuses', () => {
  const page = statusPage(two, { now, own, times: timesIn('UTC') });
  const { errors, elements, withClass } = readPage(page);

  test('The page of the statuses is one that a browser reads without a mistake, and it fetches and runs nothing', () => {
    expect(errors).toEqual([]);
    const tags = elements.map(({ tagName }) => tagName);
    for (const tag of ['script', 'link', 'img', 'iframe', 'object', 'form']) expect(tags).not.toContain(tag);
    expect(page).not.toMatch(/https?:|url\((?!#)|@import| on[a-z]+=| style=/);
  });

  test('The page lists the days of expiry in order, and for each target its full fingerprint and its problem', () => {
    const [first = '', second = ''] = withClass('card').map(textOf);

    expect(withClass('outcome').map(textOf).join()).toContain('1 of 2 targets: action required');
    expect(page.indexOf('2026-12-01')).toBeLessThan(page.indexOf('2027-01-21'));
    expect(first).toContain(`sha256:${'cd'.repeat(32)}`);
    expect(first).toContain('certferry inspect web-2-x --local');
    expect(second).toContain(`sha256:${'ab'.repeat(32)}`);
    expect(second).not.toContain('problem');
  });

  test('The page escapes every text', () => {
    const hostile = statusPage([anOutdatedStatus({ targetId: '<b>"x"</b>', summary: '<i>&' })], {
      now,
      own,
      times: timesIn('UTC'),
    });

    expect(hostile).not.toMatch(/<b>|<i>/);
    expect(readPage(hostile).errors).toEqual([]);
  });
});
