/** Renders the types of targets and certificates for the construct, from the schemas that also check them. */
import * as z from 'zod/mini';
import { builderNames } from '../cdk/inputs/builder-names.ts';
import { Certificate } from '../core/registry/certificate.ts';
import { kinds, type TargetKind, targetKinds } from '../core/targets/kinds/kinds.ts';
import { RegisteredTarget } from '../core/targets/registered.ts';
import { schemaAt } from '../core/targets/schema-at.ts';

/** The keywords of JSON Schema that the schemas of certferry use. */
interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

const header = '// Written by `node scripts/write-api.ts` from the schemas in core/. Do not edit.\n';

const schemaOf = (schema: z.ZodMiniType): Schema => z.toJSONSchema(schema, { io: 'input' }) as Schema;

const targetSchema = (kind: TargetKind): Schema =>
  schemaOf(schemaAt(RegisteredTarget, [], { kind }) as z.ZodMiniType);

const fieldOf = (schema: Schema, name: string): Schema => schema.properties?.[name] ?? {};

/** An object, or the object in a union with a text. */
const objectIn = (schema: Schema): Schema =>
  schema.properties === undefined
    ? (branchesOf(schema).find(({ properties }) => properties !== undefined) ?? {})
    : schema;

const branchesOf = ({ anyOf, oneOf }: Schema): readonly Schema[] => anyOf ?? oneOf ?? [];

const configName = (kind: TargetKind) => `${capitalized(builderNames[kind] ?? kind)}Config`;
const capitalized = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;

/** The file with the fields of all kinds, of certificates, and what they share. */
export function renderCommonTypes(): string {
  const target = targetSchema('nginx');
  const certificate = schemaOf(Certificate);
  const verify = withoutVaryingDefaults(objectIn(fieldOf(target, 'verify')));
  const common = { ...target, properties: without(target.properties ?? {}, ['id', 'kind', 'config']) };
  return [
    header,
    "import type { SourceConstruct, TargetHostConstruct } from './constructs.ts';\n",
    alias(
      'Credential',
      'The secret or parameter that contains a credential.',
      fieldOf(fieldOf(targetSchema('f5'), 'config'), 'password'),
    ),
    interfaceOf('Verify', 'How the endpoint of a target is probed after a deployment.', verify),
    interfaceOf(
      'MaintenanceWindow',
      'The time in which rollouts deploy to a target.',
      fieldOf(target, 'window'),
    ),
    alias(
      'HostSelector',
      'One host by its id, all hosts with tags, or the instances of an Auto Scaling group.',
      fieldOf(target, 'host'),
    ),
    interfaceOf('TargetProps', 'The fields of a target of every kind.', common, {
      host: 'HostSelector | TargetHostConstruct',
      verify: "Verify | 'none'",
      window: 'MaintenanceWindow',
    }),
    alias(
      'CertificateSource',
      'Where the versions of a certificate are stored.',
      fieldOf(certificate, 'source'),
    ),
    interfaceOf('StrategyInput', 'How a rollout proceeds.', fieldOf(certificate, 'strategy')),
    interfaceOf(
      'ServiceEndpoint',
      'An endpoint of the whole service, such as a load balancer.',
      fieldOf(certificate, 'serviceEndpoints').items ?? {},
    ),
    interfaceOf('CertificateInput', 'A certificate that the stack registers.', certificate, {
      source: 'CertificateSource | SourceConstruct',
      strategy: 'StrategyInput',
      serviceEndpoints: 'readonly ServiceEndpoint[]',
    }),
  ].join('\n');
}

/** The file with the fields of each kind. */
export function renderKindTypes(): string {
  const configs = targetKinds.map((kind) =>
    interfaceOf(configName(kind), kinds[kind].description, fieldOf(targetSchema(kind), 'config')),
  );
  const builders = targetKinds.map(
    (kind) =>
      `  /** ${kinds[kind].description} */\n  ${builderNames[kind] ?? kind}(id: string, properties: TargetProps & ${configName(kind)}): TargetInput;`,
  );
  const union = targetKinds.map(
    (kind) =>
      `  | {\n    /** The kind of the target. */\n    readonly kind: '${kind}';\n    /** The fields of this kind. */\n    readonly config: ${configName(kind)} }`,
  );
  return [
    header,
    "import type { Credential, TargetProps } from './common-types.ts';\n",
    ...configs,
    `/** A target as {@link Certferry.addTarget} expects it. */\nexport type TargetInput = TargetProps & {\n  /** ${fieldOf(targetSchema('nginx'), 'id').description} */\n  readonly id: string;\n} & (\n${union.join('\n')}\n);\n`,
    `/** One function for each kind of target. {@link Certferry.addTarget} checks the result. */\nexport interface TargetBuilders {\n${builders.join('\n')}\n}\n`,
  ].join('\n');
}

/** The waits between probes differ between kinds, so their documentation names no default. */
function withoutVaryingDefaults(verify: Schema): Schema {
  const all = targetKinds.map((kind) => objectIn(fieldOf(targetSchema(kind), 'verify')));
  const varies = (name: string) =>
    new Set(all.map((one) => JSON.stringify(fieldOf(one, name).default))).size > 1;
  const fields = Object.entries(verify.properties ?? {}).map(([name, field]) => {
    const { default: _, ...rest } = field;
    return [name, varies(name) ? rest : field];
  });
  return { ...verify, properties: Object.fromEntries(fields) };
}

const without = (fields: Readonly<Record<string, Schema>>, names: readonly string[]) =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));

const alias = (name: string, text: string, schema: Schema): string =>
  `/** ${text} */\nexport type ${name} = ${typeOf(schema, false)};\n`;

function interfaceOf(
  name: string,
  text: string,
  schema: Schema,
  types: Readonly<Record<string, string>> = {},
): string {
  return `/** ${text} */\nexport interface ${name} ${fieldsOf(schema, types)}\n`;
}

function fieldsOf(
  { properties = {}, required = [] }: Schema,
  types: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries(properties).map(([name, schema]) => {
    const sign = required.includes(name) ? '' : '?';
    return `  /** ${commentOf(name, schema)} */\n  readonly ${name}${sign}: ${types[name] ?? typeOf(schema)};`;
  });
  return `{\n${lines.join('\n')}\n}`;
}

function commentOf(name: string, { description, default: value }: Schema): string {
  if (description === undefined) throw new Error(`The field ${name} has no description.`);
  const isPlain = value !== undefined && typeof value !== 'object' && !/\bDefault\b/.test(description);
  return (isPlain ? `${description} Default: ${value}.` : description).replaceAll('*/', '* /');
}

/** `named`: whether the type of a credential may be replaced by its name. */
function typeOf(schema: Schema, named = true): string {
  if (
    named &&
    branchesOf(schema).some(
      ({ properties }) => properties?.secretId !== undefined && properties.kind === undefined,
    )
  )
    return 'Credential';
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  const branches = branchesOf(schema);
  if (branches.length > 0) return [...new Set(branches.map((one) => typeOf(one, named)))].join(' | ');
  if (schema.type === 'array') return `readonly (${typeOf(schema.items ?? {}, named)})[]`;
  if (schema.type === 'integer') return 'number';
  if (schema.type !== 'object') return schema.type ?? 'unknown';
  if (typeof schema.additionalProperties === 'object')
    return `Readonly<Record<string, ${typeOf(schema.additionalProperties, named)}>>`;
  return fieldsOf(schema);
}
