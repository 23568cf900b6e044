import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnParameter, Fn, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { describe, expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { Target } from '../../cdk/target.ts';
import { readRegistrations } from '../../core/registry/registrations.ts';
import { kinds, targetKinds } from '../../core/targets/kinds/kinds.ts';
import { RegisteredTarget } from '../../core/targets/registered.ts';
import { allowedTo, roleOf, textOf, theFunction, theResource } from './resources.ts';
import { anApp, someArtefacts, synthesize } from './synthesized.ts';

const web = {
  certificate: 'api.example.com',
  host: 'i-0123456789abcdef0',
  certPath: '/etc/nginx/tls/fullchain.pem',
  keyPath: '/etc/nginx/tls/privkey.pem',
  verify: { endpoint: '{host}:443', serverName: 'api.example.com' },
} as const;

/** A stack of one's own around certferry. */
function aStack() {
  const app = new App();
  const stack = new Stack(app, 'Mine', {});
  const certferry = new Certferry(stack, 'Certferry', { artefacts: someArtefacts(), runtime: 'host' });
  return { app, stack, certferry };
}

/** What the stack would hand to the function, and where. */
function handed(stack: Stack) {
  const { properties } = theResource(Template.fromStack(stack), 'Custom::CertferryRegistry', () => true);
  const { outdir } = stack.node.root as App;
  const { files } = JSON.parse(readFileSync(join(outdir, 'Mine.assets.json'), 'utf8'));
  const hash = textOf(properties.Key).replace('.json', '');
  return { properties, text: readFileSync(join(outdir, files[hash].source.path), 'utf8') };
}

describe('the maximum concurrency', () => {
  test('The construct warns of a maxConcurrency that a new account cannot serve, and not of a lower one', () => {
    const { stack, certferry } = aStack();
    certferry.addCertificate({ name: 'a.example.com', strategy: { maxConcurrency: 9 } });
    certferry.addCertificate({ name: 'b.example.com', strategy: { maxConcurrency: 10 } });

    const warnings = stack.node.findAll().flatMap(({ node }) => node.metadata.map(({ data }) => String(data)));
    const found = warnings.filter((text) => text.includes('maxConcurrency'));
    expect(found).toHaveLength(1);
    expect(found[0]).toContain('certificate b.example.com: maxConcurrency is 10, and Lambda runs 10 functions');
  });
});

describe('targets in code', () => {
  test('Targets in code have a function for each kind', () => {
    const ofSeveralWords: Readonly<Record<string, string>> = {
      javakeystore: 'javaKeystore',
      k8ssecret: 'k8sSecret',
    };

    expect(Object.keys(Target)).toEqual(targetKinds.map((kind) => ofSeveralWords[kind] ?? kind));
  });

  test('A function with a name of several words builds a target of its kind', () => {
    const { certPath: _cert, keyPath: _key, ...common } = web;
    const target = Target.javaKeystore('app-1', {
      ...common,
      keystorePath: '/etc/app/keystore.p12',
      alias: 'server',
      storePassword: { secretId: 'app-keystore' },
      reload: 'none',
    });

    expect(RegisteredTarget.parse(target)).toMatchObject({
      kind: 'javakeystore',
      config: { alias: 'server' },
    });
  });

  test('Targets in code keep config fields apart from what every target has', () => {
    const target = Target.nginx('web-1', { ...web, autoHeal: true });

    expect(RegisteredTarget.parse(target)).toMatchObject({
      id: 'web-1',
      kind: 'nginx',
      certificate: 'api.example.com',
      autoHeal: true,
      config: { certPath: web.certPath, keyPath: web.keyPath },
    });
  });

  test('Targets in code cannot be mistaken: no config has a field that every target has', () => {
    const common = ['certificate', 'host', 'verify', 'autoHeal', 'window'];
    const wrong = targetKinds.filter((kind) => {
      const { error } = kinds[kind].config.safeParse(Object.fromEntries(common.map((name) => [name, 1])));
      const unknown = error?.issues.flatMap((issue) =>
        issue.code === 'unrecognized_keys' ? issue.keys : [],
      );
      return common.some((name) => !unknown?.includes(name));
    });

    expect(wrong).toEqual([]);
  });

  test('Targets in code that are wrong fail the synth with the field, as do certificates', () => {
    const { certferry } = aStack();

    expect(() => certferry.addTarget(Target.nginx('web-1', { ...web, certPath: 'fullchain.pem' }))).toThrow(
      /target web-1 has one problem:\n {2}config\.certPath: expected an absolute path/,
    );
    expect(() => certferry.addTarget({ ...Target.nginx('web-1', web), kind: 'ngnix' } as never)).toThrow(
      /kind: .*did you mean nginx\?/,
    );
    expect(() =>
      certferry.addCertificate({ name: 'api.example.com', strategy: { maxConcurrency: 0 } }),
    ).toThrow(/certificate api\.example\.com has one problem:\n {2}strategy\.maxConcurrency: /);
    expect(() =>
      certferry.addCertificate({ name: 'api.example.com', strategy: { approvalAfterWave: 3 } }),
    ).toThrow(/certificate api\.example\.com: approvalAfterWave is 3, but waves is \[1,"10%","100%"\]/);
  });

  test('Targets in code are named once', () => {
    const { certferry } = aStack();
    certferry.addTarget(Target.nginx('web-1', web)).addCertificate({ name: 'api.example.com' });

    expect(() => certferry.addTarget(Target.nginx('web-1', web))).toThrow(
      'The target web-1 is registered twice',
    );
    expect(() => certferry.addCertificate({ name: 'api.example.com' })).toThrow('is registered twice');
  });
});

describe('the list that the stack hands over', () => {
  test('The list that the stack hands over has all that was named, in code and in a file', () => {
    const { stack, certferry } = aStack();
    const file = join(someArtefacts(), 'targets.yaml');
    writeFileSync(
      file,
      `certificates: [{ name: www.example.com }]\ntargets: [${JSON.stringify(Target.nginx('web-2', web))}]\n`,
    );

    certferry
      .addCertificate({ name: 'api.example.com', strategy: { toleratedFailures: 1 } })
      .addTarget(Target.nginx('web-1', web))
      .addTargetsFile(file);

    const { certificates, targets } = readRegistrations(handed(stack).text, []);
    expect(certificates.map(({ name }) => name)).toEqual(['api.example.com', 'www.example.com']);
    expect(targets.map(({ id }) => id)).toEqual(['web-1', 'web-2']);
  });

  test('The list that the stack hands over has places for what only CloudFormation knows, and their values beside it', () => {
    const { stack, certferry } = aStack();
    const { bucketName: bucket } = new Bucket(stack, 'Bundles');
    const group = 'Fleet-ABC';
    certferry
      .addCertificate({ name: 'api.example.com', source: { kind: 's3', bucket, key: `${bucket}/api.json` } })
      .addTarget(Target.nginx('web', { ...web, host: { autoScalingGroup: bucket } }));

    const { text, properties } = handed(stack);

    expect(properties.Values.map(textOf)).toEqual([
      expect.stringMatching(/^Bundles/),
      expect.stringMatching(/^Bundles.*\/api\.json$/),
    ]);
    const { certificates, targets } = readRegistrations(text, [group.toLowerCase(), 'a/api.json']);
    expect(certificates[0]?.source).toEqual({ kind: 's3', bucket: 'fleet-abc', key: 'a/api.json' });
    expect(targets[0]?.host).toEqual({ autoScalingGroup: 'fleet-abc' });
  });

  test('The list that the stack hands over cannot have a list that only CloudFormation knows', () => {
    const { stack, certferry } = aStack();
    const { valueAsList } = new CfnParameter(stack, 'Command', { type: 'CommaDelimitedList' });

    expect(() => certferry.addTarget(Target.nginx('web-1', { ...web, reloadCommand: valueAsList }))).toThrow(
      'reloadCommand: the list is a CDK token',
    );
    const reloadCommand = [Fn.select(0, valueAsList)];
    expect(() => certferry.addTarget(Target.nginx('web-1', { ...web, reloadCommand }))).not.toThrow();
  });

  test('The list that the stack hands over cannot have the name of a tag that only CloudFormation knows', () => {
    const { stack, certferry } = aStack();
    const { bucketName } = new Bucket(stack, 'Bundles');
    certferry.addTarget(Target.nginx('web', { ...web, host: { tags: { [bucketName]: 'yes' } } }));

    expect(() => Template.fromStack(stack)).toThrow('contains a CDK token');
  });

  test('The list that the stack hands over may be read by the function, and nothing else of the bucket may', () => {
    const { stack, certferry } = aStack();
    certferry.addTarget(Target.nginx('web-1', web));
    const template = Template.fromStack(stack);
    const { properties } = theResource(template, 'Custom::CertferryRegistry', () => true);

    const reading = allowedTo(template, roleOf(theFunction(template, 'sync-registry'))).filter(
      ({ actions }) => actions.includes('s3:GetObject'),
    );
    expect(reading.map(({ resources }) => resources)).toEqual([
      [`arn:<Partition>:s3:::${textOf(properties.Bucket)}/${textOf(properties.Key)}`],
    ]);
  });

  test('The list that the stack hands over is handed over after the function may read it, and is another one when it changes', () => {
    const keyOf = (id: string) => {
      const { stack, certferry } = aStack();
      certferry.addTarget(Target.nginx(id, web));
      const [resource] = Object.values(Template.fromStack(stack).findResources('Custom::CertferryRegistry'));
      expect(resource?.DependsOn.some((name: string) => name.includes('SyncRegistryRoleDefaultPolicy'))).toBe(
        true,
      );
      return textOf(resource?.Properties.Key);
    };

    expect(keyOf('web-1')).toBe(keyOf('web-1'));
    expect(keyOf('web-1')).not.toBe(keyOf('web-2'));
  });

  test('The list that the stack hands over is not there when nothing was named', () => {
    synthesize().resourceCountIs('Custom::CertferryRegistry', 0);
  });

  test('The list that the stack hands over passes the checks of AWS Solutions', () => {
    const { app, stack } = anApp();
    const [certferry] = stack.node.children.filter((child) => child instanceof Certferry);
    certferry?.addTarget(Target.nginx('web-1', web));

    expect(() => app.synth()).not.toThrow();
  });
});
