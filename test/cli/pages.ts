import { type DefaultTreeAdapterTypes, parse } from 'parse5';

type Node = DefaultTreeAdapterTypes.Node;
type Element = DefaultTreeAdapterTypes.Element;

/** A parsed page: its elements in order, and the errors that the parser tolerated. */
export function readPage(page: string) {
  const errors: string[] = [];
  const document = parse(page, { onParseError: ({ code }) => errors.push(code) });
  const elements = elementsOf(document);
  return {
    errors,
    elements,
    /** The names of elements and attributes, which no text on the page may change. */
    skeleton: elements.map(({ tagName, attrs }) => [tagName, ...attrs.map(({ name }) => name)].join(' ')),
    text: textOf(document),
    /** The text of each element of this name. */
    texts: (tag: string) => elements.filter(({ tagName }) => tagName === tag).map(textOf),
    attributes: (name: string) =>
      elements.flatMap(({ attrs }) => attrs.filter((one) => one.name === name).map(({ value }) => value)),
    withClass: (name: string) => elements.filter((one) => classesOf(one).includes(name)),
  };
}

/** The visible text of a node. */
export function textOf(node: Node): string {
  if (node.nodeName === '#text') return (node as DefaultTreeAdapterTypes.TextNode).value;
  return 'childNodes' in node ? node.childNodes.map(textOf).join('') : '';
}

function elementsOf(node: Node): Element[] {
  const own = 'tagName' in node ? [node] : [];
  return 'childNodes' in node ? [...own, ...node.childNodes.flatMap(elementsOf)] : own;
}

/** The rows of a table, each with its cells. */
export function rowsOf(table: Element): Element[] {
  return elementsOf(table).filter(({ tagName }) => tagName === 'tr');
}

function classesOf({ attrs }: Element): string[] {
  return (attrs.find(({ name }) => name === 'class')?.value ?? '').split(' ');
}
