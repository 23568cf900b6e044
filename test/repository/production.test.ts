import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hostProblems } from '../../account/doctor/hosts/host-problems.ts';

const page = (name: string) => readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
const namedIn = (text: string) => [...text.matchAll(/`(hosts: [^`[{]+)`/g)].map(([, name = '']) => name);
const checks = ['reports', ...Object.keys(hostProblems), 'one runtime'].map((name) => `hosts: ${name}`);

test('The page of the command line explains every check of hosts, and no other', () => {
  expect([...new Set(namedIn(page('cli.md')))].sort()).toEqual([...checks].sort());
});

test('The page about production names only checks of hosts that exist', () => {
  const named = namedIn(page('production.md'));

  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !checks.includes(name))).toEqual([]);
});
