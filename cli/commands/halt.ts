import { userInfo } from 'node:os';
import type { RolloutEntry, There } from '../../services/backend/backend.ts';
import { ownCommand, type Place, type PlaceOptions, placeOf } from '../options/backend-options.ts';
import { UsageError } from '../terminal/errors.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { withPlace } from './open-backend.ts';

export interface HaltOptions extends PlaceOptions {
  readonly reason?: string;
  readonly rollBack?: boolean;
}

/** `certferry halt`: no further deployment of the rollout begins. Throws UsageError when there is none to halt. */
export async function halt(id: string, options: HaltOptions, { out }: Terminal): Promise<number> {
  const reason = options.reason ?? `halted by ${whoAmI()}`;
  const place = placeOf(options, 'halt');
  if (options.rollBack === true) return putBack(id, { options, place, reason }, out);
  const own = ownCommand(options);
  if (!(await withPlace(place, (there) => haltIn(there, id, reason)))) {
    throw new UsageError(`there is no rollout ${id}, or it has ended: "${own('rollouts')}" lists them`);
  }
  if (options.json === true) out(JSON.stringify({ rolloutId: id, halted: true }));
  else {
    out(`Rollout ${id} is halted: deployments that have begun are finished, and no other one begins.`);
    out(
      'One that waits (a pause, a window) ends with its next look, within a quarter of an hour, seldom later.',
    );
    out(`When it has ended, this lets it go on: ${own(`rollout --resume ${id}`)}`);
  }
  return 0;
}

/** Throws UsageError also where nobody does it: the rollout was halted before, or a newer one has taken its place. */
async function putBack(
  id: string,
  { options, place, reason }: { options: PlaceOptions; place: Place; reason: string },
  out: Terminal['out'],
): Promise<number> {
  const own = ownCommand(options);
  const control = await withPlace(place, (there) => putBackIn(there, id, reason));
  if (control.outcome === 'halted') {
    throw new UsageError(
      `rollout ${id} was halted before, and its execution has ended: "${own(`rollout --resume ${id} --roll-back`)}" puts back what it changed`,
    );
  }
  if (options.json === true) out(JSON.stringify({ rolloutId: id, halted: true, rollBack: true }));
  else {
    out(`Rollout ${id} is halted: no other deployment begins, and what it has changed is put back,`);
    out('newest wave first and verified. One that is just coming to its end ends as it is. See which:');
    out(`  ${own(place.kind === 'stack' ? `rollout --follow ${id}` : 'rollouts')}`);
  }
  return 0;
}

/** Asks for it, and answers a question that it waits with. Throws UsageError where there is nothing to put back. */
export async function putBackIn(
  there: Pick<There, 'putBack' | 'answer'>,
  id: string,
  reason = `to be put back, said ${whoAmI()}`,
): Promise<RolloutEntry> {
  const control = await there.putBack(id, reason);
  if (control === null) {
    throw new UsageError(
      `there is no rollout ${id}, or it has ended: what it did is put back by a rollout of the version before (--version)`,
    );
  }
  if (control.supersededBy !== null) {
    throw new UsageError(
      `rollout ${id} puts nothing back: rollout ${control.supersededBy} was begun since, and what it does stays`,
    );
  }
  await there.answer(id, { wave: undefined, verdict: 'rejected', by: whoAmI() });
  return control;
}

/** Whether it was there to be halted. One that asks would only hear of it with its answer: so that is given too. */
export async function haltIn(
  there: Pick<There, 'halt' | 'answer'>,
  id: string,
  reason: string,
): Promise<boolean> {
  const halted = await there.halt(id, reason);
  if (halted) await there.answer(id, { wave: undefined, verdict: 'rejected', by: whoAmI() });
  return halted;
}

export interface ApproveOptions extends PlaceOptions {
  readonly wave?: number;
  readonly reject?: boolean;
  readonly by?: string;
}

/** `certferry approve`: the answer that a rollout waits for. Throws UsageError when nobody asks. */
export async function approve(id: string, options: ApproveOptions, { out }: Terminal): Promise<number> {
  const answer = {
    wave: options.wave,
    verdict: options.reject === true ? ('rejected' as const) : ('approved' as const),
    by: options.by ?? whoAmI(),
  };
  const place = placeOf(options, 'approve');
  if (!(await withPlace(place, (there) => there.answer(id, answer)))) {
    const wave = options.wave === undefined ? '' : ` after wave ${options.wave}`;
    throw new UsageError(`rollout ${id} does not ask${wave}: it was answered, it has ended, or it never did`);
  }
  if (options.json === true) out(JSON.stringify({ rolloutId: id, ...answer }));
  else if (answer.verdict === 'approved') out(`Rollout ${id} goes on (approved by ${answer.by}).`);
  else out(`Rollout ${id} is halted (rejected by ${answer.by}).`);
  return 0;
}

function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    // an account of the system may have no name
    return 'certferry';
  }
}
