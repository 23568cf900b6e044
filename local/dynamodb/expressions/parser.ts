import { type AttributeType, type AttributeValue, type Item, typeOf } from '../values/attribute-values.ts';
import { invalid, notImplemented } from '../values/invalid.ts';
import type { Placeholders } from './placeholders.ts';
import { reservedWords } from './reserved-words.ts';

/** Names of attributes from the item to a value inside its maps. */
export type Path = readonly string[];

/** A literal value or the value at a path; null where the item has none. */
export interface Operand {
  readonly evaluate: (item: Item | null) => AttributeValue | null;
  /** The value of a `:placeholder`; null for a path. */
  readonly literal: AttributeValue | null;
}

const tokenPattern = /\s*(<=|>=|<>|[()=<>,.]|[#:]\w+|[A-Za-z_]\w*)/y;
const blankPattern = /\s*$/y;

/** What all kinds of expressions have in common: tokens, paths and operands. */
export class ExpressionParser {
  readonly #kind: string;
  readonly #expression: string;
  readonly #tokens: readonly string[];
  readonly #placeholders: Placeholders;
  #position = 0;

  /** `kind` names the expression in errors: `ConditionExpression`. */
  constructor(kind: string, expression: string, placeholders: Placeholders) {
    this.#kind = kind;
    this.#expression = expression;
    this.#placeholders = placeholders;
    this.#tokens = this.#split();
    if (this.#tokens.length === 0) throw this.error('The expression can not be empty;');
  }

  #split(): string[] {
    const tokens: string[] = [];
    let end = 0;
    for (;;) {
      blankPattern.lastIndex = end;
      if (blankPattern.test(this.#expression)) return tokens;
      tokenPattern.lastIndex = end;
      const token = tokenPattern.exec(this.#expression)?.[1];
      if (token === undefined) throw this.syntaxError(this.#expression.slice(end).trim());
      tokens.push(token);
      end = tokenPattern.lastIndex;
    }
  }

  error(message: string): Error {
    return invalid(`Invalid ${this.#kind}: ${message}`);
  }

  syntaxError(near: string): Error {
    return this.error(`Syntax error; expression: "${this.#expression}", near: "${near}"`);
  }

  notImplemented(feature: string): Error {
    return notImplemented(`${feature} in ${this.#kind} "${this.#expression}"`);
  }

  peek(): string | undefined {
    return this.#tokens[this.#position];
  }

  /** The token after the next one. */
  peekSecond(): string | undefined {
    return this.#tokens[this.#position + 1];
  }

  take(): string {
    const token = this.peek();
    if (token === undefined) throw this.syntaxError('<EOF>');
    this.#position += 1;
    return token;
  }

  expect(token: string): void {
    if (!this.skip(token)) throw this.syntaxError(this.peek() ?? '<EOF>');
  }

  /** Takes the next token if it is this one. */
  skip(token: string): boolean {
    const found = this.peek() === token;
    if (found) this.#position += 1;
    return found;
  }

  /** The same for a keyword, which may be written in capital or small letters. */
  skipKeyword(keyword: string): boolean {
    const found = this.peek()?.toUpperCase() === keyword;
    if (found) this.#position += 1;
    return found;
  }

  expectEnd(): void {
    const rest = this.peek();
    if (rest !== undefined) throw this.syntaxError(rest);
  }

  operand(): Operand {
    const token = this.peek() ?? '';
    if (token.startsWith(':')) {
      const literal = this.#placeholders.value(this.take());
      return { literal, evaluate: () => literal };
    }
    const path = this.path();
    return { literal: null, evaluate: (item) => valueAt(item, path) };
  }

  path(): Path {
    const names = [this.#name()];
    while (this.skip('.')) names.push(this.#name());
    return names;
  }

  #name(): string {
    const token = this.take();
    if (token.startsWith('#')) return this.#placeholders.name(token);
    if (!/^[A-Za-z_]/.test(token)) throw this.syntaxError(token);
    if (this.peek() === '(') throw this.notImplemented(`the function ${token}`);
    if (reservedWords.has(token.toUpperCase())) {
      throw this.error(`Attribute name is a reserved keyword; reserved keyword: ${token}`);
    }
    return token;
  }

  /** Throws when a literal has a type that the operator or function does not accept. */
  expectLiteralOf(types: readonly AttributeType[], { literal }: Operand, operator: string): void {
    if (literal === null || types.includes(typeOf(literal))) return;
    throw this.error(
      `Incorrect operand type for operator or function; operator or function: ${operator}, operand type: ${typeOf(literal)}`,
    );
  }
}

/** Null where the item, or a map on the path, has no such attribute. */
export function valueAt(item: Item | null, path: Path): AttributeValue | null {
  let value: AttributeValue | null = item === null ? null : { M: item };
  for (const name of path) {
    value = value !== null && 'M' in value && Object.hasOwn(value.M, name) ? (value.M[name] ?? null) : null;
  }
  return value;
}
