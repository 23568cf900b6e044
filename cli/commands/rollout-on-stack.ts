import { readVersionOption } from '../input/version-option.ts';
import type { StackSelection } from '../options/backend-options.ts';
import { refuseFileOptions, refuseOptions, requireOptions } from '../options/option-checks.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { onlyLocal } from './aws-operator.ts';
import { rollBackRollout } from './halt-rollout.ts';
import { withStackBackend } from './open-backend.ts';
import { type RolloutOptions, requestOf } from './rollout-options.ts';
import { showRollout } from './show-rollout.ts';

/** The rollout runs in the account and continues after Ctrl-C. */
export async function rolloutOnStack(
  selection: StackSelection,
  options: RolloutOptions,
  terminal: Terminal,
): Promise<number> {
  const { certificate = '', resume, follow } = options;
  refuseFileOptions(options);
  refuseOptions({ '--aws-credentials': options.awsCredentials }, onlyLocal);
  const isNew = resume === undefined && follow === undefined;
  if (isNew) requireOptions({ '--certificate': options.certificate }, '--stack');
  const request = { certificate, version: readVersionOption(options.to), ...requestOf(options) };
  return withStackBackend(selection, (backend) =>
    showRollout(
      async (observer) => {
        if (resume !== undefined && options.rollback === true) await rollBackRollout(backend, resume);
        if (resume !== undefined) return backend.resume(resume, null, observer);
        if (follow !== undefined) return backend.follow(follow, observer);
        return backend.rollout(request, observer);
      },
      { options, terminal, interrupt: null },
    ),
  );
}
