/** Clients of Gemini hand back `thoughtSignature` as it came: in front of one that another provider wrote. */
export const OTHERS_MARK = 'other:';
/** Behind it, of what was thought and is hidden. */
export const HIDDEN_MARK = 'hidden:';

/** What Google takes in place of a signature that there is none of: the call was another model's. */
export const NO_PROOF = 'skip_thought_signature_validator';
