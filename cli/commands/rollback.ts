import { onThisMachine, readTargetsFile, selectTarget } from '../input/select-targets.ts';
import {
  type PlaceOptions,
  placeOf,
  refuseOptions,
  requireOptions,
  type StackPlace,
} from '../options/backend-options.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withAccount, withFerry } from './open-backend.ts';
import { perform } from './perform-deployments.ts';

export interface RollbackOptions extends PlaceOptions {
  readonly targets?: string;
  readonly target: string;
}

/** `certferry rollback`: the version before the installed one, applied and verified as a deployment of its own. */
export async function rollback(options: RollbackOptions, terminal: Terminal): Promise<number> {
  const place = placeOf(options, 'rollback');
  if (place.kind === 'stack') return rollbackInAccount(place, options, terminal);
  const { targets: file = '' } = options;
  requireOptions({ '--targets': options.targets }, '--local');
  const target = onThisMachine(selectTarget(readTargetsFile(file).targets, options.target));
  return withFerry(
    place.state,
    (ferry) =>
      perform([target], (one, onEvent) => ferry.deploy({ target: one, action: 'rollback', onEvent }), {
        options,
        terminal,
      }),
    { mustExist: true },
  );
}

/** On every host of the target. */
async function rollbackInAccount(place: StackPlace, options: RollbackOptions, terminal: Terminal) {
  refuseOptions({ '--targets': options.targets }, '--stack: the stack knows its targets');
  return withAccount(place, async (account) => {
    const targets = await account.members([options.target]);
    const carrier = account.carrier({ action: 'rollback', version: null });
    return perform(targets, carrier, { options, terminal });
  });
}
