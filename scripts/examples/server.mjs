#!/usr/bin/env node
// Publishes stats from Node, without a library: server.mjs [PORT] serves a page and counts.
//
// A write to the stream waits for nothing: its other end reads a million a second.

import { spawn } from 'node:child_process'
import { createServer } from 'node:http'

class Stats {
  constructor(name) {
    this.process = spawn('mmstats-write', ['-n', name, 'stream', '--until-eof'], { stdio: ['pipe', 'ignore', 'inherit'] })
    this.process.on('error', (err) => console.error(`no stats: ${err.message}`))
    this.process.stdin.on('error', () => {}) // the server does not end with its stats
  }

  // update({ 'hits+': 1, state: 'a text' }): all of them or none.
  update(stats) {
    const escapes = { '\\': '\\\\', ' ': '\\ ', '\t': '\\t', '\n': '\\n', '\r': '\\r' }
    const words = Object.entries(stats).map(([label, value]) => `${label}=${value}`.replace(/[\\ \t\n\r]/g, (c) => escapes[c]))
    this.process.stdin.write(words.join(' ') + '\n')
  }

  close() {
    this.process.stdin.end()
  }
}

const stats = new Stats('server')
let open = 0

const server = createServer((request, response) => {
  const start = performance.now()
  stats.update({ 'requests+': 1, open: ++open, last_path: request.url })
  response.on('close', () => {
    const status = Math.floor(response.statusCode / 100)
    stats.update({ [`status.${status}XX+`]: 1, open: --open, 'latency:timer+': (performance.now() - start) / 1000 })
  })
  response.statusCode = request.url === '/' ? 200 : 404
  response.end(request.url === '/' ? 'hello\n' : 'not found\n')
})

server.listen(Number(process.argv[2] ?? 8080), '127.0.0.1', () => {
  console.log(`listening on ${server.address().port}`)
})
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    stats.update({ open: 0 })
    stats.close()
    server.close()
    server.closeAllConnections()
  })
}
