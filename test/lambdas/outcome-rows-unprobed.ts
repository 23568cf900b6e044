// The situations in which the probe after a deployment could not be made. Nothing is rolled back.
import { applied, failure, type OutcomeRow, oldLeaf, recorded, row, timedOut } from './outcome-situations.ts';

const throttled = failure('Lambda.TooManyRequestsException', 'Rate Exceeded.');
const unprobed = (situation: string, end: OutcomeRow['end']) =>
  row(situation, 'new', 'unknown', 'deployed_unprobed', 'ProbeUnavailable', { end });

export const rowsUnprobed: readonly OutcomeRow[] = [
  unprobed(
    'The function that probes is throttled for minutes',
    recorded('unprobed', { push: applied, failure: throttled }),
  ),
  unprobed(
    'Every call of the function that probes returns too late',
    recorded('unprobed', { push: applied, failure: timedOut }),
  ),
  unprobed(
    'The name server of the function does not answer',
    recorded('unprobed', {
      push: { ...applied, served: true },
      failure: failure('ProbeUnavailable', 'www.example.com:443: the name server does not answer'),
    }),
  ),
  unprobed(
    'The first probe finds another leaf, and the next one cannot be made',
    recorded('unprobed', { push: applied, probe: { ...oldLeaf, verdict: 'retry' }, failure: throttled }),
  ),
  unprobed(
    'The host cannot probe (`probeFrom: host`)',
    recorded('unprobed', {
      push: applied,
      probeFrom: 'host',
      failure: failure(
        'ProbeUnavailable',
        'the command ended with status Undeliverable and without a result of the agent',
      ),
    }),
  ),
  row(
    'The probe cannot be made, and the target has `onProbeUnavailable: accept`',
    'new',
    'unknown',
    'deployed_unverified',
    'ProbeUnavailable',
    { end: recorded('committed', { push: applied, failure: throttled }) },
  ),
];
