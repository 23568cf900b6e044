import type { BackendOptions } from '../options/backend-options.ts';

/** The actions of `certferry targets`. */
export const targetsActions = ['list', 'apply', 'remove', 'remove-certificate'] as const;
export type TargetsAction = (typeof targetsActions)[number];

export interface TargetsOptions extends BackendOptions {
  readonly dryRun?: boolean;
}
