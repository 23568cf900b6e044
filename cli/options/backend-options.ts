import { UsageError } from '../terminal/errors.ts';
import { selectedState } from './state-option.ts';

/** The options that select a backend. */
export interface BackendOptions {
  readonly local?: boolean;
  readonly state?: string;
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly json?: boolean;
  /** Prints only errors and the results of failures. */
  readonly quiet?: boolean;
}

/** A stack in an AWS account. The AWS SDK finds an undefined region or profile. */
export interface StackSelection {
  readonly kind: 'stack';
  readonly stack: string;
  readonly region: string | undefined;
  readonly profile: string | undefined;
}

/** Local mode with a state folder, or a stack. */
export type BackendSelection = { readonly kind: 'local'; readonly state: string } | StackSelection;

/** Throws UsageError unless exactly one of `--local` and `--stack` is given. */
export function selectBackend(options: BackendOptions, command: string): BackendSelection {
  const { local = false, state, stack, region, profile } = options;
  if (local && stack !== undefined) {
    throw new UsageError(
      `${command}: --local and --stack exclude each other. Use --local for this machine, or --stack for AWS.`,
    );
  }
  if (stack !== undefined) {
    if (state !== undefined)
      throw new UsageError('--state needs --local: a stack keeps its data in its AWS account');
    return { kind: 'stack', stack, region, profile };
  }
  if (!local) {
    throw new UsageError(
      `${command} needs --local (this machine) or --stack NAME (a certferry stack in AWS), or a certferry.yaml with the targets of this machine or a stack`,
    );
  }
  if (region === undefined && profile === undefined) return { kind: 'local', state: selectedState(state) };
  throw new UsageError('--region and --profile need --stack: local mode does not use AWS');
}
