/**
 * Members with which a request lets a provider, or another gateway behind this one, choose another
 * model than the one it names. A body has each of them once, in one spelling (`json-body.ts`).
 */
const OTHER_MODEL_FIELDS = ['models', 'fallbacks', 'preset', 'plugins', 'extra_body'];

/** @returns the first of them that the request has; null: it names one model */
export function otherModelsOf(request: Readonly<Record<string, unknown>>): string | null {
  return OTHER_MODEL_FIELDS.find((field) => request[field] != null) ?? null;
}
