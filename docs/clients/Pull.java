// A department in Java (>= 17, Jackson), without Kafka: signs in to each task that it pulls. Run, the key in GRIDWHISTLE_API_KEY: java -cp 'jars/*' Pull.java GATEWAY CODE
import com.fasterxml.jackson.databind.*;
import java.net.URI;
import java.net.http.*;
import java.util.*;

public class Pull {
    static final HttpClient http = HttpClient.newHttpClient();
    static final ObjectMapper json = new ObjectMapper();
    static int status;

    static JsonNode post(String address, Map<String, ?> body) throws Exception {
        var request = HttpRequest.newBuilder(URI.create(address)).header("content-type", "application/json")
            .header("authorization", "Bearer " + System.getenv("GRIDWHISTLE_API_KEY"))
            .POST(HttpRequest.BodyPublishers.ofString(json.writeValueAsString(body))).build();
        var answer = http.send(request, HttpResponse.BodyHandlers.ofString());
        status = answer.statusCode();
        return json.readTree(answer.body());
    }

    public static void main(String[] args) throws Exception {
        String events = args[0] + "/v1/departments/" + args[1] + "/events";
        Set<String> seen = new HashSet<>(); // a desk keeps these: the same id may come again
        while (true) {
            JsonNode told = post(events + "/lease", Map.of("wait", 20));
            if (status != 200) Thread.sleep(5000);
            for (JsonNode one : told.path("events")) {
                JsonNode task = one.get("event"), said = json.createObjectNode();
                String id = one.get("id").asText(), ticket = task.get("ticket").asText(), about = task.path("child").asText(ticket);
                status = 0;
                if (!seen.contains(id) && task.get("event").asText().equals("dispatched")) {
                    var what = new HashMap<>(Map.of("id", "in:" + id, "kind", task.has("child") ? "report_in" : "accept"));
                    if (task.has("child")) what.put("child", about.substring(about.indexOf('/') + 1));
                    said = post(args[0] + "/v1/tickets/" + ticket + "/commands", what);
                }
                boolean again = status == 202 || status == 429 || status >= 500; // not decided yet: the same id counts once
                post(events + (again ? "/nack" : "/ack"), Map.of("receipts", List.of(one.get("receipt").asText())));
                if (!again) seen.add(id);
                System.out.println(task.get("event").asText() + " " + about + " " + said.path("reason").asText(task.path("reason").asText("")) + " " + task.path("mend").asText(""));
            }
        }
    }
}
