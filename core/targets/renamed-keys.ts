/** Keys of older targets files, strategies and requests, and the key that replaced each. Errors name the new key. */
const renamedKeys: Readonly<Record<string, string>> = {
  vantage: 'probeFrom',
  consecutive: 'successThreshold',
};

/** Values of older files, by key. Errors name the new value. */
const renamedValues: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  onHalt: { rollBackAll: 'rollback' },
};

/** The key that replaced an older one; null if there is none among the `known` keys at that place. */
export function renamedKey(key: string, known: readonly string[]): string | null {
  const current = Object.hasOwn(renamedKeys, key) ? renamedKeys[key] : undefined;
  return current !== undefined && known.includes(current) ? current : null;
}

/** The value that replaced an older one of this key; null if there is none. */
export function renamedValue(key: unknown, value: unknown): string | null {
  if (typeof key !== 'string' || typeof value !== 'string' || !Object.hasOwn(renamedValues, key)) return null;
  return renamedValues[key]?.[value] ?? null;
}
