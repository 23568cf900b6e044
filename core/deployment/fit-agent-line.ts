import type { AgentLine, Observation } from './agent-line.ts';

/**
 * Maximum length of a result line in bytes. The SSM Agent keeps the first 23,980 bytes of the output of a script, and a line
 * without its end is no result.
 */
export const maximumLineBytes = 23_000;

const maximumProblemCharacters = 100;
const maximumObservations = 20;
const maximumWarnings = 5;
const maximumWarningCharacters = 200;
const maximumSummaryCharacters = 500;
const maximumRepairs = 5;

/** What is given up, in this order, until the line fits. The ids, the outcome, the reason and the keys always remain. */
const reductions: readonly ((line: AgentLine) => AgentLine)[] = [
  (line) =>
    line.inspections === undefined
      ? line
      : { ...line, inspections: line.inspections.map(({ targetId }) => ({ targetId, seen: null })) },
  (line) => ({
    ...line,
    observations: line.observations?.map(withShortProblem) ?? null,
    warnings: fewWarnings(line.warnings),
  }),
  (line) => ({ ...line, observations: line.observations && worstOf(line.observations) }),
  (line) => ({ ...line, summary: startAndEnd(line.summary, maximumSummaryCharacters) }),
  ({ inspections: _, ...line }) => ({
    ...line,
    repair: line.repair && {
      files: line.repair.files.slice(0, maximumRepairs),
      commands: line.repair.commands.slice(0, maximumRepairs),
    },
  }),
  (line) => ({ ...line, repair: null, warnings: [], recovered: null }),
];

/** The line as JSON, without a line end. A line that is too long loses details, in bytes of UTF-8. */
export function agentLineText(line: AgentLine): string {
  let fitting = line;
  for (const reduce of reductions) {
    if (fits(fitting)) break;
    fitting = reduce(fitting);
  }
  return JSON.stringify(fitting);
}

const fits = (line: AgentLine): boolean => Buffer.byteLength(JSON.stringify(line)) <= maximumLineBytes;

const withShortProblem = (observation: Observation): Observation => ({
  ...observation,
  problem: observation.problem?.slice(0, maximumProblemCharacters) ?? null,
});

/** Addresses with a problem first: the verdict fails if one address fails. */
const worstOf = (observations: readonly Observation[]): Observation[] =>
  observations.toSorted((one, other) => Number(one.ok) - Number(other.ok)).slice(0, maximumObservations);

function fewWarnings(warnings: readonly string[]): string[] {
  const kept = warnings
    .slice(0, maximumWarnings)
    .map((warning) => startAndEnd(warning, maximumWarningCharacters));
  const omitted = warnings.length - kept.length;
  return omitted === 0 ? kept : [...kept, `${omitted} more warnings do not fit into the result`];
}

function startAndEnd(text: string, characters: number): string {
  const half = Math.floor(characters / 2);
  return text.length <= characters ? text : `${text.slice(0, half)} […] ${text.slice(-half)}`;
}
