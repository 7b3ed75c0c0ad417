// A department in Node (>= 18), without Kafka: signs in to each task that it pulls. Run, the key in GRIDWHISTLE_API_KEY: node pull.mjs GATEWAY CODE
const [gateway, code] = process.argv.slice(2)
const headers = { authorization: `Bearer ${process.env.GRIDWHISTLE_API_KEY}`, 'content-type': 'application/json' }
const post = async (path, body) => {
  const answer = await fetch(gateway + path, { method: 'POST', headers, body: JSON.stringify(body) })
  return [answer.status, await answer.json()]
}
const events = `/v1/departments/${code}/events`
const seen = new Set() // a desk keeps these: the same id may come again
while (true) {
  const [status, told] = await post(`${events}/lease`, { wait: 20 })
  if (status !== 200) { await new Promise(done => setTimeout(done, 5000)); continue }
  for (const { id, receipt, event: task } of told.events) {
    let [reply, said] = [0, {}]
    if (!seen.has(id) && task.event === 'dispatched') {
      const child = task.child?.slice(task.child.indexOf('/') + 1)
      const what = { id: `in:${id}`, kind: child ? 'report_in' : 'accept', child }
      ;[reply, said] = await post(`/v1/tickets/${task.ticket}/commands`, what)
    }
    const again = reply === 202 || reply === 429 || reply >= 500 // not decided yet: the same id counts once
    await post(`${events}/${again ? 'nack' : 'ack'}`, { receipts: [receipt] })
    if (!again) seen.add(id)
    console.log(task.event, task.child ?? task.ticket, said.reason ?? task.reason ?? '', task.mend ?? '')
  }
}
