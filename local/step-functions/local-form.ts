// A definition in a form that the interpreter can run: replaces what it does differently from Step Functions.
import type { StateMachineDefinition } from 'aws-local-stepfunctions';

type State = StateMachineDefinition['States'][string];
type Loose = Record<string, unknown>;

/** The resource of the Task that stands where a Distributed Map was: `distributed-map.ts` runs it. */
export const distributedMapResource = 'local:distributed-map';

/** The longest that a timer of Node waits (24.8 days): one of longer ends at once. */
export const longestTimerSeconds = 2_147_483;

export type { StateMachineDefinition };

/** Of a machine: the definition to run, and what its Distributed Maps run for each item. */
export interface LocalForm {
  readonly definition: StateMachineDefinition;
  readonly processors: ReadonlyMap<string, StateMachineDefinition>;
}

/**
 * - A Distributed Map becomes a Task whose input is what its reader, writer and concurrency evaluate to.
 * - `TimeoutSecondsPath` becomes a parameter beside the payload: the interpreter would set a timer of any length.
 */
export function localForm(definition: StateMachineDefinition): LocalForm {
  const processors = new Map<string, StateMachineDefinition>();
  const states = Object.entries(definition.States).map(([name, state]): [string, State] => {
    const loose = state as unknown as Loose;
    if (isDistributed(loose)) {
      processors.set(name, loose.ItemProcessor as StateMachineDefinition);
      return [name, mapAsTask(loose) as unknown as State];
    }
    return [name, 'TimeoutSecondsPath' in loose ? (timeoutAsParameter(loose) as unknown as State) : state];
  });
  return { definition: { ...definition, States: Object.fromEntries(states) }, processors };
}

function isDistributed({ Type, ItemProcessor }: Loose): boolean {
  const mode = (ItemProcessor as { ProcessorConfig?: { Mode?: string } } | undefined)?.ProcessorConfig?.Mode;
  return Type === 'Map' && mode === 'DISTRIBUTED';
}

function mapAsTask(state: Loose): Loose {
  const { ItemReader, ResultWriter, ItemProcessor: _, MaxConcurrency, MaxConcurrencyPath, ...rest } = state;
  const parametersOf = (field: unknown) => (field as { Parameters: Loose }).Parameters;
  return {
    ...rest,
    Type: 'Task',
    Resource: distributedMapResource,
    TimeoutSeconds: longestTimerSeconds,
    Parameters: {
      Reader: parametersOf(ItemReader),
      Writer: parametersOf(ResultWriter),
      ...(MaxConcurrencyPath === undefined
        ? { MaxConcurrency: MaxConcurrency ?? 0 }
        : { 'MaxConcurrency.$': MaxConcurrencyPath }),
    },
  };
}

function timeoutAsParameter({ TimeoutSecondsPath, Parameters, ...rest }: Loose): Loose {
  return {
    ...rest,
    TimeoutSeconds: longestTimerSeconds,
    Parameters: { ...(Parameters as Loose), 'TimeoutSeconds.$': TimeoutSecondsPath },
  };
}

/** The state that a redriven execution enters first; no event reports it. */
export const reentryState = '(redrive)';

/**
 * The definition that begins in `state` with `input` and keeps `$$.Execution.Input`, which the interpreter takes from its
 * own input. The interpreter also changes `$$.Execution.StartTime`, so the start time is read from elsewhere.
 */
export function reentering(
  definition: StateMachineDefinition,
  { state, input }: { readonly state: string; readonly input: unknown },
): StateMachineDefinition {
  const elsewhere = () => '"$$.Redriven.StartTime"';
  const text = JSON.stringify(definition).replaceAll('"$$.Execution.StartTime"', elsewhere);
  const { States, ...machine } = JSON.parse(text) as StateMachineDefinition;
  const reentry = { Type: 'Pass', Result: input, Next: state } as unknown as State;
  return { ...machine, StartAt: reentryState, States: { ...States, [reentryState]: reentry } };
}
