// Starts the console: who is there decides the first page, so that is asked (App) before anything is drawn.
import { createApp } from 'vue'
import 'element-plus/theme-chalk/base.css'
import './theme/theme.css'
import './theme/element.css'
import './theme/base.css'
import App from './App.vue'
import { whenExpired } from './api/client'
import { i18n, rememberedLocale, setLocale } from './i18n'
import { router, toLogin } from './router'
import { me, setSession } from './session/session'

whenExpired(() => {
  setSession(undefined)
  toLogin()
})

void setLocale(rememberedLocale(me.value?.locale)).then(() => createApp(App).use(i18n).use(router).mount('#app'))
