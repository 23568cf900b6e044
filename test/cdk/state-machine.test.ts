import aslValidator from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { tasks } from '../../cdk/functions/tasks.ts';
import { renderRollout } from '../../scripts/render-rollout.ts';
import { allowedTo, resourcesOf, type Statement, theFunction, theResource } from './resources.ts';
import { deployTargetFile, synthesize } from './synthesized.ts';

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly TimeoutSecondsPath?: string;
  readonly Parameters?: { readonly FunctionName: string };
  readonly ItemProcessor?: { readonly States: Record<string, State> };
}

interface Substitution {
  readonly Ref?: string;
  readonly 'Fn::GetAtt'?: readonly [string];
}

const template = synthesize();
const here = '<Region>:<AccountId>';

/** A machine as it is deployed, with the substitutions made as CloudFormation does. */
function deployed(name: string) {
  const { properties } = theResource(
    template,
    'AWS::StepFunctions::StateMachine',
    (machine) => machine.properties.StateMachineName === name,
  );
  const text = substitute(properties.DefinitionString, properties.DefinitionSubstitutions);
  const states = statesIn(JSON.parse(text).States);
  const tasksOf = states.filter(([, state]) => state.Type === 'Task');
  return { properties, text, states, tasksOf, role: properties.RoleArn['Fn::GetAtt'][0] as string };
}

/** Those of a Map's item processor too. */
function statesIn(states: Record<string, State>): [string, State][] {
  return Object.entries(states).flatMap(([name, state]) => [
    [name, state],
    ...(state.ItemProcessor === undefined ? [] : statesIn(state.ItemProcessor.States)),
  ]);
}

/** The partition `aws`, and a made-up ARN for each function. */
function substitute(definition: string, substitutions: Record<string, Substitution>): string {
  return definition.replaceAll(/\$\{([^}]+)\}/g, (whole, name) => {
    if (substitutions[name]?.Ref === 'AWS::Partition') return 'aws';
    const id = substitutions[name]?.['Fn::GetAtt']?.[0];
    const lambda = resourcesOf(template, 'AWS::Lambda::Function').find((one) => one.id === id);
    return lambda === undefined
      ? whole
      : `arn:aws:lambda:eu-central-1:111122223333:function:${lambda.properties.FunctionName}`;
  });
}

const taskCalledBy = (state: State): string =>
  state.Parameters?.FunctionName.split(':certferry-').at(-1) ?? '';

const machines = [
  ['certferry-deploy-target', deployTargetFile()],
  ['certferry-rollout', renderRollout()],
] as const;

describe.each(machines)('%s as it is deployed', (name, file) => {
  const { properties, text, tasksOf, role } = deployed(name);

  test('The state machine of a stack is the file of the repository, word for word', () => {
    expect(properties.DefinitionString).toBe(file);
    expect(properties.StateMachineType).toBe('STANDARD');
  });

  test('The state machine of a stack is valid once its substitutions are made, and none is left', () => {
    const { isValid, errorsText } = aslValidator(JSON.parse(text), { checkPaths: true, checkArn: true });

    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
    expect(text).not.toContain('${');
  });

  test('A state machine may invoke exactly the functions that its states call', () => {
    const called = new Set(tasksOf.map(([, state]) => theFunction(template, taskCalledBy(state)).id));
    const invoking = allowedTo(template, role).filter(({ actions }) =>
      actions.includes('lambda:InvokeFunction'),
    );

    expect(invoking).toHaveLength(1);
    expect(invoking[0]?.resources).toHaveLength(called.size);
    expect(invoking[0]?.resources.filter((resource) => resource.includes('*'))).toEqual([]);
  });

  test('A state machine waits for each function less long than the function may take', () => {
    const wrong = tasksOf.filter(([, state]) => {
      const { Timeout } = theFunction(template, taskCalledBy(state)).properties;
      if (state.Resource?.endsWith('.waitForTaskToken') !== true) {
        return Timeout <= (state.TimeoutSeconds ?? Number.POSITIVE_INFINITY);
      }
      // the state waits for the host or a person, and the function has long answered
      return state.TimeoutSecondsPath === undefined && Timeout >= (state.TimeoutSeconds ?? 0);
    });

    expect(wrong.map(([state]) => state)).toEqual([]);
  });
});

describe('the rollout machine', () => {
  const { role, states } = deployed('certferry-rollout');
  const found = allowedTo(template, role);
  const statement = (actions: string[], ...resources: string[]): Statement => ({
    actions: [...actions].sort(),
    resources,
    condition: null,
  });

  test('The rollout machine has the states of deploy-target in its Map', () => {
    const names = states.map(([state]) => state);

    expect(names).toEqual(expect.arrayContaining(Object.keys(JSON.parse(deployTargetFile()).States)));
  });

  test('The rollout machine may start, describe, stop and redrive the deployments of its waves, and no others', () => {
    const executions = `arn:<Partition>:states:${here}:execution:certferry-rollout`;

    expect(found.filter(({ actions }) => actions.some((action) => action.startsWith('states:')))).toEqual([
      statement(['states:StartExecution'], `arn:<Partition>:states:${here}:stateMachine:certferry-rollout`),
      statement(
        ['states:DescribeExecution', 'states:StopExecution'],
        `${executions}/DeployWave:*`,
        `${executions}:*`,
      ),
      statement(['states:RedriveExecution'], `${executions}/DeployWave:*`),
    ]);
  });

  test('The rollout machine reads its waves and writes their results under one prefix of the work bucket, through our key', () => {
    expect(found).toContainEqual(
      statement(
        ['s3:AbortMultipartUpload', 's3:GetObject', 's3:ListMultipartUploadParts', 's3:PutObject'],
        'Work.Arn/rollouts/*',
      ),
    );
    expect(found.filter(({ actions }) => actions.some((action) => action.startsWith('kms:')))).toEqual([
      {
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: ['Key.Arn'],
        condition: { StringEquals: { 'kms:ViaService': expect.anything() } },
      },
    ]);
  });
});

describe('the functions', () => {
  test('Each function is called by a state or a function, or started by an event, CloudFormation or an operator', () => {
    const called = new Set(
      machines.flatMap(([name]) => deployed(name).tasksOf.map(([, state]) => taskCalledBy(state))),
    );

    expect(Object.keys(tasks).filter((name) => !called.has(name))).toEqual([
      'command-status',
      'run-agent',
      'release-lock',
      'decide-approval',
      'start-rollouts',
      'sweep',
      'find-hosts',
      'warm-hosts',
      'sync-registry',
      'read-job-keys',
      'complete-stack',
    ]);
  });
});
