import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openStateFolder } from '../../local/base/state-folder.ts';
import { workBucket } from '../../local/cloud/function-environment.ts';
import { forgetOldRecords } from '../../local/cloud/retention.ts';
import { scratch } from './scratch.ts';

const now = new Date('2026-11-22T00:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * 86_400_000);

test('Commands are forgotten after 30 days and executions after 90, as AWS does', () => {
  const folder = openStateFolder(scratch());
  for (const days of [29, 31, 89, 91]) {
    mkdirSync(join(folder.commands, `command-${days}`));
    utimesSync(join(folder.commands, `command-${days}`), daysAgo(days), daysAgo(days));
    writeFileSync(join(folder.executions, `execution-${days}.jsonl`), '');
    utimesSync(join(folder.executions, `execution-${days}.jsonl`), daysAgo(days), daysAgo(days));
  }
  mkdirSync(join(folder.executions, 'running'));
  utimesSync(join(folder.executions, 'running'), daysAgo(400), daysAgo(400));

  forgetOldRecords(folder, now.getTime());

  expect(readdirSync(folder.commands)).toEqual(['command-29']);
  expect(readdirSync(folder.executions).sort()).toEqual([
    'execution-29.jsonl',
    'execution-31.jsonl',
    'execution-89.jsonl',
    'running',
  ]);
});

test('What a rollout left is forgotten with its execution: its deployments, their results and its files', () => {
  const folder = openStateFolder(scratch());
  const places = [
    join(folder.executions, 'children'),
    join(folder.executions, 'map-runs'),
    join(folder.objects, workBucket, 'rollouts'),
  ];
  for (const place of places) {
    mkdirSync(place, { recursive: true });
    for (const days of [89, 91]) {
      writeFileSync(join(place, `of-${days}.jsonl`), '');
      utimesSync(join(place, `of-${days}.jsonl`), daysAgo(days), daysAgo(days));
    }
  }

  forgetOldRecords(folder, now.getTime());

  expect(places.map((place) => readdirSync(place))).toEqual(places.map(() => ['of-89.jsonl']));
});
