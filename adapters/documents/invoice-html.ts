/** An invoice as a page that prints well: without scripts, and without anything from elsewhere. */
import { createHash } from 'node:crypto';
import type {
  PrintedInvoice,
  PrintedRow,
  PrintedSection,
} from '@tollgate/domain/invoice/printed.ts';
import { qrModules } from './qr-code.ts';

const STYLE = `@page{size:A4;margin:18mm}body{font:14px/1.45 'Noto Sans','DejaVu Sans',Arial,sans-serif;color:#111;max-width:52rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0 0 1.2rem}h2{font-size:1rem;margin:1.4rem 0 .3rem}header,.foot{display:flex;gap:2rem;justify-content:space-between}
header p{margin:0 0 1rem}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem;margin:0}dt{color:#555}dd{margin:0}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .5rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap;vertical-align:top}
th:first-child,td:first-child{text-align:left;white-space:normal}thead{display:table-header-group}tr{break-inside:avoid}
tfoot td{font-weight:600}.totals{margin:1rem 0 1rem auto;width:auto}.totals tr:last-child td{font-weight:700;font-size:1.1rem;border-bottom:2px solid #111}
svg{width:36mm;height:36mm;flex:none}.small{font-size:11px;color:#444}@media print{body{margin:0;max-width:none;padding:0}}`;

/** The style of the page, by its digest, and nothing else: no script, image, form or address. */
const POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;

export function invoiceHtml(printed: PrintedInvoice): string {
  const { title, seller, buyer, facts, columns, sections, totals, notes, payment, verify } =
    printed;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${escaped(title)}</title>
<style>${STYLE}</style></head><body>
<h1>${escaped(title)}</h1>
<header><div>${block('From', seller)}${block('To', buyer)}</div><dl>${facts.map(fact).join('')}</dl></header>
${sections.map((section) => table(section, columns)).join('\n')}
<table class="totals"><tbody>${totals.map(total).join('')}</tbody></table>
${notes.map((note) => `<p>${escaped(note)}</p>`).join('\n')}
<div class="foot"><div>${payment.length === 0 ? '' : block('Payment', payment)}
<p class="small">${verify.lines.map(escaped).join('<br>')}</p></div>${qrImage(verify.text)}</div>
</body></html>
`;
}

function block(title: string, lines: readonly string[]): string {
  return `<h2>${title}</h2><p>${lines.map(escaped).join('<br>')}</p>`;
}

function fact({ label, value }: PrintedRow): string {
  return `<dt>${escaped(label)}</dt><dd>${escaped(value)}</dd>`;
}

function total({ label, value }: PrintedRow): string {
  return `<tr><td>${escaped(label)}</td><td>${escaped(value)}</td></tr>`;
}

function table({ title, rows, subtotal }: PrintedSection, columns: readonly string[]): string {
  const head = columns.map((name) => `<th scope="col">${escaped(name)}</th>`).join('');
  const body = rows.map(
    (row) => `<tr>${row.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
  );
  return `<h2>${escaped(title)}</h2>
<table><thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody><tfoot><tr><td colspan="${columns.length - 1}">Subtotal</td><td>${escaped(subtotal)}</td></tr></tfoot></table>`;
}

/** Runs of dark modules, row by row, as one path. */
function qrImage(text: string): string {
  const modules = qrModules(text);
  const path = modules.flatMap((row, y) =>
    row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')),
  );
  const size = modules.length;
  return `<svg viewBox="0 0 ${size} ${size}" role="img" aria-label="QR code: ${escaped(text)}" shape-rendering="crispEdges"><path d="${path.join('')}"/></svg>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' },
};

function escaped(text: string): string {
  // seam: html-is-escaped
  return text.replace(/[&<>"']/g, (letter) => ENTITIES[letter] as string);
}
