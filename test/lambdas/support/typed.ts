// Cannot show: what a command does. It shows that the command line knows every word, and knows where to work.
import { Command } from 'commander';
import { type PlaceOptions, placeOf } from '../../../cli/commands/place.ts';
import { addDeploy, addHistory, addInspect } from '../../../cli/define/deployments.ts';
import { addApprove, addHalt, addRollout, addRollouts } from '../../../cli/define/fleets.ts';
import { addDoctor } from '../../../cli/define/stacks.ts';
import { plainColours } from '../../../cli/terminal.ts';

/** The command lines of a text, as a person copies them. */
export function commandsIn(text: string): string[] {
  return [...text.matchAll(/certferry [a-z]+ --(?:stack|local).*?(?="|$)/gm)].map(([line]) => line);
}

/** Every word `certferry` of a text that begins a command line without its place. */
export function placelessIn(text: string): string[] {
  return [
    ...text.matchAll(
      /certferry (?:approve|deploy|doctor|halt|history|inspect|rollback|rollouts?)\b(?! --).*/g,
    ),
  ].map(([line]) => line);
}

/** The place that a command line works in. Throws what commander, or the command itself, says of a wrong one. */
export function placeTyped(line: string): ReturnType<typeof placeOf> {
  const [, ...words] = line.split(/ +/).map((word) => word.replaceAll("'", ''));
  const program = new Command('certferry').exitOverride().configureOutput({ writeErr: () => undefined });
  const silent = () => undefined;
  const terminal = { out: silent, err: silent, interactive: false, width: 100, colours: plainColours };
  const context = { terminal, finish: silent };
  for (const add of [
    addDeploy,
    addHistory,
    addInspect,
    addApprove,
    addHalt,
    addRollout,
    addRollouts,
    addDoctor,
  ]) {
    add(program, context);
  }
  let place: ReturnType<typeof placeOf> | null = null;
  for (const command of program.commands) {
    command.exitOverride().action(() => {
      place = placeOf(command.opts<PlaceOptions>(), command.name());
    });
  }
  program.parse(words, { from: 'user' });
  if (place === null) throw new Error(`nothing was run by ${line}`);
  return place;
}
