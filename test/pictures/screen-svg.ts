/** Lines of the interface as an SVG of a terminal: the same text, the same tones, on a dark ground. */
import type { Line, Tone } from '../../src/render/live/line.ts';

const tones: Readonly<Record<Tone, string>> = {
  plain: 'fill="#d5dbe3"',
  dim: 'fill="#7d8896"',
  bold: 'fill="#f2f5f8" font-weight="bold"',
  good: 'fill="#5fc98f"',
  bad: 'fill="#f0767f"',
  busy: 'fill="#e6c35c"',
  alarm: 'fill="#f0767f" font-weight="bold"',
};
const [cell, row, edge] = [8.4, 19, 16];

export function screenSvg(lines: readonly Line[], width: number, title: string): string {
  const size = [Math.ceil(width * cell) + 2 * edge, lines.length * row + 2 * edge];
  const text = lines.map((line, index) => {
    const spans = line.map(
      ({ text: words, tone = 'plain' }) => `<tspan ${tones[tone]}>${escaped(words)}</tspan>`,
    );
    return `<text x="${edge}" y="${edge + 14 + index * row}" xml:space="preserve">${spans.join('')}</text>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.join(' ')}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" role="img" aria-label="${escaped(title)}">
<rect width="100%" height="100%" rx="8" fill="#171c23"/>
${text.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
