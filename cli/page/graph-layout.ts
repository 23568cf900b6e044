import { type EdgeLabel, Graph, type GraphLabel, layout, type NodeLabel } from '@dagrejs/dagre';
import type { Visit } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';

/** A state of the machine and its place. Lengths are pixels; `x` and `y` are of its middle. */
export interface PlacedState {
  readonly name: string;
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Where in the list of visits it is, in order; none when it was never entered. */
  readonly visits: readonly number[];
}

/** A way from one state to another. `taken`: how often. */
export interface PlacedWay {
  readonly from: string;
  readonly to: string;
  /** `catch`: only after a failure. */
  readonly kind: 'next' | 'catch';
  readonly taken: number;
  readonly points: readonly Point[];
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A state machine laid out from top to bottom. */
export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly states: readonly PlacedState[];
  readonly ways: readonly PlacedWay[];
  /** States that failures of many others lead to: the ways there that were not taken are left out. */
  readonly refuges: readonly string[];
}

/** A monospaced letter of the size that the graph is drawn in, and what is around a name. */
const letterWidth = 7.3;
const padding = 26;
const stateHeight = 30;

/**
 * Lays out a machine with the path that was taken through it: the same machine and the same path are always laid out
 * alike. States and ways that the path has and the machine does not (one of another version) are laid out too.
 */
export function layOut(machine: StateMachine, visits: readonly Visit[]): Drawing {
  const states = statesOf(machine, visits);
  const all = waysOf(machine, visits);
  const refuges = refugesOf(all);
  const ways = all.filter(({ to, taken }) => taken > 0 || !refuges.includes(to));
  const keys = new Map(states.map(({ name }, at) => [name, `s${at}`]));
  const keyOf = (name: string) => keys.get(name) ?? '';
  const graph = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  graph.setGraph({ rankdir: 'TB', nodesep: 14, ranksep: 34, edgesep: 8, marginx: 12, marginy: 12 });
  for (const { name } of states) {
    graph.setNode(keyOf(name), { width: name.length * letterWidth + padding, height: stateHeight });
  }
  for (const { from, to, kind, taken } of ways) {
    // the path taken is drawn as straight as it can be
    graph.setEdge(keyOf(from), keyOf(to), { weight: taken > 0 ? 8 : kind === 'next' ? 2 : 1 });
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    refuges,
    states: states.map((state) => ({ ...state, ...placeOf(graph.node(keyOf(state.name))) })),
    ways: ways.map((way) => ({ ...way, points: graph.edge(keyOf(way.from), keyOf(way.to)).points ?? [] })),
  };
}

/** A state that only failures lead to, from as many states as these, would have lines from everywhere. */
const manyFailures = 5;

function refugesOf(ways: readonly Way[]): string[] {
  return [...new Set(ways.map(({ to }) => to))].filter((name) => {
    const into = ways.filter(({ to }) => to === name);
    return into.length >= manyFailures && into.every(({ kind }) => kind === 'catch');
  });
}

function placeOf({ x = 0, y = 0, width, height }: NodeLabel) {
  return { x, y, width, height };
}

function statesOf(machine: StateMachine, visits: readonly Visit[]) {
  const states = new Map<string, { name: string; type: string; visits: number[] }>();
  for (const [name, { Type }] of Object.entries(machine.States)) {
    states.set(name, { name, type: Type, visits: [] });
  }
  for (const [at, { state, type }] of visits.entries()) {
    const known = states.get(state) ?? { name: state, type, visits: [] };
    known.visits.push(at);
    states.set(state, known);
  }
  return [...states.values()];
}

interface Way {
  readonly from: string;
  readonly to: string;
  readonly kind: 'next' | 'catch';
  taken: number;
}

function waysOf(machine: StateMachine, visits: readonly Visit[]): Way[] {
  const ways = new Map<string, Way>();
  const wayTo = (from: string, to: string, kind: Way['kind']) => {
    const key = JSON.stringify([from, to]);
    const way = ways.get(key) ?? { from, to, kind, taken: 0 };
    ways.set(key, way);
    return way;
  };
  for (const [from, state] of Object.entries(machine.States)) {
    for (const to of nextOf(state)) wayTo(from, to, 'next');
    for (const { Next: to } of state.Catch ?? []) wayTo(from, to, 'catch');
  }
  for (const { state, next, caughtBy } of visits) {
    if (next !== null) wayTo(state, next, caughtBy === next ? 'catch' : 'next').taken += 1;
  }
  return [...ways.values()];
}

function nextOf({ Next, Choices = [], Default }: StateMachine['States'][string]): string[] {
  return [Next, ...Choices.map((choice) => choice.Next), Default].filter((next) => next !== undefined);
}
