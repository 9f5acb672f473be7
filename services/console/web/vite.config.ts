// Two entries: the console, and — when its folder is there — the citizen's page, which shares no component library with it.
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import components from 'unplugin-vue-components/vite'
import { defineConfig } from 'vite'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const entries = ['index.html', 'citizen.html'].map(here).filter((path) => existsSync(path))

export default defineConfig({
  plugins: [vue(), components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] })],
  resolve: { alias: { '@': here('./src') } },
  define: { __VUE_OPTIONS_API__: true, __VUE_PROD_DEVTOOLS__: false, __INTLIFY_JIT_COMPILATION__: true },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    manifest: true,
    // The content security policy of the console admits no inline script and no data: script.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    target: 'es2021',
    chunkSizeWarningLimit: 900,
    rollupOptions: {
      input: entries,
    },
  },
  server: {
    proxy: { '/api': process.env.WJZ_CONSOLE ?? 'http://127.0.0.1:7314' },
  },
})
