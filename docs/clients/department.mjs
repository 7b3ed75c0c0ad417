// A department in Node (kafkajs): signs in to each task and reads what is answered. Run: node department.mjs BROKER PREFIX CODE PERSON
import kafkajs from 'kafkajs'

const [broker, prefix, code, person] = process.argv.slice(2)
const kafka = new kafkajs.Kafka({ brokers: [broker], logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 20 } })
const tasks = kafka.consumer({ groupId: `${prefix}${code}-desk`, readUncommitted: false })
const replies = kafka.producer({ idempotent: true, maxInFlightRequests: 1, createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
const seen = new Set() // a desk keeps these: the same id may come again

await Promise.all([tasks.connect(), replies.connect()])
await tasks.subscribe({ topic: `${prefix}dept.${code}.tasks`, fromBeginning: true })
await tasks.run({
  // kafkajs commits the offset after this function has returned: only when the reply is safe
  eachMessage: async ({ message }) => {
    const task = JSON.parse(message.value.toString())
    if (seen.has(task.id)) return
    const about = task.child ?? task.ticket
    console.log(task.event, about, task.reason ?? '', task.mend ?? '')
    if (task.event === 'dispatched') {
      const reply = { ticket: about, action: task.child ? 'report_in' : 'accept', person }
      await replies.send({ topic: `${prefix}dept.${code}.replies`, acks: -1, messages: [{ key: task.ticket, value: JSON.stringify(reply) }] })
    }
    seen.add(task.id)
  }
})
