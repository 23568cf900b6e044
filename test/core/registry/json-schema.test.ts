import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { targetsJsonSchema } from '../../../core/registry/json-schema.ts';
import { targetKinds } from '../../../core/targets/kinds/kinds.ts';

interface Property {
  readonly description?: string;
  readonly properties?: Record<string, Property>;
  readonly items?: Property;
  readonly oneOf?: Property[];
  readonly anyOf?: Property[];
  readonly allOf?: { readonly then?: Property }[];
}

/** Every property of a schema, by name, wherever it stands. */
function propertiesOf(schema: Property): [string, Property][] {
  const own = Object.entries(schema.properties ?? {});
  const below = [...own.map(([, property]) => property), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  if (schema.items !== undefined) below.push(schema.items);
  below.push(...(schema.allOf ?? []).flatMap(({ then }) => then ?? []));
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
    const { properties } = targetsJsonSchema() as unknown as {
      properties: {
        targets: { items: { properties: { kind: { enum: string[] } }; allOf: { then: Property }[] } };
      };
    };

    const { items } = properties.targets;
    expect(items.properties.kind.enum.toSorted()).toEqual(targetKinds.toSorted());
    expect(items.allOf).toHaveLength(targetKinds.length);
  });

  test('An editor shows the errors of the kind that is meant, one for each mistake', () => {
    const validate = new Ajv2020({ allErrors: true, strict: false }).compile(targetsJsonSchema());
    const file = {
      certificates: [],
      targets: [
        {
          ...{ id: 'web', certificate: 'www.example.test', host: 'local', kind: 'nginx' },
          config: { certPth: '/etc/ssl/web.pem', keyPath: 'web.key' },
          verify: { endpoint: 'www.example.test:443' },
        },
      ],
    };

    expect(validate(file)).toBe(false);

    const errors = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'if');
    expect(errors.map(({ instancePath, keyword }) => `${instancePath} ${keyword}`).toSorted()).toEqual([
      '/targets/0/config additionalProperties',
      '/targets/0/config required',
      '/targets/0/config/keyPath pattern',
    ]);
  });

  test('An unknown kind is one error, which lists the kinds', () => {
    const validate = new Ajv2020({ allErrors: true, strict: false }).compile(targetsJsonSchema());

    expect(validate({ targets: [{ kind: 'ngnix' }] })).toBe(false);

    const errors = (validate.errors ?? []).filter(({ instancePath }) => instancePath.startsWith('/targets'));
    expect(errors).toMatchObject([{ keyword: 'enum', params: { allowedValues: [...targetKinds] } }]);
  });

  test('Patterns use nothing that only JavaScript knows', () => {
    const patterns = [...JSON.stringify(targetsJsonSchema()).matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g)];

    expect(patterns.length).toBeGreaterThan(100);
    // properties of Unicode, lookaround, backreferences and named groups
    for (const [, pattern] of patterns) expect(pattern).not.toMatch(/\\[pPk1-9]|\(\?[^:]/);
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
