import { describe, expect, test } from 'vitest';
import { targetsJsonSchema } from '../../../core/target/json-schema.ts';
import { targetKinds } from '../../../core/target/target.ts';

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
  test('is of draft 2020-12, has a title, and asks for what a person has to write only', () => {
    const schema = targetsJsonSchema('nginx');

    expect(schema).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'certferry target of kind nginx',
      required: ['id', 'certificate', 'host', 'verify', 'kind', 'config'],
      additionalProperties: false,
      properties: { kind: { const: 'nginx' }, config: { required: ['certPath', 'keyPath'] } },
    });
  });

  test('describes a whole file without a kind, with every kind in it', () => {
    const { properties } = targetsJsonSchema() as {
      properties: { targets: { items: { oneOf: unknown[] } } };
    };

    expect(properties.targets.items.oneOf).toMatchObject(
      targetKinds.map((kind) => ({ properties: { kind: { const: kind } } })),
    );
  });

  test('has a word for every field of every kind', () => {
    for (const kind of targetKinds) {
      const silent = propertiesOf(targetsJsonSchema(kind) as Property).filter(
        ([, { description }]) => !description,
      );
      expect(silent.map(([name]) => name)).toEqual([]);
    }
  });
});
