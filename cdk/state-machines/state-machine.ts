import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { readArtefact } from '../common/artefacts.ts';
import type { Functions } from '../functions/functions.ts';
import { pascalCase, type TaskName, tasks } from '../functions/tasks.ts';
import type { Grant } from '../grants/grant.ts';

interface MachineProps {
  readonly name: string;
  readonly comment: string;
  /** Path of the built ASL file. */
  readonly definition: string;
  readonly functions: Functions;
  readonly key: IKey;
  readonly logRetention: RetentionDays;
  /** Permissions of its role besides invoking the functions in the definition. */
  readonly grants?: readonly Grant[];
}

/** The substitution in each `Resource`: an execution in another partition than `aws` refuses `arn:aws:states:::`. */
const partition = 'Partition';

/** A state machine from an ASL file, with partition and function ARNs as substitutions, and its own role. */
export class Machine extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: MachineProps) {
    super(scope, id);
    const definition = readArtefact(props.definition);
    const called = calledTasks(definition);
    this.machine = new StateMachine(this, 'Resource', {
      stateMachineName: props.name,
      stateMachineType: StateMachineType.STANDARD,
      comment: props.comment,
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: {
        [partition]: Stack.of(this).partition,
        ...Object.fromEntries(
          called.map((name) => [substitution(name), props.functions.get(name).lambda.functionArn]),
        ),
      },
      role: this.#role(called, props),
      tracingEnabled: true,
      logs: {
        destination: this.#logGroup(props),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
  }

  /** Allows invoking the functions in the definition. CDK adds log delivery and X-Ray. */
  #role(called: readonly TaskName[], { functions, grants = [] }: MachineProps): Role {
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: called.map((name) => functions.get(name).lambda.functionArn),
      }),
    );
    for (const statement of grants.flatMap(({ statements }) => statements)) role.addToPolicy(statement);
    const reasons = {
      '*': 'Log delivery (logs:*LogDelivery, resource policies) and X-Ray support no resource-level permissions.',
      ...Object.assign({}, ...grants.map(({ wildcards }) => wildcards)),
    };
    for (const [resource, reason] of Object.entries<string>(reasons)) {
      Validations.of(role).acknowledge({ id: `AwsSolutions-IAM5[Resource::${resource}]`, reason });
    }
    return role;
  }

  /** The prefix that Step Functions recommends: other names fill a resource policy of limited size. */
  #logGroup({ name, key, logRetention }: MachineProps): LogGroup {
    return new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${name}`,
      encryptionKey: key,
      retention: logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

/** The tasks in the substitutions of the definition. Throws if a substitution matches no task. */
function calledTasks(definition: string): TaskName[] {
  const named = new Set([...definition.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name ?? ''));
  named.delete(partition);
  const called = (Object.keys(tasks) as TaskName[]).filter((name) => named.delete(substitution(name)));
  if (named.size > 0)
    throw new Error(`The state machine has substitutions without a task: ${[...named].join(', ')}.`);
  return called;
}

function substitution(name: TaskName): string {
  return `${pascalCase(name)}Arn`;
}
