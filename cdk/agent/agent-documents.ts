import { CfnDocument } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { limits } from '../../core/limits.ts';
import { type Artefacts, readArtefact } from '../common/artefacts.ts';
import { checkDocumentName, documentName, probeDocumentName, storeDocumentName } from '../common/names.ts';
import type { AgentAssets, PinnedAgent } from './agent-assets.ts';

/** The agent's folder on a host. */
const home = '/var/lib/certferry';

interface AgentDocumentsProps {
  readonly artefacts: Artefacts;
  readonly assets: AgentAssets;
  /** The public keys that may sign jobs (`core/seal/job-keys.ts`). */
  readonly jobKeys: string;
  readonly maximumFenceStep: number | undefined;
}

/**
 * The four SSM documents: the rendered files of `dist/` with their placeholders replaced. One accepts signed jobs, and a second one
 * signed jobs for targets in a store. The third one accepts jobs without a signature, which can only probe. The
 * fourth one takes no parameter, and checks a host without the agent. CloudFormation cannot replace a document with a fixed name. Each
 * change therefore creates a new version, which becomes the default version.
 */
export class AgentDocuments extends Construct {
  /** The documents as SSM must deliver them to hosts. Contents may contain tokens. */
  readonly contents: { readonly name: string; readonly content: object }[] = [];

  constructor(scope: Construct, id: string, props: AgentDocumentsProps) {
    super(scope, id);
    this.#create('Resource', props, {
      name: documentName,
      role: 'jobs',
      jobKeys: props.jobKeys,
      agent: props.assets.agent,
    });
    this.#create('Stores', props, {
      name: storeDocumentName,
      role: 'jobs',
      jobKeys: props.jobKeys,
      agent: props.assets.storeAgent,
      description:
        'certferry: passes a job for a target in a store to the agent on this host. The job is sealed to this host.',
    });
    this.#create('Probe', props, {
      name: probeDocumentName,
      role: 'probe',
      jobKeys: '',
      agent: props.assets.agent,
      description: 'certferry: lets this host probe endpoints. It can do nothing else on the host.',
    });
    const { runtime, agent } = props.assets;
    const values = {
      Home: home,
      RuntimeUrl: runtime.url,
      RuntimeBytes: runtime.bytes,
      AgentHttpsUrl: agent.httpsUrl,
    };
    const check = fillIn(readArtefact(props.artefacts.checkDocument), values);
    this.#document('Check', checkDocumentName, check, props.assets);
  }

  #create(
    id: string,
    { artefacts, assets, maximumFenceStep = limits.fenceStep.default }: AgentDocumentsProps,
    given: {
      readonly name: string;
      readonly role: string;
      readonly jobKeys: string;
      readonly agent: PinnedAgent;
      readonly description?: string;
    },
  ): void {
    const { name, role, jobKeys, agent, ...texts } = given;
    const filled = fillIn(readArtefact(artefacts.document), {
      AgentUrl: agent.url,
      AgentSha256: agent.sha256,
      RuntimeUrl: assets.runtime.url,
      RuntimeSha256: assets.runtime.sha256,
      RuntimeBytes: assets.runtime.bytes,
      Home: home,
      Role: role,
      JobKeys: jobKeys,
      FenceStep: String(maximumFenceStep),
    });
    this.#document(id, name, { ...filled, ...texts }, assets);
  }

  #document(id: string, name: string, content: object, assets: AgentAssets): void {
    this.contents.push({ name, content });
    const document = new CfnDocument(this, id, {
      name,
      documentType: 'Command',
      documentFormat: 'JSON',
      targetType: '/',
      updateMethod: 'NewVersion',
      content,
    });
    // a host must be allowed to download the agent before the document names it
    document.node.addDependency(assets.hostPolicy);
  }
}

/** Replaces the placeholders in all steps. Throws if the document has a placeholder without a value. */
function fillIn(text: string, values: Readonly<Record<string, string>>): object {
  const document = JSON.parse(text);
  for (const { inputs } of document.mainSteps) {
    inputs.runCommand = inputs.runCommand.map((line: string) => fillLine(line, values));
  }
  return document;
}

/** Replaces placeholders in assignments only (`NAME='${Placeholder}'`): the script has shell variables of the same form. */
function fillLine(line: string, values: Readonly<Record<string, string>>): string {
  return line.replace(/^([A-Z0-9_]+)='\$\{([A-Za-z0-9]+)\}'$/, (_, variable, placeholder) => {
    const value = values[placeholder];
    if (value === undefined)
      throw new Error(
        `The SSM document has an unknown placeholder: ${placeholder}. Run \`npm run build\` again.`,
      );
    return `${variable}='${value}'`;
  });
}
