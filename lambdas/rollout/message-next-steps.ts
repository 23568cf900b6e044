import type { RecordedRollout, RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';

type Ended = Pick<RecordedRollout, 'rolloutId' | 'certificate' | 'warning'>;

/** Lines of a message that say what a person does next, after each end of a rollout. */
export function nextSteps(outcome: RolloutOutcome, ended: Ended, line: CommandLine): string[] {
  return steps[outcome](ended, line);
}

const look = ({ rolloutId }: Ended, line: CommandLine) => `See how it went:  ${line(`inspect ${rolloutId}`)}`;

const again = ({ certificate }: Ended, line: CommandLine, more = '') =>
  line(`rollout --certificate ${certificate || 'NAME'}${more}`, 'targets', 'version');

const steps: Readonly<Record<RolloutOutcome, (ended: Ended, line: CommandLine) => string[]>> = {
  finished: ({ warning }, line) => [
    warning === undefined ? 'Nothing is left to do.' : `Which hosts the targets find:  ${line('doctor')}`,
  ],
  finished_with_failures: (ended, line) => [
    `Once the reasons are gone:  ${again(ended, line, ' --repeat')}`,
    'It goes to those that failed; what has the version stays as it is (unchanged).',
    look(ended, line),
  ],
  already_rolled_out: () => [],
  superseded: ({ certificate }, line) => [
    'Nothing is left to do here: what it has not done is left to the newer one.',
    `See the newer one:  ${line(`rollouts --certificate ${certificate || 'NAME'}`)}`,
  ],
  refused: (ended, line) => [
    'Nothing was touched. The name of the error is in docs/troubleshooting.md, with what to do.',
    `Then:  ${again(ended, line)}`,
  ],
  halted: ({ rolloutId }, line) => [
    `Once the reason is gone:  ${line(`rollout --resume ${rolloutId}`, 'version')}`,
    `Or to put back what it has changed:  ${line(`rollout --resume ${rolloutId} --rollback`)}`,
  ],
  rolled_back: (ended, line) => [
    'Everything that it changed serves what it served before.',
    look(ended, line),
    `Once the reason is gone:  ${again(ended, line)}`,
  ],
  rollback_incomplete: ({ rolloutId, certificate }, line) => [
    'Nothing more is tried by itself. For each target that is named above (what stands before a dot is its TARGET):',
    `1. How it ended, and what to type on its host (repair):  ${line('history --target NAMED --json')}`,
    `2. Once its host is right, a version that is good:  ${line(`deploy --certificate ${certificate || 'NAME'} --target TARGET`, 'targets', 'version')}`,
    `The whole way:  ${line(`inspect ${rolloutId}`)}`,
  ],
};
