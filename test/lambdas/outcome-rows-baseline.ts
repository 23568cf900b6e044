// Deployments that are judged against what the endpoint served before, and deployments in place.
import { unknownPrevious } from '../../agent-scripts/apply/in-place.ts';
import {
  applied,
  asBefore,
  host,
  type OutcomeRow,
  oldAgain,
  oldLeaf,
  previous,
  recorded,
  row,
  silent,
  undone,
} from './outcome-situations.ts';

const baselineOf = (fingerprint: string | null) => ({
  from: 'lambda' as const,
  addresses: [{ address: '10.0.0.7:443', fingerprint, problem: fingerprint === null ? 'refused' : null }],
});

export const rowsOfBaseline: readonly OutcomeRow[] = [
  row(
    'The endpoint was unreachable before the deployment, and is again after the rollback',
    'previous',
    'nothing',
    'rolled_back',
    'EndpointUnreachable',
    {
      end: recorded('rolled_back', {
        push: { ...applied, baseline: baselineOf(null) },
        probe: silent,
        rollback: undone,
        restored: asBefore(silent, baselineOf(null)),
      }),
    },
  ),
  row(
    'Deployed in place, the reload has no effect, and the agent has recorded the previous version',
    'previous',
    'previous',
    'rolled_back',
    'LeafNotServed',
    {
      end: recorded('rolled_back', {
        push: { ...applied, baseline: baselineOf(previous.fingerprint), inPlace: true },
        probe: oldLeaf,
        rollback: undone,
        restored: oldAgain,
      }),
    },
  ),
  row('The same, and no previous version is recorded', 'new', 'previous', 'rollback_failed', 'NoReceipt', {
    end: recorded('rollback_failed', {
      push: { ...applied, baseline: baselineOf(previous.fingerprint), inPlace: true },
      probe: oldLeaf,
      rollback: host({
        outcome: 'rollback_failed',
        summary: `nothing was restored: ${unknownPrevious}`,
        reason: 'NoReceipt',
        repair: { files: [], commands: ['nginx -s reload'] },
      }),
    }),
  }),
];
