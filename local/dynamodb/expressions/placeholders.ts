import { type AttributeValue, parseValue } from '../values/attribute-values.ts';
import { invalid } from '../values/invalid.ts';

/** The parts of a request from which its expressions take names and values. */
export interface PlaceholderInput {
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>> | undefined;
  readonly ExpressionAttributeValues?: Readonly<Record<string, unknown>> | undefined;
}

/** `#name` and `:value` placeholders of one request. Each one that is defined must be used. */
export class Placeholders {
  readonly #names: ReadonlyMap<string, string>;
  readonly #values: ReadonlyMap<string, AttributeValue>;
  readonly #unused: Set<string>;

  constructor({ ExpressionAttributeNames = {}, ExpressionAttributeValues = {} }: PlaceholderInput) {
    this.#names = new Map(Object.entries(ExpressionAttributeNames));
    this.#values = new Map(
      Object.entries(ExpressionAttributeValues).map(([name, value]) => [name, parseValue(value)]),
    );
    this.#unused = new Set([...this.#names.keys(), ...this.#values.keys()]);
  }

  name(placeholder: string): string {
    const name = this.#names.get(placeholder);
    if (name === undefined) {
      throw invalid(
        `An expression attribute name used in the document path is not defined; attribute name: ${placeholder}`,
      );
    }
    this.#unused.delete(placeholder);
    return name;
  }

  value(placeholder: string): AttributeValue {
    const value = this.#values.get(placeholder);
    if (value === undefined) {
      throw invalid(
        `An expression attribute value used in expression is not defined; attribute value: ${placeholder}`,
      );
    }
    this.#unused.delete(placeholder);
    return value;
  }

  /** Throws ValidationException when a placeholder occurs in no expression of the request. */
  expectAllUsed(): void {
    if (this.#unused.size === 0) return;
    throw invalid(
      `Names or values are defined but unused in expressions: keys: {${[...this.#unused].join(', ')}}`,
    );
  }
}
