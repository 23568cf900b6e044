import { describe, expect, test } from 'vitest';
import { targetsJsonSchema } from '../../../core/registry/json-schema.ts';
import { targetKinds } from '../../../core/targets/kinds/kinds.ts';

interface Property {
  readonly description?: string;
  readonly properties?: Record<string, Property>;
  readonly items?: Property;
  readonly oneOf?: Property[];
  readonly anyOf?: Property[];
}

/** Every property of a schema, by name, wherever it stands. */
function propertiesOf(schema: Property): [string, Property][] {
  const own = Object.entries(schema.properties ?? {});
  const below = [...own.map(([, property]) => property), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  if (schema.items !== undefined) below.push(schema.items);
  return [...own, ...below.flatMap(propertiesOf)];
}

describe('the JSON Schema of targets', () => {
  test('The JSON Schema of targets is of draft 2020-12, has a title, and requires only the fields without default', () => {
    const schema = targetsJsonSchema('nginx');

    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'certferry target of kind nginx',
      required: ['id', 'certificate', 'host', 'verify', 'kind', 'config'],
      additionalProperties: false,
      properties: { kind: { const: 'nginx' }, config: { required: ['certPath', 'keyPath'] } },
    });
  });

  test('The JSON Schema of targets describes a whole file without a kind, with every kind in it', () => {
    const { properties } = targetsJsonSchema() as {
      properties: { targets: { items: { oneOf: { properties: { kind: { const: string } } }[] } } };
    };

    const kinds = properties.targets.items.oneOf.map(({ properties }) => properties.kind.const);
    expect(kinds.toSorted()).toEqual(targetKinds.toSorted());
  });

  test('The JSON Schema of targets has a word for every field of every kind', () => {
    for (const kind of targetKinds) {
      const silent = propertiesOf(targetsJsonSchema(kind) as Property).filter(
        ([, { description }]) => !description,
      );
      expect(silent.map(([name]) => name)).toEqual([]);
    }
  });

  test('The JSON Schema of targets has a word for every field of a file', () => {
    const fields = propertiesOf(targetsJsonSchema() as Property);

    expect(fields.filter(([, { description }]) => !description).map(([name]) => name)).toEqual([]);
    expect(fields.map(([name]) => name)).toEqual(
      expect.arrayContaining(['certificates', 'waves', 'secretId', 'autoScalingGroup', 'timeZone']),
    );
  });

  test('The JSON Schema of targets has other words where a name means something else', () => {
    const { properties } = targetsJsonSchema() as unknown as {
      properties: { certificates: { items: Property } };
    };
    const words = new Map(propertiesOf(properties.certificates.items).reverse());

    expect(words.get('name')?.description).toContain('The name of the certificate');
    expect(words.get('endpoint')?.description).toContain('host:port');
    expect(words.get('endpoint')?.description).not.toContain('this one target');
  });
});
