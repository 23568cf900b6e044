import { CertferryError } from '../../../core/errors.ts';
import type { F5Config } from '../../../core/targets/kinds/f5.ts';
import type { Device } from './device.ts';
import { type F5Plan, type ProfilePlan, refersToCreated, sameReferences } from './plan.ts';
import { type ProfileState, readProfile } from './profiles.ts';

/** What every step of a deployment needs. */
export interface DeploymentContext {
  readonly device: Device;
  readonly config: F5Config;
  /** Names of uploaded files. */
  readonly uploads: Readonly<Record<'key' | 'cert' | 'chain', string>>;
  /** Begins the names of all objects of the target. */
  readonly prefix: string;
}

/** The profiles of a plan as they are now, each with its plan. */
export async function statesOf({ device }: DeploymentContext, { profiles }: F5Plan) {
  const states = [];
  for (const profile of profiles) states.push({ profile, state: await readProfile(device, profile.path) });
  return states;
}

/** Whether a profile has the references that the plan leads to. */
export function isAfter(
  plan: F5Plan,
  partition: string,
  { profile, state }: { profile: ProfilePlan; state: ProfileState },
): boolean {
  if (profile.after !== null) return sameReferences(state.entries, profile.after);
  return refersToCreated(
    plan,
    partition,
    state.entries.find(({ name }) => name === profile.entry),
  );
}

/** The error for references that are neither those before nor those after the plan. */
export function conflict({ profiles }: F5Plan): CertferryError {
  const paths = profiles.map(({ path }) => path).join(', ');
  return new CertferryError(
    'StoreConflict',
    `Another program has changed the certificate of the client-SSL profile ${paths}. Its change was not overwritten.`,
  );
}
