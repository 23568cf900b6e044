// Cannot show: operators that no rule of ours uses, how arrays of objects are matched, limits on the size of a pattern.
type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
type Fields = { readonly [name: string]: Json };

/**
 * Whether an event matches a pattern, by EventBridge's rules: every field of the pattern has to match, one value of its
 * list is enough, and of an array in the event one element. AWS's own library is asked the same in test/peers.
 */
export function matchesPattern(pattern: Fields, event: Json | undefined): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const found = isFields(event) ? event[name] : undefined;
    if (Array.isArray(wanted)) return wanted.some((each: Json) => matchesValue(each, found));
    return matchesPattern(wanted as Fields, found);
  });
}

function matchesValue(wanted: Json, found: Json | undefined): boolean {
  const elements: readonly (Json | undefined)[] = Array.isArray(found) ? found : [found];
  if (!isFields(wanted)) return elements.includes(wanted);
  const [operator, operand] = Object.entries(wanted)[0] ?? [];
  const texts = elements.filter((element) => typeof element === 'string');
  switch (operator) {
    case 'exists':
      return operand === isLeaf(found);
    case 'prefix':
      return texts.some((text) => text.startsWith(String(operand)));
    case 'wildcard':
      return texts.some((text) => wildcard(String(operand)).test(text));
    default:
      throw new Error(`operator ${operator} is not played here`);
  }
}

/** Only leaves exist: neither an object nor an array without elements does. */
function isLeaf(found: Json | undefined): boolean {
  if (found === undefined || isFields(found)) return false;
  return !Array.isArray(found) || found.length > 0;
}

const isFields = (value: Json | undefined): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const wildcard = (text: string) =>
  new RegExp(`^${text.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`, 's');
