import type { RecordedRollout, RolloutOutcome } from '../../core/rollout/rollout.ts';
import type { CommandLine } from '../../services/notify/command-lines.ts';

type RolloutFacts = Pick<RecordedRollout, 'rolloutId' | 'certificate' | 'warning'>;

/** Lines of a message that state the next steps of an operator, by the outcome of the rollout. */
export function nextSteps(outcome: RolloutOutcome, facts: RolloutFacts, line: CommandLine): string[] {
  return steps[outcome](facts, line);
}

const inspect = ({ rolloutId }: RolloutFacts, line: CommandLine) =>
  `Show the details:  ${line(`inspect ${rolloutId}`)}`;

const rolloutAgain = ({ certificate }: RolloutFacts, line: CommandLine, options = '') =>
  line(`rollout --certificate ${certificate || 'NAME'}${options}`, 'targets', 'version');

const steps: Readonly<Record<RolloutOutcome, (facts: RolloutFacts, line: CommandLine) => string[]>> = {
  finished: ({ warning }, line) => [
    warning === undefined ? 'No action is required.' : `Check the hosts of the targets:  ${line('doctor')}`,
  ],
  finished_with_failures: (facts, line) => [
    `After you have fixed the cause, retry:  ${rolloutAgain(facts, line, ' --repeat')}`,
    'The failed targets get the version. Targets that have it already do not change (unchanged).',
    inspect(facts, line),
  ],
  already_rolled_out: () => [],
  superseded: ({ certificate }, line) => [
    'No action is required: the newer rollout deploys to the remaining targets.',
    `Show the newer rollout:  ${line(`rollouts --certificate ${certificate || 'NAME'}`)}`,
  ],
  refused: (facts, line) => [
    'Nothing was changed. docs/troubleshooting.md explains the error.',
    `After you have fixed the cause, retry:  ${rolloutAgain(facts, line)}`,
  ],
  halted: ({ rolloutId }, line) => [
    `After you have fixed the cause, resume:  ${line(`rollout --resume ${rolloutId}`, 'version')}`,
    `Or roll back what it has changed:  ${line(`rollout --resume ${rolloutId} --rollback`)}`,
  ],
  rolled_back: (facts, line) => [
    'The targets that it had changed serve their previous version.',
    inspect(facts, line),
    `After you have fixed the cause, retry:  ${rolloutAgain(facts, line)}`,
  ],
  rollback_incomplete: ({ rolloutId, certificate }, line) => [
    'certferry does not retry this. Repair each target that is listed above (NAMED). In "web.i-0abc", "web" is the TARGET:',
    `1. Show the outcome and the repair commands for the host:  ${line('history --target NAMED --json')}`,
    `2. After the repair, deploy a good version:  ${line(`deploy --certificate ${certificate || 'NAME'} --target TARGET`, 'targets', 'version')}`,
    `Show the details:  ${line(`inspect ${rolloutId}`)}`,
  ],
};
