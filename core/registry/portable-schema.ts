/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** `\p{Cc}` as a range of characters. JavaScript knows both, Python, Go and Java this one only. */
const controlCharacters = String.raw`\x00-\x1f\x7f-\x9f`;

/**
 * The same schema for every validator and editor. Unions by the value of one property become `if` and `then`: an editor then
 * shows the errors of the branch that is meant, not those of all branches. Patterns use no property of Unicode.
 */
export function portable(schema: JsonSchema): JsonSchema {
  const { oneOf, ...rest } = mapped(schema);
  if (typeof rest.pattern === 'string') {
    return { ...rest, pattern: rest.pattern.replaceAll(String.raw`\p{Cc}`, controlCharacters) };
  }
  const branches = Array.isArray(oneOf) ? (oneOf as readonly JsonSchema[]) : [];
  const property = discriminatorOf(branches);
  if (property !== null) return { ...rest, ...chosenBy(property, branches) };
  return oneOf === undefined ? rest : { ...rest, oneOf };
}

function mapped(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, mappedValue(value)]));
}

function mappedValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mappedValue);
  return typeof value === 'object' && value !== null ? portable(value as JsonSchema) : value;
}

/** The property that has a constant in each branch, and a different one; null if there is none. */
function discriminatorOf(branches: readonly JsonSchema[]): string | null {
  const [first] = branches;
  if (first === undefined) return null;
  const names = Object.keys(propertiesOf(first));
  return names.find((name) => new Set(constantsOf(name, branches)).size === branches.length) ?? null;
}

function constantsOf(name: string, branches: readonly JsonSchema[]): unknown[] {
  return branches.map((branch) => propertiesOf(branch)[name]?.const).filter((value) => value !== undefined);
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (schema.properties ?? {}) as Readonly<Record<string, JsonSchema>>;
}

function chosenBy(name: string, branches: readonly JsonSchema[]): JsonSchema {
  const choice = {
    type: 'string',
    enum: constantsOf(name, branches),
    description: descriptionOf(name, branches),
  };
  return {
    type: 'object',
    required: [name],
    properties: { [name]: choice },
    allOf: branches.map((branch) => ({
      if: { required: [name], properties: { [name]: { const: propertiesOf(branch)[name]?.const } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: branch,
    })),
  };
}

function descriptionOf(name: string, branches: readonly JsonSchema[]): unknown {
  return branches.map((branch) => propertiesOf(branch)[name]?.description).find((text) => text !== undefined);
}
