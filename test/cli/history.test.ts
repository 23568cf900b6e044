import { describe, expect, test } from 'vitest';
import { historyLines } from '../../cli/render/history.ts';
import { timesIn } from '../../cli/render/times.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { HistoryEntry } from '../../services/backend/backend.ts';

function anEntry(changes: Partial<HistoryEntry> = {}): HistoryEntry {
  return {
    deploymentId: 'web-1-20261122',
    targetId: 'web-1',
    outcome: 'deployed',
    action: 'deploy',
    fingerprint: `sha256:${'ab'.repeat(32)}`,
    previousFingerprint: null,
    startedAt: '2026-11-22T04:15:00.000Z',
    ...changes,
  };
}

const file = { colours: plainColours, width: 80, interactive: false, times: timesIn('UTC') };

describe('the history', () => {
  test('The history wraps between fields where the screen is too narrow, and nowhere else', () => {
    const screen = { ...file, interactive: true };

    expect(historyLines([anEntry()], { ...screen, width: 40 })).toEqual([
      '✔ 2026-11-22 04:15:00  web-1  deploy',
      '  deployed  version sha256:abababababab…',
      '  previous none  web-1-20261122',
    ]);
    expect(historyLines([anEntry()], { ...screen, width: 100 })).toEqual(historyLines([anEntry()], file));
  });

  test('The history has a line for each deployment, with what was asked for', () => {
    const lines = historyLines(
      [
        anEntry(),
        anEntry({ action: 'deploy', rollout: 'r-1', outcome: 'rolled_back' }),
        anEntry({ action: 'rollback', rollout: 'r-1' }),
        anEntry({ action: 'rollback' }),
        anEntry({ action: 'validate', outcome: 'validated' }),
        anEntry({ action: null, outcome: 'lost' }),
      ],
      file,
    );

    expect(lines.slice(0, 2)).toEqual([
      '  started (UTC)        target  action               outcome      version               previous  execution',
      '✔ 2026-11-22 04:15:00  web-1   deploy               deployed     sha256:abababababab…  none      web-1-20261122',
    ]);
    expect(lines.slice(2).map((line) => line.split(/ {2,}/).slice(2, 4))).toEqual([
      ['deploy', 'rolled_back'],
      ['rollback by rollout', 'deployed'],
      ['rollback', 'deployed'],
      ['dry run', 'validated'],
      ['unknown', 'lost'],
    ]);
  });
});
