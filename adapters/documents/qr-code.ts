/** A QR code as squares: rows of modules, dark or light. */
import { encode } from 'uqr';

/** With its quiet zone of four modules (ISO/IEC 18004). */
export function qrModules(text: string): boolean[][] {
  return encode(text, { ecc: 'M', border: 4 }).data;
}
