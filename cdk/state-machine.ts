import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type Artefacts, readArtefact } from './artefacts.ts';
import { type Functions, pascalCase, type TaskName, tasks } from './functions.ts';
import { deployTargetName } from './names.ts';

interface DeployTargetProps {
  readonly artefacts: Artefacts;
  readonly functions: Functions;
  readonly key: IKey;
}

/** The state machine of one deployment: the plain ASL file, its substitutions filled in, with a role of its own. */
export class DeployTarget extends Construct {
  readonly machine: StateMachine;

  constructor(scope: Construct, id: string, props: DeployTargetProps) {
    super(scope, id);
    const definition = readArtefact(props.artefacts.deployTarget);
    const called = calledTasks(definition);
    const role = this.#role(called, props.functions);
    this.machine = new StateMachine(this, 'Resource', {
      stateMachineName: deployTargetName,
      stateMachineType: StateMachineType.STANDARD,
      comment: 'One certificate version to one target, proven, or undone',
      definitionBody: DefinitionBody.fromString(definition),
      definitionSubstitutions: Object.fromEntries(
        called.map((name) => [substitution(name), props.functions.get(name).lambda.functionArn]),
      ),
      role,
      tracingEnabled: true,
      logs: {
        destination: this.#logGroup(props.key),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
  }

  /** Invokes the functions that the definition names; the library adds log delivery and X-Ray. */
  #role(called: readonly TaskName[], functions: Functions): Role {
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
    Validations.of(role).acknowledge({
      id: 'AwsSolutions-IAM5[Resource::*]',
      reason: 'Log delivery (logs:*LogDelivery, resource policies) and X-Ray know no resources.',
    });
    return role;
  }

  /** Step Functions wants this prefix: other names fill up a resource policy of limited size. */
  #logGroup(encryptionKey: IKey): LogGroup {
    return new LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${deployTargetName}`,
      encryptionKey,
      retention: RetentionDays.ONE_YEAR,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}

/** The tasks that the definition names. Throws on a substitution that stands for no task. */
function calledTasks(definition: string): TaskName[] {
  const named = new Set([...definition.matchAll(/\$\{([^}]*)\}/g)].map(([, name]) => name ?? ''));
  const called = (Object.keys(tasks) as TaskName[]).filter((name) => named.delete(substitution(name)));
  if (named.size > 0) throw new Error(`the state machine names no task of ours: ${[...named].join(', ')}`);
  return called;
}

function substitution(name: TaskName): string {
  return `${pascalCase(name)}Arn`;
}
