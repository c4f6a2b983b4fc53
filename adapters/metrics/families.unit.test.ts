import { describe, expect, it } from 'vitest';
import { DurationHistogram } from './duration-histogram.ts';
import { labelsOf, metricsText, single } from './families.ts';
import { processFamilies } from './process-families.ts';
import { parseExposition, sumOf } from './testing/parse-exposition.ts';

describe('the text of metrics', () => {
  it('has the samples of all processes in one group each, told apart by their process', () => {
    const families = (calls: number) => [
      single('calls_total', 'counter', 'Calls.', calls),
      single('running', 'gauge', 'Running.', 0.5),
    ];
    const text = metricsText([
      { process: 'proxy-1', families: families(1) },
      { process: 'proxy-2', families: families(2) },
    ]);
    expect(text).toBe(
      [
        '# HELP calls_total Calls.',
        '# TYPE calls_total counter',
        'calls_total{process="proxy-1"} 1',
        'calls_total{process="proxy-2"} 2',
        '# HELP running Running.',
        '# TYPE running gauge',
        'running{process="proxy-1"} 0.5',
        'running{process="proxy-2"} 0.5',
        '',
      ].join('\n'),
    );
    expect(sumOf(parseExposition(text), 'calls_total')).toBe(3);
  });

  it('keeps any name of a model in its label', () => {
    const model = 'a"b\\c\nd,e}="千问"';
    const samples: [string, string, number][] = [['', labelsOf({ model }), 1e21]];
    const text = metricsText([
      { process: 'p', families: [{ name: 'x_total', type: 'counter', help: 'X.', samples }] },
    ]);
    const [sample] = parseExposition(text).get('x_total')?.samples ?? [];
    expect(sample).toEqual({ name: 'x_total', labels: { process: 'p', model }, value: 1e21 });
  });

  it('of a process and of durations is what a strict reader takes', () => {
    const durations = new DurationHistogram();
    const families = [
      ...processFamilies(),
      { name: 'd_seconds', type: 'histogram' as const, help: 'D.', samples: durations.samples('') },
    ];
    const read = parseExposition(metricsText([{ process: 'p', families }]));
    expect([...read.values()].every(({ help }) => /^[A-Z].*\.$/.test(help))).toBe(true);
    expect(read.get('d_seconds')?.samples).toHaveLength(17 + 3);
  });

  it.each([
    ['# TYPE x gauge\nx 1\n', 'no HELP'],
    ['# HELP x X.\n# TYPE x gauge\nx 1\nx 1\n', 'a second time'],
    ['# HELP x X.\n# TYPE x gauge\ny 1\n', 'not of x'],
    ['# HELP x_total X.\n# TYPE x_total counter\nx_total -1\n', 'below zero'],
    ['# HELP x X.\n# TYPE x gauge\nx{a="1",} 1\n', 'wrong labels'],
    ['# HELP x X.\n# TYPE x gauge\nx undefined\n', 'not a sample'],
    ['# HELP h X.\n# TYPE h histogram\nh_bucket{le="1"} 1\nh_sum 1\nh_count 1\n', 'not whole'],
  ])('that is wrong is found to be: %j', (text, why) => {
    expect(() => parseExposition(text)).toThrow(why);
  });
});

it('a duration that equals a bound is below it, and one above ten minutes is in the last bucket', () => {
  const durations = new DurationHistogram();
  for (const seconds of [0.01, 0.0105, 600, 600.001]) durations.observe(seconds);
  const samples = durations.samples('a="b"');
  expect(samples.slice(0, 2)).toEqual([
    ['_bucket', 'a="b",le="0.01"', 1],
    ['_bucket', 'a="b",le="0.02"', 2],
  ]);
  expect(samples.slice(-4)).toEqual([
    ['_bucket', 'a="b",le="600"', 3],
    ['_bucket', 'a="b",le="+Inf"', 4],
    ['_sum', 'a="b"', expect.closeTo(1200.0215)],
    ['_count', 'a="b"', 4],
  ]);
});
