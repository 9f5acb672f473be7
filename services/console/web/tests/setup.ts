// The few things of a browser that the sources touch when they are read.
const store = new Map<string, string>()
Object.assign(globalThis, {
  localStorage: { getItem: (key: string) => store.get(key) ?? null, setItem: (key: string, value: string) => store.set(key, value) },
})
