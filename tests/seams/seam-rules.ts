/**
 * The rule of seams: each name is in the product exactly once, something uses it, and every edit
 * fits what its seam marks, so that a change of code that breaks a planted bug or a fault point is
 * seen at once.
 */
import { parseSync } from 'oxc-parser';
import { type Finding, isPlantable, type SourceModule } from '../house/source-tree.ts';
import { editSource } from './edit.ts';
import { mayHaveSeams, type Seam, type SeamEdit, seamsIn } from './seam.ts';

/** A planted bug or a fault point. */
export type SeamUse = {
  /** For messages, as in `the planted bug "skip the dedupe"`. */
  user: string;
  /** Where it is written. */
  path: string;
  edits: readonly SeamEdit[];
};

type Place = { module: SourceModule; seam: Seam };

const HOW =
  'carry the comment "// seam: …" along with the statement that it marks, or give the use another edit';

export function checkSeams(modules: readonly SourceModule[], uses: readonly SeamUse[]): Finding[] {
  const places = placesOf(modules);
  const used = new Set(uses.flatMap(({ edits }) => edits.map(({ seam }) => seam)));
  const seen = new Map<string, Place>();
  const findings: Finding[] = [];
  const report = ({ module, seam }: Place, message: string) => {
    const line = module.text.slice(0, seam.offset).split('\n').length;
    findings.push({ path: module.path, line, rule: 'seam', message });
  };
  for (const place of places) {
    const { name } = place.seam;
    const first = seen.get(name);
    if (name === '') report(place, 'a seam is a line of its own: // seam: kebab-name');
    else if (!isPlantable(place.module.path))
      report(place, 'only the product and its checks have seams');
    else if (first !== undefined) report(place, `"${name}" is in ${first.module.path} as well`);
    else if (!used.has(name)) report(place, `no planted bug and no fault point uses "${name}"`);
    if (first === undefined && name !== '') seen.set(name, place);
  }
  for (const use of uses) findings.push(...checkUse(use, seen));
  return findings;
}

function placesOf(modules: readonly SourceModule[]): Place[] {
  return modules
    .filter(({ path, text }) => mayHaveSeams(text) && !/^tests\/(?!house\/)/.test(path))
    .flatMap((module) => seamsIn(module.path, module.text).map((seam) => ({ module, seam })));
}

/** Makes its edits in memory: what does not fit, or is no valid source any more, is a finding. */
function checkUse({ user, path, edits }: SeamUse, seams: ReadonlyMap<string, Place>): Finding[] {
  const findings: Finding[] = [];
  const report = (message: string) =>
    findings.push({ path, line: 1, rule: 'seam', message: `${user}: ${message}; ${HOW}` });
  const byModule = new Map<SourceModule, SeamEdit[]>();
  for (const one of edits) {
    const module = seams.get(one.seam)?.module;
    if (module === undefined) report(`the product has no seam "${one.seam}"`);
    else byModule.set(module, [...(byModule.get(module) ?? []), one]);
  }
  for (const [module, own] of byModule) {
    try {
      const source = editSource(module.path, module.text, own);
      if (source === module.text) report('its edit changes nothing');
      const { errors } = parseSync(module.path, source, { showSemanticErrors: true });
      if (errors[0] !== undefined) report(`edited, ${module.path} is broken: ${errors[0].message}`);
    } catch (error) {
      report(error instanceof Error ? error.message : String(error));
    }
  }
  return findings;
}
