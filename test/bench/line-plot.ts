/**
 * LinePlot: a few lines over named places as an SVG picture, readable on light and dark pages.
 */

export interface LinePlotOptions {
  readonly title: string;
  readonly horizontal: string;
  readonly places: readonly number[];
  /** As many values each as there are places. */
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
}

const size = { width: 720, height: 420, left: 56, right: 16, top: 40, bottom: 120 };
/** From the axis to the first line's name, and from name to name. */
const legend = { first: 56, step: 16 };
const colours = ["#2266bb", "#bb5522", "#228855", "#884499", "#996600", "#335577"];

export function linePlot({ title, horizontal, places, lines }: LinePlotOptions): string {
  const top = Math.max(1, ...lines.flatMap(({ values }) => values)) * 1.1;
  const across = (index: number): number => size.left + (index / Math.max(1, places.length - 1)) * (size.width - size.left - size.right);
  const down = (value: number): number => size.height - size.bottom - (value / top) * (size.height - size.top - size.bottom);
  const height = size.height - size.bottom + legend.first + lines.length * legend.step;
  const marks = Array.from({ length: 6 }, (_, index) => (top * index) / 5);
  const text = (x: number, y: number, words: string, more = ""): string =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" fill="#555" font-family="sans-serif" font-size="12"${more}>${words}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${height}" role="img" aria-label="${title}">`,
    `<rect width="${size.width}" height="${height}" fill="#fff"/>`,
    text(size.left, 24, title, ' font-weight="bold"'),
    ...marks.map(
      (mark) =>
        `<line x1="${size.left}" x2="${size.width - size.right}" y1="${down(mark).toFixed(1)}" y2="${down(mark).toFixed(1)}" stroke="#ddd"/>${text(8, down(mark) + 4, mark.toFixed(2))}`,
    ),
    ...places.map((place, index) => text(across(index), size.height - size.bottom + 18, String(place), ' text-anchor="middle"')),
    text(size.width / 2, size.height - size.bottom + 36, horizontal, ' text-anchor="middle"'),
    ...lines.flatMap(({ name, values }, line) => {
      const colour = colours[line % colours.length]!;
      const points = values.map((value, index) => `${across(index).toFixed(1)},${down(value).toFixed(1)}`);
      const y = size.height - size.bottom + legend.first + line * legend.step;
      return [
        `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        `<line x1="${size.left}" x2="${size.left + 24}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="2"/>${text(size.left + 32, y, name)}`,
      ];
    }),
    "</svg>\n",
  ].join("\n");
}
