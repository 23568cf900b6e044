import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { nextSteps } from '../../cli/render/next-steps.ts';
import {
  type DeploymentOutcome,
  deploymentOutcomes,
  outcomeMeanings,
} from '../../core/deployment/outcome.ts';
import { errorNames } from '../../core/errors.ts';
import { aFinished } from '../cli/finished.ts';
import { outcomePage, pageWithOutcomes } from './outcome-page.ts';
import { outcomeRows } from './outcome-rows.ts';
import type { OutcomeRow } from './outcome-situations.ts';

/** Error names of AWS, and the statuses of an execution, which a reason may also be. */
const ofAws = /^(States|Lambda)\.|^(ABORTED|TIMED_OUT|FAILED)$/;

const restored = /previous files (are )?restored|restored the previous files/;
const untouched =
  /nothing was changed|nothing was changed|not change any file|live files? (were not|unchanged)/i;

/** Statements that contradict an outcome, in its message and its next steps. */
const contradictions: Readonly<Partial<Record<DeploymentOutcome, readonly RegExp[]>>> = {
  rejected: [/could not be restored/, /state is unknown/, /MANUAL ACTION/],
  validate_failed: [/could not be restored/, /state is unknown/],
  lost: [untouched, restored, /rolled back/, /did not run/, /no job was sent/],
  rolled_back: [untouched, /nothing to roll back/, /could not be restored/, /MANUAL ACTION/],
  rolled_back_unverified: [untouched, /could not be restored/, /nothing to roll back/],
  rollback_failed: [untouched, /nothing to roll back/],
};

const textOf = async ({ end }: OutcomeRow) => {
  const output = await end();
  const steps = nextSteps(aFinished(output), (command) => `certferry ${command}`);
  return [outcomeMeanings[output.outcome].meaning, output.summary, ...steps].join('\n');
};

describe('the outcome of a deployment', () => {
  test.each(outcomeRows)('The outcome of a deployment is $outcome: $situation', async (row) => {
    const { outcome, reason } = await row.end();

    expect({ outcome, reason }).toEqual({ outcome: row.outcome, reason: row.reason });
  });

  test.each(outcomeRows)(
    'The message and the next steps do not contradict the outcome $outcome: $situation',
    async (row) => {
      const text = await textOf(row);

      expect((contradictions[row.outcome] ?? []).filter((statement) => statement.test(text))).toEqual([]);
    },
  );

  test('A failed rollback reports restored files only if the reload alone has failed', async () => {
    for (const row of outcomeRows.filter(({ outcome }) => outcome === 'rollback_failed')) {
      expect(restored.test(await textOf(row)), row.situation).toBe(row.reason === 'ReloadFailed');
    }
  });

  test('The next steps suggest another process on the port only if the endpoint serves another leaf', async () => {
    for (const row of outcomeRows) {
      const isSuggested = (await textOf(row)).includes('another process on the port');

      expect(isSuggested, row.situation).toBe(row.reason === 'LeafNotServed');
    }
  });

  test('Every outcome that is not a success has a reason that docs/troubleshooting.md explains', () => {
    const unexplained = outcomeRows.filter(
      ({ reason }) => reason !== null && !Object.hasOwn(errorNames, reason) && !ofAws.test(reason),
    );
    const without = outcomeRows.filter(
      ({ outcome, reason }) => !outcomeMeanings[outcome].succeeded && reason === null,
    );

    expect(unexplained).toEqual([]);
    expect(without).toEqual([]);
  });

  test('The rows contain every outcome', () => {
    const shown = new Set(outcomeRows.map(({ outcome }) => outcome));

    expect(deploymentOutcomes.filter((outcome) => !shown.has(outcome))).toEqual([]);
  });

  test('docs/outcomes.md shows the outcomes that recording returns', async () => {
    expect(readFileSync(outcomePage, 'utf8'), 'run node scripts/write-outcomes.ts').toBe(
      await pageWithOutcomes(),
    );
  });
});
