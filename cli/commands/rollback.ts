import type { Target } from '../../core/targets/target.ts';
import type { Backend } from '../../services/backend/backend.ts';
import { onThisMachine, readTargetsFile, selectTarget } from '../input/select-targets.ts';
import { type BackendOptions, type StackSelection, selectBackend } from '../options/backend-options.ts';
import { refuseOptions, requireOptions } from '../options/option-checks.ts';
import type { AtLeastOne } from '../report/deployment-report.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { onlyLocal, operatorFor } from './aws-operator.ts';
import { withLocalBackend, withStackBackend } from './open-backend.ts';
import { performDeployments, type WaitOption } from './perform-deployments.ts';

export interface RollbackOptions extends BackendOptions, WaitOption {
  readonly targets?: string;
  readonly target: string;
  readonly awsCredentials?: string;
}

/** `certferry rollback`: deploys the previous version of a target again, and verifies it. */
export async function rollback(options: RollbackOptions, terminal: Terminal): Promise<number> {
  const selection = selectBackend(options, 'rollback');
  if (selection.kind === 'stack') return rollBackOnStack(selection, options, terminal);
  const { targets: file = '' } = options;
  requireOptions({ '--targets': options.targets }, '--local');
  const target = onThisMachine(selectTarget(readTargetsFile(file).targets, options.target));
  const operator = await operatorFor(options.awsCredentials, [target], terminal);
  return withLocalBackend(
    selection.state,
    (backend) => rollBackTargets(backend, [target], { options, terminal }),
    { mustExist: true, operator },
  );
}

/** Rolls back every host of the target. */
async function rollBackOnStack(selection: StackSelection, options: RollbackOptions, terminal: Terminal) {
  refuseOptions({ '--targets': options.targets }, '--stack: a stack has registered targets');
  refuseOptions({ '--aws-credentials': options.awsCredentials }, onlyLocal);
  return withStackBackend(selection, async (backend) => {
    const targets = await backend.findTargets([options.target]);
    return rollBackTargets(backend, targets, { options, terminal });
  });
}

function rollBackTargets(
  backend: Pick<Backend, 'deploy'>,
  targets: AtLeastOne<Target>,
  how: { options: RollbackOptions; terminal: Terminal },
): Promise<number> {
  return performDeployments(
    targets,
    (target, onEvent) =>
      backend.deploy(
        { target, action: 'rollback', version: null, lockWaitSeconds: how.options.wait },
        onEvent,
      ),
    how,
  );
}
