import { type AttributeValue, type Item, typeOf } from '../values/attribute-values.ts';
import { invalid } from '../values/invalid.ts';
import { addNumbers } from '../values/numbers.ts';
import { ExpressionParser } from './parser.ts';
import type { Placeholders } from './placeholders.ts';

/** An UpdateExpression: the attributes that it changes, and the item that it makes of another. */
export interface Update {
  readonly attributes: readonly string[];
  apply(item: Item): Item;
}

/** The new value of an attribute, from the item before the update; null removes the attribute. */
interface Change {
  readonly attribute: string;
  readonly evaluate: (item: Item) => AttributeValue | null;
}

type Parse = (parser: ExpressionParser) => Change;

const clauses: Readonly<Record<string, Parse>> = { SET: set, REMOVE: remove, ADD: add };

/**
 * Parses `SET a = :value, b = c`, `REMOVE a` and `ADD a :number`, each clause at most once, for attributes of the first
 * level. Throws ValidationException for anything else.
 */
export function parseUpdate(expression: string, placeholders: Placeholders): Update {
  const parser = new ExpressionParser('UpdateExpression', expression, placeholders);
  const changes: Change[] = [];
  const seen = new Set<string>();
  while (parser.peek() !== undefined) {
    const clause = parser.take().toUpperCase();
    const parse = Object.hasOwn(clauses, clause) ? clauses[clause] : undefined;
    if (clause === 'DELETE') throw parser.notImplemented('DELETE');
    if (parse === undefined) throw parser.syntaxError(clause);
    if (seen.has(clause)) {
      throw parser.error(`The "${clause}" section can only be used once in an update expression;`);
    }
    seen.add(clause);
    do changes.push(parse(parser));
    while (parser.skip(','));
  }
  const attributes = changes.map(({ attribute }) => attribute);
  expectDistinct(parser, attributes);
  return { attributes, apply: (item) => applied(item, changes) };
}

function applied(item: Item, changes: readonly Change[]): Item {
  const attributes = new Map(Object.entries(item));
  for (const { attribute, evaluate } of changes) {
    const value = evaluate(item);
    if (value === null) attributes.delete(attribute);
    else attributes.set(attribute, value);
  }
  return Object.fromEntries(attributes);
}

function expectDistinct(parser: ExpressionParser, attributes: readonly string[]): void {
  const twice = attributes.find((attribute, index) => attributes.indexOf(attribute) < index);
  if (twice === undefined) return;
  throw parser.error(
    `Two document paths overlap with each other; must remove or rewrite one of these paths; path one: [${twice}], path two: [${twice}]`,
  );
}

function set(parser: ExpressionParser): Change {
  const attribute = attributeOf(parser);
  parser.expect('=');
  const operand = parser.operand();
  const evaluate = (item: Item) => {
    const value = operand.evaluate(item);
    if (value === null) {
      throw invalid('The provided expression refers to an attribute that does not exist in the item');
    }
    return value;
  };
  return { attribute, evaluate };
}

function remove(parser: ExpressionParser): Change {
  return { attribute: attributeOf(parser), evaluate: () => null };
}

function add(parser: ExpressionParser): Change {
  const attribute = attributeOf(parser);
  const { literal } = parser.operand();
  if (literal === null) throw parser.syntaxError(attribute);
  if (!('N' in literal)) throw parser.notImplemented(`ADD of type ${typeOf(literal)}`);
  const evaluate = ({ [attribute]: value = { N: '0' } }: Item) => {
    if (!('N' in value)) throw invalid('An operand in the update expression has an incorrect data type');
    return { N: addNumbers(value.N, literal.N) };
  };
  return { attribute, evaluate };
}

function attributeOf(parser: ExpressionParser): string {
  const [attribute = '', ...deeper] = parser.path();
  if (deeper.length > 0) throw parser.notImplemented('an attribute inside a map');
  return attribute;
}
