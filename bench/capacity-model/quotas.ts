import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

const positive = z.number().check(z.positive());
const labels = { title: z.string(), source: z.string() };
const Rate = z.strictObject({ ...labels, perSecond: positive, burst: positive });
const Slots = z.strictObject({ ...labels, atOnce: z.int().check(z.positive()) });
const Price = z.strictObject({ dollars: positive, source: z.string() });

export const rateNames = [
  'childStarts',
  'transitions',
  'taskSuccesses',
  'sendCommands',
  'invocations',
  'sourceReads',
  'tableWrites',
  'controlReads',
  'paceWrites',
] as const;
export type RateName = (typeof rateNames)[number];
export const slotNames = ['deployments', 'functions'] as const;
export type SlotName = (typeof slotNames)[number];

/** The input of the simulation: rates per second, maximum concurrency, durations of steps, and prices. */
export const Quotas = z.strictObject({
  checked: z.string(),
  region: z.string(),
  rates: z.record(z.enum(rateNames), Rate),
  slots: z.record(z.enum(slotNames), Slots),
  /** The duration of each step without any waiting. */
  seconds: z.strictObject({
    acquireLock: positive,
    pushBundle: positive,
    /** From SendCommand to the end of the agent. */
    host: positive,
    /** Until EventBridge delivers the event. */
    event: positive,
    commandStatus: positive,
    probe: positive,
    record: positive,
    /** Evaluating one wave and planning the next. */
    betweenWaves: positive,
  }),
  prices: z.strictObject({
    region: z.string(),
    transitionsPerThousand: Price,
    lambdaRequestsPerMillion: Price,
    lambdaGigabyteSecondsPerMillion: Price,
    writeUnitsPerMillion: Price,
    readUnitsPerMillion: Price,
    secretReadsPerTenThousand: Price,
    logsPerGigabyte: Price,
  }),
  perDeployment: z.strictObject({ lambdaMegabytes: positive, logKilobytes: positive, readUnits: positive }),
});
export type Quotas = z.infer<typeof Quotas>;

/** Reads the published quotas, or those of another file. */
export function readQuotas(file = join(import.meta.dirname, 'quotas.json')): Quotas {
  return Quotas.parse(JSON.parse(readFileSync(file, 'utf8')));
}

interface Changes {
  readonly rates?: Partial<Record<RateName, Partial<z.infer<typeof Rate>>>>;
  readonly slots?: Partial<Record<SlotName, number>>;
}

/** Returns a copy with some quotas changed. */
export function changed(quotas: Quotas, { rates = {}, slots = {} }: Changes): Quotas {
  const copy = structuredClone(quotas);
  for (const name of rateNames) Object.assign(copy.rates[name], rates[name]);
  for (const name of slotNames) copy.slots[name].atOnce = slots[name] ?? copy.slots[name].atOnce;
  return copy;
}
