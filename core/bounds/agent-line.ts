import type { AgentLine, HostInspection, Observation, Repair } from '../deployment/agent-line.ts';
import type { Baseline } from '../deployment/baseline.ts';
import { textLimits } from './channels.ts';
import { cutText, jsonBytes } from './cut-text.ts';
import { keepTexts } from './list-names.ts';

/**
 * The line within the part of a command's output that SSM keeps. Outcome, reason, versions and keys stay as they are; then come
 * the repair instructions, the summary, the warnings and what was observed. A baseline that does not fit is left out whole: part of
 * it would look like an endpoint with fewer addresses.
 */
export function boundedLine(line: AgentLine): AgentLine {
  const { repair, omitted } = boundedRepair(line.repair, textLimits.agentRepair);
  const note = omittedNote(omitted);
  const { observations, inspections, baseline, ...others } = line;
  const bounded = {
    ...others,
    summary: `${cutText(line.summary, textLimits.agentSummary - jsonBytes(note), 'ends')}${note}`,
    warnings: keepTexts(line.warnings, 'warnings', {
      each: textLimits.warning,
      all: textLimits.agentWarnings,
    }),
    repair,
  };
  const spare = textLimits.agentLine - Buffer.byteLength(JSON.stringify(bounded));
  const kept = baseline !== undefined && baselineBytes(baseline) <= spare ? { baseline } : {};
  const room = spare - Buffer.byteLength(JSON.stringify(kept));
  return {
    ...bounded,
    ...kept,
    observations: observations === null ? null : boundedObservations(observations, room),
    ...(inspections !== undefined && { inspections: boundedInspections(inspections, room) }),
  };
}

/** With the name of the field. */
const baselineBytes = (baseline: Baseline): number => Buffer.byteLength(JSON.stringify({ baseline }));

const omittedNote = (count: number): string =>
  count === 0
    ? ''
    : `; ${count} repair instructions are left out, and the receipt on the host names their files`;

/**
 * Repair instructions within a number of bytes: the files with their backups, then the commands in their order. A command is kept
 * whole or not at all, because half a command must never be typed. `omitted`: the entries that do not fit.
 */
export function boundedRepair(
  repair: Repair | null,
  maximumBytes: number,
): { readonly repair: Repair | null; readonly omitted: number } {
  if (repair === null) return { repair: null, omitted: 0 };
  const files = firstFitting(repair.files, maximumBytes);
  const commands = firstFitting(repair.commands, maximumBytes - entryBytes(files));
  const omitted = repair.files.length - files.length + repair.commands.length - commands.length;
  return { repair: { files, commands }, omitted };
}

function firstFitting<Entry>(entries: readonly Entry[], maximumBytes: number): Entry[] {
  const end = entries.findIndex((_, at) => entryBytes(entries.slice(0, at + 1)) > maximumBytes);
  return entries.slice(0, end === -1 ? entries.length : end);
}

const entryBytes = (entries: readonly unknown[]): number => Buffer.byteLength(JSON.stringify(entries));

/** More addresses than a probe has. A verdict needs one of each kind, so both kinds remain. */
const maximumOfAKind = 32;

/** Bytes of an observation without address and problem, in JSON. */
const observationBytes = 150;

/** The observations of a probe, each with a problem that leaves room for the others. Never changes the verdict. */
export function boundedObservations(
  observations: readonly Observation[],
  room: number = textLimits.observations,
): Observation[] {
  const kept = withoutExcess(observations);
  const each = Math.floor(Math.min(room, textLimits.observations) / Math.max(1, kept.length));
  return kept.map((observation) => {
    const address = cutText(observation.address, Math.max(40, Math.floor((each - observationBytes) / 2)));
    const left = Math.max(20, each - observationBytes - jsonBytes(address));
    const problem = observation.problem;
    return {
      ...observation,
      address,
      problem: problem === null ? null : cutText(problem, Math.min(textLimits.problem, left)),
    };
  });
}

function withoutExcess(observations: readonly Observation[]): readonly Observation[] {
  const counts = { ok: 0, wrong: 0 };
  return observations.filter(({ ok }) => {
    const kind = ok ? 'ok' : 'wrong';
    counts[kind] += 1;
    return counts[kind] <= maximumOfAKind;
  });
}

/** Omits whole inspections that exceed the maximum: part of an inspection could be mistaken for all of it. */
export function boundedInspections(
  inspections: readonly HostInspection[],
  room: number = textLimits.inspections,
): HostInspection[] {
  const maximum = Math.min(room, textLimits.inspections);
  let bytes = inspections.reduce((sum, { targetId }) => sum + emptyBytes(targetId), 0);
  return inspections.map((inspection) => {
    const added = Buffer.byteLength(JSON.stringify(inspection)) + 1 - emptyBytes(inspection.targetId);
    if (bytes + added > maximum) return { targetId: inspection.targetId, seen: null };
    bytes += added;
    return inspection;
  });
}

const emptyBytes = (targetId: string): number =>
  Buffer.byteLength(JSON.stringify({ targetId, seen: null })) + 1;
