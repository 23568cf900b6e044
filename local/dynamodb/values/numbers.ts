import { invalid } from './invalid.ts';

/** `coefficient` × 10^`exponent`; the coefficient has no trailing zeros. */
interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** DynamoDB's limits for a Number: digits, and the exponent of the first digit. */
const maximumDigits = 38;
const maximumMagnitude = 125;
const minimumMagnitude = -130;

/** Integers of up to 15 digits are exact in a JavaScript number. */
const smallInteger = /^-?\d{1,15}$/;

/** The form in which DynamoDB returns a number: no exponent, no needless zeros. Throws ValidationException. */
export function canonicalNumber(text: string): string {
  return smallInteger.test(text) ? String(Number(text) + 0) : format(parse(text));
}

/** Negative, zero or positive, as the first number is less, equal or greater. */
export function compareNumbers(left: string, right: string): number {
  if (smallInteger.test(left) && smallInteger.test(right)) return Number(left) - Number(right);
  const [one, other] = aligned(parse(left), parse(right));
  return one < other ? -1 : Number(one > other);
}

/** Throws ValidationException when the sum has more digits than DynamoDB stores. */
export function addNumbers(left: string, right: string): string {
  const [one, other] = [parse(left), parse(right)];
  const [first, second] = aligned(one, other);
  return format(checked(trimmed(first + second, Math.min(one.exponent, other.exponent))));
}

function parse(text: string): Decimal {
  const [, sign, whole = '', fraction = '', exponent = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d{1,4}))?$/.exec(text) ?? [];
  if (whole + fraction === '') {
    throw invalid(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  const digits = BigInt(whole + fraction);
  return checked(trimmed(sign === '-' ? -digits : digits, Number(exponent) - fraction.length));
}

function trimmed(coefficient: bigint, exponent: number): Decimal {
  if (coefficient === 0n) return { coefficient, exponent: 0 };
  const zeros = /0*$/.exec(String(coefficient))?.[0].length ?? 0;
  return { coefficient: coefficient / 10n ** BigInt(zeros), exponent: exponent + zeros };
}

function checked(decimal: Decimal): Decimal {
  const digits = digitsOf(decimal).length;
  const magnitude = decimal.exponent + digits - 1;
  if (digits > maximumDigits) {
    throw invalid('Attempting to store more than 38 significant digits in a Number');
  }
  if (magnitude > maximumMagnitude) {
    throw invalid('Number overflow. Attempting to store a number with magnitude larger than supported range');
  }
  if (magnitude < minimumMagnitude) {
    throw invalid(
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    );
  }
  return decimal;
}

function aligned(one: Decimal, other: Decimal): [bigint, bigint] {
  const exponent = Math.min(one.exponent, other.exponent);
  const scaled = (decimal: Decimal) => decimal.coefficient * 10n ** BigInt(decimal.exponent - exponent);
  return [scaled(one), scaled(other)];
}

const digitsOf = ({ coefficient }: Decimal) => String(coefficient < 0n ? -coefficient : coefficient);

function format(decimal: Decimal): string {
  const { coefficient, exponent } = decimal;
  const sign = coefficient < 0n ? '-' : '';
  const digits = digitsOf(decimal);
  if (exponent >= 0) return sign + digits + '0'.repeat(exponent);
  const padded = digits.padStart(1 - exponent, '0');
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
