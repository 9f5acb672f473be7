// Keeps the citizen's page usable without a network: the page itself from the network while there is one, its hashed files from
// the cache. Answers of the interface are never kept.
const SHELF = 'citizen-1'

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(SHELF)
      .then((shelf) => shelf.add('/citizen'))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener('activate', (event) => {
  const others = async () => {
    for (const name of await caches.keys()) {
      if (name !== SHELF) await caches.delete(name)
    }
    await self.clients.claim()
  }
  event.waitUntil(others())
})

async function fromNetwork(request) {
  const shelf = await caches.open(SHELF)
  try {
    const answer = await fetch(request)
    if (answer.ok) await shelf.put('/citizen', answer.clone())
    return answer
  } catch (failure) {
    const kept = await shelf.match('/citizen')
    if (kept) return kept
    throw failure
  }
}

async function fromShelf(request) {
  const shelf = await caches.open(SHELF)
  const kept = await shelf.match(request)
  if (kept) return kept
  const answer = await fetch(request)
  if (answer.ok) await shelf.put(request, answer.clone())
  return answer
}

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== self.location.origin) return
  if (request.mode === 'navigate' && pathname.startsWith('/citizen')) event.respondWith(fromNetwork(request))
  else if (pathname.startsWith('/assets/') || pathname === '/icon.svg') event.respondWith(fromShelf(request))
})
