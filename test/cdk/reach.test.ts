import { describe, expect, test } from 'vitest';
import { allowedTo, resourcesOf, roleOf, theFunction } from './resources.ts';
import { here, on, readSources, through } from './statements.ts';
import { anApp, synthesize } from './synthesized.ts';

describe('sources', () => {
  const arn = (service: string, rest: string) => `arn:aws:${service}:eu-central-1:111122223333:${rest}`;
  const key = arn('kms', 'key/1234abcd-12ab-34cd-56ef-1234567890ab');
  const readers = ['push-bundle', 'resolve-certificate'];

  test.each(readers)(
    'Sources that are named are the only ones that %s may read, decrypted by the named keys',
    (name) => {
      const secret = arn('secretsmanager', 'secret:web-AbCdEf');
      const certificate = arn('acm', 'certificate/61f50cd4-45b9-4259-b049-d0a53682fa4b');
      const named = synthesize({
        sources: {
          secretArns: [secret],
          secretKeyArns: [key],
          acmCertificateArns: [certificate],
          parameters: ['/tls/*'],
          parameterKeyArns: [key],
          buckets: [{ name: 'bundles', prefix: 'tls/', keyArn: key }],
        },
      });

      const found = allowedTo(named, roleOf(theFunction(named, name)));

      expect(found).toContainEqual(on(secret, ['secretsmanager:GetSecretValue']));
      expect(found).toContainEqual(on(certificate, ['acm:ExportCertificate']));
      expect(found).toContainEqual(on(`arn:<Partition>:ssm:${here}:parameter/tls/*`, ['ssm:GetParameter']));
      expect(found).toContainEqual(
        on('arn:<Partition>:s3:::bundles/tls/*', ['s3:GetObject', 's3:GetObjectVersion']),
      );
      expect(found.filter(({ resources }) => resources.includes(key))).toEqual(
        ['secretsmanager', 'ssm', 's3'].map((service) => on(key, ['kms:Decrypt'], through(service))),
      );
      const everything = readSources.flatMap(({ resources }) => resources);
      expect(found.flatMap(({ resources }) => resources).filter((one) => everything.includes(one))).toEqual(
        [],
      );
    },
  );

  test('Sources pass the checks of AWS Solutions, named or not', () => {
    const sources = {
      parameters: ['/tls/*'],
      buckets: [{ name: 'bundles' }, { name: 'more', prefix: 'tls/' }],
    };

    expect(() => anApp({ sources }).app.synth()).not.toThrow();
  });
});

describe('member accounts', () => {
  test('Member accounts are reached through their role, by exactly the functions that act on hosts', () => {
    const shared = synthesize({ accounts: ['222233334444'] });
    const assuming = resourcesOf(shared, 'AWS::Lambda::Function')
      .filter((lambda) =>
        allowedTo(shared, roleOf(lambda)).some(({ actions }) => actions.includes('sts:AssumeRole')),
      )
      .map(({ properties }) => properties.FunctionName);

    expect(assuming.sort()).toEqual(
      [
        'command-status',
        'find-hosts',
        'next-wave',
        'probe-from-host',
        'push-bundle',
        'reconcile-command',
        'roll-back',
        'run-on-deployed',
        'start-rollouts',
        'sweep',
        'warm-hosts',
      ].map((name) => `certferry-${name}`),
    );
    expect(allowedTo(shared, roleOf(theFunction(shared, 'push-bundle')))).toContainEqual(
      on('arn:<Partition>:iam::222233334444:role/certferry-runner', ['sts:AssumeRole']),
    );
  });
});
