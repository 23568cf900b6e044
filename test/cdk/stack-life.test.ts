import { readFileSync } from 'node:fs';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { Certferry } from '../../cdk/certferry.ts';
import { resourcesOf, theResource } from './resources.ts';
import { someArtefacts, synthesize } from './synthesized.ts';

interface InTemplate {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  readonly DependsOn?: string[];
  readonly Properties: Readonly<Record<string, unknown>>;
}

const resourcesIn = (template: Template): Readonly<Record<string, InTemplate>> => template.toJSON().Resources;

const resources = resourcesIn(synthesize());
const retained = Object.entries(resources).filter(
  ([, { DeletionPolicy }]) => DeletionPolicy !== undefined && DeletionPolicy !== 'Delete',
);
const completion = theResource(synthesize(), 'Custom::CertferryStack', () => true);

/** The resources that a resource waits for, through any number of others. */
function beforeOf(id: string, seen: Set<string> = new Set()): Set<string> {
  const { DependsOn = [], ...rest } = resources[id] as InTemplate;
  const references = [...JSON.stringify(rest).matchAll(/"(?:Ref|Fn::GetAtt)":\[?"([^"]+)"/g)];
  for (const next of [...DependsOn, ...references.map(([, name = '']) => name)]) {
    if (seen.has(next) || resources[next] === undefined) continue;
    seen.add(next);
    beforeOf(next, seen);
  }
  return seen;
}

describe('a failed first deployment', () => {
  test('A failed first deployment deletes every resource that a deleted stack keeps', () => {
    expect(retained.map(([, { Type }]) => Type).sort()).toEqual([
      'AWS::DynamoDB::Table',
      'AWS::DynamoDB::Table',
      'AWS::DynamoDB::Table',
      'AWS::KMS::Key',
      'AWS::S3::Bucket',
    ]);
    expect(retained.map(([, { DeletionPolicy }]) => DeletionPolicy)).toEqual(
      Array(5).fill('RetainExceptOnCreate'),
    );
    expect(retained.map(([, { UpdateReplacePolicy }]) => UpdateReplacePolicy)).toEqual(
      Array(5).fill('Retain'),
    );
  });

  test('A failed first deployment finds no table with deletion protection, which CloudFormation could not delete', () => {
    const tables = retained.filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table');

    expect(tables.map(([, { Properties }]) => Properties.DeletionProtectionEnabled)).toEqual(
      Array(3).fill(undefined),
    );
  });

  test('The tables are protected after every other resource of the construct exists', () => {
    const before = beforeOf(completion.id);
    const after = Object.keys(resources).filter((id) => id !== completion.id && !before.has(id));

    expect(after.filter((id) => resources[id]?.Type !== 'AWS::CDK::Metadata')).toEqual([]);
    const names = retained.filter(([, { Type }]) => Type === 'AWS::DynamoDB::Table').map(([id]) => id);
    expect(completion.properties.Tables.map(({ Ref }: { Ref: string }) => Ref).sort()).toEqual(names.sort());
  });
});

describe('the default versions of the documents', () => {
  test('The stack passes the content of each of its documents to the function that corrects the default version', () => {
    const documents = resourcesOf(synthesize(), 'AWS::SSM::Document').map(({ properties }) => properties);

    expect(completion.properties.Documents.map(({ Name }: { Name: string }) => Name).sort()).toEqual(
      documents.map(({ Name }) => Name).sort(),
    );
    for (const { Name, Content } of documents) {
      const passed = completion.properties.Documents.find((one: { Name: string }) => one.Name === Name);
      expect(withoutTokens(passed.Content)).toEqual(JSON.parse(JSON.stringify(resolved(Content))));
    }
  });
});

const token = 'TOKEN';

/** A document with each reference replaced by a fixed text. */
function resolved(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(resolved);
  const joined = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join'];
  if (joined !== undefined) return joined[1].map(resolved).join(joined[0]);
  if ('Fn::GetAtt' in value || 'Ref' in value || 'Fn::Sub' in value) return token;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, resolved(inner)]));
}

const withoutTokens = (text: unknown): unknown => JSON.parse(String(resolved(text)));

describe('a stack that replaces another one', () => {
  /** The mapping that `cdk import` reads, in the chapter about uninstalling. */
  const mapping = JSON.parse(
    /cat > retained\.json <<EOF\n([\s\S]*?)\nEOF/.exec(readFileSync('docs/deploying.md', 'utf8'))?.[1] ??
      '{}',
  ) as Record<string, Record<string, string>>;

  test('The chapter about adoption maps each retained resource by its logical id and its identifier', () => {
    const identifiers: Readonly<Record<string, string>> = {
      'AWS::DynamoDB::Table': 'TableName',
      'AWS::KMS::Key': 'KeyId',
      'AWS::S3::Bucket': 'BucketName',
    };

    expect(
      Object.entries(mapping)
        .map(([id, identifier]) => [id, ...Object.keys(identifier)])
        .sort(),
    ).toEqual(retained.map(([id, { Type }]) => [id, identifiers[Type]]).sort());
  });

  test('A stack of another name gives the retained resources the same logical ids and properties', () => {
    const [previous = {}, replacement = {}] = ['Certferry', 'Replacement'].map((name) => {
      const stack = new Stack(new App(), name);
      new Certferry(stack, 'Certferry', { artefacts: someArtefacts(), runtime: 'host' });
      return resourcesIn(Template.fromStack(stack));
    });

    for (const [id] of retained) {
      expect(previous[id]?.Type).toBeDefined();
      expect(replacement[id]).toEqual(previous[id]);
    }
  });

  test('No retained resource has a name in the template, so an import accepts the names that exist', () => {
    const names = retained.flatMap(([, { Properties }]) =>
      ['TableName', 'BucketName', 'KeyId'].filter((name) => name in Properties),
    );

    expect(names).toEqual([]);
  });
});
