import { type AttributeType, compareValues, type Item, isEqual } from '../values/attribute-values.ts';
import { ExpressionParser, type Operand, valueAt } from './parser.ts';
import type { Placeholders } from './placeholders.ts';

/** Whether the condition is true for the item, or for its absence (null). */
export type Condition = (item: Item | null) => boolean;

/**
 * Parses a ConditionExpression of comparisons (`=`, `<>`, `<`, `<=`, `>`, `>=`, `IN`), `attribute_exists`,
 * `attribute_not_exists`, `begins_with`, `AND`, `OR` and parentheses. Throws ValidationException for anything else.
 */
export function parseCondition(expression: string, placeholders: Placeholders): Condition {
  const parser = new ExpressionParser('ConditionExpression', expression, placeholders);
  const { condition } = disjunction(parser);
  parser.expectEnd();
  return condition;
}

interface ParsedCondition {
  readonly condition: Condition;
  /** The whole is one pair of parentheses: DynamoDB accepts no second pair around it. */
  readonly isParenthesized: boolean;
}

function disjunction(parser: ExpressionParser): ParsedCondition {
  const first = conjunction(parser);
  const parts = [first.condition];
  while (parser.skipKeyword('OR')) parts.push(conjunction(parser).condition);
  if (parts.length === 1) return first;
  return { condition: (item) => parts.some((part) => part(item)), isParenthesized: false };
}

function conjunction(parser: ExpressionParser): ParsedCondition {
  const first = term(parser);
  const parts = [first.condition];
  while (parser.skipKeyword('AND')) parts.push(term(parser).condition);
  if (parts.length === 1) return first;
  return { condition: (item) => parts.every((part) => part(item)), isParenthesized: false };
}

function term(parser: ExpressionParser): ParsedCondition {
  if (parser.peek()?.toUpperCase() === 'NOT') throw parser.notImplemented('NOT');
  if (parser.skip('(')) {
    const inner = disjunction(parser);
    parser.expect(')');
    if (inner.isParenthesized) throw parser.error('The expression has redundant parentheses;');
    return { condition: inner.condition, isParenthesized: true };
  }
  const functionName = parser.peekSecond() === '(' ? parser.peek() : undefined;
  const parse = functionName === undefined ? comparison : functions[functionName];
  // the name of an unknown function is refused as that of an attribute
  return { condition: (parse ?? comparison)(parser), isParenthesized: false };
}

const functions: Readonly<Record<string, (parser: ExpressionParser) => Condition>> = {
  attribute_exists: (parser) => existence(parser, true),
  attribute_not_exists: (parser) => existence(parser, false),
  begins_with: beginsWith,
};

function existence(parser: ExpressionParser, expected: boolean): Condition {
  parser.take();
  parser.expect('(');
  const path = parser.path();
  parser.expect(')');
  return (item) => (valueAt(item, path) !== null) === expected;
}

function beginsWith(parser: ExpressionParser): Condition {
  parser.take();
  parser.expect('(');
  const subject = parser.operand();
  parser.expect(',');
  const prefix = parser.operand();
  parser.expect(')');
  for (const operand of [subject, prefix]) parser.expectLiteralOf(['S', 'B'], operand, 'begins_with');
  return (item) => {
    const [value, start] = [subject.evaluate(item), prefix.evaluate(item)];
    if (value === null || start === null) return false;
    if ('B' in value || 'B' in start) throw parser.notImplemented('begins_with for binary values');
    return 'S' in value && 'S' in start && value.S.startsWith(start.S);
  };
}

const ordered: readonly AttributeType[] = ['S', 'N', 'B'];

const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function comparison(parser: ExpressionParser): Condition {
  const left = parser.operand();
  if (parser.skipKeyword('IN')) return membership(parser, left);
  if (parser.peek()?.toUpperCase() === 'BETWEEN') throw parser.notImplemented('BETWEEN');
  const operator = parser.take();
  if (operator === '=' || operator === '<>') {
    const right = parser.operand();
    return (item) => isSame(left, right, item) === (operator === '=');
  }
  const compare = comparisons[operator];
  if (compare === undefined) throw parser.syntaxError(operator);
  const right = parser.operand();
  for (const operand of [left, right]) parser.expectLiteralOf(ordered, operand, operator);
  return (item) => {
    const [one, other] = [left.evaluate(item), right.evaluate(item)];
    const order = one === null || other === null ? null : compareValues(one, other);
    return order !== null && compare(order);
  };
}

/** An attribute that does not exist equals nothing. */
function isSame(left: Operand, right: Operand, item: Item | null): boolean {
  const [one, other] = [left.evaluate(item), right.evaluate(item)];
  return one !== null && other !== null && isEqual(one, other);
}

/** DynamoDB's limit for the operands of IN. */
const maximumMembers = 100;

function membership(parser: ExpressionParser, left: Operand): Condition {
  parser.expect('(');
  const members = [parser.operand()];
  while (parser.skip(',')) members.push(parser.operand());
  parser.expect(')');
  if (members.length > maximumMembers) {
    throw parser.error('Invalid number of operands for operator or function; operator or function: IN');
  }
  return (item) => members.some((member) => isSame(left, member, item));
}
