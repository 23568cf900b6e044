// Imported by name: the namespace `z.core` as a value would pull all of zod into every bundle.
import {
  $ZodArray,
  $ZodDefault,
  $ZodDiscriminatedUnion,
  $ZodObject,
  $ZodOptional,
  $ZodPipe,
  type $ZodType,
  $ZodUnion,
} from 'zod/v4/core';

type Schema = $ZodType;
type Path = readonly PropertyKey[];

/** The schema of the value at `path`. In a union, `input` selects the branch. */
export function schemaAt(schema: Schema, path: Path, input: unknown): Schema | null {
  const inner = unwrap(schema, input);
  const [step, ...rest] = path;
  if (step === undefined || inner === null) return inner;
  const next = childOf(inner, step);
  return next === null ? null : schemaAt(next, rest, valueAt(input, [step]));
}

/** The keys that the object at `path` accepts. */
export function keysAt(schema: Schema, path: Path, input: unknown): string[] {
  const found = schemaAt(schema, path, input);
  return found instanceof $ZodObject ? Object.keys(found._zod.def.shape) : [];
}

/** The value at `path` of something parsed from YAML or JSON; undefined if there is none. */
export function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, step) => (isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined),
    input,
  );
}

function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === 'object' && value !== null;
}

/** Removes optional, default and pipe wrappers. */
function unwrap(schema: Schema, input: unknown): Schema | null {
  if (schema instanceof $ZodPipe) return unwrap(schema._zod.def.in, input);
  if (schema instanceof $ZodOptional || schema instanceof $ZodDefault) {
    return unwrap(schema._zod.def.innerType, input);
  }
  return schema instanceof $ZodUnion ? unwrapUnion(schema, input) : schema;
}

/** In a union by kind, the branch of that kind; in any other union, the branch with the keys of the input. */
function unwrapUnion(schema: $ZodUnion, input: unknown): Schema | null {
  const options = schema._zod.def.options.map((option) => unwrap(option, input));
  const objects = options.filter((option) => option instanceof $ZodObject);
  if (schema instanceof $ZodDiscriminatedUnion) {
    const key = schema._zod.def.discriminator;
    const kind = valueAt(input, [key]);
    return objects.find((option) => option._zod.def.shape[key]?._zod.values?.has(kind as string)) ?? null;
  }
  return isObject(input) ? nearest(objects, Object.keys(input)) : (options[0] ?? null);
}

/** The object with most of these keys; the first one if several have equally many. */
function nearest(objects: readonly $ZodObject[], keys: readonly string[]): Schema | null {
  const known = (object: $ZodObject) => keys.filter((key) => key in object._zod.def.shape).length;
  return objects.reduce<$ZodObject | null>(
    (best, object) => (best === null || known(object) > known(best) ? object : best),
    null,
  );
}

function childOf(schema: Schema, step: PropertyKey): Schema | null {
  if (schema instanceof $ZodArray) return schema._zod.def.element;
  if (schema instanceof $ZodObject) return schema._zod.def.shape[String(step)] ?? null;
  return null;
}
