import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { layOut } from '../../cli/page/graph-layout.ts';
import { graphSvg } from '../../cli/page/graph-svg.ts';
import type { StateMachine } from '../../cli/terminal/built-files.ts';

const root = join(import.meta.dirname, '../..');

/** Colours that are readable on a light and on a dark page; GitHub shows an SVG without the styles of its page. */
const style = `<style>
.graph{font:12px ui-monospace,monospace}.graph text{text-anchor:middle;fill:#1f2328}
.state rect,.state polygon{fill:#fff;stroke:#6e7781;stroke-width:1.5}.state polygon{stroke:#0969da}
.way{fill:none;stroke:#6e7781;stroke-width:1.2}.way.catch{stroke:#bc4c00;stroke-dasharray:4 3}marker path{fill:#6e7781}
</style><rect width="100%" height="100%" rx="8" fill="#f6f8fa"/>`;

export interface DrawnMachine {
  /** The absolute path of the image. */
  readonly file: string;
  readonly svg: string;
}

/** Both state machines as SVG, drawn from `cdk/state-machines`; dashed lines are taken after a failure. */
export function drawnMachines(): DrawnMachine[] {
  return ['deploy-target', 'rollout'].map((name) => ({
    file: join(root, `docs/images/${name}.svg`),
    svg: svgOf(name),
  }));
}

function svgOf(name: string): string {
  const machine = JSON.parse(
    readFileSync(join(root, `cdk/state-machines/${name}.asl.json`), 'utf8'),
  ) as StateMachine;
  const svg = graphSvg(layOut(machine, []), [], () => 'state').text;
  return `${svg
    .replace('<svg ', '<svg xmlns="http://www.w3.org/2000/svg" ')
    .replace('with the path taken', name)
    .replace('<defs>', `${style}<defs>`)
    .trimEnd()}\n`;
}
