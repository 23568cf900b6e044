import aslValidator from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { tasks } from '../../cdk/functions.ts';
import { resourcesOf, statementsOf, theFunction, theResource } from './resources.ts';
import { deployTargetFile, synthesize } from './synthesized.ts';

interface State {
  readonly Type: string;
  readonly Resource?: string;
  readonly TimeoutSeconds?: number;
  readonly Parameters?: { readonly FunctionName: string };
}

const template = synthesize();
const { properties: machine } = theResource(template, 'AWS::StepFunctions::StateMachine', () => true);
const substituted = substitute(machine.DefinitionString, machine.DefinitionSubstitutions);
const states = Object.entries(JSON.parse(substituted).States as Record<string, State>);
const tasksOf = states.filter(([, state]) => state.Type === 'Task');

/** As CloudFormation does it, with a made-up ARN for each function. */
function substitute(definition: string, substitutions: Record<string, { 'Fn::GetAtt': [string] }>): string {
  return definition.replaceAll(/\$\{([^}]+)\}/g, (whole, name) => {
    const id = substitutions[name]?.['Fn::GetAtt'][0];
    const lambda = resourcesOf(template, 'AWS::Lambda::Function').find((one) => one.id === id);
    return lambda === undefined
      ? whole
      : `arn:aws:lambda:eu-central-1:111122223333:function:${lambda.properties.FunctionName}`;
  });
}

const taskCalledBy = (state: State): string =>
  state.Parameters?.FunctionName.split(':certferry-').at(-1) ?? '';

describe('deploy-target as it is deployed', () => {
  test('is the file of the repository, word for word', () => {
    expect(machine.DefinitionString).toBe(deployTargetFile());
    expect(machine.StateMachineName).toBe('certferry-deploy-target');
    expect(machine.StateMachineType).toBe('STANDARD');
  });

  test('is valid once its substitutions are made, and none is left', () => {
    const { isValid, errorsText } = aslValidator(JSON.parse(substituted), {
      checkPaths: true,
      checkArn: true,
    });

    expect(errorsText('\n')).toBe('');
    expect(isValid).toBe(true);
    expect(substituted).not.toContain('${');
  });

  test('may invoke exactly the functions that its states call', () => {
    const called = new Set(tasksOf.map(([, state]) => theFunction(template, taskCalledBy(state)).id));
    const policies = resourcesOf(template, 'AWS::IAM::Policy').flatMap(({ properties }) =>
      statementsOf(properties.PolicyDocument).filter(({ actions }) =>
        actions.includes('lambda:InvokeFunction'),
      ),
    );

    expect(policies).toHaveLength(1);
    expect(policies[0]?.resources).toHaveLength(called.size);
    expect(policies[0]?.resources.filter((resource) => resource.includes('*'))).toEqual([]);
  });

  test.each(tasksOf)('waits for %s less long than its function may take', (_, state) => {
    const { Timeout } = theFunction(template, taskCalledBy(state)).properties;

    // with a task token the state waits for the host, and the function has long answered
    if (state.Resource?.endsWith('.waitForTaskToken'))
      expect(Timeout).toBeLessThan(state.TimeoutSeconds ?? 0);
    else expect(Timeout).toBeGreaterThan(state.TimeoutSeconds ?? Number.POSITIVE_INFINITY);
  });

  test('calls every function but the two that events start', () => {
    const called = new Set(tasksOf.map(([, state]) => taskCalledBy(state)));

    expect(Object.keys(tasks).filter((name) => !called.has(name))).toEqual([
      'command-status',
      'release-lock',
    ]);
  });
});
