/** `tollgate doctor`: what is wrong with an installation, and what to do. */
import type { Command } from '../../command.ts';
import type { Style } from '../../output/colours.ts';
import type { Finding } from './finding.ts';

const MARKS: Readonly<Record<Finding['status'], [mark: string, style: Style]>> = {
  ok: ['✓', 'green'],
  warning: ['!', 'yellow'],
  problem: ['✗', 'red'],
  unknown: ['?', 'dim'],
};

export const doctorCommand: Command = {
  name: 'doctor',
  summary: 'find what is wrong with an installation, and say what to do',
  detail: `Looks at this machine, the configuration, providers and their keys, the clock, the disk, the running
processes, models and budgets without a price, webhooks, topics in Kafka and journals of dead proxies. Changes
nothing, and sends no call that costs anything. Ends with 1 if something is wrong.`,
  options: { quiet: { type: 'boolean', help: 'only what is wrong' } },
  examples: [
    { line: 'tollgate doctor', help: 'before the first call, and whenever something is odd' },
    { line: 'tollgate doctor --quiet --json', help: 'for a program: one finding a line' },
  ],
  async run(context) {
    const { output, values, print, say } = context;
    const { examine } = await import('./examine.ts');
    const { machineSight } = await import('./machine-sight.ts');
    const all = await examine(machineSight(context));
    const isQuiet = values['quiet'] === true;
    const findings = isQuiet ? all.filter(({ status }) => status !== 'ok') : all;
    for (const finding of findings) {
      output.object({ object: 'finding', ...finding }, () => {
        const [mark, style] = MARKS[finding.status];
        print(`${output.paint(style, mark)} ${finding.what}`);
        if (finding.advice !== null) print(`  → ${finding.advice}`);
      });
    }
    const count = (status: Finding['status']) => all.filter((one) => one.status === status).length;
    const [problems, warnings, unknowns] = [count('problem'), count('warning'), count('unknown')];
    const unseen = unknowns === 0 ? '' : ` ${unknowns} could not be looked at.`;
    say(
      problems + warnings === 0
        ? `Nothing is wrong.${unseen}`
        : `${problems} problems, ${warnings} warnings.${unseen}`,
    );
    return problems + warnings === 0 ? 0 : 1;
  },
};
