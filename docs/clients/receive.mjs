// A department's receiver of webhooks in Node (>= 18): verifies, keeps each event once, only then says so. Run behind TLS, the secret in GRIDWHISTLE_WEBHOOK_SECRET: node receive.mjs PORT FILE
import { createHmac, timingSafeEqual } from 'node:crypto'
import { fsyncSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'

const [port, path] = process.argv.slice(2)
const key = Buffer.from(process.env.GRIDWHISTLE_WEBHOOK_SECRET.replace('whsec_', ''), 'base64')
const file = openSync(path, 'a+') // a line for each event: its id, its body
const lines = readFileSync(path)
const end = lines.lastIndexOf('\n') + 1
ftruncateSync(file, end) // a line that a crash tore was not answered, and comes again
const seen = new Set(lines.subarray(0, end).toString().split('\n').map(line => line.split(' ', 1)[0]))

const isOurs = (head, body) => {
  const signed = createHmac('sha256', key).update(`${head['webhook-id']}.${head['webhook-timestamp']}.`).update(body)
  const good = Buffer.from('v1,' + signed.digest('base64'))
  const given = (head['webhook-signature'] ?? '').split(' ').map(one => Buffer.from(one))
  const age = Math.abs(Date.now() / 1000 - Number(head['webhook-timestamp'])) // an old one may be sent once more by somebody else
  return age <= 300 && given.some(one => one.length === good.length && timingSafeEqual(one, good))
}

createServer(async (request, answer) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const [name, body] = [request.headers['webhook-id'], Buffer.concat(parts)]
  if (!isOurs(request.headers, body)) return answer.writeHead(401).end()
  if (!seen.has(name)) {
    writeSync(file, Buffer.concat([Buffer.from(name + ' '), body, Buffer.from('\n')]))
    fsyncSync(file)
    seen.add(name)
  }
  answer.writeHead(204).end()
}).listen(Number(port), '127.0.0.1')
