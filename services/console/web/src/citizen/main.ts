// The citizen's page: no component library, so that it opens at once on an old phone in a village.
import { createApp } from 'vue'
import '../theme/theme.css'
import './citizen.css'
import Citizen from './Citizen.vue'
import { rememberedLocale, setLocale } from './texts'

void setLocale(rememberedLocale()).then(() => createApp(Citizen).mount('#app'))
if ('serviceWorker' in navigator) void navigator.serviceWorker.register('/citizen-worker.js', { scope: '/citizen' }).catch(() => undefined)
