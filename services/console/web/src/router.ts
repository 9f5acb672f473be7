// Addresses of the pages. A page is read when it is first opened; `needs` are the operations of which one must be allowed.
import { nextTick } from 'vue'
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { t } from '@/i18n'
import { may, me, sessionKnown, stage } from '@/session/session'
import { readReference } from '@/session/reference'

declare module 'vue-router' {
  interface RouteMeta {
    /** without the shell around it, and without login */
    bare?: boolean
    title?: string
    needs?: string[]
  }
}

const routes: RouteRecordRaw[] = [
  { path: '/login', name: 'login', component: () => import('@/pages/login/Login.vue'), meta: { bare: true, title: 'login.title' } },
  { path: '/', name: 'desk', component: () => import('@/pages/desk/Desk.vue'), meta: { title: 'nav.desk' } },
  { path: '/clues', name: 'clues', component: () => import('@/pages/clues/Clues.vue'), meta: { title: 'nav.clues', needs: ['listClues'] } },
  { path: '/clues/:clue(\\d+)', name: 'clue', component: () => import('@/pages/clue/ClueDetail.vue'), props: true, meta: { title: 'clue.title', needs: ['readClue'] } },
  { path: '/review', name: 'review', component: () => import('@/pages/review/Review.vue'), meta: { title: 'nav.review', needs: ['listReviewClues', 'listRepeats'] } },
  { path: '/map', name: 'map', component: () => import('@/pages/map/MapPage.vue'), meta: { title: 'nav.map', needs: ['readTownValues'] } },
  { path: '/stations', name: 'stations', component: () => import('@/pages/stations/Stations.vue'), meta: { title: 'nav.stations', needs: ['readCalendar'] } },
  { path: '/feeds', name: 'feeds', component: () => import('@/pages/feeds/Feeds.vue'), meta: { title: 'nav.feeds', needs: ['listFeeds'] } },
  { path: '/feeds/imports', name: 'imports', component: () => import('@/pages/feeds/Imports.vue'), meta: { title: 'feeds.imports', needs: ['listImports'] } },
  { path: '/feeds/:feed', name: 'feed', component: () => import('@/pages/feeds/FeedDetail.vue'), props: true, meta: { title: 'nav.feeds', needs: ['readFeed'] } },
  { path: '/statistics', name: 'statistics', component: () => import('@/pages/statistics/Statistics.vue'), meta: { title: 'nav.statistics', needs: ['readStatistics'] } },
  { path: '/admin/:section?', name: 'admin', component: () => import('@/pages/admin/Admin.vue'), props: true, meta: { title: 'nav.admin' } },
  { path: '/account', name: 'account', component: () => import('@/pages/account/Account.vue'), meta: { title: 'account.title' } },
  { path: '/:rest(.*)*', name: 'missing', component: () => import('@/shell/Missing.vue'), meta: { title: 'missing.title' } },
]

export const router = createRouter({
  history: createWebHistory(),
  routes,
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
})

router.beforeEach(async (to) => {
  await sessionKnown
  if (to.name === 'login') return stage.value === 'open' ? { name: 'desk' } : true
  if (stage.value !== 'open') return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } }
  await readReference().catch(() => undefined)
  return true
})

router.afterEach((to, from) => {
  const title = to.meta.title ? t(to.meta.title) : ''
  document.title = title ? `${title} · ${t('app.name')}` : t('app.name')
  // Whoever reads the page with ears is told that it is another one.
  if (to.name !== from.name && from.name) void nextTick(() => document.querySelector<HTMLElement>('main h1')?.focus())
})

/** To the login page, and back here afterwards. */
export function toLogin(): void {
  const here = router.currentRoute.value
  if (here.name !== 'login') void router.push({ name: 'login', query: { next: here.fullPath } })
}

export const allowed = (needs: string[] | undefined): boolean => !needs || (me.value !== undefined && may(...needs))
