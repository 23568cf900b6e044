import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { allowedTo, resourcesOf, roleOf, textOf, theFunction, theResource } from './resources.ts';
import { anApp, synthesize } from './synthesized.ts';

const signers = ['push-bundle', 'reconcile-command', 'roll-back', 'run-on-deployed'];
const keysOf = (template: Template) =>
  resourcesOf(template, 'AWS::KMS::Key').filter(({ properties }) => properties.KeyUsage === 'SIGN_VERIFY');
const acceptedBy = (template: Template): string[] =>
  theResource(template, 'Custom::CertferryJobKeys', () => true).properties.KeyArns.map(textOf);
const signingKeyOf = (template: Template, name: string) =>
  textOf(theFunction(template, name).properties.Environment.Variables.JOB_SIGNING_KEY);
const dependenciesOf = (template: Template, name: string): string[] =>
  Object.values(template.findResources('AWS::Lambda::Function')).find(
    ({ Properties }) => Properties.FunctionName === `certferry-${name}`,
  )?.DependsOn ?? [];

describe('the key that signs jobs', () => {
  const template = synthesize();

  test('The key that signs jobs is an ECDSA key of KMS that is deleted a week after its removal', () => {
    const [key, ...others] = keysOf(template);

    expect(others).toEqual([]);
    expect(key?.properties).toMatchObject({ KeySpec: 'ECC_NIST_P256', PendingWindowInDays: 7 });
    expect(key?.deletionPolicy).toBe('Delete');
  });

  test('The key that signs jobs may be used by three functions, and its policy denies it to everyone else', () => {
    const signing = resourcesOf(template, 'AWS::IAM::Role').filter(({ id }) =>
      allowedTo(template, id).some(({ actions }) => actions.includes('kms:Sign')),
    );
    const roles = signers.map((name) => roleOf(theFunction(template, name)));
    const [key] = keysOf(template);
    const denied = key?.properties.KeyPolicy.Statement.find(
      ({ Sid }: { Sid?: string }) => Sid === 'OnlySigners',
    );

    expect(signing.map(({ id }) => id).sort()).toEqual([...roles].sort());
    expect(denied).toMatchObject({ Effect: 'Deny', Principal: { AWS: '*' }, Action: 'kms:Sign' });
    expect(
      denied.Condition.ArnNotEquals['aws:PrincipalArn'].map((arn: object) => Object.values(arn)[0][0]).sort(),
    ).toEqual([...roles].sort());
  });

  test('A function that sends jobs or probes is updated after the documents, so that hosts accept what it sends', () => {
    const documents = resourcesOf(template, 'AWS::SSM::Document').map(({ id }) => id);

    for (const name of [...signers, 'probe-from-host', 'sweep']) {
      expect(dependenciesOf(template, name)).toEqual(expect.arrayContaining(documents));
    }
    expect(dependenciesOf(template, 'read-job-keys')).not.toEqual(expect.arrayContaining(documents));
  });

  test('The public keys for member accounts are an output of the stack', () => {
    const { JobKeys } = template.findOutputs('JobKeys');

    expect(textOf(JobKeys?.Value)).toMatch(/^SigningPublicKeys.*\.JobKeys$/);
  });
});

describe('a rotation of the key that signs jobs', () => {
  test('A rotation first adds a key that hosts accept, then signs with it, then removes the previous one', () => {
    const steps = [['1'], ['1', '2026'], ['2026', '1'], ['2026']].map((jobKeyNames) => {
      const template = synthesize({ jobKeyNames });
      const signing = new Set(signers.map((name) => signingKeyOf(template, name)));
      expect(keysOf(template)).toHaveLength(jobKeyNames.length);
      return { signing: [...signing], accepted: acceptedBy(template) };
    });

    const [old, fresh] = ['SigningKey1.Arn', 'SigningKey2026.Arn'];
    expect(steps).toEqual([
      { signing: [old], accepted: [old] },
      { signing: [old], accepted: [old, fresh] },
      { signing: [fresh], accepted: [fresh, old] },
      { signing: [fresh], accepted: [fresh] },
    ]);
  });

  test('A stack with two keys passes the checks of AWS Solutions', () => {
    expect(() => anApp({ jobKeyNames: ['1', '2'] }).app.synth()).not.toThrow();
  });

  test.each([[[]], [['a b']], [['1', '1']]])(
    'Names of keys are refused during synthesis: %j',
    (jobKeyNames) => {
      expect(() => synthesize({ jobKeyNames })).toThrow(/Invalid properties of Certferry:\n {2}jobKeyNames/);
    },
  );
});

test('A host key that replaces a registered one is refused by every function that completes commands, if configured', () => {
  const variable = (template: Template, name: string) =>
    theFunction(template, name).properties.Environment.Variables.ON_HOST_KEY_CHANGE;
  const refusing = synthesize({ onHostKeyChange: 'refuse' });

  for (const name of [...signers, 'probe-from-host', 'command-status']) {
    expect(variable(refusing, name)).toBe('refuse');
  }
  expect(variable(synthesize(), 'command-status')).toBeUndefined();
});
