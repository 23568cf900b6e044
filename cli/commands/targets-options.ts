import type { PlaceOptions } from '../options/backend-options.ts';

/** What `certferry targets` can do. */
export const targetsActions = ['list', 'apply', 'remove', 'remove-certificate'] as const;
export type TargetsAction = (typeof targetsActions)[number];

export interface TargetsOptions extends PlaceOptions {
  readonly dryRun?: boolean;
}
