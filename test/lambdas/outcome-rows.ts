// Every situation in which a deployment ends, with its outcome. docs/outcomes.md shows these rows.

import { rowsOfBaseline } from './outcome-rows-baseline.ts';
import { rowsBeforeChanges } from './outcome-rows-before-changes.ts';
import { rowsReversed } from './outcome-rows-reversed.ts';
import { rowsUnprobed } from './outcome-rows-unprobed.ts';
import type { OutcomeRow } from './outcome-situations.ts';

export const outcomeRows: readonly OutcomeRow[] = [
  ...rowsBeforeChanges,
  ...rowsUnprobed,
  ...rowsReversed,
  ...rowsOfBaseline,
];
