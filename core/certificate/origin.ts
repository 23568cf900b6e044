// Names of the parts of an input. Errors are read by operators: they name what the operator has typed.

/** The part of the input; details of errors name it. */
export type Field = 'certificate' | 'chain' | 'key' | 'pkcs12';

/** Where a block was found. `name`: in messages, e.g. `field "chain"` of a secret, or `--chain chain.pem`. */
export interface Origin {
  readonly field: Field;
  readonly name: string;
}

/** The names of parts that are not called as their field is. */
export type PartNames = { readonly [Part in Field]?: string | undefined };

export function originOf(field: Field, names: PartNames = {}): Origin {
  return { field, name: names[field] ?? `field "${field}"` };
}

/** The name inside a sentence: an option has no article. */
export function inSentence({ name }: Origin): string {
  return name.startsWith('-') ? name : `the ${name}`;
}

/** The name at the start of a sentence. */
export function asSubject({ name }: Origin): string {
  return name.startsWith('-') ? name : `The ${name}`;
}

/** Distinct names in one list. */
export function listed(origins: readonly Origin[], name: (origin: Origin) => string): string {
  return [...new Set(origins.map(name))].join(' and ');
}
