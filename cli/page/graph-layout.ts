import { type EdgeLabel, Graph, type GraphLabel, layout, type NodeLabel } from '@dagrejs/dagre';
import type { Visit } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';

/** A state and its position. Lengths are pixels; `x` and `y` are its centre. */
export interface PositionedState {
  readonly name: string;
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Indexes in the list of visits, in order; empty if the state was never entered. */
  readonly visits: readonly number[];
}

/** A transition between two states and its line. `taken`: the number of times. */
export interface PositionedTransition {
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
  readonly states: readonly PositionedState[];
  readonly transitions: readonly PositionedTransition[];
  /** Error handlers of many states. Transitions to them that were not taken are not drawn. */
  readonly omitted: readonly string[];
}

/** Pixels: the width of a letter in the graph's font, and the space around a name. */
const letterWidth = 7.3;
const padding = 26;
const stateHeight = 30;

/**
 * Lays out a state machine with the path taken. The same input always gives the same layout. States and transitions of
 * the path that the machine does not contain (an execution of another version) are laid out too.
 */
export function layOut(machine: StateMachine, visits: readonly Visit[]): Drawing {
  const states = statesOf(machine, visits);
  const names = new Set(states.map(({ name }) => name));
  const all = transitionsOf(machine, visits).filter(({ to }) => names.has(to));
  const omitted = commonHandlers(all);
  const transitions = all.filter(({ to, taken }) => taken > 0 || !omitted.includes(to));
  const keys = new Map(states.map(({ name }, at) => [name, `s${at}`]));
  const keyOf = (name: string) => keys.get(name) ?? '';
  const graph = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  graph.setGraph({ rankdir: 'TB', nodesep: 14, ranksep: 34, edgesep: 8, marginx: 12, marginy: 12 });
  for (const { name } of states) {
    graph.setNode(keyOf(name), { width: name.length * letterWidth + padding, height: stateHeight });
  }
  for (const { from, to, kind, taken } of transitions) {
    // a higher weight makes the path taken straighter
    graph.setEdge(keyOf(from), keyOf(to), { weight: taken > 0 ? 8 : kind === 'next' ? 2 : 1 });
  }
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    omitted,
    states: states.map((state) => ({ ...state, ...positionOf(graph.node(keyOf(state.name))) })),
    transitions: transitions.map((transition) => ({
      ...transition,
      points: graph.edge(keyOf(transition.from), keyOf(transition.to)).points ?? [],
    })),
  };
}

/** The part of a state machine that an execution has entered. */
export function enteredPart(machine: StateMachine, visits: readonly Visit[]): StateMachine {
  const entered = new Set(visits.map(({ state }) => state));
  return { States: Object.fromEntries(Object.entries(machine.States).filter(([name]) => entered.has(name))) };
}

/** An error handler of at least this many states is a common handler: its lines would cover the drawing. */
const minimumSources = 5;

function commonHandlers(transitions: readonly Transition[]): string[] {
  return [...new Set(transitions.map(({ to }) => to))].filter((name) => {
    const into = transitions.filter(({ to }) => to === name);
    return into.length >= minimumSources && into.every(({ kind }) => kind === 'catch');
  });
}

function positionOf({ x = 0, y = 0, width, height }: NodeLabel) {
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

interface Transition {
  readonly from: string;
  readonly to: string;
  readonly kind: 'next' | 'catch';
  taken: number;
}

function transitionsOf(machine: StateMachine, visits: readonly Visit[]): Transition[] {
  const transitions = new Map<string, Transition>();
  const transitionTo = (from: string, to: string, kind: Transition['kind']) => {
    const key = JSON.stringify([from, to]);
    const transition = transitions.get(key) ?? { from, to, kind, taken: 0 };
    transitions.set(key, transition);
    return transition;
  };
  for (const [from, state] of Object.entries(machine.States)) {
    for (const to of nextOf(state)) transitionTo(from, to, 'next');
    for (const { Next: to } of state.Catch ?? []) transitionTo(from, to, 'catch');
  }
  for (const { state, next, caughtBy } of visits) {
    if (next !== null) transitionTo(state, next, caughtBy === next ? 'catch' : 'next').taken += 1;
  }
  return [...transitions.values()];
}

function nextOf({ Next, Choices = [], Default }: StateMachine['States'][string]): string[] {
  return [Next, ...Choices.map((choice) => choice.Next), Default].filter((next) => next !== undefined);
}
