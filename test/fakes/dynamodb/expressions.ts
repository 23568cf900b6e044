// The part of DynamoDB's expression language that the services use, read once and kept. What it does not know it refuses.
export type Item = Record<string, unknown>;

/** An item's names and values for the placeholders of one request. */
export interface Placeholders {
  readonly names: Readonly<Record<string, string>>;
  readonly values: Readonly<Record<string, unknown>>;
}

type Condition = (item: Item | null, given: Placeholders) => boolean;
type Operand = (item: Item | null, given: Placeholders) => unknown;
type Path = (given: Placeholders) => string[];
type Change = (before: Item, after: Item, given: Placeholders) => void;

const conditions = new Map<string, Condition>();
const updates = new Map<string, Change[]>();

/** Does the condition hold for the item as it is? */
export function holds(expression: string, item: Item | null, given: Placeholders): boolean {
  const known = conditions.get(expression) ?? new Reader(expression).condition();
  conditions.set(expression, known);
  return known(item, given);
}

/** Changes `after` in place; every operand is read from `before`. */
export function applyUpdate(expression: string, before: Item, after: Item, given: Placeholders): void {
  const known = updates.get(expression) ?? new Reader(expression).update();
  updates.set(expression, known);
  for (const change of known) change(before, after, given);
}

const tokens = /\s*(<=|>=|<>|[()=<>,+]|[#:]?[A-Za-z_][\w]*|\.)/y;

function split(expression: string): string[] {
  const found: string[] = [];
  tokens.lastIndex = 0;
  while (tokens.lastIndex < expression.trimEnd().length) {
    const token = tokens.exec(expression)?.[1];
    if (token === undefined) throw new Error(`this fake cannot read "${expression}"`);
    found.push(token);
  }
  return found;
}

const comparisons: Readonly<Record<string, (one: number | string, other: number | string) => boolean>> = {
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
};

class Reader {
  readonly #expression: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = split(expression);
  }

  condition(): Condition {
    const read = this.#or();
    if (this.#peek() !== undefined) this.#refuse();
    return read;
  }

  update(): Change[] {
    const changes: Change[] = [];
    while (this.#peek() !== undefined) {
      const clause = this.#take();
      const one = { SET: () => this.#set(), REMOVE: () => this.#remove(), ADD: () => this.#add() }[clause];
      if (one === undefined) return this.#refuse();
      do changes.push(one());
      while (this.#skip(','));
    }
    return changes;
  }

  #or(): Condition {
    const parts = [this.#and()];
    while (this.#skip('OR')) parts.push(this.#and());
    return (item, given) => parts.some((part) => part(item, given));
  }

  #and(): Condition {
    const parts = [this.#primary()];
    while (this.#skip('AND')) parts.push(this.#primary());
    return (item, given) => parts.every((part) => part(item, given));
  }

  #primary(): Condition {
    if (this.#skip('(')) return this.#closed(this.#or());
    if (this.#skip('attribute_exists')) return this.#exists(true);
    if (this.#skip('attribute_not_exists')) return this.#exists(false);
    if (this.#skip('begins_with')) return this.#beginsWith();
    const left = this.#operand();
    const sign = this.#take();
    if (sign === 'IN') return this.#oneOf(left);
    const right = this.#operand();
    if (sign === '=') return (item, given) => equal(left(item, given), right(item, given));
    if (sign === '<>') return (item, given) => !equal(left(item, given), right(item, given));
    const compare = comparisons[sign];
    if (compare === undefined) return this.#refuse();
    return (item, given) => {
      const [one, other] = [left(item, given), right(item, given)];
      const sameKind = typeof one === typeof other && (typeof one === 'number' || typeof one === 'string');
      return sameKind && compare(one as number, other as number);
    };
  }

  #exists(wanted: boolean): Condition {
    this.#expect('(');
    const path = this.#path();
    return this.#closed((item, given) => (valueAt(item, path(given)) !== undefined) === wanted);
  }

  #beginsWith(): Condition {
    this.#expect('(');
    const path = this.#path();
    this.#expect(',');
    const start = this.#operand();
    return this.#closed((item, given) => {
      const [value, prefix] = [valueAt(item, path(given)), start(item, given)];
      return typeof value === 'string' && value.startsWith(String(prefix));
    });
  }

  #oneOf(left: Operand): Condition {
    this.#expect('(');
    const those = [this.#operand()];
    while (this.#skip(',')) those.push(this.#operand());
    return this.#closed((item, given) => those.some((one) => equal(left(item, given), one(item, given))));
  }

  #closed(inner: Condition): Condition {
    this.#expect(')');
    return inner;
  }

  #operand(): Operand {
    const token = this.#peek() ?? this.#refuse();
    if (!token.startsWith(':')) {
      const path = this.#path();
      return (item, given) => valueAt(item, path(given));
    }
    this.#at += 1;
    return (_, given) => given.values[token];
  }

  #path(): Path {
    const parts = [this.#take()];
    while (this.#skip('.')) parts.push(this.#take());
    return ({ names }) => parts.map((part) => (part.startsWith('#') ? (names[part] ?? part) : part));
  }

  #set(): Change {
    const path = this.#path();
    this.#expect('=');
    const value = this.#operand();
    return (before, after, given) => put(after, path(given), value(before, given));
  }

  #remove(): Change {
    const path = this.#path();
    return (_, after, given) => put(after, path(given), undefined);
  }

  #add(): Change {
    const [path, value] = [this.#path(), this.#operand()];
    return (before, after, given) => {
      const old = valueAt(before, path(given)) ?? 0;
      put(after, path(given), Number(old) + Number(value(before, given)));
    };
  }

  #peek(): string | undefined {
    return this.#tokens[this.#at];
  }

  #take(): string {
    const token = this.#peek() ?? this.#refuse();
    this.#at += 1;
    return token;
  }

  #skip(token: string): boolean {
    const found = this.#peek() === token;
    if (found) this.#at += 1;
    return found;
  }

  #expect(token: string): void {
    if (!this.#skip(token)) this.#refuse();
  }

  #refuse(): never {
    throw new Error(`this fake cannot read "${this.#expression}" at ${this.#peek() ?? 'its end'}`);
  }
}

function valueAt(item: Item | null, path: readonly string[]): unknown {
  let value: unknown = item ?? undefined;
  for (const name of path) value = (value as Item | null | undefined)?.[name];
  return value;
}

/** Only the first level is changed by what the services write. */
function put(item: Item, [name = '', ...deeper]: readonly string[], value: unknown): void {
  if (deeper.length > 0) throw new Error('this fake changes attributes of the first level only');
  if (value === undefined) delete item[name];
  else item[name] = value;
}

/** Two that are missing are not equal either. */
function equal(one: unknown, other: unknown): boolean {
  if (one === undefined || other === undefined) return false;
  return typeof one === 'object' || typeof other === 'object'
    ? JSON.stringify(one) === JSON.stringify(other)
    : one === other;
}
