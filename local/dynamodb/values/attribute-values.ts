// Attribute values in DynamoDB's JSON (`{"S": "text"}`): validation, equality, order and size.
import { invalid } from './invalid.ts';
import { canonicalNumber, compareNumbers } from './numbers.ts';

export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly B: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly M: Item }
  | { readonly L: readonly AttributeValue[] }
  | { readonly SS: readonly string[] }
  | { readonly NS: readonly string[] }
  | { readonly BS: readonly string[] };

export type Item = Readonly<Record<string, AttributeValue>>;

export type AttributeType = 'S' | 'N' | 'B' | 'BOOL' | 'NULL' | 'M' | 'L' | 'SS' | 'NS' | 'BS';

/** DynamoDB's limits: levels of nesting, and bytes of an item. */
const maximumDepth = 32;
const maximumItemBytes = 400 * 1024;

export function typeOf(value: AttributeValue): AttributeType {
  return Object.keys(value)[0] as AttributeType;
}

/** Checks an item and brings its numbers into their canonical form. Throws ValidationException. */
export function parseItem(input: unknown, depth = 0): Item {
  if (!isRecord(input)) throw invalid('An item or map is not a JSON object');
  return Object.fromEntries(Object.entries(input).map(([name, value]) => [name, parseValue(value, depth)]));
}

/** The same for one value. */
export function parseValue(input: unknown, depth = 0): AttributeValue {
  if (depth > maximumDepth) throw invalid('Nesting Levels have exceeded supported limits');
  const [entry, ...others] = isRecord(input) ? Object.entries(input) : [];
  if (entry === undefined || others.length > 0) {
    throw invalid('Supplied AttributeValue is empty, must contain exactly one of the supported datatypes');
  }
  const [type, content] = entry;
  const parse = Object.hasOwn(parsers, type) ? parsers[type as AttributeType] : undefined;
  const value = parse?.(content, depth + 1);
  if (value === undefined) throw invalid(`An AttributeValue of type ${type} has invalid content`);
  return value;
}

type Parse = (content: unknown, depth: number) => AttributeValue | undefined;

const parsers: Readonly<Record<AttributeType, Parse>> = {
  S: (content) => (typeof content === 'string' ? { S: content } : undefined),
  N: (content) => (typeof content === 'string' ? { N: canonicalNumber(content) } : undefined),
  B: (content) => (typeof content === 'string' ? { B: content } : undefined),
  BOOL: (content) => (typeof content === 'boolean' ? { BOOL: content } : undefined),
  NULL: (content) => (content === true ? { NULL: true } : undefined),
  M: (content, depth) => ({ M: parseItem(content, depth) }),
  L: (content, depth) =>
    Array.isArray(content) ? { L: content.map((value) => parseValue(value, depth)) } : undefined,
  SS: (content) => (isStrings(content) ? { SS: distinct(content) } : undefined),
  NS: (content) => (isStrings(content) ? { NS: distinct(content.map(canonicalNumber)) } : undefined),
  BS: (content) => (isStrings(content) ? { BS: distinct(content) } : undefined),
};

function isRecord(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}

function isStrings(content: unknown): content is string[] {
  return Array.isArray(content) && content.every((element) => typeof element === 'string');
}

function distinct(elements: readonly string[]): readonly string[] {
  if (elements.length === 0) throw invalid('An string set or number set may not be empty');
  if (new Set(elements).size < elements.length) throw invalid('Input collection contains duplicates');
  return elements;
}

/** Equal in type and content. The order of a set's elements and of a map's attributes does not count. */
export function isEqual(one: AttributeValue, other: AttributeValue): boolean {
  const type = typeOf(one);
  if (type !== typeOf(other)) return false;
  const [left, right] = [contentOf(one), contentOf(other)];
  if (type === 'M') return isEqualMap(left as Item, right as Item);
  if (!Array.isArray(left) || !Array.isArray(right)) return left === right;
  if (left.length !== right.length) return false;
  if (type === 'L') return left.every((value, index) => isEqual(value, right[index]));
  return left.every((element) => right.includes(element));
}

const contentOf = (value: AttributeValue): unknown => Object.values(value)[0];

function isEqualMap(one: Item, other: Item): boolean {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => {
      const [left, right] = [one[name], other[name]];
      return left !== undefined && right !== undefined && isEqual(left, right);
    })
  );
}

/** Negative, zero or positive; null for values that have no common order. Strings are ordered by their UTF-8 bytes. */
export function compareValues(one: AttributeValue, other: AttributeValue): number | null {
  if ('N' in one && 'N' in other) return compareNumbers(one.N, other.N);
  if ('S' in one && 'S' in other) return Buffer.compare(Buffer.from(one.S), Buffer.from(other.S));
  if ('B' in one && 'B' in other) return Buffer.compare(bytesOf(one.B), bytesOf(other.B));
  return null;
}

const bytesOf = (base64: string) => Buffer.from(base64, 'base64');

/** Throws ValidationException for an item of more than 400 KB. */
export function expectItemFits(item: Item): void {
  if (itemBytes(item) > maximumItemBytes) {
    throw invalid('Item size has exceeded the maximum allowed size');
  }
}

/** Bytes as DynamoDB counts them: names, contents, and the overhead of lists and maps. */
export function itemBytes(item: Item): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

/** A list or map has 3 bytes of its own, and 1 for each element. */
const collectionBytes = 3;

function valueBytes(value: AttributeValue): number {
  if ('S' in value) return Buffer.byteLength(value.S);
  if ('N' in value) return numberBytes(value.N);
  if ('B' in value) return bytesOf(value.B).length;
  if ('M' in value) return collectionBytes + Object.keys(value.M).length + itemBytes(value.M);
  if ('L' in value) return value.L.reduce((sum, element) => sum + 1 + valueBytes(element), collectionBytes);
  if ('SS' in value) return value.SS.reduce((sum, element) => sum + Buffer.byteLength(element), 0);
  if ('NS' in value) return value.NS.reduce((sum, element) => sum + numberBytes(element), 0);
  if ('BS' in value) return value.BS.reduce((sum, element) => sum + bytesOf(element).length, 0);
  return 1;
}

/** Two digits a byte, one byte more, and one for a minus. */
function numberBytes(number: string): number {
  const digits = number.replace(/^-?0*\.?0*|\.|0+$/g, '').length;
  return Math.ceil(digits / 2) + 1 + Number(number.startsWith('-'));
}
