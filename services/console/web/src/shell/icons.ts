// The few line icons of the console, drawn here so that no icon font is loaded: 24 × 24, in the colour of the text.
import { h, type FunctionalComponent } from 'vue'

function icon(...paths: string[]): FunctionalComponent {
  const drawn: FunctionalComponent = () =>
    h(
      'svg',
      { viewBox: '0 0 24 24', width: '1.25em', height: '1.25em', fill: 'none', stroke: 'currentColor', 'stroke-width': 1.75, 'stroke-linecap': 'round', 'stroke-linejoin': 'round', 'aria-hidden': 'true', focusable: 'false' },
      paths.map((d) => h('path', { d })),
    )
  return drawn
}

export const Desk = icon('M4 5h16v11H4z', 'M8 20h8', 'M12 16v4')
export const Clues = icon('M5 4h14v16H5z', 'M9 9h6', 'M9 13h6', 'M9 17h3')
export const Review = icon('M4 6h10', 'M4 12h7', 'M4 18h6', 'm14 16 2.5 2.5L21 14')
export const MapIcon = icon('m9 4-6 2v14l6-2 6 2 6-2V4l-6 2z', 'M9 4v14', 'M15 6v14')
export const Stations = icon('M5 5h14v15H5z', 'M5 10h14', 'M9 3v4', 'M15 3v4')
export const Statistics = icon('M4 20h16', 'M7 16v-5', 'M12 16V6', 'M17 16v-8')
export const Feeds = icon('M12 3v11', 'm8 10 4 4 4-4', 'M4 17v3h16v-3')
export const Admin = icon('M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7', 'M12 3v2.5', 'M12 18.5V21', 'M3 12h2.5', 'M18.5 12H21', 'm5.6 5.6 1.8 1.8', 'm16.6 16.6 1.8 1.8', 'm5.6 18.4 1.8-1.8', 'm16.6 7.4 1.8-1.8')
export const Bell = icon('M6 16V11a6 6 0 0 1 12 0v5l1.5 2h-15z', 'M10 21h4')
export const Search = icon('M11 5a6 6 0 1 0 0 12 6 6 0 0 0 0-12', 'm20 20-4.5-4.5')
export const More = icon('M5 12h.01', 'M12 12h.01', 'M19 12h.01')
export const Person = icon('M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8', 'M4 20c1-4 4.5-5 8-5s7 1 8 5')
export const Left = icon('m14 6-6 6 6 6')
export const Right = icon('m10 6 6 6-6 6')
export const Close = icon('m6 6 12 12', 'M18 6 6 18')
export const Play = icon('M8 5v14l11-7z')
export const Pause = icon('M8 5v14', 'M16 5v14')
export const Pin = icon('M12 21s-6-5.6-6-11a6 6 0 0 1 12 0c0 5.4-6 11-6 11', 'M12 8a2 2 0 1 0 0 4 2 2 0 0 0 0-4')
export const Lock = icon('M6 11h12v9H6z', 'M9 11V8a3 3 0 0 1 6 0v3')
