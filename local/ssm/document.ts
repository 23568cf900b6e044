import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { limits } from '../../core/limits.ts';
import { dist } from '../base/artefacts.ts';
import { timeoutSecondsOf } from './ssm-agent.ts';

const Parameter = z.object({ allowedPattern: z.string(), maxChars: z.int() });

const Document = z.object({
  parameters: z.object({ Job: Parameter }),
  mainSteps: z.array(
    z.object({
      name: z.string(),
      inputs: z.object({ timeoutSeconds: z.string(), runCommand: z.array(z.string()) }),
    }),
  ),
});

/** What SSM's agent makes of our document for one host. */
export interface HostScript {
  readonly text: string;
  /** After this many seconds the script is killed and the command is TimedOut. */
  readonly timeoutSeconds: number;
}

/** The document that the stack deploys, with this machine's own locations in its placeholders. */
export interface LocalDocument {
  readonly stepName: string;
  readonly job: z.infer<typeof Parameter>;
  /** Throws when the folder's path holds a single quote, which the document's assignments cannot carry. */
  scriptFor(host: ScriptValues): HostScript;
}

/** What differs between the scripts of one document. */
export interface ScriptValues {
  /** The folder of the agent. */
  readonly home: string;
  /** `probe`: the agent accepts only probes, without a signature. */
  readonly role: 'jobs' | 'probe';
  /** The public keys that may sign jobs. */
  readonly jobKeys: string;
  /** `store-agent`: the agent for targets in a store. */
  readonly agent: 'agent' | 'store-agent';
}

/** The step of our document that runs here. */
const stepName = 'linux';

/** Reads the built document and agent. `agentFolder` holds the agents, each with its digest in a file beside it. */
export function readDocument(
  path: string = join(dist, 'ssm-document.json'),
  agentFolder: string = join(dist, 'agent'),
): LocalDocument {
  const document = Document.parse(JSON.parse(readFileSync(path, 'utf8')));
  const step = document.mainSteps.find(({ name }) => name === stepName);
  if (step === undefined) throw new Error(`${path} has no step named ${stepName}`);
  const values = {
    // the node that runs certferry, first on the script's PATH
    RuntimeUrl: 'host',
    RuntimeSha256: '',
    RuntimeBytes: '',
    FenceStep: String(limits.fenceStep.default),
  };
  return {
    stepName,
    job: document.parameters.Job,
    scriptFor: ({ home, role, jobKeys, agent }) => ({
      text: `${fill(step.inputs.runCommand, {
        ...values,
        ...agentIn(agentFolder, agent),
        Home: home,
        Role: role,
        JobKeys: jobKeys,
      }).join('\n')}\n`,
      timeoutSeconds: timeoutSecondsOf(step.inputs.timeoutSeconds),
    }),
  };
}

function agentIn(folder: string, name: ScriptValues['agent']) {
  const file = join(folder, `${name}.cjs`);
  return { AgentUrl: `file://${file}`, AgentSha256: readFileSync(`${file}.sha256`, 'utf8').trim() };
}

function fill(lines: readonly string[], values: Readonly<Record<string, string>>): string[] {
  for (const value of Object.values(values)) {
    if (value.includes("'")) throw new Error(`a path with a single quote cannot be used here: ${value}`);
  }
  // only what stands alone in an assignment is a placeholder; the script has ${variables} of its own
  return lines.map((line) =>
    line.replace(/='\$\{(\w+)\}'$/, (all, name: string) => assignment(values, name) ?? all),
  );
}

function assignment(values: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(values, name) ? `='${values[name]}'` : undefined;
}
