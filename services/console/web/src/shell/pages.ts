// The pages in the order of a working day: what the navigation shows.
import type { Component } from 'vue'
import * as icons from './icons'

export interface Destination {
  name: string
  title: string
  icon: Component
  needs?: string[]
  /** has a place in the phone's bar */
  handy?: boolean
}

export const destinations: Destination[] = [
  { name: 'desk', title: 'nav.desk', icon: icons.Desk, handy: true },
  { name: 'clues', title: 'nav.clues', icon: icons.Clues, needs: ['listClues'], handy: true },
  { name: 'review', title: 'nav.review', icon: icons.Review, needs: ['listReviewClues', 'listRepeats'] },
  { name: 'map', title: 'nav.map', icon: icons.MapIcon, needs: ['readTownValues'], handy: true },
  { name: 'stations', title: 'nav.stations', icon: icons.Stations, needs: ['readCalendar'], handy: true },
  { name: 'statistics', title: 'nav.statistics', icon: icons.Statistics, needs: ['readStatistics'] },
  { name: 'feeds', title: 'nav.feeds', icon: icons.Feeds, needs: ['listFeeds'] },
  { name: 'admin', title: 'nav.admin', icon: icons.Admin, needs: ['listAccounts', 'listServices', 'readRouting', 'listRulePacks', 'listHolidays', 'searchAudit', 'listWatch'] },
]
