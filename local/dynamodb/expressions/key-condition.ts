import type { AttributeValue } from '../values/attribute-values.ts';
import type { KeySchema } from '../values/key-schema.ts';
import { ExpressionParser } from './parser.ts';
import type { Placeholders } from './placeholders.ts';

/** A condition on the sort key. Keys are strings. */
export interface SortCondition {
  readonly operator: '=' | '<' | '<=' | '>' | '>=' | 'begins_with';
  readonly value: string;
}

export interface KeyCondition {
  readonly partition: string;
  readonly sort: SortCondition | null;
}

/** Parses `pk = :a`, optionally with `AND` and one condition on the sort key. Throws ValidationException for anything else. */
export function parseKeyCondition(
  expression: string,
  placeholders: Placeholders,
  { partitionKey, sortKey }: KeySchema,
): KeyCondition {
  const parser = new ExpressionParser('KeyConditionExpression', expression, placeholders);
  const conditions = [part(parser)];
  if (parser.skipKeyword('AND')) conditions.push(part(parser));
  parser.expectEnd();
  const partition = conditions.find(({ attribute }) => attribute === partitionKey);
  const sort = conditions.find(({ attribute }) => attribute === sortKey);
  if (partition?.operator !== '=')
    throw parser.error(`Query condition missed key schema element: ${partitionKey}`);
  if (conditions.length > 1 && sort === undefined) throw parser.error('Query key condition not supported');
  return { partition: partition.value, sort: sort ?? null };
}

const operators = ['=', '<', '<=', '>', '>='] as const;

function part(parser: ExpressionParser): SortCondition & { readonly attribute: string } {
  if (parser.peek() === 'begins_with' && parser.peekSecond() === '(') {
    parser.take();
    parser.expect('(');
    const attribute = attributeOf(parser);
    parser.expect(',');
    const value = keyValue(parser, parser.operand().literal);
    parser.expect(')');
    return { attribute, operator: 'begins_with', value };
  }
  const attribute = attributeOf(parser);
  const token = parser.take();
  const operator = operators.find((known) => known === token);
  if (operator === undefined) throw parser.notImplemented(token);
  return { attribute, operator, value: keyValue(parser, parser.operand().literal) };
}

function attributeOf(parser: ExpressionParser): string {
  const path = parser.path();
  if (path.length > 1)
    throw parser.error('KeyConditionExpressions cannot have conditions on nested attributes');
  return path[0] ?? '';
}

function keyValue(parser: ExpressionParser, value: AttributeValue | null): string {
  if (value === null || !('S' in value)) {
    throw parser.error('Condition parameter type does not match schema type');
  }
  return value.S;
}
