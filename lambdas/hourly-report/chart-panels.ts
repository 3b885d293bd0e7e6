/** The four panels of the report's image: where they stand, their heads, and the colours. Owns no figures. */

export type Panel = { readonly left: number; readonly top: number; readonly width: number; readonly height: number };

/** Okabe and Ito's palette ("Color Universal Design"), which the colour-blind tell apart, and greys. */
export const COLORS = {
  blue: "#0072B2",
  sky: "#56B4E9",
  green: "#009E73",
  orange: "#E69F00",
  vermilion: "#D55E00",
  text: "#16202C",
  faint: "#566373",
  line: "#DDE3EA",
  card: "#FFFFFF",
  page: "#EEF2F6",
} as const;

const WIDTH = 562;
const HEIGHT = 346;

/** Left to right, top to bottom. */
export const PANELS: readonly [Panel, Panel, Panel, Panel] = [
  { left: 28, top: 76, width: WIDTH, height: HEIGHT },
  { left: 610, top: 76, width: WIDTH, height: HEIGHT },
  { left: 28, top: 436, width: WIDTH, height: HEIGHT },
  { left: 610, top: 436, width: WIDTH, height: HEIGHT },
];

export function panelCard({ left, top, width, height }: Panel) {
  return {
    type: "rect",
    left,
    top,
    shape: { width, height, r: 16 },
    style: { fill: COLORS.card },
    silent: true,
    z: -1,
  };
}

/** What the panel is of, and its one figure. */
export function panelHead({ left, top, width }: Panel, [name, figure]: readonly [string, string]) {
  return [
    {
      left: left + 20,
      top: top + 14,
      text: name,
      textStyle: { fontSize: 24, fontWeight: 400, color: COLORS.faint },
    },
    {
      left: left + width - 20,
      textAlign: "right",
      top: top + 11,
      text: figure,
      textStyle: { fontSize: 30, fontWeight: 700, color: COLORS.text },
    },
  ];
}
