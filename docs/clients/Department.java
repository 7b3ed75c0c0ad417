// A department in Java (kafka-clients, Jackson): signs in to each task. Run: java -cp 'jars/*' Department.java BROKER PREFIX CODE PERSON
import com.fasterxml.jackson.databind.*;
import java.time.Duration;
import java.util.*;
import org.apache.kafka.clients.consumer.*;
import org.apache.kafka.clients.producer.*;
import org.apache.kafka.common.serialization.*;

public class Department {
    public static void main(String[] args) throws Exception {
        String broker = args[0], prefix = args[1], code = args[2], person = args[3];
        var json = new ObjectMapper();
        Map<String, Object> in = Map.of("bootstrap.servers", broker, "group.id", prefix + code + "-desk", "isolation.level", "read_committed",
            "auto.offset.reset", "earliest", "enable.auto.commit", false);
        Map<String, Object> out = Map.of("bootstrap.servers", broker, "acks", "all", "enable.idempotence", true);
        Set<String> seen = new HashSet<>(); // a desk keeps these: the same id may come again
        try (var tasks = new KafkaConsumer<>(in, new StringDeserializer(), new StringDeserializer());
             var replies = new KafkaProducer<>(out, new StringSerializer(), new StringSerializer())) {
            tasks.subscribe(List.of(prefix + "dept." + code + ".tasks"));
            while (true) {
                for (var record : tasks.poll(Duration.ofSeconds(1))) {
                    JsonNode task = json.readTree(record.value());
                    if (!seen.add(task.get("id").asText())) continue;
                    String event = task.get("event").asText(), ticket = task.get("ticket").asText();
                    String about = task.path("child").asText(ticket);
                    System.out.println(event + " " + about + " " + task.path("reason").asText("") + " " + task.path("mend").asText(""));
                    if (event.equals("dispatched")) {
                        var reply = Map.of("ticket", about, "action", task.has("child") ? "report_in" : "accept", "person", person);
                        replies.send(new ProducerRecord<>(prefix + "dept." + code + ".replies", ticket, json.writeValueAsString(reply))).get();
                    }
                }
                tasks.commitSync(); // only after the replies are safe
            }
        }
    }
}
