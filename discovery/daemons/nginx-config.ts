/** A directive of a configuration in nginx's syntax; `block` is null without braces. */
export interface Directive {
  readonly words: readonly string[];
  readonly block: readonly Directive[] | null;
}

/** The files in the output of `nginx -T`, by path, the main file first. */
export function filesOfDump(dump: string): Map<string, string> {
  const parts = dump.split(/^# configuration file (.+):$/m).slice(1);
  const files = new Map<string, string>();
  for (let at = 0; at < parts.length; at += 2) files.set(parts[at] ?? '', parts[at + 1] ?? '');
  return files;
}

/** The directives of the main file, with those of included files in place of `include`. */
export function directivesOf(files: ReadonlyMap<string, string>): readonly Directive[] {
  const [main = ''] = files.keys();
  const folder = main.slice(0, main.lastIndexOf('/'));
  return expand(parseDirectives(files.get(main) ?? ''), (pattern) => {
    const path = pattern.startsWith('/') ? pattern : `${folder}/${pattern}`;
    return [...files].filter(([name]) => matchesGlob(name, path)).map(([, text]) => text);
  });
}

function expand(
  directives: readonly Directive[],
  included: (pattern: string) => string[],
  depth = 0,
): Directive[] {
  if (depth > 20) return [];
  return directives.flatMap(({ words, block }) =>
    words[0] === 'include'
      ? included(words[1] ?? '').flatMap((text) => expand(parseDirectives(text), included, depth + 1))
      : [{ words, block: block === null ? null : expand(block, included, depth) }],
  );
}

/** `*` and `?` do not match a slash (glob(3)). */
export function matchesGlob(path: string, pattern: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]');
  try {
    return new RegExp(`^${source}$`).test(path);
  } catch {
    return path === pattern;
  }
}

const token =
  /\s+|#[^\n]*|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([;{}])|((?:\\.|\$\{[^}]*\}|[^\s;{}"'\\])+)/gs;

interface Open {
  readonly words: readonly string[];
  readonly block: Directive[];
}

/** Parses nginx's syntax (https://nginx.org/en/docs/beginners_guide.html#conf_structure). Ignores what it does not understand. */
export function parseDirectives(text: string): Directive[] {
  const root: Open = { words: [], block: [] };
  const stack: Open[] = [root];
  let words: string[] = [];
  for (const [, double, single, mark, word] of text.matchAll(token)) {
    const value = double ?? single ?? word;
    if (value !== undefined) words.push(value);
    if (mark === undefined) continue;
    endOf[mark]?.(stack, words);
    words = [];
  }
  return root.block;
}

/** What each mark ends: a directive, the words before a block, or a block. The last element of the stack is open. */
const endOf: Readonly<Record<string, (stack: Open[], words: readonly string[]) => void>> = {
  ';': (stack, words) => void stack.at(-1)?.block.push({ words, block: null }),
  '{': (stack, words) => void stack.push({ words, block: [] }),
  '}': (stack) => {
    const closed = stack.length > 1 ? stack.pop() : undefined;
    if (closed !== undefined) stack.at(-1)?.block.push(closed);
  },
};
