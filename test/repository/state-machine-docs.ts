import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layOut } from '../../cli/page/graph-layout.ts';
import { graphSvg } from '../../cli/page/graph-svg.ts';
import type { StateMachine } from '../../cli/terminal/built-files.ts';

const root = join(import.meta.dirname, '../..');
const machines = ['deploy-target', 'rollout'] as const;
type MachineName = (typeof machines)[number];

interface CommentedMachine extends StateMachine {
  readonly States: Readonly<Record<string, StateMachine['States'][string] & { readonly Comment?: string }>>;
}

const read = (name: MachineName): CommentedMachine =>
  JSON.parse(readFileSync(join(root, `cdk/state-machines/${name}.asl.json`), 'utf8'));

/** Colours that are readable on a light and on a dark page: GitHub shows an SVG without the styles of its page. */
const style = `<style>
.graph{font:12px ui-monospace,monospace}.graph text{text-anchor:middle;fill:#1f2328}
.state rect,.state polygon{fill:#fff;stroke:#6e7781;stroke-width:1.5}.state polygon{stroke:#0969da}
.way{fill:none;stroke:#6e7781;stroke-width:1.2}.way.catch{stroke:#bc4c00;stroke-dasharray:4 3}marker path{fill:#6e7781}
</style><rect width="100%" height="100%" rx="8" fill="#f6f8fa"/>`;

/** A file that is written from the state machines. `text` is what it contains. */
export interface WrittenFile {
  readonly path: string;
  readonly text: string;
}

/** The pictures of both state machines, and docs/states.md with their tables. */
export function writtenFiles(): WrittenFile[] {
  const images = machines.map((name) => ({
    path: `docs/images/${name}.svg`,
    text: svgOf(name, read(name)),
  }));
  const path = 'docs/states.md';
  return [...images, { path, text: pageWithTables(readFileSync(join(root, path), 'utf8')) }];
}

function svgOf(name: string, machine: StateMachine): string {
  const drawing = { ...layOut(machine, []), id: 'arrow', label: `The ${name} state machine` };
  const svg = graphSvg(drawing, [], () => 'state').text;
  return `${svg
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('role="group"', 'role="img"')
    .replace('<defs>', `${style}<defs>`)
    .trimEnd()}\n`;
}

function pageWithTables(page: string): string {
  return machines.reduce((text, name) => {
    const mark = `<!-- node scripts/draw-state-machines.ts: ${name} -->`;
    const from = text.indexOf(mark);
    const to = text.indexOf('<!-- end -->', from);
    if (from === -1 || to === -1) throw new Error(`docs/states.md has no marks for the table of ${name}`);
    return `${text.slice(0, from)}${mark}\n\n${tableOf(read(name))}\n\n${text.slice(to)}`;
  }, page);
}

function tableOf({ States }: CommentedMachine): string {
  const rows = Object.entries(States).map(([name, state]) => {
    const next = nextOf(state);
    return `| \`${name}\` | ${state.Comment ?? ''} | ${next.map((to) => `\`${to}\``).join(', ') || '–'} |`;
  });
  return ['| state | what it does | next |', '| --- | --- | --- |', ...rows].join('\n');
}

function nextOf({ Next, Choices = [], Default, Catch = [] }: StateMachine['States'][string]): string[] {
  const all = [Next, ...Choices.map((choice) => choice.Next), Default, ...Catch.map((one) => one.Next)];
  return [...new Set(all)].filter((name) => name !== undefined);
}
