import { Duration } from 'aws-cdk-lib';
import type { Architecture } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { tables as shapes } from '../../core/deployment/tables.ts';
import type { Artefacts } from '../common/artefacts.ts';
import { type GrantProps, grantsFor } from '../grants/permissions.ts';
import type { TableName, Tables } from '../storage/tables.ts';
import { type Network, TaskFunction } from './task-function.ts';
import { pascalCase, type TableAction, type Task, type TaskName, tasks } from './tasks.ts';

interface FunctionsProps extends GrantProps {
  readonly tables: Tables;
  readonly artefacts: Artefacts;
  readonly network: Network | undefined;
  /** The VPC of the function that runs the agent. */
  readonly agentNetwork: Network | undefined;
  readonly logRetention: RetentionDays;
  readonly architecture: Architecture;
  /** Functions that this stack does not need. */
  readonly excluded: readonly TaskName[];
}

/** The Lambda functions. The role of each one allows exactly what its row of {@link tasks} lists. */
export class Functions extends Construct {
  readonly #functions = new Map<TaskName, TaskFunction>();

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id);
    const grants = grantsFor(this, props);
    for (const [name, task] of Object.entries(tasks) as [TaskName, Task][]) {
      if (props.excluded.includes(name)) continue;
      const created = this.#create(name, task, props);
      this.#functions.set(name, created);
      for (const [table, actions] of Object.entries(task.tables ?? {}) as [TableName, TableAction[]][]) {
        const { variable } = shapes[table];
        const written = table === 'registry' ? task.registryWrites : undefined;
        created.allowTable(props.tables[table], { variable, actions, written });
      }
      for (const permission of task.permissions ?? []) created.allow(grants[permission]);
    }
  }

  /** Throws for a function that this stack excludes. */
  get(name: TaskName): TaskFunction {
    const found = this.#functions.get(name);
    if (found === undefined) throw new Error(`This stack has no function ${name}.`);
    return found;
  }

  /** Sets an environment variable of these functions. */
  setVariable(names: readonly TaskName[], variable: string, value: string): void {
    for (const name of names) this.get(name).lambda.addEnvironment(variable, value);
  }

  /** Sets an environment variable of every function. */
  setVariableOfAll(variable: string, value: string): void {
    this.setVariable([...this.#functions.keys()], variable, value);
  }

  #create(name: TaskName, task: Task, props: FunctionsProps): TaskFunction {
    return new TaskFunction(this, pascalCase(name), {
      name,
      description: task.description,
      code: props.artefacts.task(name),
      timeout: Duration.seconds(task.timeoutSeconds),
      key: props.key,
      logRetention: props.logRetention,
      architecture: props.architecture,
      network: networkOf(task, props),
      isAsynchronous: task.runsAgent === true,
    });
  }
}

function networkOf({ opensConnections, runsAgent }: Task, props: FunctionsProps): Network | undefined {
  if (runsAgent === true) return props.agentNetwork;
  return opensConnections === true ? props.network : undefined;
}
