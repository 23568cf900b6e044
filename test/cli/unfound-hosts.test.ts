import { expect, test } from 'vitest';
import { rolloutSummaryLines } from '../../cli/render/rollout-summary.ts';
import { rolloutReportOf } from '../../cli/report/rollout-report.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';

const layout = { colours: plainColours, width: 100 };
const own = (words: string) => `certferry ${words} --stack Certferry`;
const warning = 'no host was found for web (the hosts with app=wbe)';
const output = {
  rolloutId: 'r-1',
  certificate: 'api.example.com',
  fingerprint: `sha256:${'ab'.repeat(32)}`,
  outcome: 'finished',
  summary: `no target to deploy to: ${warning}`,
  reason: null,
  total: 0,
  waves: 0,
  counts: {},
} as const;
const end = { id: 'r-1', status: 'SUCCEEDED', waves: [], durationMs: 1 };

test('The last line of a rollout that found no host reports it, and so does its JSON', () => {
  const warned = { ...end, output: { ...output, warning } };

  expect(rolloutSummaryLines(warned, layout, own).slice(-2)).toEqual(['', `warning: ${warning}`]);
  expect(rolloutReportOf(warned)).toMatchObject({ outcome: 'finished', warning });
});
